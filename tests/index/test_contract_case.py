"""Case is no matter in any filter, over every index backend; see `conftest.py` for the backends."""

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.index.base import Index
from rmos.names import fold_name
from rmos.row_models import RUN_NAMES, RunQuery
from tests.index.rows import listed
from tests.makers import US, make_row
from tests.trying import tries

TEXTS = ("router", "Router", "ROUTER", "rOuTeR", "routers", "", "É", "é", "İ", "ß", "SS", "%", "_", "K", "\u212a", "k")


@pytest.mark.parametrize("name", RUN_NAMES)
def test_trap_43_case_is_no_matter_in_lists_and_counts(index: Index, name: str) -> None:
    rows = [make_row(US + number, **{name: text}) for number, text in enumerate(TEXTS)]
    index.runs.upsert(rows)
    for asked in (*TEXTS, "absent"):
        query = RunQuery(**cast(Any, {name: asked}))
        expected = {row.run_id for row, text in zip(rows, TEXTS, strict=True) if fold_name(text) == fold_name(asked)}
        assert set(listed(index, query)) == expected, query
        assert index.runs.count(query).value == len(expected), query


def test_trap_43_the_words_of_our_own_are_found_in_any_case(index: Index) -> None:
    row = make_row(US, status="BLOCKED", risk_level="RED")
    index.runs.upsert([row])
    assert listed(index, RunQuery(status="blocked", risk_level="Red")) == [row.run_id]


@given(st.lists(st.text("aAbB-é", max_size=3), min_size=1, max_size=8), st.text("aAbB-é", max_size=3))
@settings(max_examples=tries(30))
def test_trap_43_case_is_no_matter_in_a_prefix(index: Index, tools: list[str], prefix: str) -> None:
    index.runs.forget(listed(index))
    rows = [make_row(US + number, tool_id=tool) for number, tool in enumerate(tools)]
    index.runs.upsert(rows)
    expected = {row.run_id for row in rows if row.tool_id.startswith(fold_name(prefix))}
    assert set(listed(index, RunQuery(tool_id_prefix=prefix))) == expected
