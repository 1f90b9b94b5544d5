"""Which of its indexes SQLite answers a list by."""

import itertools
import sqlite3
from pathlib import Path
from typing import Any, cast

import pytest

from rmos.index import open_index
from rmos.index.batch_queries import BatchQueries
from rmos.index.dialects import SQLITE
from rmos.index.outcome_queries import OutcomeQueries
from rmos.index.run_queries import RunQueries
from rmos.index.statements import BoundStatement
from rmos.index.work_queries import WorkQueries
from rmos.log_rows import BatchQuery
from rmos.row_models import OUTCOME_GROUPS, OutcomeColumn, OutcomeGroup, OutcomeQuery, OverrideState, RunQuery, ToolSpan

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


COARSE = ("mode", "status", "risk_level", "event_type", "created_by", "rule", "outcome")


@pytest.mark.parametrize("name", [*FINE, *COARSE])
def test_each_filter_alone_is_answered_by_its_index_in_the_order_of_lists(tmp_path: Path, name: str) -> None:
    assert plan(tmp_path, RunQuery(**cast(Any, {name: "x"}))) == [f"runs_by_{name}"]


@pytest.mark.parametrize("name", FINE)
def test_with_filters_that_most_runs_match_the_index_of_the_rarer_one_answers(tmp_path: Path, name: str) -> None:
    for coarse in itertools.pairwise(COARSE):
        query = RunQuery(**cast(Any, {name: "x", **dict.fromkeys(coarse, "y")}))
        assert plan(tmp_path, query) == [f"runs_by_{name}"], query


@pytest.mark.parametrize("state", ["asked", "granted", "expired"])
def test_runs_that_were_overridden_are_found_among_themselves_in_the_order_of_lists(
    tmp_path: Path, state: OverrideState
) -> None:
    for others in ({}, {"status": "BLOCKED"}, {"tool_id": "x", "created_by": "y"}, {"machine_id": "x", "mode": "y"}):
        query = RunQuery(override=state, now_utc="2026-01-31T18:00:00.000000Z", **cast(Any, others))
        assert plan(tmp_path, query) == ["runs_by_override"], query
    assert plan(tmp_path, RunQuery(override=state, now_utc="", batch_label="x")) == ["runs_by_batch_label"]
    assert plan(tmp_path, RunQuery(override="none", status="BLOCKED")) == ["runs_by_status"]


@pytest.mark.parametrize("name", [*FINE, *COARSE])
def test_what_one_filter_finds_is_counted_within_its_index(tmp_path: Path, name: str) -> None:
    for dates in ({}, {"created_from_us": 1, "created_to_us": 9}):
        query = RunQuery(**cast(Any, {name: "x"} | dates))
        for question in (RunQueries(SQLITE).count(query), RunQueries(SQLITE).count_up_to(query, 9)):
            (step,) = [step for step in explain(tmp_path, question) if " runs" in step]
            assert step.startswith("SEARCH runs USING COVERING INDEX runs_by_")
            assert f" ({name}=?" in step


@pytest.mark.parametrize("state", ["asked", "granted", "expired"])
def test_overridden_runs_are_counted_within_their_index(tmp_path: Path, state: OverrideState) -> None:
    question = RunQueries(SQLITE).count_up_to(RunQuery(override=state, now_utc=""), 9)
    assert any("USING COVERING INDEX runs_by_override" in step for step in explain(tmp_path, question))


def test_a_tally_is_a_range_of_its_key_and_values_are_walked_over(tmp_path: Path) -> None:
    steps = explain(tmp_path, RunQueries(SQLITE).tally("risk_level", "2025-12-01", "2025-12-31"))
    assert steps == ["SEARCH tally USING PRIMARY KEY (name=? AND partition>? AND partition<?)"]
    for value in ("RED", None):
        steps = explain(tmp_path, RunQueries(SQLITE).total("risk_level", value))
        assert steps == ["SEARCH tally USING PRIMARY KEY (name=?)"]
    for name in ("tool_id", "material_id", "created_by", "rule"):
        looked_at = [step for step in explain(tmp_path, RunQueries(SQLITE).values(name, 200)) if " runs" in step]
        assert len(looked_at) == 2
        assert all(f"INDEX runs_by_{name}" in step for step in looked_at)
        assert looked_at[1].startswith("SEARCH")


def plan(folder: Path, query: RunQuery) -> list[str]:
    """Return which indexes SQLite uses for a page of the query; sorting the rows is one more entry."""
    steps = explain(folder, RunQueries(SQLITE).page(query, 51, None, 0))
    return [step.partition("INDEX ")[2].partition(" ")[0] or step for step in steps if "runs" in step or "SORT" in step]


