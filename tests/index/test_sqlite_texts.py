"""The SQL that SQLite is asked, to the byte: what another database needs changes none of it."""

import hashlib
import itertools
from collections.abc import Iterator
from typing import Any, cast

from rmos.index import schema
from rmos.index.batch_queries import BatchQueries
from rmos.index.dialects import SQLITE
from rmos.index.outcome_queries import OutcomeQueries
from rmos.index.run_queries import RunQueries
from rmos.index.schema import EQUAL_FILTERS, OUTCOME_FILTERS, SESSION_FILTERS
from rmos.index.session_queries import SessionQueries
from rmos.index.statements import Statements
from rmos.index.tallying import TALLIED
from rmos.index.work_queries import WorkQueries
from rmos.log_rows import BatchQuery
from rmos.row_models import (
    OUTCOME_GROUPS,
    OVERRIDE_STATES,
    OutcomeQuery,
    RunQuery,
    RunRow,
    SessionQuery,
    SessionRow,
    ToolSpan,
)

DIGESTS = {
    "tables": "1ad96ae9f1000b9f0eddde8c146988b75951f5b16a5f4733cecb38c7b5295bd6",
    "rows": "78388e6b25b30eacc52c2c8baeede978afe87d232695ee3c00fd40536dd3120e",
    "runs": "cc28792c8ad9638ffb3c8ae074c75482a134c299df7edfb019e541cf85f4fcb3",
    "others": "d96cda1a3b15c528512c89c17d2d4cf685910ec1eb3e6783fcb6e8ee07df7d09",
}
BEFORE = (1, "run_1")
TIMES: tuple[dict[str, Any], ...] = ({}, {"created_from_us": 1}, {"created_from_us": 1, "created_to_us": 9})
SPANS: tuple[dict[str, Any], ...] = ({}, {"since_us": 1}, {"until_us": 9})


def choose(names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield no filter, each alone and each with the next one."""
    for few in [(), *((name,) for name in names), *itertools.pairwise(names)]:
        yield dict.fromkeys(few, "x")


def ask_runs() -> Iterator[str]:
    """Yield the SQL of lists and counts of runs."""
    queries = RunQueries(SQLITE)
    filters: list[dict[str, Any]] = [
        *choose(EQUAL_FILTERS),
        {"tool_id_prefix": "em-"},
        {"tool_id_prefix": "\U0010ffff"},
    ]
    filters += [
        {"override": state, **few} for state in OVERRIDE_STATES for few in choose(("status", "tool_id", "rule"))
    ]
    for few, times, deleted in itertools.product(filters, TIMES, (False, True)):
        query = RunQuery(**cast(Any, few | times), include_deleted=deleted)
        yield queries.page(query, 51, None, 0).text
        yield queries.page(query, 51, BEFORE, 3).text
        yield queries.log_page(query, 51, BEFORE).text
        yield queries.count(query).text
        yield queries.count_up_to(query, 9).text
    for name, times in itertools.product(EQUAL_FILTERS, TIMES):
        yield queries.counts_by(name, times.get("created_from_us"), times.get("created_to_us")).text
        yield queries.values(name, 9).text
        yield queries.span(times.get("created_from_us"), times.get("created_to_us")).text
    for name in TALLIED:
        yield queries.tally(name, "", "x").text
        yield queries.total(name, None).text
    yield queries.figures("ws_1").text
    yield queries.pending()
    batches = BatchQueries(SQLITE)
    for few in choose(("batch_label", "session_id", "workflow_session_id")):
        if few:
            yield batches.runs(BatchQuery(**few), 9).text
            yield batches.count(BatchQuery(**few)).text


def ask_others() -> Iterator[str]:
    """Yield the SQL of lists of sessions, and of outcomes and what tools did in them."""
    sessions, outcomes, work = SessionQueries(SQLITE), OutcomeQueries(SQLITE), WorkQueries(SQLITE)
    for few, span, deleted in itertools.product(choose(SESSION_FILTERS), SPANS, (False, True)):
        asked = SessionQuery(**cast(Any, few | span), include_deleted=deleted)
        yield sessions.page(asked, 51, None, 0).text
        yield sessions.page(asked, 51, BEFORE, 0).text
        yield sessions.count(asked).text
    for few, span, reasons in itertools.product(choose(OUTCOME_FILTERS), SPANS, (None, ("BURN",))):
        query = OutcomeQuery(**cast(Any, few | span), reasons=reasons)
        yield outcomes.page(query, 51, BEFORE, 0).text
        yield outcomes.count(query).text
        yield from (outcomes.totals(query, by).text for by in OUTCOME_GROUPS)
        yield outcomes.count_groups(query, ("risk_level", "reason_code")).text
        yield outcomes.count_groups(query, ("machine_id", "time_basis", "time_ratio")).text
    yield work.tools().text
    yield work.totals([ToolSpan("em-1", "", 0, 1)]).text


def ask_rows() -> Iterator[str]:
    """Yield the SQL of rows."""
    for statements in (
        Statements(SQLITE, schema.runs, RunRow, ("partition", "version", "state", "sha256")),
        Statements(SQLITE, schema.sessions, SessionRow, ("partition", "version", "state", "cascade")),
    ):
        yield from (text for name, text in sorted(vars(statements).items()) if isinstance(text, str))


def test_sqlite_is_asked_as_it_always_was() -> None:
    """When a statement is meant to change, its digest changes with it; another database is no reason."""
    asked = {
        "tables": [*schema.CREATE_TABLES, *schema.CREATE_INDEXES, *schema.CREATE_TRIGGERS],
        "rows": list(ask_rows()),
        "runs": list(ask_runs()),
        "others": list(ask_others()),
    }
    found = {name: hashlib.sha256("\0".join(texts).encode()).hexdigest() for name, texts in asked.items()}
    assert found == DIGESTS
