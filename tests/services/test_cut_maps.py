"""Maps of a cut: their axes, their places, and whichever engine a store asks."""

from rmos.engines.registry import Registry
from rmos.services.artifact import RunRequest
from rmos.services.cut_maps import CutMap, MapAxis, find_reach, make_axis, make_cut_map
from rmos.services.feasibility import DryRun, evaluate_cuts
from rmos.store.rules import find_rule
from tests.web.conftest import CUT

FEED, RPM = "design.feed_mm_min", "design.spindle_rpm"


def test_an_axis_goes_by_ratios_and_has_the_value_itself_on_it() -> None:
    axis = make_axis(FEED, 873.25, low=100, high=10_000, steps=21)
    assert axis.values[axis.here] == 873.25
    assert len(set(axis.values)) == 21
    assert list(axis.values) == sorted(axis.values)
    assert axis.values[10] == 1000
    beyond = make_axis(FEED, 20, low=100, high=10_000, steps=21)
    assert (beyond.here, beyond.values[0], beyond.values[-1]) == (0, 20, 10_000)
    assert make_axis(FEED, 5, low=5, high=5, steps=3).values[0] == 5


def make_map(engines: Registry, cut: RunRequest) -> CutMap:
    x = make_axis(FEED, 1800, low=60, high=9000, steps=6)
    y = make_axis(RPM, 18_000, low=9000, high=31_000, steps=4)
    return make_cut_map(engines, cut, x, y, engine_timeout_ms=60_000)


def check_against_decisions(engines: Registry, cut: RunRequest, cut_map: CutMap) -> None:
    for row, rpm in enumerate(cut_map.y.values):
        for column, feed in enumerate(cut_map.x.values):
            item = {**CUT, "design": {**cut.design, "feed_mm_min": feed, "spindle_rpm": rpm}, "tool_id": cut.tool_id}
            decision = evaluate_cuts(engines, DryRun(items=[item]), request_id="r", engine_timeout_ms=60_000)[
                0
            ].decision
            assert cut_map.place(column, row) == (decision.risk_level, find_rule(decision))


def test_a_place_is_what_would_be_decided_whichever_engine_is_asked() -> None:
    for engine in ("baseline_v2", "baseline_v1"):
        engines = Registry(default=lambda engine=engine: engine)  # type: ignore[misc]
        cut = RunRequest(**CUT)
        cut_map = make_map(engines, cut)
        assert len({colour.risk for colour in cut_map.colours}) > 1
        check_against_decisions(engines, cut, cut_map)


def test_a_tool_that_nobody_knows_makes_no_place_green() -> None:
    engines, cut = Registry(), RunRequest(**{**CUT, "tool_id": "em-0000-9f"})
    cut_map = make_map(engines, cut)
    assert {colour.rule for colour in cut_map.colours} == {"UNKNOWN_NAME"}
    assert cut_map.find_nearest_green() is None
    check_against_decisions(engines, cut, cut_map)


def test_the_nearest_green_place_is_the_fewest_steps_away() -> None:
    cut_map = make_map(Registry(), RunRequest(**CUT))
    assert cut_map.find_nearest_green() == (cut_map.x.here, cut_map.y.here)
    red = RunRequest(**{**CUT, "design": {**CUT["design"], "feed_mm_min": 60}})
    x = make_axis(FEED, 60, low=60, high=9000, steps=6)
    moved = make_cut_map(Registry(), red, x, cut_map.y, engine_timeout_ms=1000)
    at = moved.find_nearest_green()
    assert at is not None
    assert moved.place(*at).risk == "GREEN"
    steps = [
        (column - x.here) ** 2 + (row - cut_map.y.here) ** 2
        for row in range(4)
        for column in range(6)
        if moved.place(column, row).risk == "GREEN"
    ]
    assert (at[0] - x.here) ** 2 + (at[1] - cut_map.y.here) ** 2 == min(steps)


def test_maps_go_as_far_as_machine_tool_and_piece() -> None:
    reach = find_reach(Registry(), RunRequest(**CUT))
    assert reach[RPM] == (8000, 33_000)
    assert reach["design.axial_depth_mm"][1] == CUT["design"]["total_depth_mm"]
    nothing = find_reach(Registry(), RunRequest(mode="router", tool_id="x"))
    assert all(0 < low < high for low, high in nothing.values())
    assert MapAxis(RPM, (1.0,), 0).path == RPM
