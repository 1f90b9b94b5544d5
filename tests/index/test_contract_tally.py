"""What every index backend counts as rows are written, and which values it knows; see `conftest.py`."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.index.base import LAST_ID, Index, TalliedRuns
from rmos.index.tallying import TALLIED
from rmos.row_models import RunQuery, RunRow
from tests.index.rows import changed
from tests.makers import US, make_row
from tests.trying import tries

DAYS = ("2025-12-22", "2025-12-23", "2025-12-24")
STATES = ("live", "deleted", "erased", "missing", "damaged")
RUNS = [f"run_{number:032x}" for number in range(4)]

rows = st.builds(
    lambda run_id, **over: make_row(US, run_id=run_id, **over),
    st.sampled_from(RUNS),
    version=st.integers(0, 3),
    partition=st.sampled_from(DAYS),
    state=st.sampled_from(STATES),
    risk_level=st.sampled_from(("GREEN", "RED")),
    rule=st.sampled_from((None, "heat", "force")),
    tool_id=st.sampled_from(("em-3175-2f", "")),
)
steps = st.lists(st.one_of(st.lists(rows, min_size=1, max_size=3), st.sampled_from(RUNS)), min_size=1, max_size=12)


def count_rows(index: Index, name: str) -> list[TalliedRuns]:
    """Count the rows that are listed one by one."""
    found = [row for day in DAYS for row, _ in index.runs.rows(day) if row.state in ("live", "damaged")]
    counts = Counter((row.partition, getattr(row, name)) for row in found if getattr(row, name) is not None)
    return sorted(TalliedRuns(*key, runs) for key, runs in counts.items())


@given(steps)
@settings(max_examples=tries(60))
def test_the_tally_is_the_count_of_the_rows_whatever_was_written_in_whatever_order(
    index: Index, written: list[list[RunRow] | str]
) -> None:
    index.runs.forget(RUNS)
    for step in written:
        if isinstance(step, str):
            index.runs.forget([step])
        else:
            index.runs.upsert(step, instead_of={step[0].run_id: 2})
        for name in TALLIED:
            counted = count_rows(index, name)
            assert index.runs.tally(name).value == counted
            assert index.runs.total(name, None).value == sum(tallied.runs for tallied in counted)
            for value in {tallied.value for tallied in counted} | {"nothing"}:
                expected = sum(tallied.runs for tallied in counted if tallied.value == value)
                assert index.runs.total(name, value).value == expected


def test_a_row_that_is_written_again_is_counted_once(index: Index) -> None:
    row = make_row(rule="HEAT")
    for version in (0, 0, 1):
        index.runs.upsert([changed(row, version=version, summary=f'"{version}"')])
    assert index.runs.tally("rule").value == [TalliedRuns("2025-12-23", "heat", 1)]


def test_a_tally_is_of_the_days_that_were_asked_for(index: Index) -> None:
    index.runs.upsert([make_row(US + number, partition=day) for number, day in enumerate(DAYS)])
    told = index.runs.tally("risk_level", DAYS[1], DAYS[2])
    assert told.value == [TalliedRuns(day, "GREEN", 1) for day in DAYS[1:]]
    assert told.state == index.state()
    assert index.runs.tally("risk_level", DAYS[2], LAST_ID).value == [TalliedRuns(DAYS[2], "GREEN", 1)]
    assert index.runs.tally("rule").value == []


@pytest.mark.parametrize("name", ["tool_id", "material_id", "machine_id", "created_by", "rule"])
def test_the_values_of_a_column_are_told_in_order_each_once(index: Index, name: str) -> None:
    assert index.runs.values(name, limit=9).value == []
    found: list[Any] = ["ébène", "b", "a", "b", "", "a"]
    index.runs.upsert([make_row(US + number, **{"tool_id": "", name: value}) for number, value in enumerate(found)])
    assert index.runs.values(name, limit=9).value == ["", "a", "b", "ébène"]
    assert index.runs.values(name, limit=2).value == ["", "a"]


def test_a_count_goes_no_further_than_it_is_told(index: Index) -> None:
    index.runs.upsert([make_row(US + number, rule="HEAT" if number % 2 else None) for number in range(10)])
    assert index.runs.count_up_to(RunQuery(), 4).value == 4
    assert index.runs.count_up_to(RunQuery(), 40).value == 10
    assert index.runs.count_up_to(RunQuery(rule="HEAT"), 40).value == 5
