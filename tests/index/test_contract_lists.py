"""What every index backend must list and count; see `conftest.py` for the backends."""

import itertools
import json
import random
import time
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos import ids
from rmos.index.base import SEPARATOR, Index, ListedPage
from rmos.models import RunState
from rmos.row_models import OVERRIDE_STATES, RUN_NAMES, SESSION_NAMES, OverrideState, RunQuery, RunRow, SessionQuery
from rmos.workflow import FOR_GOOD
from tests.index.rows import changed, ids_of, listed, make_session_row
from tests.makers import US, make_row
from tests.trying import tries

DAY = "2025-12-23"


def test_lists_are_newest_first_and_then_by_id(index: Index) -> None:
    rows = [make_row(US + number // 3) for number in range(12)]
    index.runs.upsert(rows)
    assert listed(index) == sorted(
        (row.run_id for row in rows), key=lambda run_id: (ids.moment_of(run_id), run_id), reverse=True
    )


def test_a_walk_shows_what_matched_throughout_while_runs_come_and_go(index: Index) -> None:
    rows = [make_row(US + number) for number in range(40)]
    index.runs.upsert(rows)
    walked: list[str] = []
    page = ListedPage("", 0, None)
    doomed = rows[5:35:7]
    while not walked or page.last:
        page = index.runs.page(RunQuery(), limit=4, before=page.last).value
        walked += ids_of(page)
        index.runs.upsert([make_row(US + 1000 + len(walked)), make_row(US - len(walked))])
        if doomed:
            index.runs.upsert([changed(doomed.pop(), version=1, state="deleted")])
        if len(walked) > 200:
            break
    throughout = [row.run_id for row in rows if row not in rows[5:35:7]]
    assert [run_id for run_id in walked if run_id in set(throughout)] == throughout[::-1]
    assert len(set(walked)) == len(walked)


def test_trap_13_a_rare_match_is_found_however_far_down_it_is(index: Index) -> None:
    rows = [make_row(US + number) for number in range(700)]
    rows[3] = changed(rows[3], tool_id="rare")
    index.runs.upsert(rows)
    assert listed(index, RunQuery(tool_id="rare"), limit=1) == [rows[3].run_id]


TEXTS = (
    "",
    "a",
    "b",
    "A",
    "é",
    "%",
    "_",
    "a%",
    "ab",
    "a_b",
    "a\U0010ffff",
    "a\U0010ffffb",
    "\U0010ffff",
    "\ud7ff",
    "𝄞",
)
FILTERS = (
    *("status", "mode", "tool_id", "event_type", "risk_level", "workflow_session_id", "batch_label", "session_id"),
    *("material_id", "machine_id", "parent_run_id", "created_by", "rule", "request_id", "source", "outcome"),
)
MOMENTS = ("2025-12-23T10:00:00.000000Z", "2025-12-23T11:00:00.000000Z", FOR_GOOD)
STATES: tuple[RunState, ...] = ("live", "deleted", "erased", "missing", "damaged")


def matches(row: RunRow, query: RunQuery) -> bool:
    """Say in plain Python which rows a query asks for."""
    states = {"live", "damaged", "deleted"} if query.include_deleted else {"live", "damaged"}
    prefix, start, end = query.tool_id_prefix, query.created_from_us, query.created_to_us
    override = "none" if row.override is None else row.override
    if row.override_until is not None and row.override_until <= (query.now_utc or ""):
        override = "expired"
    return (
        row.state in states
        and all(getattr(query, name) in (None, getattr(row, name)) for name in FILTERS)
        and query.override in (None, override)
        and (prefix is None or row.tool_id.startswith(prefix))
        and (start is None or row.created_us >= start)
        and (end is None or row.created_us < end)
    )


def some_rows() -> list[RunRow]:
    """Return rows in which every value of every filter meets others."""
    rows, chance = [], random.Random(1)
    for number in range(150):
        values = {name: chance.choice(TEXTS) for name in FILTERS}
        optional = {name: None for place, name in enumerate(FILTERS[3:], 3) if (number + place) % 4 == 0}
        optional.pop("risk_level", None)
        state = STATES[number % 5] if number % 3 == 0 else "live"
        if number % 2:
            values |= {"override": chance.choice(["asked", "granted"]), "override_until": chance.choice(MOMENTS)}
        rows.append(make_row(US + number // 3, state=state, **(values | optional)))
    return rows


@pytest.mark.parametrize("name", [*FILTERS, "tool_id_prefix"])
def test_trap_15_each_filter_alone_lists_and_counts_the_same_runs(index: Index, name: str) -> None:
    rows = some_rows()
    index.runs.upsert(rows)
    some = 0
    for value, include_deleted in itertools.product((*TEXTS, "absent"), (False, True)):
        query = RunQuery(include_deleted=include_deleted, **cast(Any, {name: value}))
        expected = {row.run_id for row in rows if matches(row, query)}
        assert set(listed(index, query)) == expected, query
        assert index.runs.count(query).value == len(expected), query
        some += bool(expected)
    assert some > len(TEXTS)


@pytest.mark.parametrize("state", OVERRIDE_STATES)
@pytest.mark.parametrize("now", [*MOMENTS[:2], "2025-12-23T10:59:59.999999Z", "2026-01-01T00:00:00.000000Z"])
def test_an_override_is_over_at_its_very_moment_and_no_run_is_in_two_states(
    index: Index, state: OverrideState, now: str
) -> None:
    rows = some_rows()
    index.runs.upsert(rows)
    found = {each: set(listed(index, RunQuery(override=each, now_utc=now))) for each in OVERRIDE_STATES}
    assert found[state] == {row.run_id for row in rows if matches(row, RunQuery(override=state, now_utc=now))}
    assert sum(map(len, found.values())) == len(set().union(*found.values())) == len(listed(index))
    assert index.runs.count(RunQuery(override=state, now_utc=now)).value == len(found[state])


queries = st.builds(
    RunQuery,
    override=st.none() | st.sampled_from(OVERRIDE_STATES),
    now_utc=st.sampled_from(MOMENTS[:2]),
    **{name: st.none() | st.none() | st.none() | st.sampled_from(TEXTS) for name in FILTERS},
    tool_id_prefix=st.none() | st.sampled_from(TEXTS),
    created_from_us=st.none() | st.integers(US - 2, US + 52),
    created_to_us=st.none() | st.integers(US - 2, US + 52),
    include_deleted=st.booleans(),
)


@given(st.lists(queries, min_size=1, max_size=20), st.integers(1, 40), st.integers(0, 20))
@settings(max_examples=tries(40))
def test_trap_15_filters_together_list_and_count_the_same_runs(
    index: Index, asked: list[RunQuery], limit: int, offset: int
) -> None:
    rows = some_rows()
    if index.runs.count(RunQuery()).value == 0:
        index.runs.upsert(rows)
    rows = [row for row, _ in index.runs.rows(DAY)]
    for query in asked:
        expected = sorted((row for row in rows if matches(row, query)), key=lambda r: (r.created_us, r.run_id))[::-1]
        assert listed(index, query) == [row.run_id for row in expected]
        assert index.runs.count(query).value == len(expected)
        page = index.runs.page(query, limit=limit, offset=offset).value
        shown = expected[offset : offset + limit]
        assert page.text == SEPARATOR.join(row.summary for row in shown)
        assert page.last == ((shown[-1].created_us, shown[-1].run_id) if len(expected) > offset + limit else None)


@given(st.lists(st.text(max_size=6), min_size=1, max_size=8), st.text(max_size=3))
@settings(max_examples=tries(60))
def test_a_prefix_is_text_and_no_pattern(index: Index, tools: list[str], prefix: str) -> None:
    start = US + time.monotonic_ns()
    tools += [prefix, prefix + "\U0010ffff", prefix + "\U0010ffffx", prefix + "a"]
    rows = [make_row(start + number, tool_id=tool) for number, tool in enumerate(tools)]
    index.runs.upsert(rows)
    query = RunQuery(tool_id_prefix=prefix, created_from_us=start, created_to_us=start + len(tools))
    expected = {row.run_id for row in rows if row.tool_id.startswith(str(query.tool_id_prefix))}
    assert set(listed(index, query)) == expected
    assert index.runs.count(query).value == len(expected)


@pytest.mark.parametrize("text", ["' OR 1=1 --", '"; DROP TABLE runs; --', "\\", "a\x00b", "*", "?"])
def test_values_are_never_read_as_sql(index: Index, text: str) -> None:
    row = make_row(tool_id=text)
    index.runs.upsert([row, make_row(US + 1)])
    assert listed(index, RunQuery(tool_id=text)) == [row.run_id]
    assert listed(index, RunQuery(tool_id_prefix=text)) == [row.run_id]
    assert listed(index, RunQuery(mode=text)) == []
    assert index.runs.find(text).value is None


@pytest.mark.parametrize("name", [*RUN_NAMES, "tool_id_prefix"])
def test_trap_44_names_find_each_other_in_every_form_of_unicode(index: Index, name: str) -> None:
    composed, decomposed = "Épicéa 7", "E\u0301pice\u0301a 7"
    column = name.removesuffix("_prefix")
    rows = [make_row(US + number, **{column: text}) for number, text in enumerate((composed, decomposed, "Epicea 7"))]
    index.runs.upsert(rows)
    for asked in (composed, decomposed):
        query = RunQuery(**cast(Any, {name: asked}))
        assert listed(index, query) == [rows[1].run_id, rows[0].run_id]
        assert index.runs.count(query).value == 2


@pytest.mark.parametrize("name", SESSION_NAMES)
def test_names_of_sessions_find_each_other_in_every_form_of_unicode(index: Index, name: str) -> None:
    rows = [make_session_row(US + number, **{name: text}) for number, text in enumerate(("René", "Rene\u0301", "Rene"))]
    index.sessions.upsert(rows)
    for asked in ("René", "Rene\u0301"):
        query = SessionQuery(**cast(Any, {name: asked}))
        page = index.sessions.page(query, limit=9).value
        assert [session["session_id"] for session in json.loads(f"[{page.text}]")] == [
            rows[1].session_id,
            rows[0].session_id,
        ]


def test_the_runs_are_found_whose_explanation_an_event_left_in_the_making(index: Index) -> None:
    pending, legacy, ready = (make_row(US + number) for number in range(3))
    pending = changed(pending, version=1, explanation_status="pending")
    legacy = changed(legacy, explanation_status="pending")
    index.runs.upsert([pending, legacy, changed(ready, version=2, explanation_status="complete")])
    assert index.runs.pending() == [(pending.partition, pending.run_id)]
    index.runs.upsert([changed(pending, version=2, explanation_status="failed")])
    assert index.runs.pending() == []
