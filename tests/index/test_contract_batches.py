"""What every index backend must know of batches and of the run log; see `conftest.py` for the backends."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.index.base import Index
from rmos.log_rows import BatchQuery, BatchRun, LoggedRun
from rmos.row_models import RunQuery, RunRow
from tests.index.conftest import OpenAgain
from tests.makers import US, make_row
from tests.trying import tries

RUNS = [f"run_{number:032x}" for number in range(6)]
ABSENT = f"run_{9:032x}"
STATES = ("live", "live", "live", "deleted", "erased", "missing", "damaged")
LISTED = ("live", "damaged")


@st.composite
def some_rows(draw: st.DrawFn) -> list[RunRow]:
    return [
        make_row(
            US + draw(st.integers(0, 3)),
            run_id=run_id,
            state=draw(st.sampled_from(STATES)),
            batch_label=draw(st.sampled_from((None, "Rosette A", "rosette b"))),
            session_id=draw(st.sampled_from((None, "S1"))),
            workflow_session_id=draw(st.sampled_from((None, "ws_1", "ws_2"))),
            parent_run_id=draw(st.sampled_from((None, ABSENT, *RUNS))),
            event_type=draw(st.sampled_from((None, "Rosette"))),
            outcome=draw(st.sampled_from((None, "done"))),
            run_log=draw(st.sampled_from((None, "[]"))),
        )
        for run_id in RUNS[: draw(st.integers(1, len(RUNS)))]
    ]


queries = st.builds(
    BatchQuery,
    batch_label=st.sampled_from((None, "ROSETTE A", "none")),
    session_id=st.sampled_from((None, "s1")),
    workflow_session_id=st.sampled_from((None, "WS_1")),
).filter(lambda query: query.list_filters())


def list_plainly(rows: list[RunRow], query: BatchQuery) -> list[BatchRun]:
    """Say in plain Python what a batch is: what has the label, and what leads to it without a label on the way."""
    by_id = {row.run_id: row for row in rows}
    sessions = [name for name in ("session_id", "workflow_session_id") if getattr(query, name) is not None]
    found = []
    for row in rows:
        at: RunRow | None = row
        met: list[RunRow] = []
        while at is not None and at.state in LISTED and at not in met:
            if any(getattr(at, name) != getattr(query, name) for name in sessions):
                break
            met.append(at)
            if query.batch_label in (None, at.batch_label):
                parent = by_id.get(row.parent_run_id or "")
                members = {name: getattr(row, name) for name in BatchRun._fields if name != "parent_state"}
                found.append(BatchRun(**members, parent_state=None if parent is None else parent.state))
                break
            at = by_id.get(at.parent_run_id or "") if at.batch_label is None else None
    return sorted(found, key=lambda run: (run.created_us, run.run_id))


@settings(max_examples=tries(60))
@given(rows=some_rows(), query=queries, limit=st.integers(1, 4))
def test_a_batch_is_what_has_its_label_and_what_was_made_of_it(
    make_index: Any, rows: list[RunRow], query: BatchQuery, limit: int
) -> None:
    index = make_index()
    index.runs.upsert(rows)
    expected = list_plainly(rows, query)
    assert index.runs.batch(query, limit=10).value == expected
    assert index.runs.batch(query, limit=limit).value == expected[:limit]
    assert index.runs.count_batch(query).value == len(expected)


@pytest.fixture
def make_index(open_again: OpenAgain) -> Any:
    """Return what empties the index of this test and returns it."""
    index = open_again()
    index.prepare()

    def make() -> Index:
        index.runs.forget([*RUNS, ABSENT])
        return index

    return make


def test_the_run_log_has_the_rows_of_lists_in_their_order(index: Index) -> None:
    rows = [make_row(US + number // 2, run_log=f"[{number}]" if number else None) for number in range(5)]
    index.runs.upsert([*rows, make_row(US, state="deleted", run_log="[]")])
    first = index.runs.log_page(RunQuery(), limit=3).value
    assert first.last is not None
    rest = index.runs.log_page(RunQuery(), limit=3, before=first.last).value
    shown = [*first.runs, *rest.runs]
    listed = index.runs.page(RunQuery(), limit=9).value.text.split(",\n")
    assert [run.summary for run in shown] == listed
    cells = {row.summary: row.run_log for row in rows}
    assert shown == [LoggedRun(summary, cells[summary]) for summary in listed]
    assert rest.last is None
    assert index.runs.log_page(RunQuery(include_deleted=True), limit=9).value.runs != shown
    assert [
        json.loads(run.summary)["run_id"] for run in index.runs.log_page(RunQuery(tool_id="no"), limit=9).value.runs
    ] == []


def test_runs_of_a_time_are_counted_by_each_column_and_deleted_ones_are_not(index: Index) -> None:
    rows = [
        make_row(US + number, mode=("Saw", "router")[number % 2], rule="HEAT" if number else None)
        for number in range(4)
    ]
    index.runs.upsert([*rows, make_row(US + 2, state="deleted"), make_row(US + 2, state="damaged")])
    for since, until in itertools.product((None, US + 1), (None, US + 3)):
        within = [row for row in rows if (since or 0) <= row.created_us < (until or US + 9)]
        counts = {found.value: found.runs for found in index.runs.counts_by("mode", since, until).value}
        damaged = 1
        assert counts == {
            "router": sum(row.mode == "router" for row in within) + damaged,
            "saw": sum(row.mode == "saw" for row in within),
        }
        assert dict(index.runs.counts_by("rule", since, until).value) == {
            "heat": sum(row.rule is not None for row in within)
        }
        moments = [row.created_us for row in within]
        assert index.runs.span(since, until).value == (min(moments), max(moments))
    assert index.runs.span(US + 50, None).value == (None, None)
