"""Which of its indexes PostgreSQL answers a list by, among rows enough for a choice to matter."""

from collections.abc import Iterator
from typing import Any, Final, cast

import psycopg
import pytest

from rmos.index.batch_queries import BatchQueries
from rmos.index.outcome_queries import OutcomeQueries
from rmos.index.postgres import PostgresIndex
from rmos.index.postgres_asker import with_state
from rmos.index.postgres_dialect import POSTGRES, escape, key_of, name_key
from rmos.index.run_queries import RunQueries
from rmos.index.schema import schema_of
from rmos.index.statements import BoundStatement
from rmos.index.work_queries import WorkQueries
from rmos.log_rows import BatchQuery
from rmos.row_models import OutcomeQuery, RunQuery, ToolSpan
from tests.helpers.postgres import find_server
from tests.makers import US

SCHEMA: Final = "plans"
ROWS: Final = 20_000
BEFORE: Final = (US + ROWS // 2, "run_")
FINE: Final = ("tool_id", "source", "batch_label", "session_id", "workflow_session_id", "material_id")
LONG: Final = "x" * 500
pytestmark = pytest.mark.long


OPTIONS: Final = f"-csearch_path={SCHEMA} -crandom_page_cost=1.1 -cjit=off"
"""As connections of the index have them."""
_KEYED: Final = (
    *("status", "risk_level", "mode", "tool_id", "source", "session_id", "workflow_session_id", "material_id"),
    *("batch_label", "parent_run_id"),
)
_OTHERS: Final = "run_id, created_us, partition, version, state, sha256, summary, visibility, checksum"
_NAMES: Final = ", ".join((_OTHERS, *_KEYED))
FILL: Final = f"""
INSERT INTO runs ({_NAMES}, {", ".join(map(name_key, _KEYED))})
SELECT {_NAMES}, {", ".join(map(key_of, _KEYED))} FROM (SELECT
    'run_' || lpad(n::text, 32, '0'), %(us)s + n, '2025-12-23', 0, 'live', 'x', repeat('y', 400), 2, 0,
    CASE n %% 4 WHEN 0 THEN 'BLOCKED' ELSE 'OK' END, 'GREEN', 'm', 'tool_id' || (n * 7919) %% 30,
    'source' || (n * 104729) %% 30, 'session_id' || n %% 40, 'workflow_session_id' || n %% 20,
    'material_id' || (n * 31) %% 20, CASE n %% 3 WHEN 0 THEN 'batch_label' || n %% 100 END,
    CASE n %% 5 WHEN 0 THEN 'run_' || lpad((n / 2)::text, 32, '0') END
FROM generate_series(1, %(rows)s) AS numbers (n)) AS made ({_NAMES})
"""


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection[Any]]:
    """A database of many runs, of which it has counted what stands in them."""
    index = PostgresIndex(find_server(18).url(SCHEMA), wanted=schema_of(None))
    index.prepare()
    index.close()
    # A client-side cursor: the values stand in the text that is explained.
    with psycopg.connect(
        find_server(18).dsn, autocommit=True, options=OPTIONS, cursor_factory=psycopg.ClientCursor
    ) as connection:
        connection.execute(FILL, {"us": US, "rows": ROWS})
        connection.execute("VACUUM ANALYZE runs")
        yield connection


def explain(connection: psycopg.Connection[Any], question: BoundStatement) -> list[dict[str, Any]]:
    """Return the nodes of the plan by which a question is answered."""
    values = {name: escape(value) for name, value in question.values.items()}
    found = connection.execute("EXPLAIN (FORMAT JSON) " + with_state(question.text), values).fetchone()
    assert found is not None

    def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for inner in node.get("Plans", ()):
            yield from walk(inner)

    return list(walk(found[0][0]["Plan"]))


