"""The operation `milled`: a cut that was measured in a program, whose shape is its path."""

from collections.abc import Callable
from typing import Any

import pytest

from rmos.engines.base import EngineResult
from rmos.engines.registry import Registry
from tests.engines import cuts, sound

Judge = Callable[[Any, Any], EngineResult]
BOTH = [pytest.param(cuts.judge, id="baseline_v1"), pytest.param(sound.judge, id="baseline_v2")]
each_engine = pytest.mark.parametrize("judge", BOTH)
_SHAPE = {"feature_width_mm": ..., "internal_radius_mm": ..., "wall_thickness_mm": ..., "used_area_mm2": ...}


def measure(depth_mm: float, stock_mm: float = 3.0, **members: Any) -> dict[str, Any]:
    """Return what is measured of a cut of a program: no width, no corner, no wall."""
    floor = {"floor_thickness_mm": stock_mm - depth_mm} if depth_mm < stock_mm else {"floor_thickness_mm": ...}
    return cuts.make_design(**{"operation": "milled", "total_depth_mm": depth_mm, **_SHAPE, **floor, **members})


def without_hold() -> dict[str, Any]:
    return cuts.make_context(hold_down=...)


@each_engine
def test_a_measured_cut_is_evaluated_as_a_channel_without_its_width(judge: Judge) -> None:
    channel = judge(cuts.make_design(used_area_mm2=...), cuts.make_context())
    milled = judge(measure(1.5), without_hold())
    assert milled.status == channel.status == "GREEN"
    assert milled.missing_inputs == []
    assert {item.id: item.value for item in milled.assessments if item.id != "GEOMETRY"} == {
        item.id: item.value for item in channel.assessments if item.id != "GEOMETRY"
    }


@each_engine
@pytest.mark.parametrize(
    ("depth_mm", "flutes_mm", "part"),
    [(2.3, 12.0, "floor"), (2.5, 2.4, "flutes"), (3.2, 3.1, "flutes")],
    ids=["too thin a floor", "flutes that are too short", "flutes that are too short for what goes through"],
)
def test_the_shape_is_its_depth_and_what_is_left_below(
    judge: Judge, depth_mm: float, flutes_mm: float, part: str
) -> None:
    context = cuts.make_context(flute_length_mm=flutes_mm)
    found = cuts.check_of(judge(measure(depth_mm), context), "GEOMETRY")
    assert found.risk == "RED"
    assert part in found.message


@each_engine
@pytest.mark.parametrize(
    ("depth_mm", "is_held"), [(2.999, False), (3.0, True), (3.2, True)], ids=["above", "just through", "into the bed"]
)
def test_what_goes_through_must_be_held_and_leaves_no_floor(judge: Judge, depth_mm: float, is_held: bool) -> None:
    result = judge(measure(depth_mm, flute_length_mm=12.0), cuts.make_context())
    assert ("HOLD_DOWN" in cuts.risks(result)) is is_held
    assert (cuts.check_of(result, "GEOMETRY").risk == "GREEN") is is_held


@each_engine
def test_what_goes_through_is_not_green_while_nobody_says_how_it_is_held(judge: Judge) -> None:
    result = judge(measure(3.2), without_hold())
    assert result.status != "GREEN"
    assert "context.hold_down.pressure_kpa" in result.missing_inputs


@each_engine
def test_without_an_engagement_it_is_no_slot_but_unknown(judge: Judge) -> None:
    result = judge(measure(1.5, radial_engagement_mm=...), without_hold())
    assert result.status != "GREEN"
    assert "design.radial_engagement_mm" in result.missing_inputs


@each_engine
def test_a_wrong_name_is_answered_as_before_there_was_this_one(judge: Judge) -> None:
    invalid = cuts.check_of(judge(cuts.make_design(operation="chanel"), cuts.make_context()), "INVALID_INPUT")
    assert "channel" in invalid.message
    assert "milled" not in invalid.message


@each_engine
def test_no_saw_mills(judge: Judge) -> None:
    result = judge(measure(1.5), cuts.make_context(kind="saw_blade"))
    assert cuts.check_of(result, "INVALID_INPUT").risk == "RED"


def test_it_is_named_with_the_rules_that_it_is_evaluated_by_and_offered_nowhere() -> None:
    registry = Registry()
    of_width = {rule.id for _, rule in registry.rules() if "milled" in rule.operations}
    assert "HOLD_DOWN" in of_width
    assert "SAW_BITE" not in of_width
    offered = [item for info in registry.infos() for item in info.inputs if item.path == "design.operation"]
    assert len(offered) == 2
    assert all("milled" not in item.allowed for item in offered)
