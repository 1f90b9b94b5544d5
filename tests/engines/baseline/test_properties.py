"""What holds for every cut: some hundred of them in a plain run, two thousand in a long one, and more at night."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.digest import canonical
from rmos.engines.base import EngineResult
from rmos.engines.contract import check_result
from rmos.engines.decision import decide
from rmos.engines.registry import Registry
from tests.engines.cuts import (
    ENGINE,
    MILLED_OPERATIONS,
    NEEDED,
    check_of,
    judge,
    make_context,
    make_cut,
    make_design,
    make_saw_context,
    make_saw_design,
    place_of,
    remove,
    risks,
)
from tests.trying import tries, tries_at_night

FEEDS = st.floats(10, 20_000)
RPMS = st.floats(1_000, 80_000)
DIAMETERS = st.sampled_from([0.4, 1.0, 1.5875, 3.175, 6.0, 6.35, 12.7, 20.0, 60.0])
MATERIALS = st.sampled_from(["sitka_spruce", "hard_maple", "ebony", "bone", "abalone", "mdf", "acrylic", "brass"])
MORE = st.floats(1, 10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NO_NUMBER = (
    st.floats(max_value=0, allow_nan=False)
    | st.integers(max_value=0)
    | st.sampled_from([math.nan, math.inf, -math.inf, 10**400, True, False, None])
    | st.text(st.characters(), max_size=12)
    | st.lists(st.floats() | st.text(max_size=3), max_size=3)
    | st.dictionaries(st.text(max_size=3), st.floats(), max_size=3)
)
LENGTHS = {
    "feed": "feed_mm_min", "plunge_feed": "plunge_feed_mm_min", "axial_depth": "axial_depth_mm",
    "radial_engagement": "radial_engagement_mm", "total_depth": "total_depth_mm", "feature_width": "feature_width_mm",
    "internal_radius": "internal_radius_mm", "wall_thickness": "wall_thickness_mm",
    "floor_thickness": "floor_thickness_mm",
}  # fmt: skip
TOOL_LENGTHS = {"diameter": "diameter_mm", "stickout": "stickout_mm", "flute_length": "flute_length_mm"}


def value_of(result: EngineResult, check: str) -> float:
    value = check_of(result, check).value
    assert value is not None
    return value


def score_of(result: EngineResult, check: str) -> float:
    score = check_of(result, check).score
    assert score is not None
    return score


def nothing_absent_is_green(needed: tuple[str, str], feed: float, rpm: float, material: str) -> None:
    operation, path = needed
    design, context = make_cut(operation)
    design |= {"feed_mm_min": feed, "spindle_rpm": rpm}
    context["material"] = {"id": material}
    remove(design, context, path)
    assert judge(design, context).status != "GREEN"


def no_value_that_is_no_number_is_green(needed: tuple[str, str], bad: Any) -> None:
    operation, path = needed
    design, context = make_cut(operation)
    place, name = place_of(design, context, path)
    if type(place[name]) is bool and type(bad) is bool:
        bad = None
    place[name] = bad
    result = judge(design, context)
    assert result.status == "RED"
    assert "INVALID_INPUT" in risks(result)


def more_feed_never_thins_the_chip(
    feed: float, more: float, rpm: float, diameter: float, share: float, material: str
) -> None:
    context = make_context(material, diameter_mm=diameter)
    slow, fast = (
        judge(make_design(feed_mm_min=f, spindle_rpm=rpm, radial_engagement_mm=diameter * share), context)
        for f in (feed, feed * more)
    )
    assert value_of(fast, "CHIP_RUBBING") >= value_of(slow, "CHIP_RUBBING") * (1 - 1e-12)
    assert score_of(fast, "CHIP_RUBBING") >= score_of(slow, "CHIP_RUBBING")
    assert score_of(fast, "HEAT") >= score_of(slow, "HEAT")
    for check in ("CHIP_OVERLOAD", "POWER", "FORCE", "TOOL_BREAK", "DEFLECTION"):
        assert score_of(fast, check) <= score_of(slow, check)


def a_longer_tool_never_deflects_less(stickout: float, more: float, feed: float, depth: float) -> None:
    design = make_design(feed_mm_min=feed, axial_depth_mm=depth)
    short, long = (judge(design, make_context("koa", stickout_mm=length)) for length in (stickout, stickout * more))
    for check in ("DEFLECTION", "TOOL_BREAK"):
        assert value_of(long, check) >= value_of(short, check)
        assert score_of(long, check) <= score_of(short, check)


def a_deeper_pass_never_eases_the_load(depth: float, deeper: float, material: str) -> None:
    context = make_context(material)
    shallow, deep = (judge(make_design(axial_depth_mm=d), context) for d in (depth, depth * deeper))
    for check in ("CHIP_OVERLOAD", "DEPTH_PASS", "POWER", "FORCE", "TOOL_BREAK", "DEFLECTION"):
        assert score_of(deep, check) <= score_of(shallow, check)
    assert (deep.overall_score or 0) <= (shallow.overall_score or 0)


def feed_and_speed_together_leave_the_chip_alone(feed: float, rpm: float, scale: float) -> None:
    one, other = (judge(make_design(feed_mm_min=feed * s, spindle_rpm=rpm * s), make_context()) for s in (1.0, scale))
    for check in ("CHIP_RUBBING", "CHIP_OVERLOAD", "FORCE", "DEFLECTION"):
        assert value_of(other, check) == pytest.approx(value_of(one, check))


def a_faster_spindle_is_never_safer(rpm: float, faster: float, diameter: float) -> None:
    context = make_context(diameter_mm=diameter)
    slow, fast = (judge(make_design(spindle_rpm=n, radial_engagement_mm=...), context) for n in (rpm, rpm * faster))
    for check in ("OVERSPEED", "RIM_SPEED"):
        assert score_of(fast, check) <= score_of(slow, check)


def a_failing_ring_never_improves_the_whole(
    width: float, depth: float, plunge: float, pressure: float, wall: float
) -> None:
    sound = make_design(operation="ring_cutout", feature_width_mm=7, plunge_feed_mm_min=300)
    whole = judge(sound, make_context()).overall_score or 0
    failing = {"feature_width_mm": width, "axial_depth_mm": depth, "plunge_feed_mm_min": plunge}
    hold_down = {"pressure_kpa": pressure, "area_mm2": 300.0, "friction": 0.3}
    result = judge({**sound, **failing, "wall_thickness_mm": wall}, make_context(hold_down=hold_down))
    gates = ("GEOMETRY", "DEPTH_PASS", "PLUNGE", "HOLD_DOWN")
    if any(check_of(result, check).risk != "GREEN" for check in gates):
        assert (result.overall_score or 0) <= whole
        assert (result.overall_score or 0) <= min(
            score_of(result, check) for check in gates if check_of(result, check).risk != "GREEN"
        )


def millimetres_and_inches_give_the_same_record(
    operation: str, thousandths: dict[str, int], tool: dict[str, int], rpm: int, material: str, thickness: int
) -> None:
    # A thousandth of an inch is exactly 254 ten-thousandths of a millimetre.
    cutter = {"kind": "end_mill", "flutes": 2, "max_rpm": 30000, "material": "carbide", "centre_cutting": True}
    base = {
        "material": {"id": material},
        "machine": {"class": "rigid", "max_rpm": 30000},
        "hold_down": {"pressure_kpa": 60, "friction": 0.4},
    }
    spun = {"operation": operation, "spindle_rpm": rpm}
    inch = judge(
        {**spun, **{name: n / 1000 for name, n in thousandths.items()}},
        {
            **base,
            "units": "inch",
            "tool": {**cutter, **{name: n / 1000 for name, n in tool.items()}},
            "stock": {"thickness": thickness / 1000},
        },
    )
    metric = judge(
        {**spun, **{LENGTHS[name]: n * 254 / 10_000 for name, n in thousandths.items()}},
        {
            **base,
            "units": "mm",
            "tool": {**cutter, **{TOOL_LENGTHS[name]: n * 254 / 10_000 for name, n in tool.items()}},
            "stock": {"thickness_mm": thickness * 254 / 10_000},
        },
    )
    assert risks(metric) == risks(inch)
    assert [item.value for item in metric.assessments] == [item.value for item in inch.assessments]
    if "UNKNOWN" not in risks(metric).values() and "INVALID_INPUT" not in risks(metric):
        assert metric.record() == inch.record()


def score_and_colour_agree_at_any_size(
    operation: str, feed: float, rpm: float, diameter: float, depth: float, length: float, material: str
) -> None:
    design = make_design(
        operation=operation,
        feed_mm_min=feed,
        spindle_rpm=rpm,
        axial_depth_mm=depth,
        radial_engagement_mm=diameter,
        total_depth_mm=length,
        feature_width_mm=length,
        internal_radius_mm=depth,
        floor_thickness_mm=depth,
        wall_thickness_mm=length,
    )
    result = judge(design, make_context(material, diameter_mm=diameter, stickout_mm=length, flute_length_mm=depth))
    assert check_result(result, info=ENGINE.info, request_id=result.request_id) == (
        ENGINE.compute(spec=design, ctx=make_context(
            material, diameter_mm=diameter, stickout_mm=length, flute_length_mm=depth), request_id="req_test")
    )  # fmt: skip
    bands = {"GREEN": (80, 100), "YELLOW": (40, 79), "RED": (0, 39)}
    for risk, score in [(item.risk, item.score) for item in result.assessments] + [
        (result.status, result.overall_score)
    ]:
        assert score is not None
        assert bands[risk][0] <= score <= bands[risk][1]
    assert result.status in risks(result).values()
    canonical(result.record())


def no_json_at_all_makes_it_raise_or_turns_green(design: Any, context: Any, operation: str) -> None:
    if isinstance(design, dict):
        design = {"operation": operation, **design}
    before = (repr(design), repr(context))
    result = ENGINE.compute(spec=design, ctx=context, request_id="r")
    assert (repr(design), repr(context)) == before
    assert check_result(result, info=ENGINE.info, request_id="r") == result
    assert judge(design, context).status == result.status != "GREEN"
    assert decide(result).block_reason is None or result.status in ("RED", "UNKNOWN")
    assert {item.id for item in result.assessments} <= RULE_IDS
    canonical(result.record())


def a_saw_blade_is_judged_alike_at_any_size(feed: float, rpm: float, teeth: int, diameter: float, kerf: float) -> None:
    context = make_saw_context(flutes=teeth, diameter_mm=diameter)
    one, faster = (
        judge(make_saw_design(feed_mm_min=f, spindle_rpm=rpm, axial_depth_mm=kerf), context) for f in (feed, feed * 1.5)
    )
    assert value_of(faster, "SAW_BITE") == pytest.approx(1.5 * value_of(one, "SAW_BITE"))
    assert score_of(faster, "HOLD_DOWN") <= score_of(one, "HOLD_DOWN")


RULE_IDS = {rule.id for _, rule in Registry().rules()}
NAMES = st.sampled_from(sorted({*make_design(), *LENGTHS, "units", "note"}))
CONTEXT_NAMES = st.sampled_from(sorted({*make_context(), "material_id", "note"}))
TOOL_NAMES = st.sampled_from([*make_context()["tool"], "id", "class", "diameter", "area_mm2"])
POSITIVE = st.floats(1e-6, 1e9)

PROPERTIES: dict[Callable[..., None], dict[str, st.SearchStrategy[Any]]] = {
    nothing_absent_is_green: {
        "needed": st.sampled_from(NEEDED), "feed": FEEDS, "rpm": RPMS, "material": MATERIALS,
    },
    no_value_that_is_no_number_is_green: {"needed": st.sampled_from(NEEDED), "bad": NO_NUMBER},
    more_feed_never_thins_the_chip: {
        "feed": FEEDS, "more": MORE, "rpm": RPMS, "diameter": DIAMETERS, "share": st.floats(0.01, 1),
        "material": MATERIALS,
    },
    a_longer_tool_never_deflects_less: {
        "stickout": st.floats(1, 100), "more": MORE, "feed": FEEDS, "depth": st.floats(0.05, 5),
    },
    a_deeper_pass_never_eases_the_load: {"depth": st.floats(0.01, 100), "deeper": MORE, "material": MATERIALS},
    feed_and_speed_together_leave_the_chip_alone: {
        "feed": FEEDS, "rpm": st.floats(1_000, 20_000), "scale": st.floats(0.1, 10),
    },
    a_faster_spindle_is_never_safer: {"rpm": RPMS, "faster": MORE, "diameter": DIAMETERS},
    a_failing_ring_never_improves_the_whole: {
        "width": st.floats(1, 7), "depth": st.floats(0.75, 20), "plunge": st.floats(300, 9000),
        "pressure": st.floats(0.01, 100), "wall": st.floats(0.1, 3),
    },
    millimetres_and_inches_give_the_same_record: {
        "operation": st.sampled_from(MILLED_OPERATIONS),
        "thousandths": st.fixed_dictionaries({name: st.integers(10, 99_999) for name in LENGTHS}),
        "tool": st.fixed_dictionaries({name: st.integers(10, 3_000) for name in TOOL_LENGTHS}),
        "rpm": st.integers(1_000, 60_000), "material": MATERIALS, "thickness": st.integers(10, 3_000),
    },
    score_and_colour_agree_at_any_size: {
        "operation": st.sampled_from(MILLED_OPERATIONS), "feed": POSITIVE, "rpm": POSITIVE, "diameter": POSITIVE,
        "depth": POSITIVE, "length": POSITIVE, "material": MATERIALS,
    },
    no_json_at_all_makes_it_raise_or_turns_green: {
        "design": st.dictionaries(NAMES, JSON, max_size=6) | JSON,
        "context": st.dictionaries(CONTEXT_NAMES, st.dictionaries(TOOL_NAMES, JSON, max_size=5) | JSON, max_size=6)
        | JSON,
        "operation": st.sampled_from([*MILLED_OPERATIONS, "saw_slice"]),
    },
    a_saw_blade_is_judged_alike_at_any_size: {
        "feed": FEEDS, "rpm": st.floats(1_000, 12_000), "teeth": st.integers(1, 120), "diameter": st.floats(50, 400),
        "kerf": st.floats(0.5, 5),
    },
}  # fmt: skip


def hold(holds: Callable[..., None], examples: int) -> None:
    """Try a property, which asserts for itself, with so many cuts."""
    settings(max_examples=examples)(given(**PROPERTIES[holds])(holds))()


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
def test_it_holds_for_some_cuts(holds: Callable[..., None]) -> None:
    hold(holds, tries(50))


PROMISED = (
    nothing_absent_is_green,
    no_value_that_is_no_number_is_green,
    more_feed_never_thins_the_chip,
    a_longer_tool_never_deflects_less,
    a_failing_ring_never_improves_the_whole,
    millimetres_and_inches_give_the_same_record,
    feed_and_speed_together_leave_the_chip_alone,
)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("holds", PROMISED, ids=lambda holds: holds.__name__)
def test_what_is_promised_holds_for_thousands_of_cuts(holds: Callable[..., None]) -> None:
    hold(holds, tries_at_night(10_000, 1_000))


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "holds", [holds for holds in PROPERTIES if holds not in PROMISED], ids=lambda holds: holds.__name__
)
def test_the_rest_holds_for_two_thousand_cuts(holds: Callable[..., None]) -> None:
    hold(holds, tries_at_night(2_000, 700))