def indexes(nodes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return which indexes are used, and how; whoever sorts, or looks at all rows, stands among them."""
    found = [(node["Node Type"], node["Index Name"]) for node in nodes if "Index Name" in node]
    for node in nodes:
        if "Sort" in node["Node Type"] or (node["Node Type"], node.get("Relation Name")) == ("Seq Scan", "runs"):
            found.append((node["Node Type"], node.get("Relation Name", "")))
    return found


@pytest.mark.parametrize("name", FINE)
def test_a_page_is_a_part_of_the_index_of_its_filter_in_the_order_of_lists(
    connection: psycopg.Connection[Any], name: str
) -> None:
    for value, more in ((f"{name}6", {}), (f"{name}6", {"status": "BLOCKED"}), (LONG, {})):
        query = RunQuery(**cast(Any, {name: value} | more))
        nodes = explain(connection, RunQueries(POSTGRES).page(query, 51, BEFORE, 0))
        assert indexes(nodes) == [("Index Scan", f"runs_by_{name}")], (value, more)
        (scan,) = [node for node in nodes if "Index Name" in node]
        assert scan["Scan Direction"] == "Backward"
        assert f"{name}_key = " in scan["Index Cond"]
        assert "ROW(created_us, run_id) < " in scan["Index Cond"]


def test_all_runs_are_listed_in_the_order_of_their_index(connection: psycopg.Connection[Any]) -> None:
    for before in (None, BEFORE):
        nodes = explain(connection, RunQueries(POSTGRES).page(RunQuery(), 51, before, 0))
        assert indexes(nodes) == [("Index Scan", "runs_by_created")]


@pytest.mark.parametrize("name", FINE)
def test_what_one_filter_finds_is_counted_within_its_index(connection: psycopg.Connection[Any], name: str) -> None:
    queries = RunQueries(POSTGRES)
    query = RunQuery(**cast(Any, {name: f"{name}6", "created_from_us": 1}))
    for question in (queries.count(query), queries.count_up_to(query, 9)):
        assert indexes(explain(connection, question)) == [("Index Only Scan", f"runs_by_{name}")]
    nodes = explain(connection, queries.counts_by(name, US, None))
    assert ("Index Only Scan", f"runs_by_{name}") in indexes(nodes)
    used = {index for _, index in indexes(explain(connection, queries.values(name, 200)))}
    assert used == {f"runs_by_{name}"}


def test_the_ends_of_a_time_are_looked_up(connection: psycopg.Connection[Any]) -> None:
    nodes = explain(connection, RunQueries(POSTGRES).span(US, None))
    assert indexes(nodes) == [("Index Only Scan", "runs_by_created")] * 2


def test_a_beginning_is_a_range_of_the_index(connection: psycopg.Connection[Any]) -> None:
    nodes = explain(connection, RunQueries(POSTGRES).count(RunQuery(tool_id_prefix="tool_id7")))
    assert indexes(nodes) == [("Index Only Scan", "runs_by_tool_id")]


def test_a_batch_is_found_by_its_label_and_by_parents_and_each_row_by_its_key(
    connection: psycopg.Connection[Any],
) -> None:
    nodes = explain(connection, BatchQueries(POSTGRES).runs(BatchQuery(batch_label="batch_label6"), 9))
    used = {name for _, name in indexes(nodes)}
    assert {"runs_by_batch_label", "runs_by_parent_run_id", "runs_pkey"} <= used
    assert "runs" not in used, "no row is looked at that is not of the batch"


def test_outcomes_have_an_index_for_each_question() -> None:
    """Few rows are read anyhow; that an index could answer is shown where reading all is forbidden."""
    asked = {
        "outcomes_by_created": OutcomeQueries(POSTGRES).page(OutcomeQuery(), 51, BEFORE, 0),
        "outcomes_by_machine_id": OutcomeQueries(POSTGRES).page(OutcomeQuery(machine_id="m"), 51, BEFORE, 0),
        "outcomes_by_tool_id": OutcomeQueries(POSTGRES).page(OutcomeQuery(tool_id="t"), 51, BEFORE, 0),
        "tool_work_by_tool": WorkQueries(POSTGRES).totals([ToolSpan("em-1", "", 0, 2**62)]),
    }
    with psycopg.connect(find_server(18).dsn, options=OPTIONS, cursor_factory=psycopg.ClientCursor) as quick:
        quick.execute("SET enable_seqscan = off")
        quick.execute("SET enable_bitmapscan = off")
        for name, question in asked.items():
            nodes = explain(quick, question)
            assert name in {node.get("Index Name") for node in nodes}, name
            assert name == "tool_work_by_tool" or not any("Sort" in node["Node Type"] for node in nodes), name
