"""The tree of runs against a plain model, which walks from each run to its ancestors and knows no tree."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.lineage import PHASES, LineageRun, build_lineage, find_phase
from tests.trying import tries

STATES = (None, "live", "deleted", "erased", "missing", "damaged")
TYPES = (None, "rosette", "Feasibility_Check", "approval", "rejection", "toolpaths", "program_check", "own")
WORST = ("OK", "BLOCKED", "ERROR")


def make_run(number: int, parent: str | None = None, **over: Any) -> LineageRun:
    members = {"run_id": f"run_{number}", "created_us": number // 2, "status": "OK", "parent_run_id": parent}
    return LineageRun(**(members | over))


@st.composite
def some_runs(draw: st.DrawFn) -> list[LineageRun]:
    """Draw runs of which each may name any run as its parent: itself, a later one, one that is not there."""
    count = draw(st.integers(0, 9))
    parents = st.one_of(st.none(), st.integers(0, count + 2).map(lambda number: f"run_{number}"))
    return [
        make_run(
            number,
            draw(parents),
            parent_state=draw(st.sampled_from(STATES)),
            status=draw(st.sampled_from(WORST)),
            event_type=draw(st.sampled_from(TYPES)),
            released=draw(st.booleans()),
            outcome=draw(st.sampled_from((None, "done", "scrapped"))),
            good_parts=draw(st.integers(0, 1)),
            scrap_parts=draw(st.integers(0, 2)),
        )
        for number in range(count)
    ]


def list_ancestors(run: LineageRun, runs: Mapping[str, LineageRun]) -> list[str]:
    """Return a run and its ancestors among the runs, up to the first that is met again."""
    met: list[str] = []
    at: str | None = run.run_id
    while at in runs and at not in met:
        met.append(at)
        at = runs[at].parent_run_id
    return met


def find_circle(run: LineageRun, runs: Mapping[str, LineageRun]) -> list[str]:
    """Return the circle that a run is part of, from itself on; empty where it is in none."""
    met = list_ancestors(run, runs)
    return met if met and runs[met[-1]].parent_run_id == run.run_id else []


def find_root(run: LineageRun, runs: Mapping[str, LineageRun]) -> str:
    """Return the root of the branch in which a run stands."""
    for run_id in list_ancestors(run, runs):
        circle = find_circle(runs[run_id], runs)
        if not circle and runs[run_id].parent_run_id not in runs:
            return run_id
        if circle and run_id == min(circle, key=lambda name: (runs[name].created_us, name)):
            return run_id
    raise AssertionError(run.run_id)


def list_path(run: LineageRun, runs: Mapping[str, LineageRun]) -> list[str]:
    """Return a run and its ancestors up to its root."""
    met = list_ancestors(run, runs)
    return met[: met.index(find_root(run, runs)) + 1]


@settings(max_examples=tries(200))
@given(runs=some_runs())
def test_the_tree_is_what_each_run_finds_by_walking_to_its_ancestors(runs: list[LineageRun]) -> None:
    by_id = {run.run_id: run for run in runs}
    lineage = build_lineage(runs)
    paths = {run.run_id: list_path(run, by_id) for run in runs}
    assert sorted(node.run.run_id for node in lineage.nodes) == sorted(by_id)
    assert [root.run.run_id for root in lineage.roots] == [name for name, path in paths.items() if len(path) == 1]
    places = {node.run.run_id: place for place, node in enumerate(lineage.nodes)}
    for node in lineage.nodes:
        name = node.run.run_id
        below = [by_id[other] for other, path in paths.items() if name in path]
        assert node.depth == len(paths[name]) - 1
        assert node.depth == 0 or places[paths[name][1]] < places[name]
        assert sorted(places[run.run_id] for run in below) == list(range(places[name], places[name] + len(below)))
        assert (node.runs, node.good_parts, node.scrap_parts, node.last_us) == (
            len(below),
            sum(run.good_parts for run in below),
            sum(run.scrap_parts for run in below),
            max(run.created_us for run in below),
        )
        assert node.rollup == max((run.status for run in below), key=WORST.index)
        ranked = [phase for phase in PHASES if phase in {find_phase(run) for run in below} and phase != "OTHER"]
        assert node.furthest == (ranked[-1] if ranked else "OTHER")
    assert lineage.completed == (bool(runs) and all(root.good_parts for root in lineage.roots))
    assert sum(lineage.count_phases().values()) == len(runs)


@settings(max_examples=tries(200))
@given(runs=some_runs())
def test_what_is_broken_is_named_once_and_nothing_else_is(runs: list[LineageRun]) -> None:
    by_id = {run.run_id: run for run in runs}
    words = {"deleted": "PARENT_DELETED", "erased": "PARENT_DELETED", "damaged": "PARENT_DAMAGED", "live": None}
    expected = {}
    for run in runs:
        if circle := find_circle(run, by_id):
            if find_root(run, by_id) == run.run_id:
                expected[run.run_id] = ("CYCLE", tuple(circle))
        elif run.parent_run_id is not None and run.parent_run_id not in by_id:
            word = words.get(str(run.parent_state), "PARENT_ABSENT")
            expected |= {run.run_id: (word, ())} if word else {}
    broken = build_lineage(runs).broken
    assert {link.run_id: (link.reason, link.run_ids) for link in broken} == expected
    assert [link.run_id for link in broken] == [name for name in by_id if name in expected]
    assert all(link.parent_run_id == by_id[link.run_id].parent_run_id for link in broken)


@pytest.mark.parametrize(
    ("members", "phase"),
    [
        ({"event_type": "rosette"}, "SPEC"),
        ({"event_type": "FEASIBILITY_CHECK"}, "PLAN"),
        ({"event_type": "approval"}, "DECISION"),
        ({"event_type": "rejection"}, "DECISION"),
        ({"event_type": "toolpaths"}, "TOOLPATHS"),
        ({"event_type": "program_check"}, "TOOLPATHS"),
        ({"event_type": "toolpaths", "released": True}, "EXECUTION"),
        ({"event_type": "toolpaths", "released": True, "outcome": "scrapped"}, "RESULT"),
        ({"event_type": "import"}, "OTHER"),
        ({}, "OTHER"),
    ],
)
def test_a_run_is_in_the_phase_of_what_happened_last(members: dict[str, Any], phase: str) -> None:
    assert find_phase(make_run(1, **members)) == phase


def test_a_chain_and_a_circle_of_five_thousand_runs_are_walked_without_calling_oneself() -> None:
    chain = [make_run(number, f"run_{number - 1}" if number else None) for number in range(5000)]
    assert build_lineage(chain).nodes[-1].depth == 4999
    circle = [make_run(number, f"run_{(number or 5000) - 1}") for number in range(5000)]
    (link,) = build_lineage(circle).broken
    assert (link.run_id, link.parent_run_id, len(link.run_ids)) == ("run_0", "run_4999", 5000)
