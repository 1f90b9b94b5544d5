"""PostgreSQL cannot hold U+0000, and SQLite ends a text of JSON there: no text is cut, none is taken for another.

It is written otherwise for PostgreSQL, keeps its place in every order, and comes back.
"""

from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.index.base import Index
from rmos.index.postgres_dialect import escape, restore
from rmos.row_models import OutcomeQuery, RunQuery, ToolSpan, ToolWorkRow
from tests.index.backends import postgres_18, sqlite
from tests.index.outcome_rows import RUNS, make_outcome_row, with_outcomes
from tests.index.rows import listed
from tests.makers import US, make_row

TEXTS = st.text(alphabet="\x00\x01\x02a\\u0", max_size=6)
ODD = ("a\x00", "a", "a\x00\x00b", "a\x01", "a\x01\x01", "a\x02", "a\x01\x02", "\\u0000\x00", "\\\\u0001")


@given(TEXTS, TEXTS)
def test_what_is_written_comes_back_and_sorts_as_it_did(one: str, other: str) -> None:
    assert restore(escape(one)) == one
    assert "\x00" not in escape(one)
    assert (escape(one) < escape(other)) == (one < other)
    assert escape(other).startswith(escape(one)) == other.startswith(one)


@pytest.mark.parametrize("open_again", [sqlite, postgres_18], indirect=True)
def test_odd_names_are_found_listed_and_counted_each_for_itself(index: Index) -> None:
    for number, text in enumerate(ODD):
        names: dict[str, Any] = {"machine_id": text, "tool_id": text, "run_id": RUNS[0]}
        outcome = make_outcome_row(number + 1, **names, summary=msgspec.json.encode({"said": text}).decode())
        work = {"outcome_id": outcome.outcome_id, "created_us": US, "worked_ms": 5, "cut_um": 6, "broke": 0}
        done = ToolWorkRow(**cast(Any, work), tool_id=text, serial=text, marked=text)
        run = with_outcomes(f"run_{number:032x}", outcome, tool_work=msgspec.json.encode([done]).decode())
        index.runs.upsert([run, make_row(US + 9 + number, tool_id=text, batch_label=text)])
    assert index.runs.values("batch_label", limit=99).value == sorted(ODD)
    for text in ODD:
        assert len(listed(index, RunQuery(batch_label=text))) == 1
        assert index.outcomes.count(OutcomeQuery(machine_id=text)).value == 1
    assert len(listed(index, RunQuery(tool_id_prefix="a\x00"))) == 2
    told = index.outcomes.totals(OutcomeQuery(), "machine").value
    assert [total.group for total in told] == sorted(ODD)
    assert sorted(found.marked or "" for found in index.tool_work.tools().value) == sorted(ODD)
    spans = [ToolSpan(text, text, 0, US + 1) for text in ODD]
    assert [total.worked_ms for total in index.tool_work.totals(spans).value] == [5] * len(ODD)
    page = msgspec.json.decode(f"[{index.outcomes.page(OutcomeQuery(), limit=99).value.text}]")
    assert sorted(outcome["said"] for outcome in page) == sorted(ODD)
