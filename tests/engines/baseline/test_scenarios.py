"""The worked scenarios of the policy, and what a luthier would nod at beside them."""

from typing import Any

import pytest

from rmos.engines.decision import decide
from tests.engines.cuts import (
    MILLED_OPERATIONS,
    check_of,
    judge,
    make_context,
    make_design,
    make_saw_context,
    make_saw_design,
    risks,
)

CHANNEL = {
    "CHIP_OVERLOAD", "CHIP_RUBBING", "DEFLECTION", "DEPTH_PASS", "FORCE", "GEOMETRY", "HEAT", "MATERIAL_YIELD",
    "OVERSPEED", "PLUNGE", "POWER", "RIM_SPEED", "TOOL_BREAK",
}  # fmt: skip
RUNS = {
    "channel": CHANNEL,
    "inlay_pocket": CHANNEL,
    **{operation: CHANNEL | {"HOLD_DOWN"} for operation in ("ring_cutout", "inlay_part", "soundhole")},
}


@pytest.mark.parametrize("operation", MILLED_OPERATIONS)
def test_just_the_checks_of_the_operation_run(operation: str) -> None:
    assert set(risks(judge(make_design(operation=operation), make_context()))) == RUNS[operation]
    design = make_design(operation=operation, used_area_mm2=...)
    assert set(risks(judge(design, make_context()))) == RUNS[operation] - {"MATERIAL_YIELD"}


def test_a_saw_is_judged_as_a_saw() -> None:
    result = judge(make_saw_design(), make_saw_context())
    assert set(risks(result)) == {"HOLD_DOWN", "OVERSPEED", "RIM_SPEED", "SAW_BITE"}
    assert result.status == "GREEN"


def test_a_spruce_channel_as_cut_every_day_is_green() -> None:
    result = judge(make_design(), make_context())
    assert result.status == "GREEN"
    assert result.missing_inputs == []
    assert risks(result) == dict.fromkeys(sorted(CHANNEL), "GREEN")
    assert result.reasons == ["all 13 checks are within their limits"]


def test_a_fine_ebony_pocket_is_green() -> None:
    design = make_design(
        operation="inlay_pocket",
        feed_mm_min=500,
        plunge_feed_mm_min=200,
        spindle_rpm=20000,
        axial_depth_mm=0.4,
        radial_engagement_mm=0.6,
    )
    context = make_context("ebony", diameter_mm=1.6, stickout_mm=10)
    assert judge(design, context).status == "GREEN"
    assert judge({**design, "fit_critical": True}, context).status == "GREEN"


def test_a_maple_ring_is_yellow_for_its_deflection() -> None:
    design = make_design(operation="ring_cutout", feed_mm_min=900, plunge_feed_mm_min=300, axial_depth_mm=1.0)
    result = judge(design, make_context("hard_maple"))
    assert result.status == "YELLOW"
    assert [name for name, risk in risks(result).items() if risk != "GREEN"] == ["DEFLECTION"]
    assert check_of(result, "DEFLECTION").value == pytest.approx(0.015, abs=0.0005)
    (warning,) = decide(result).warnings
    assert warning == (
        "DEFLECTION: the tip gives way by 0.015 mm, 1.14 times the 0.013 mm that are fine for a cut that is not "
        "fit-critical: a stick-out of 19 mm or less, or passes of 0.87 mm or less"
    )


def test_a_creeping_maple_cut_is_red_for_rubbing_and_heat_and_says_what_to_change() -> None:
    design = make_design(
        feed_mm_min=200, plunge_feed_mm_min=80, spindle_rpm=24000, radial_engagement_mm=6.35, feature_width_mm=9
    )
    result = judge(design, make_context("hard_maple", diameter_mm=6.35))
    assert result.status == "RED"
    assert {name for name, risk in risks(result).items() if risk == "RED"} == {"CHIP_RUBBING", "HEAT"}
    assert check_of(result, "CHIP_RUBBING").message == (
        "chipload 0.00417 mm is a sixth of the rubbing floor of 0.0254 mm: "
        "feed 1300 mm/min or more, or 3900 rpm or less"
    )
    assert (decide(result).block_reason or "").startswith("HEAT: heat index 3.08, fine is less than 1.6")


def test_a_maple_cut_that_would_break_the_cutter_is_red_for_overload_and_break() -> None:
    design = make_design(feed_mm_min=5000, spindle_rpm=10000, axial_depth_mm=3)
    result = judge(design, make_context("hard_maple"))
    assert result.status == "RED"
    red = {name for name, risk in risks(result).items() if risk == "RED"}
    assert {"CHIP_OVERLOAD", "TOOL_BREAK"} <= red
    assert (decide(result).block_reason or "").startswith("TOOL_BREAK: bending stress 1231 MPa is 82 %")
    assert (result.overall_score or 0) <= 39


