"""What every index backend must know of the outcomes that rows of runs carry; see `conftest.py` for the backends."""

import itertools
import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.index.base import Index, ListedPage
from rmos.row_models import OUTCOME_GROUPS, OutcomeColumn, OutcomeGroup, OutcomeQuery, OutcomeRow, OutcomeTotals, RunRow
from tests.index.outcome_rows import RUNS, make_outcome_row, with_outcomes
from tests.index.rows import changed
from tests.makers import US
from tests.trying import tries

STATES = ("live", "deleted", "erased", "missing", "damaged")
COUNTED: list[tuple[OutcomeColumn, ...]] = [
    ("risk_level", "part"),
    ("risk_level", "reason_code"),
    ("machine_id", "time_basis", "time_ratio"),
]
TOTAL_NAMES = ("good", "scrap", "timed", "spent_ms", "measured", "cut_um", "longest_ms")


def numbers(page: ListedPage) -> list[int]:
    found = [item["number"] for item in json.loads(f"[{page.text}]")]
    assert len(found) == page.size
    return found


@st.composite
def run_rows(draw: st.DrawFn) -> RunRow:
    run_id = draw(st.sampled_from(RUNS))
    found = []
    for number in range(draw(st.integers(0, 3))):
        job = {
            "run_id": run_id,
            "created_us": US + draw(st.integers(0, 3)),
            "month": draw(st.sampled_from(("2025-12", "2026-01"))),
            "machine_id": draw(st.sampled_from((None, "Router_1", "router_2"))),
            "material_id": draw(st.sampled_from((None, "koa"))),
            "ended": draw(st.sampled_from(("completed", "failed"))),
            "part": draw(st.sampled_from(("good", "scrap", "rework"))),
            "quantity": draw(st.integers(1, 3)),
            "spent_ms": draw(st.sampled_from((None, 0, 1500, 2**40))),
            "cut_um": draw(st.sampled_from((None, 7))),
            "risk_level": draw(st.sampled_from(("GREEN", "RED"))),
            "reason_code": draw(st.sampled_from((None, "BURN", "POWER"))),
            "time_ratio": draw(st.sampled_from((None, 999, 1048))),
        }
        for place, tool_id in enumerate(draw(st.sampled_from((("em-1",), ("EM-2",), ("em-1", "em-2"))))):
            of_tool = {"lead": int(place == 0), "tool_ms": draw(st.sampled_from((None, 3))), "tool_um": place}
            found.append(make_outcome_row(number, tool_id, **job, **of_tool))
    return with_outcomes(
        run_id,
        *found,
        version=draw(st.integers(0, 3)),
        state=draw(st.sampled_from(STATES)),
        partition=draw(st.sampled_from(("2025-12-23", "2025-12-24"))),
    )


queries = st.builds(
    OutcomeQuery,
    machine_id=st.sampled_from((None, "ROUTER_1", "nothing")),
    tool_id=st.sampled_from((None, "em-2")),
    material_id=st.sampled_from((None, "koa")),
    part=st.sampled_from((None, "scrap")),
    ended=st.sampled_from((None, "failed")),
    risk_level=st.sampled_from((None, "RED")),
    reasons=st.sampled_from((None, (), ("BURN",), ("POWER", "BURN"))),
    since_us=st.sampled_from((None, US + 1)),
    until_us=st.sampled_from((None, US + 2)),
)
steps = st.lists(st.one_of(st.lists(run_rows(), min_size=1, max_size=3), st.sampled_from(RUNS)), min_size=1, max_size=6)


def list_plainly(index: Index, query: OutcomeQuery, *, of_tools: bool) -> list[OutcomeRow]:
    """Say in plain Python what is asked for, from the rows of the runs."""
    found = []
    for day in index.runs.partitions():
        for row, _ in index.runs.rows(day):
            if row.state in ("live", "damaged") and row.outcomes:
                found += msgspec.json.decode(row.outcomes, type=list[OutcomeRow])
    if not of_tools and query.tool_id is None:
        found = [row for row in found if row.lead]
    found = [row for row in found if query.reasons is None or row.reason_code in query.reasons]
    for name in ("machine_id", "tool_id", "material_id", "part", "ended", "risk_level"):
        found = [row for row in found if getattr(query, name) in (None, getattr(row, name))]
    found = [row for row in found if query.since_us is None or row.created_us >= query.since_us]
    found = [row for row in found if query.until_us is None or row.created_us < query.until_us]
    return sorted(found, key=lambda row: (row.created_us, row.outcome_id), reverse=True)