def explain(folder: Path, question: BoundStatement) -> list[str]:
    """Return the steps by which SQLite answers a question."""
    index = open_index(folder)
    index.prepare()
    index.close()
    text, values = question
    connection = sqlite3.connect(folder / "_index.sqlite")
    try:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    finally:
        connection.close()


@pytest.mark.parametrize("by", OUTCOME_GROUPS)
def test_outcomes_are_added_up_within_the_index_of_their_group_and_in_its_order(
    tmp_path: Path, by: OutcomeGroup
) -> None:
    index = "outcomes_by_month" if by == "month" else f"outcomes_by_{by}_id"
    for filters in ({}, {"machine_id": "x"}, {"material_id": "x", "part": "good"}, {"ended": "failed", "since_us": 1}):
        question = OutcomeQueries(SQLITE).totals(OutcomeQuery(**cast(Any, filters)), by)
        (step,) = explain(tmp_path, question)
        assert f" USING COVERING INDEX {index}" in step, (filters, step)


@pytest.mark.parametrize(
    ("by", "index"),
    [(("risk_level", "part"), "risk_level"), (("machine_id", "time_basis", "time_ratio"), "time_ratio")],
)
def test_jobs_are_counted_within_an_index_and_in_its_order(
    tmp_path: Path, by: tuple[OutcomeColumn, ...], index: str
) -> None:
    for filters in ({}, {"machine_id": "x"}, {"machine_id": "x", "since_us": 1}):
        question = OutcomeQueries(SQLITE).count_groups(OutcomeQuery(**cast(Any, filters)), by)
        (step,) = explain(tmp_path, question)
        assert f" USING COVERING INDEX outcomes_by_{index}" in step, (filters, step)
    scraps = OutcomeQueries(SQLITE).count_groups(OutcomeQuery(part="scrap"), ("risk_level", "reason_code"))
    assert "USING COVERING INDEX outcomes_by_risk_level" in explain(tmp_path, scraps)[0]


def test_outcomes_of_a_colour_are_listed_in_the_order_of_their_index(tmp_path: Path) -> None:
    for more in ({}, {"machine_id": "x"}, {"reasons": ("BURN",)}, {"machine_id": "x", "since_us": 1}):
        query = OutcomeQuery(risk_level="GREEN", part="scrap", **cast(Any, more))
        steps = explain(tmp_path, OutcomeQueries(SQLITE).page(query, 50, None, 0))
        assert any("USING INDEX outcomes_by_risk_level" in step for step in steps), steps
        assert not any("TEMP B-TREE" in step for step in steps), steps


def test_outcomes_are_listed_in_the_order_of_their_index(tmp_path: Path) -> None:
    steps = explain(tmp_path, OutcomeQueries(SQLITE).page(OutcomeQuery(), 50, None, 0))
    assert any("USING INDEX outcomes_by_created" in step for step in steps)
    assert not any("TEMP B-TREE" in step for step in steps)


def test_what_a_tool_did_is_added_up_within_its_index(tmp_path: Path) -> None:
    steps = explain(tmp_path, WorkQueries(SQLITE).totals([ToolSpan("em-1", "", 0, 2**62)]))
    assert any("work USING COVERING INDEX tool_work_by_tool (tool_id=? AND serial=?" in step for step in steps), steps
    (step,) = explain(tmp_path, WorkQueries(SQLITE).tools())
    assert "USING COVERING INDEX tool_work_by_tool" in step


@pytest.mark.parametrize("filters", [("batch_label",), ("session_id",), ("batch_label", "workflow_session_id")])
def test_a_batch_is_found_by_its_label_and_by_parents_and_each_row_by_its_key(
    tmp_path: Path, filters: tuple[str, ...]
) -> None:
    query = BatchQuery(**dict.fromkeys(filters, "x"))
    steps = [
        step for step in explain(tmp_path, BatchQueries(SQLITE).runs(query, 9)) if "runs" in step or "made" in step
    ]
    assert not any(step.startswith(("SCAN runs", "SCAN made")) for step in steps), steps
    assert any("INDEX runs_by_parent_run_id" in step for step in steps) == ("batch_label" in filters)


@pytest.mark.parametrize("name", [*FINE, *COARSE])
def test_runs_are_counted_by_a_column_within_its_index(tmp_path: Path, name: str) -> None:
    (step,) = explain(tmp_path, RunQueries(SQLITE).counts_by(name, 1, 9))
    assert f"runs USING COVERING INDEX runs_by_{name}" in step
    ends = [step for step in explain(tmp_path, RunQueries(SQLITE).span(1, 9)) if "runs" in step]
    assert all(step.startswith("SEARCH runs USING COVERING INDEX runs_by_created") for step in ends), ends
