"""Tools as they are: what each kind can do, how wide it cuts, how deep it reaches."""

import json
import math
from typing import Any

import pytest

from rmos.engines.baseline_v2.cut import open_cut
from rmos.engines.baseline_v2.shape import effective_diameter_mm, section_share
from tests.engines.plausible import ENGINE
from tests.engines.sound import check_of, judge, make_context, make_design, risks

SOUNDHOLE: dict[str, Any] = {
    "operation": "soundhole",
    "feed_mm_min": 3000,
    "plunge_feed_mm_min": 900,
    "spindle_rpm": 18000,
    "axial_depth_mm": 0.75,
    "total_depth_mm": 2.9,
    "feature_width_mm": 86,
}
MILL: dict[str, Any] = {
    "kind": "end_mill",
    "diameter_mm": 6.35,
    "flutes": 2,
    "material": "carbide",
    "stickout_mm": 24,
    "flute_length_mm": 22,
    "max_rpm": 24000,
    "centre_cutting": True,
}
HELD: dict[str, Any] = {"pressure_kpa": 60, "area_mm2": 5000, "friction": 0.4}


def soundhole(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a soundhole of a spruce top, sound but for what is changed: tool members, `depth` or `hold_down`."""
    context = {
        "material": {"id": "sitka_spruce"},
        "machine": {"class": "light", "spindle_power_w": 710, "max_force_n": 89, "max_rpm": 30000},
        "stock": {"thickness_mm": 2.9},
        "hold_down": changes.pop("hold_down", HELD),
    }
    design = SOUNDHOLE | {"total_depth_mm": changes.pop("depth", 2.9)}
    return design, {**context, "tool": MILL | changes}


HURTS = {
    "a drill that mills": ({"kind": "drill"}, "context.tool.kind is drill, which does no soundhole"),
    "22 mm deep in a top of 2.9 mm": ({"depth": 22}, "design.total_depth_mm is 22 mm in stock of 2.9 mm"),
    "friction of 40": ({"hold_down": {**HELD, "friction": 40, "area_mm2": 100}}, "40 % is 0.4"),
    "a vacuum of six atmospheres": ({"hold_down": {**HELD, "pressure_kpa": 600}}, "600 mbar are 60 kPa"),
    "a stick-out that does not reach": (
        {"stickout_mm": 2.5},
        "stickout_mm is 2.5 mm, shorter than the cut",
    ),
    "an eighth of an inch as millimetres": ({"diameter_mm": 0.125}, "are these inches?"),
}


def test_the_soundhole_itself_is_sound() -> None:
    assert judge(*soundhole()).status == "GREEN"


@pytest.mark.parametrize("what", HURTS)
def test_what_hurts_somebody_is_refused_with_the_likely_slip(what: str) -> None:
    change, told = HURTS[what]
    result = judge(*soundhole(**change))
    assert result.status == "RED"
    assert told in check_of(result, "INVALID_INPUT").message


def test_a_v_bit_says_nothing_without_its_angle() -> None:
    result = judge(*soundhole(kind="v_bit"))
    assert result.status == "YELLOW"
    assert "context.tool.angle_deg" in result.missing_inputs
    assert {name for name, risk in risks(result).items() if risk == "UNKNOWN"} >= {"FORCE", "GEOMETRY", "HEAT"}


def test_a_v_bit_cuts_as_deep_as_its_cone_and_leaves_a_wall_that_leans() -> None:
    result = judge(*soundhole(kind="v_bit", angle_deg=60))
    assert check_of(result, "GEOMETRY").risk == "YELLOW"
    assert "leans by 30 degrees" in check_of(result, "GEOMETRY").message
    # 120 degrees: the cone of a 6.35 mm bit is 1.83 mm high.
    blunt = check_of(judge(*soundhole(kind="v_bit", angle_deg=120)), "GEOMETRY")
    assert blunt.risk == "RED"
    assert "cone's height of 1.83 mm" in blunt.message


def test_a_v_bit_makes_a_line_as_wide_as_its_cone_at_that_depth() -> None:
    def verdict(depth: float, width: float) -> str:
        design = make_design(axial_depth_mm=depth, total_depth_mm=depth, feature_width_mm=width)
        context = make_context(kind="v_bit", diameter_mm=6.35, angle_deg=90, tip_mm=0.2)
        return check_of(judge(design, context), "GEOMETRY").risk

    # 0.2 + 2 · 0.5 · tan 45° = 1.2 mm
    assert verdict(0.5, 1.2) == "GREEN"
    assert verdict(0.5, 1.15) == "RED"


@pytest.mark.parametrize(
    ("tool", "depth", "wide", "share"),
    [
        ({"kind": "ball_mill"}, 0.5, 2 * math.sqrt(0.5 * 2.675), None),
        ({"kind": "ball_mill"}, 1.5875, 3.175, math.pi / 4),
        ({"kind": "ball_mill"}, 3.0, 3.175, None),
        ({"kind": "v_bit", "angle_deg": 60.0}, 1.0, 2 * math.tan(math.radians(30)), 0.5),
        ({"kind": "v_bit", "angle_deg": 60.0, "tip_mm": 0.4}, 1.0, 0.4 + 2 * math.tan(math.radians(30)), None),
        ({"kind": "v_bit", "angle_deg": 120.0}, 9.0, 3.175, 1.0),
        ({"corner_radius_mm": 0.5}, 0.5, 3.175, 1.0),
        ({"corner_radius_mm": 0.5}, 0.1, 2.175 + 2 * math.sqrt(0.09), 1.0),
        ({}, 0.01, 3.175, 1.0),
    ],
)
def test_a_tool_is_as_wide_as_its_shape_at_that_depth(
    tool: dict[str, Any], depth: float, wide: float, share: float | None
) -> None:
    cut = open_cut(make_design(axial_depth_mm=depth), make_context(stickout_mm=20.0, **tool), ENGINE.materials)
    assert effective_diameter_mm(cut, depth) == pytest.approx(wide)
    if share is not None:
        assert section_share(cut, wide) == pytest.approx(share)


def test_a_ball_that_hardly_touches_meets_the_work_slowly() -> None:
    shallow, deep = (
        check_of(judge(make_design(axial_depth_mm=d), make_context(kind="ball_mill")), "HEAT").value
        for d in (0.05, 1.5)
    )
    assert shallow is not None
    assert deep is not None
    assert shallow < deep


@pytest.mark.parametrize("diameter", [0.4, 0.5842, 0.8, 1.0])
def test_fret_slot_and_inlay_bits_cut_slots_of_their_own_width(diameter: float) -> None:
    context = make_context(
        "ebony",
        diameter_mm=diameter,
        flutes=3,
        stickout_mm=max(2.0, 4 * diameter),
        flute_length_mm=3 * diameter,
        max_rpm=60000.0,
        machine={"class": "light", "max_rpm": 60000},
        stock={"thickness_mm": 6.0},
    )
    design = make_design(
        feed_mm_min=0.025 * diameter * 3 * 24000,
        plunge_feed_mm_min=200.0,
        spindle_rpm=24000.0,
        axial_depth_mm=0.6 * diameter,
        radial_engagement_mm=...,
        total_depth_mm=1.2,
        feature_width_mm=diameter,
    )
    assert judge(design, context).status == "GREEN"


def test_a_surfacing_bit_needs_no_centre_but_an_end_mill_does() -> None:
    context = make_context(
        kind="surfacing_bit", diameter_mm=25.4, flutes=2, flute_length_mm=6.0, stickout_mm=35.0, centre_cutting=False,
        max_rpm=18000.0, stock={"thickness_mm": 20.0},
    )  # fmt: skip
    design = make_design(
        feed_mm_min=4318.0, plunge_feed_mm_min=300.0, spindle_rpm=10_000.0, axial_depth_mm=0.5, total_depth_mm=0.5,
        radial_engagement_mm=10.0, feature_width_mm=80.0,
    )  # fmt: skip
    assert judge(design, context).status == "GREEN"
    assert check_of(judge(make_design(), make_context(centre_cutting=False)), "PLUNGE").risk == "RED"


def drilled(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    design = {
        "operation": "drill_hole",
        "plunge_feed_mm_min": 900.0,
        "spindle_rpm": 12000.0,
        "axial_depth_mm": 4.0,
        "total_depth_mm": 6.0,
        "feature_width_mm": 3.0,
    }
    tool = {
        "kind": "drill",
        "diameter_mm": 3.0,
        "flutes": 2,
        "material": "hss",
        "stickout_mm": 30.0,
        "flute_length_mm": 20.0,
    }
    context = {
        "tool": tool,
        "material": {"id": "hard_maple"},
        "machine": {"class": "light"},
        "stock": {"thickness_mm": 6.0},
    }
    return design | changes, context


def test_a_drill_goes_down() -> None:
    result = judge(*drilled())
    assert result.status == "GREEN"
    assert "PLUNGE" not in risks(result)


@pytest.mark.parametrize(
    ("changes", "check", "risk"),
    [
        ({"plunge_feed_mm_min": 9000.0}, "CHIP_OVERLOAD", "RED"),
        ({"plunge_feed_mm_min": 3500.0}, "MACHINE_FEED", "YELLOW"),
        ({"plunge_feed_mm_min": 100.0}, "CHIP_RUBBING", "RED"),
        ({"axial_depth_mm": 12.0, "total_depth_mm": 12.0}, "INVALID_INPUT", "RED"),
        ({"feature_width_mm": 2.5}, "GEOMETRY", "RED"),
    ],
)
def test_what_a_drill_cannot_do_is_told(changes: dict[str, Any], check: str, risk: str) -> None:
    assert check_of(judge(*drilled(**changes)), check).risk == risk


def test_a_drill_of_high_speed_steel_meets_metal_slowly() -> None:
    design, context = drilled(plunge_feed_mm_min=400.0, axial_depth_mm=3.0)
    context["material"] = {"id": "brass"}
    told = check_of(judge(design, context), "RIM_SPEED")
    # π · 3 mm · 12 000 rpm is 1.88 m/s, 300 ft/min are 1.52.
    assert (told.risk, told.limit) == ("YELLOW", 1.524)
    context["tool"]["material"] = "carbide"
    assert check_of(judge(design, context), "RIM_SPEED").risk == "GREEN"


def test_a_thick_drill_turns_slowly_in_wood() -> None:
    design, context = drilled(feature_width_mm=10.0, spindle_rpm=18_000.0, plunge_feed_mm_min=2000.0)
    context["tool"] |= {"diameter_mm": 10.0}
    fast, slow = (check_of(judge(design | {"spindle_rpm": rpm}, context), "RIM_SPEED") for rpm in (18e3, 12e3))
    assert (fast.risk, slow.risk) == ("YELLOW", "GREEN")


@pytest.mark.parametrize(
    ("stock", "depth", "risk"),
    # Half of a top, of no more than 3.05 mm: 1.4 of 2.8 mm, 1.525 of a bridge.
    [(2.8, 1.4, "GREEN"), (2.8, 1.45, "YELLOW"), (9.5, 7.9, "GREEN"), (9.5, 8.2, "YELLOW"), (9.5, 8.6, "RED")],
)
def test_the_floor_of_thick_stock_is_that_of_a_thick_top(stock: float, depth: float, risk: str) -> None:
    design = make_design(total_depth_mm=depth, axial_depth_mm=0.7)
    context = make_context(stock={"thickness_mm": stock})
    assert check_of(judge(design, context), "GEOMETRY").risk == risk


def sawn(height: float = 12.0, *, hand_fed: bool = False, **design: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    blade = {"kind": "saw_blade", "diameter_mm": 254.0, "flutes": 60, "material": "carbide", "max_rpm": 7000.0}
    context: dict[str, Any] = {
        "tool": blade,
        "material": {"id": "hard_maple"},
        "machine": {"class": "rigid", "hand_fed": hand_fed},
        "stock": {"thickness_mm": height},
    }
    if not hand_fed:
        context["hold_down"] = {"pressure_kpa": 60.0, "area_mm2": 90000.0, "friction": 0.5}
    sawing = {"operation": "saw_slice", "feed_mm_min": 8000.0, "spindle_rpm": 4200.0, "axial_depth_mm": 2.4}
    return sawing | design, context


def test_a_blade_saws_no_higher_than_it_reaches() -> None:
    heights = {height: check_of(judge(*sawn(height)), "GEOMETRY").risk for height in (80.0, 95.0, 120.0, 300.0)}
    assert heights == {80.0: "GREEN", 95.0: "YELLOW", 120.0: "RED", 300.0: "RED"}
    design, context = sawn(80.0)
    context["tool"]["cut_height_mm"] = 75.0
    assert check_of(judge(design, context), "GEOMETRY").risk == "RED"


def test_a_strip_that_a_hand_feeds_needs_no_vacuum_and_takes_a_small_bite() -> None:
    # 2540 mm/min at 3450 rpm with 40 teeth is the published case; 60 teeth take even less.
    result = judge(*sawn(4.0, hand_fed=True, feed_mm_min=2540.0, spindle_rpm=3450.0))
    assert result.status == "GREEN"
    assert "HOLD_DOWN" not in risks(result)
    assert result.missing_inputs == []


def test_nobody_feeds_a_saw_by_hand_faster_than_hands_do() -> None:
    feeds = {
        feed: risks(judge(*sawn(4.0, hand_fed=True, feed_mm_min=feed)))["MACHINE_FEED"] for feed in (3e3, 9e3, 2e4)
    }
    assert list(feeds.values()) == ["GREEN", "YELLOW", "RED"]


def test_a_slow_blade_is_no_danger_and_a_fast_one_is() -> None:
    rims = {rpm: risks(judge(*sawn(spindle_rpm=rpm)))["RIM_SPEED"] for rpm in (900.0, 3000.0, 6500.0, 7600.0)}
    assert list(rims.values()) == ["YELLOW", "GREEN", "YELLOW", "RED"]


def test_the_recorded_faults_are_the_ones_above() -> None:
    # The blade of the shop that was sent through a plank of 300 mm.
    assert judge(*sawn(300.0)).status == "RED"
    assert json.dumps(judge(*sawn(300.0)).record(), allow_nan=False)