def test_ninety_metres_a_minute_half_a_metre_deep_with_a_hair_of_a_cutter_is_red() -> None:
    design = make_design(feed_mm_min=90_000, axial_depth_mm=500, radial_engagement_mm=0.4)
    assert judge(design, make_context("ebony", diameter_mm=0.4)).status == "RED"


def test_the_pearl_cut_that_is_known_to_work_is_yellow() -> None:
    design = make_design(
        operation="inlay_part",
        feed_mm_min=203,
        plunge_feed_mm_min=60,
        spindle_rpm=60000,
        axial_depth_mm=0.127,
        radial_engagement_mm=0.4,
    )
    machine = {"class": "light", "max_rpm": 80000}
    context = make_context("mother_of_pearl", diameter_mm=0.4, flutes=3, max_rpm=80000, stickout_mm=3, machine=machine)
    result = judge(design, context)
    assert (result.status, risks(result)["CHIP_RUBBING"]) == ("YELLOW", "YELLOW")
    slower = judge({**design, "feed_mm_min": 20}, context)
    assert risks(slower)["CHIP_RUBBING"] == "YELLOW"


def test_an_overspeeding_saw_blade_is_red_for_its_mark_first() -> None:
    result = judge(make_saw_design(spindle_rpm=8000, feed_mm_min=16000), make_saw_context())
    assert risks(result) == {"HOLD_DOWN": "GREEN", "OVERSPEED": "RED", "RIM_SPEED": "RED", "SAW_BITE": "GREEN"}
    reason = decide(result).block_reason
    assert reason is not None
    assert reason.startswith("OVERSPEED: 8000 rpm is 114 % of the 7000 rpm that are marked on the tool")


def test_a_drawing_is_green_without_a_score_because_nothing_is_cut() -> None:
    result = judge({"operation": "drawing_only"}, {})
    assert (result.status, result.overall_score, result.reasons) == ("GREEN", None, ["nothing is cut"])
    assert result.assessments == []


def test_what_the_machine_does_not_state_is_a_light_desktop_machine_and_said_so() -> None:
    result = judge(make_design(fit_critical=...), make_context(machine=..., max_rpm=...))
    assert result.status == "GREEN"
    assert result.assumptions == [
        "context.machine.class is not stated: a light desktop machine (RMOS policy)",
        "context.machine.spindle_power_w is not stated: 710 W of a light desktop machine (RMOS policy)",
        "context.machine.max_force_n is not stated: 89 N of a light desktop machine (workbook of Shapeoko CNC A to Z)",
        "context.machine.max_rpm is not stated: 30000 rpm of a light desktop machine (RMOS policy)",
        "context.tool.max_rpm is not stated: the limit of an unmarked tool of this diameter",
        "design.fit_critical is not stated: a cut that is not fit-critical",
        "sitka_spruce: pine in the workbook of Shapeoko CNC A to Z, for want of a value of its own: RMOS policy",
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"feed_mm_min": -1, "spindle_rpm": 31000}, "INVALID_INPUT"),
        ({"spindle_rpm": 31000, "feature_width_mm": 3}, "OVERSPEED"),
        ({"feature_width_mm": 3, "axial_depth_mm": 9}, "GEOMETRY"),
        ({"axial_depth_mm": 20, "feed_mm_min": 9000}, "TOOL_BREAK"),
        ({"plunge_feed_mm_min": 4000, "axial_depth_mm": 5.5}, "DEPTH_PASS"),
        ({"plunge_feed_mm_min": 9999, "feed_mm_min": 9000}, "PLUNGE"),
    ],
)
def test_the_first_reason_is_what_hurts_people_then_the_tool_then_the_work(changes: Any, reason: str) -> None:
    result = judge(make_design(**changes), make_context())
    assert (decide(result).block_reason or "").startswith(f"{reason}: ")
    warnings = decide(result).warnings
    assert warnings == sorted(warnings)


def test_how_much_of_a_blank_is_used_alone_makes_no_judgement() -> None:
    result = judge({"operation": "channel", "used_area_mm2": 900}, {"stock": {"area_mm2": 1000}})
    assert (result.status, result.overall_score) == ("UNKNOWN", None)
    assert risks(result)["MATERIAL_YIELD"] == "GREEN"


def test_a_failing_gate_lowers_the_whole_to_its_own_score() -> None:
    sound = judge(make_design(), make_context())
    deep = judge(make_design(plunge_feed_mm_min=1700), make_context())
    assert (deep.status, deep.overall_score) == ("YELLOW", check_of(deep, "PLUNGE").score)
    assert (sound.overall_score or 0) > 79