def add_plainly(rows: list[OutcomeRow], by: OutcomeGroup) -> list[OutcomeTotals]:
    ms, um = ("tool_ms", "tool_um") if by == "tool" else ("spent_ms", "cut_um")
    name = by if by == "month" else f"{by}_id"
    found = []
    for group in {getattr(row, name) for row in rows}:
        mine = [row for row in rows if getattr(row, name) == group]
        times = [value for row in mine if (value := getattr(row, ms)) is not None]
        paths = [value for row in mine if (value := getattr(row, um)) is not None]
        parts = [sum(row.quantity for row in mine if row.part == part) for part in ("good", "scrap")]
        spent, path = sum(times) if times else None, sum(paths) if paths else None
        longest = max(times) if times else None
        found.append(OutcomeTotals(group, len(mine), *parts, len(times), spent, len(paths), path, longest))
    return sorted(found, key=lambda total: total.group or "")


def repr_none_first(values: tuple[str | int | None, ...]) -> list[tuple[bool, str]]:
    return [(value is not None, str(value).zfill(9)) for value in values]


@given(steps, queries)
@settings(max_examples=tries(60))
def test_lists_and_totals_are_those_of_the_rows_whatever_was_written_in_whatever_order(
    index: Index, written: list[list[RunRow] | str], query: OutcomeQuery
) -> None:
    index.runs.forget(RUNS)
    for step in written:
        if isinstance(step, str):
            index.runs.forget([step])
        else:
            index.runs.upsert(step, instead_of={step[0].run_id: 2})
    expected = list_plainly(index, query, of_tools=False)
    assert index.outcomes.count(query).value == len(expected)
    page = index.outcomes.page(query, limit=100).value
    assert numbers(page) == [json.loads(row.summary)["number"] for row in expected]
    for by in OUTCOME_GROUPS:
        totals = index.outcomes.totals(query, by)
        assert totals.value == add_plainly(list_plainly(index, query, of_tools=by == "tool"), by)
        assert totals.state == index.state()
    for columns in COUNTED:
        counts = Counter(tuple(getattr(row, name) for name in columns) for row in expected)
        groups = index.outcomes.count_groups(query, columns).value
        assert {group.values: group.jobs for group in groups} == counts
        assert [group.values for group in groups] == sorted(counts, key=repr_none_first)


def test_a_walk_shows_each_outcome_once_the_latest_job_first(index: Index) -> None:
    rows = [
        with_outcomes(
            run_id, *(make_outcome_row(4 * place + n, run_id=run_id, created_us=US + n // 2) for n in range(4))
        )
        for place, run_id in enumerate(RUNS)
    ]
    index.runs.upsert(rows)
    walked: list[int] = []
    page = ListedPage("", 0, None)
    while not walked or page.last:
        page = index.outcomes.page(OutcomeQuery(), limit=3, before=page.last).value
        walked += numbers(page)
    expected = list_plainly(index, OutcomeQuery(), of_tools=False)
    assert walked == [json.loads(row.summary)["number"] for row in expected]
    assert len(set(walked)) == 16


@pytest.mark.parametrize("state", ["deleted", "erased", "missing", "damaged"])
def test_what_is_not_listed_is_not_counted_and_counts_again_when_it_is(index: Index, state: Any) -> None:
    row = with_outcomes(RUNS[0], make_outcome_row())
    gone = changed(row, version=1, state=state, outcomes=None if state == "damaged" else row.outcomes)
    for version, (now, jobs) in enumerate(itertools.islice(itertools.cycle(((row, 1), (gone, 0))), 3)):
        index.runs.upsert([changed(now, version=version)])
        assert index.outcomes.count(OutcomeQuery()).value == jobs
