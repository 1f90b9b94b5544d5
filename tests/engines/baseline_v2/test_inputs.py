"""What cannot be is refused by name, with the slip that was probably made; what is missing is never GREEN."""

import math
from typing import Any

import pytest

from rmos.engines.baseline_v2.slips import BOUNDS
from tests.engines.sound import check_of, judge, make_context, make_design, risks

SLIPS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a quarter of an inch as millimetres": ({}, {"diameter_mm": 0.25}, "are these inches? say units inch"),
    "metres a minute": ({"feed_mm_min": 1.8}, {}, "1 m/min is 1000 mm/min"),
    "thousands of turns": ({"spindle_rpm": 18}, {}, "18 000 rpm is 18000"),
    "one turn a minute": ({"spindle_rpm": 1, "feed_mm_min": 0.1}, {}, "no less than 100 rpm"),
    "kilowatts": ({}, {"machine": {"class": "light", "spindle_power_w": 0.71}}, "1 kW is 1000 W"),
    "millibars": ({}, {"hold_down": {"pressure_kpa": 600, "area_mm2": 100, "friction": 0.4}}, "600 mbar are 60 kPa"),
    "percent": ({}, {"hold_down": {"pressure_kpa": 60, "area_mm2": 100, "friction": 40}}, "40 % is 0.4"),
    "a stick-out in inches": ({}, {"stickout_mm": 0.75}, "are these inches?"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_the_pen_is_named(slip: str) -> None:
    design, context, told = SLIPS[slip]
    result = judge(make_design(operation="ring_cutout", **design), make_context(**context))
    assert result.status == "RED"
    assert told in check_of(result, "INVALID_INPUT").message


@pytest.mark.parametrize("path", BOUNDS)
def test_the_ends_of_each_bound_are_still_real(path: str) -> None:
    bounds = BOUNDS[path]
    assert 0 < bounds.low < bounds.high
    design, context = make_design(), make_context(kind="v_bit", angle_deg=60.0)
    section, *between, name = path.split(".")
    place = design if section == "design" else context
    for key in between:
        place = place[key]
    for value, beyond in ((bounds.low, bounds.low / 1.1), (bounds.high, bounds.high * 1.1)):
        place[name] = value
        told = [item.message for item in judge(design, context).assessments if item.id == "INVALID_INPUT"]
        assert not any("a real cut has" in message for message in told)
        place[name] = beyond
        assert "a real cut has" in check_of(judge(design, context), "INVALID_INPUT").message


CONTRADICTIONS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a pass deeper than the cut": ({"axial_depth_mm": 2.0, "total_depth_mm": 1.5}, {}, "deeper than the whole cut"),
    "a floor that the depth takes away": (
        {"total_depth_mm": 2.2, "floor_thickness_mm": 2.0},
        {},
        "leaves 0.8 mm",
    ),
    "a tip as wide as the tool": ({}, {"kind": "v_bit", "angle_deg": 60, "tip_mm": 3.175}, "is it an end_mill?"),
    "an end mill with leaning edges": ({}, {"angle_deg": 60}, "with edges that lean it is a v_bit"),
    "a blade that cuts higher than its half": (
        {"operation": "saw_slice"},
        {"kind": "saw_blade", "diameter_mm": 254.0, "cut_height_mm": 128.0},
        "more than half of the blade's 254 mm",
    ),
    "a mill with the teeth of a saw": ({}, {"flutes": 60}, "is it a saw_blade?"),
    "a corner that is no corner": ({}, {"corner_radius_mm": 2.0}, "more than half of the tool's"),
    "a spindle whose slowest is faster than its fastest": (
        {},
        {"machine": {"class": "light", "min_rpm": 40_000, "max_rpm": 30_000}},
        "more than the 30000 rpm at the most",
    ),
    "an engagement wider than the cutter": ({"radial_engagement_mm": 5.0}, {}, "more than the cutter's diameter"),
    "more area used than there is": ({"used_area_mm2": 5000.0}, {}, "more than the 1200 mm² of the stock"),
    "two materials": ({}, {"material_id": "ebony"}, "is ebony while context.material.id is sitka_spruce"),
    "a saw that mills": ({}, {"kind": "saw_blade"}, "take an end_mill"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_inputs_that_exclude_each_other_are_refused(what: str) -> None:
    design, context, told = CONTRADICTIONS[what]
    result = judge(make_design(**design), make_context(**context))
    assert result.status == "RED"
    assert told in check_of(result, "INVALID_INPUT").message


def test_a_floor_of_nothing_is_a_through_cut_of_what_is_cut_out() -> None:
    through = make_design(operation="soundhole", total_depth_mm=3.0, floor_thickness_mm=0)
    assert judge(through, make_context()).status == "GREEN"
    assert check_of(judge(through | {"operation": "channel"}, make_context()), "GEOMETRY").risk == "RED"
    assert judge(through | {"floor_thickness_mm": -0.1}, make_context()).status == "RED"


def test_the_floor_follows_from_the_depth_when_it_is_not_sent() -> None:
    result = judge(make_design(), make_context())
    assert result.status == "GREEN"
    assert "design.floor_thickness_mm is not sent: what the depth leaves of the stock" in result.assumptions


def test_a_floor_at_its_limit_has_one_colour_and_one_score() -> None:
    # 3.0 − 2.2 is 0.7999999999999998: a hair below the thinnest floor, and far too small a share of the top.
    result = judge(make_design(axial_depth_mm=1.0, total_depth_mm=2.2, floor_thickness_mm=3.0 - 2.2), make_context())
    shape = check_of(result, "GEOMETRY")
    assert shape.risk == result.status == "RED"
    assert shape.score is not None
    assert shape.score <= 39


@pytest.mark.parametrize(
    "path",
    [
        "design.operation", "design.feed_mm_min", "design.plunge_feed_mm_min", "design.spindle_rpm",
        "design.axial_depth_mm", "design.total_depth_mm", "design.feature_width_mm", "context.tool.kind",
        "context.tool.diameter_mm", "context.tool.flutes", "context.tool.material", "context.tool.stickout_mm",
        "context.tool.flute_length_mm", "context.tool.centre_cutting", "context.material.id",
    ],
)  # fmt: skip
@pytest.mark.parametrize("bad", [..., None, "3", math.nan, -1, [1], {}], ids=repr)
def test_nothing_turns_green_by_being_absent_or_odd(path: str, bad: Any) -> None:
    design, context = make_design(operation="channel"), make_context()
    section, *between, name = path.split(".")
    place = design if section == "design" else context
    for key in between:
        place = place[key]
    if bad is ...:
        del place[name]
    else:
        place[name] = bad
    assert judge(design, context).status != "GREEN"


def test_the_slowest_and_the_fastest_of_a_machine_are_its_own() -> None:
    slow = make_design(spindle_rpm=7000.0, feed_mm_min=700.0, plunge_feed_mm_min=300.0)
    assert risks(judge(slow, make_context()))["SPINDLE_RANGE"] == "YELLOW"
    states = {"class": "light", "min_rpm": 5000, "max_rpm": 30000}
    assert judge(slow, make_context(machine=states)).status == "GREEN"
    assert risks(judge(slow, make_context(machine=states | {"min_rpm": 8000})))["SPINDLE_RANGE"] == "RED"
    fast = make_design(feed_mm_min=5000.0)
    assert risks(judge(fast, make_context()))["MACHINE_FEED"] == "GREEN"
    assert risks(judge(fast, make_context(machine=states | {"max_feed_mm_min": 4000})))["MACHINE_FEED"] == "RED"
    assert risks(judge(make_design(feed_mm_min=9000.0), make_context()))["MACHINE_FEED"] == "YELLOW"


def test_what_is_assumed_is_said() -> None:
    result = judge(make_design(note="x"), make_context(machine={"class": "light"}))
    assert any("context.machine.min_rpm is not stated: 10000 rpm" in said for said in result.assumptions)
    assert any("sent but not read by baseline_v2 1.0.0: design.note" in said for said in result.assumptions)


def test_a_light_engagement_in_an_opening_that_the_cutter_fills_is_a_slot() -> None:
    context = make_context("hard_maple")
    light, slot = (judge(make_design(feature_width_mm=3.175, radial_engagement_mm=a), context) for a in (0.3, 3.175))
    assert light.record()["assessments"] == slot.record()["assessments"]
    assert "the cutter fills the opening of 3.17 mm: a slot of its full diameter" in light.assumptions


MISSPELT: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a letter that is lost": ({"feed_mm_mn": 9000.0}, {}, "design.feed_mm_mn is not read: did you mean feed_mm_min?"),
    "a hump for a bar": ({}, {"machine": {"class": "light", "maxRpm": 9000.0}}, "did you mean max_rpm?"),
    "another unit": ({}, {"machine": {"class": "light", "spindle_power_kw": 0.1}}, "did you mean spindle_power_w?"),
    "an object": ({}, {"machin": {"max_rpm": 9000.0}}, "context.machin is not read: did you mean machine?"),
    "a limit in the wrong object": ({}, {"max_feed_mm_min": 500.0}, "it is a member of context.machine"),
    "a flag in the wrong half": ({}, {"fit_critical": True}, "it is a member of design"),
}


@pytest.mark.parametrize("what", MISSPELT)
def test_a_member_that_is_misspelt_is_not_passed_over(what: str) -> None:
    design, context, told = MISSPELT[what]
    result = judge(make_design(**design), make_context(**context))
    assert result.status == "RED"
    assert told in check_of(result, "INVALID_INPUT").message


def test_what_resembles_nothing_is_a_note() -> None:
    context = make_context(customer="Anna", job={"tool": 3})
    result = judge(make_design(title="rosette", diameter_mm=86.0, thickness_mm=2.0), context)
    assert result.status == "GREEN"
    unread = next(said for said in result.assumptions if said.startswith("sent but not read"))
    assert "context.customer, context.job, design.diameter_mm, design.thickness_mm, design.title" in unread
