"""Filters that ignore case, over every index backend; see `conftest.py` for the backends."""

import itertools
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.index.base import Index
from rmos.models import RunQuery, compose
from tests.index.rows import listed
from tests.makers import US, make_row
from tests.trying import tries

FOLDED = ("mode", "tool_id", "source")
TEXTS = ("router", "Router", "ROUTER", "rOuTeR", "routers", "", "É", "é", "İ", "ß", "SS", "%", "_", "K", "\u212a", "k")


def lower(text: str) -> str:
    """Say in plain Python what SQL's `lower` is: the letters A to Z and no others."""
    return text.translate({sign: sign + 32 for sign in range(ord("A"), ord("Z") + 1)})


@pytest.mark.parametrize("name", FOLDED)
def test_trap_15_lists_and_counts_that_ignore_case_show_the_same_runs(index: Index, name: str) -> None:
    rows = [make_row(US + number, **{name: text}) for number, text in enumerate(TEXTS)]
    index.runs.upsert(rows)
    for asked, ignore_case in itertools.product((*TEXTS, "absent"), (False, True)):
        query = RunQuery(ignore_case=ignore_case, **cast(Any, {name: asked}))
        same = lower if ignore_case else str
        expected = {row.run_id for row in rows if same(getattr(row, name)) == same(compose(asked))}
        assert set(listed(index, query)) == expected, query
        assert index.runs.count(query).value == len(expected), query


def test_the_other_filters_mind_the_case_always(index: Index) -> None:
    index.runs.upsert([make_row(US, material_id="Ebony", tool_id="em-3175")])
    assert listed(index, RunQuery(material_id="ebony", ignore_case=True)) == []
    assert listed(index, RunQuery(tool_id_prefix="EM-", ignore_case=True)) == []
    assert len(listed(index, RunQuery(material_id="Ebony", tool_id="EM-3175", ignore_case=True))) == 1


@given(st.lists(st.text("aAbB-é", max_size=3), min_size=1, max_size=8), st.text("aAbB-é", max_size=3))
@settings(max_examples=tries(30))
def test_a_prefix_minds_the_case_although_its_index_does_not(index: Index, tools: list[str], prefix: str) -> None:
    index.runs.forget(listed(index))
    rows = [make_row(US + number, tool_id=tool) for number, tool in enumerate(tools)]
    index.runs.upsert(rows)
    expected = {row.run_id for row in rows if row.tool_id.startswith(prefix)}
    assert set(listed(index, RunQuery(tool_id_prefix=prefix))) == expected
