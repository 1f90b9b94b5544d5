"""Texts of runs of other systems know no bound: none may keep a row out of an index, or two from being told apart."""

import hashlib
import random
from typing import Any, cast

import msgspec
import pytest

from rmos.index.base import Index
from rmos.index.schema import EQUAL_FILTERS, SESSION_FILTERS
from rmos.row_models import OutcomeQuery, RunQuery, SessionQuery, ToolSpan, ToolWorkRow
from tests.index.backends import memory, postgres_18, sqlite
from tests.index.outcome_rows import RUNS, make_outcome_row, with_outcomes
from tests.index.rows import listed, make_session_row
from tests.makers import US, make_row

# Not among the long tests, over the one database that knows such a bound.
QUICK = (sqlite, memory, postgres_18)
pytestmark = pytest.mark.parametrize("open_again", QUICK, ids=lambda make: make.__name__, indirect=True)
BEGINNING = "x" * 120


def make_long(number: int = 0, length: int = 6000) -> str:
    """Return a text that does not become shorter by packing; all of them begin alike."""
    chance = random.Random(number)
    return BEGINNING + "".join(chance.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))


def test_a_run_of_long_texts_is_written_and_found_by_each_of_them(index: Index) -> None:
    long = dict.fromkeys(EQUAL_FILTERS, make_long())
    row = make_row(**long, advisory_kinds=make_long(1), explanation_status="pending")
    index.runs.upsert([row, make_row(US + 1)])
    for name in EQUAL_FILTERS:
        for value, found in ((make_long(), [row.run_id]), (make_long(2), []), (BEGINNING, [])):
            query = RunQuery(**cast(Any, {name: value}))
            assert listed(index, query) == found, name
            assert index.runs.count(query).value == index.runs.count_up_to(query, 9).value == len(found)
    assert len(index.runs.figures(make_long()).value) == 1
    assert [(row, True)] == index.runs.rows(row.partition, row.run_id, row.run_id)
    assert [tallied.value for tallied in index.runs.tally("rule").value] == [make_long()]


@pytest.mark.parametrize("lengths", [(6000, 6000), (7, 8), (8, 6000)])
def test_long_texts_are_counted_and_told_as_they_are_each_for_itself(index: Index, lengths: tuple[int, int]) -> None:
    """Of 127 and of 128 characters, of which the key of an index is one itself and the other's is not."""
    first, second = sorted(make_long(number, length) for number, length in enumerate(lengths))
    index.runs.upsert([make_row(US + number, batch_label=(first, second)[number % 2]) for number in range(5)])
    index.runs.upsert([make_row(US + 9, batch_label="short")])
    assert index.runs.values("batch_label", limit=9).value in (["short", first, second], ["short", second, first])
    counts = index.runs.counts_by("batch_label").value
    assert sorted(counts) == sorted([("short", 1), (first, 3), (second, 2)])
    assert len(listed(index, RunQuery(batch_label=second))) == 2


def test_a_text_that_is_the_key_of_another_one_is_not_taken_for_it(index: Index) -> None:
    """The key of a long text is 96 characters of it and its MD5."""
    long = make_long()
    forged = long[:96] + hashlib.md5(long.encode(), usedforsecurity=False).hexdigest()
    index.runs.upsert([make_row(US, tool_id=long), make_row(US + 1, tool_id=forged)])
    assert len(listed(index, RunQuery(tool_id=long))) == len(listed(index, RunQuery(tool_id=forged))) == 1
    assert sorted(index.runs.counts_by("tool_id").value) == sorted([(long, 1), (forged, 1)])


@pytest.mark.parametrize("length", [1, 95, 96, 97, 120, 127, 128, 500])
def test_a_beginning_of_any_length_is_found(index: Index, length: int) -> None:
    wanted, other = make_long(0, 900), "y" + make_long(0, 900)
    index.runs.upsert([make_row(US, tool_id=wanted), make_row(US + 1, tool_id=other), make_row(US + 2, tool_id="x")])
    found = listed(index, RunQuery(tool_id_prefix=wanted[:length]))
    assert len(found) == (2 if length == 1 else 1)


def test_a_session_of_long_texts_is_found_by_each_of_them(index: Index) -> None:
    row = make_session_row(**dict.fromkeys(SESSION_FILTERS, make_long()))
    index.sessions.upsert([row, make_session_row(US + 1)])
    for name in ("user_id", "workflow_type"):
        assert index.sessions.count(SessionQuery(**cast(Any, {name: make_long()}))).value == 1
        assert index.sessions.count(SessionQuery(**cast(Any, {name: make_long(1)}))).value == 0


@pytest.mark.parametrize("text", [make_long(), "one \x01 two \x01\x02", "\\u0000 \\\\u0001"])
def test_outcomes_and_tool_work_hold_any_text(index: Index, text: str) -> None:
    names = {"machine_id": text, "tool_id": text, "material_id": text}
    outcome = make_outcome_row(**names, summary=msgspec.json.encode({"said": text}).decode())
    work = {"outcome_id": outcome.outcome_id, "created_us": US, "worked_ms": 5, "cut_um": 6, "broke": 1}
    done = ToolWorkRow(**cast(Any, work), tool_id=text, serial=text, marked=text)
    run = with_outcomes(RUNS[0], outcome, tool_work=msgspec.json.encode([done]).decode())
    index.runs.upsert([run])
    for name in names:
        assert index.outcomes.count(OutcomeQuery(**cast(Any, {name: text}))).value == 1
        assert index.outcomes.count(OutcomeQuery(**cast(Any, {name: text + "z"}))).value == 0
    assert index.outcomes.page(OutcomeQuery(), limit=9).value.text == outcome.summary
    assert [total.group for total in index.outcomes.totals(OutcomeQuery(), "tool").value] == [outcome.tool_id]
    assert index.tool_work.tools().value == [(done.tool_id, done.serial, text)]
    (total,) = index.tool_work.totals([ToolSpan(done.tool_id, done.serial, 0, 2**62)]).value
    assert (total.jobs, total.worked_ms, total.breaks) == (1, 5, 1)
    assert [run] == [row for row, _ in index.runs.rows(run.partition)]
