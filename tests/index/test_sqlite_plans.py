"""Which of its indexes SQLite answers a list by."""

import itertools
import sqlite3
from pathlib import Path
from typing import Any, cast

import pytest

from rmos.index import open_index
from rmos.index.run_queries import RunQueries
from rmos.models import RunQuery

FINE = (
    "tool_id",
    "source",
    "batch_label",
    "session_id",
    "workflow_session_id",
    "material_id",
    "machine_id",
    "parent_run_id",
    "request_id",
)


COARSE = ("mode", "status", "risk_level", "event_type", "created_by", "rule")


@pytest.mark.parametrize("name", [*FINE, *COARSE])
def test_each_filter_alone_is_answered_by_its_index_in_the_order_of_lists(tmp_path: Path, name: str) -> None:
    assert plan(tmp_path, RunQuery(**cast(Any, {name: "x"}))) == [f"runs_by_{name}"]


@pytest.mark.parametrize("name", FINE)
def test_with_filters_that_most_runs_match_the_index_of_the_rarer_one_answers(tmp_path: Path, name: str) -> None:
    for coarse in itertools.pairwise(COARSE):
        query = RunQuery(**cast(Any, {name: "x", **dict.fromkeys(coarse, "y")}))
        assert plan(tmp_path, query) == [f"runs_by_{name}"], query


def plan(folder: Path, query: RunQuery) -> list[str]:
    """Return which indexes SQLite uses for a page of the query; sorting the rows is one more entry."""
    index = open_index(folder)
    index.prepare()
    index.close()
    text, values = RunQueries().page(query, 51, None, 0)
    connection = sqlite3.connect(folder / "_index.sqlite")
    try:
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    finally:
        connection.close()
    return [step.partition("INDEX ")[2].partition(" ")[0] or step for step in steps if "runs" in step or "SORT" in step]
