"""Filters that ignore case, over every index backend; see `conftest.py` for the backends."""

import itertools
import sqlite3
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.index import open_index, tables
from rmos.index.base import Index
from rmos.models import RunQuery
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
    index.upsert(rows)
    for asked, ignore_case in itertools.product((*TEXTS, "absent"), (False, True)):
        query = RunQuery(ignore_case=ignore_case, **cast(Any, {name: asked}))
        same = lower if ignore_case else str
        expected = {row.run_id for row in rows if same(getattr(row, name)) == same(asked)}
        assert set(listed(index, query)) == expected, query
        assert index.count(query) == len(expected), query


def test_the_other_filters_mind_the_case_always(index: Index) -> None:
    index.upsert([make_row(US, material_id="Ebony", tool_id="em-3175")])
    assert listed(index, RunQuery(material_id="ebony", ignore_case=True)) == []
    assert listed(index, RunQuery(tool_id_prefix="EM-", ignore_case=True)) == []
    assert len(listed(index, RunQuery(material_id="Ebony", tool_id="EM-3175", ignore_case=True))) == 1


@given(st.lists(st.text("aAbB-é", max_size=3), min_size=1, max_size=8), st.text("aAbB-é", max_size=3))
@settings(max_examples=tries(30))
def test_a_prefix_minds_the_case_although_its_index_does_not(index: Index, tools: list[str], prefix: str) -> None:
    index.forget(listed(index))
    rows = [make_row(US + number, tool_id=tool) for number, tool in enumerate(tools)]
    index.upsert(rows)
    expected = {row.run_id for row in rows if row.tool_id.startswith(prefix)}
    assert set(listed(index, RunQuery(tool_id_prefix=prefix))) == expected


FINE = (
    "tool_id",
    "source",
    "batch_label",
    "session_id",
    "workflow_session_id",
    "material_id",
    "machine_id",
    "request_id",
)


@pytest.mark.parametrize("ignore_case", [False, True])
@pytest.mark.parametrize("name", [*FINE, "mode", "status", "risk_level", "event_type"])
def test_each_filter_alone_is_answered_by_its_index_in_the_order_of_lists(
    tmp_path: Path, name: str, ignore_case: bool
) -> None:
    assert plan(tmp_path, RunQuery(ignore_case=ignore_case, **cast(Any, {name: "x"}))) == [f"runs_by_{name}"]


@pytest.mark.parametrize("name", FINE)
def test_with_filters_that_most_runs_match_the_index_of_the_rarer_one_answers(tmp_path: Path, name: str) -> None:
    for coarse in itertools.combinations(("mode", "status", "risk_level", "event_type"), 2):
        query = RunQuery(**cast(Any, {name: "x", **dict.fromkeys(coarse, "y")}))
        assert plan(tmp_path, query) == [f"runs_by_{name}"], query


def plan(folder: Path, query: RunQuery) -> list[str]:
    """Return which indexes SQLite uses for a page of the query; sorting the rows is one more entry."""
    index = open_index(folder)
    index.prepare()
    index.close()
    values = tables.query_values(query) | {"limit": 51, "offset": 0}
    text = tables.page_text(frozenset(tables.query_values(query)), query.include_deleted, query.ignore_case, False)
    connection = sqlite3.connect(folder / "_index.sqlite")
    try:
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    finally:
        connection.close()
    return [step.partition("INDEX ")[2].partition(" ")[0] or step for step in steps if "runs" in step or "SORT" in step]
