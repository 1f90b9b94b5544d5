"""Each suggestion, applied, makes its check pass: its numbers are reckoned, not guessed."""

import copy
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.cuts import (
    MILLED_OPERATIONS,
    check_of,
    judge,
    make_context,
    make_design,
    make_saw_context,
    make_saw_design,
    place_of,
)
from tests.trying import tries

_NUMBER = r"([0-9.e+-]+)"
WAYS: dict[str, tuple[str, ...]] = {
    rf"feed {_NUMBER} mm/min or (?:more|less)": ("design.feed_mm_min",),
    rf"(?:run at )?{_NUMBER} rpm or (?:more|less)(?: if the blade's mark allows it)?": ("design.spindle_rpm",),
    rf"passes of {_NUMBER} mm or less": ("design.axial_depth_mm",),
    rf"a stick-out of {_NUMBER} mm or less": ("context.tool.stickout_mm",),
    rf"a cutter of {_NUMBER} mm or less": ("context.tool.diameter_mm", "design.radial_engagement_mm"),
    rf"a cutter with flutes of {_NUMBER} mm or more": ("context.tool.flute_length_mm",),
    rf"leave a floor of {_NUMBER} mm or more": ("design.floor_thickness_mm",),
    rf"cut {_NUMBER} mm deep or less": ("design.total_depth_mm",),
    rf"take stock of {_NUMBER} mm or more": ("context.stock.thickness_mm",),
    rf"leave a wall of {_NUMBER} mm or more": ("design.wall_thickness_mm",),
    rf"hold it on {_NUMBER} mm² or more": ("context.hold_down.area_mm2",),
    rf"take stock of {_NUMBER} mm² or less": ("context.stock.area_mm2",),
    rf"plunge at {_NUMBER} mm/min or less": ("design.plunge_feed_mm_min",),
}
"""What a suggestion says → the inputs that it sets."""


LEFT_TO_DO = (
    "take a thicker cutter",
    "take a thinner cutter or a stronger machine",
    "clamp it, no vacuum holds it against that",
)
"""What is said when no pass that a machine can make, nor any stick-out that can be clamped, would help."""


def applied(design: dict[str, Any], context: dict[str, Any], way: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the cut as one way of a suggestion has it; a way may ask for several things at once."""
    design, context = copy.deepcopy(design), copy.deepcopy(context)
    for step in way.split(" and "):
        if step == "use a centre-cutting cutter":
            context["tool"]["centre_cutting"] = True
        elif step == "cool with air or mist":
            context["coolant"] = "mist"
        else:
            _apply_number(design, context, step)
    return design, context


def _apply_number(design: dict[str, Any], context: dict[str, Any], step: str) -> None:
    matches = [(match, paths) for words, paths in WAYS.items() if (match := re.fullmatch(words, step))]
    assert len(matches) == 1, f"nobody can read {step!r}"
    (match, paths) = matches[0]
    for path in paths:
        place, name = place_of(design, context, path)
        if name in place:
            place[name] = float(match[1])
    if paths == ("context.stock.thickness_mm",):
        design["floor_thickness_mm"] = float(match[1]) - design["total_depth_mm"]
    if paths == ("design.total_depth_mm",):
        design["floor_thickness_mm"] = context["stock"]["thickness_mm"] - float(match[1])


def assert_suggestions_help(design: dict[str, Any], context: dict[str, Any]) -> set[str]:
    """Apply every way of every suggestion on its own; return the checks that made one."""
    result = judge(design, context)
    made = set()
    for item in result.assessments:
        if item.risk not in ("YELLOW", "RED") or item.id == "INVALID_INPUT":
            continue
        assert item.suggestion is not None, item
        assert item.message.endswith(f": {item.suggestion}")
        if item.suggestion in LEFT_TO_DO:
            continue
        for way in item.suggestion.replace("cool with air or mist", "cool with air, mist").split(", or "):
            way = way.replace("cool with air, mist", "cool with air or mist")
            after = check_of(judge(*applied(design, context, way)), item.id)
            assert after.risk == "GREEN", (item.message, way, after.message)
        made.add(item.id)
    return made


MATERIALS = st.sampled_from(["sitka_spruce", "hard_maple", "ebony", "bone", "abalone", "mdf", "acrylic", "brass"])


@settings(max_examples=tries(100))
@given(
    operation=st.sampled_from(MILLED_OPERATIONS),
    material=MATERIALS,
    machine=st.sampled_from(["light", "rigid"]),
    diameter=st.floats(0.3, 60),
    engagement=st.floats(0.02, 1),
    feed=st.floats(20, 20_000),
    plunge=st.floats(0.1, 3),
    rpm=st.floats(1_000, 60_000),
    depth=st.floats(0.02, 8),
    stickout=st.floats(2, 60),
    shape=st.fixed_dictionaries(
        {
            "feature_width_mm": st.floats(0.3, 60),
            "internal_radius_mm": st.floats(0.2, 30),
            "wall_thickness_mm": st.floats(0.1, 3),
            "total_depth_mm": st.floats(0.3, 4),
            "floor_thickness_mm": st.floats(0.1, 3),
            "used_area_mm2": st.floats(1, 1200),
        }
    ),
    stock=st.floats(0.5, 6),
    flutes=st.integers(1, 4),
    flute_length=st.floats(0.3, 6),
    pressure=st.floats(0.01, 90),
    hss=st.booleans(),
    centre_cutting=st.booleans(),
    coolant=st.sampled_from(["none", "air"]),
)
def test_each_suggestion_for_a_milled_cut_makes_its_check_pass(
    operation: str,
    material: str,
    machine: str,
    diameter: float,
    engagement: float,
    feed: float,
    plunge: float,
    rpm: float,
    depth: float,
    stickout: float,
    shape: dict[str, float],
    stock: float,
    flutes: int,
    flute_length: float,
    pressure: float,
    hss: bool,
    centre_cutting: bool,
    coolant: str,
) -> None:
    design = make_design(
        operation=operation,
        feed_mm_min=feed,
        plunge_feed_mm_min=plunge * feed,
        spindle_rpm=rpm,
        axial_depth_mm=depth * diameter,
        radial_engagement_mm=engagement * diameter,
        **shape,
    )
    context = make_context(
        material,
        diameter_mm=diameter,
        flutes=flutes,
        flute_length_mm=flute_length,
        stickout_mm=stickout,
        centre_cutting=centre_cutting,
        machine={"class": machine, "max_rpm": 50_000},
        stock={"thickness_mm": stock, "area_mm2": 1200.0},
        hold_down={"pressure_kpa": pressure, "area_mm2": 4000.0, "friction": 0.3},
        coolant=coolant,
    )
    context["tool"]["material"] = "hss" if hss else "carbide"
    assert_suggestions_help(design, context)


@settings(max_examples=tries(60))
@given(
    material=MATERIALS,
    feed=st.floats(50, 60_000),
    rpm=st.floats(500, 12_000),
    teeth=st.integers(8, 100),
    diameter=st.floats(60, 400),
    kerf=st.floats(0.5, 4),
    height=st.floats(1, 50),
    area=st.floats(10, 20_000),
)
def test_each_suggestion_for_a_sawn_cut_makes_its_check_pass(
    material: str, feed: float, rpm: float, teeth: int, diameter: float, kerf: float, height: float, area: float
) -> None:
    design = make_saw_design(feed_mm_min=feed, spindle_rpm=rpm, axial_depth_mm=kerf, radial_engagement_mm=height)
    context = make_saw_context(material, flutes=teeth, diameter_mm=diameter)
    context["hold_down"]["area_mm2"] = area
    assert_suggestions_help(design, context)


POOR: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "CHIP_RUBBING": ({"feed_mm_min": 200}, {}),
    "CHIP_OVERLOAD": ({"feed_mm_min": 9000, "axial_depth_mm": 5}, {}),
    "DEFLECTION": ({"axial_depth_mm": 3}, {}),
    "DEPTH_PASS": ({"axial_depth_mm": 3}, {}),
    "FORCE": ({"axial_depth_mm": 15}, {}),
    "GEOMETRY": ({"feature_width_mm": 3, "floor_thickness_mm": 0.5}, {}),
    "HEAT": ({"feed_mm_min": 100}, {"material": "acrylic"}),
    "HOLD_DOWN": ({}, {"hold_down": {"pressure_kpa": 1, "area_mm2": 100, "friction": 0.2}}),
    "MATERIAL_YIELD": ({"used_area_mm2": 200}, {}),
    "OVERSPEED": ({"spindle_rpm": 29_000}, {}),
    "PLUNGE": ({"plunge_feed_mm_min": 1700}, {}),
    "POWER": ({"axial_depth_mm": 30}, {}),
    "RIM_SPEED": ({"spindle_rpm": 29_000}, {"diameter_mm": 60, "max_rpm": ...}),
    "TOOL_BREAK": ({"axial_depth_mm": 15}, {}),
}


@pytest.mark.parametrize("check", POOR)
def test_every_check_of_a_milled_cut_has_a_suggestion_that_helps(check: str) -> None:
    design, context = POOR[check]
    assert check in assert_suggestions_help(
        make_design(operation="ring_cutout" if check == "HOLD_DOWN" else "channel", **design), make_context(**context)
    )


@pytest.mark.parametrize("feed", [500, 60_000])
def test_a_bite_has_a_suggestion_that_helps(feed: float) -> None:
    assert "SAW_BITE" in assert_suggestions_help(make_saw_design(feed_mm_min=feed), make_saw_context())


def test_a_cutter_that_cannot_plunge_is_told_so() -> None:
    context = make_context(centre_cutting=False)
    assert assert_suggestions_help(make_design(), context) == {"PLUNGE"}
    assert assert_suggestions_help(make_design(plunge_feed_mm_min=1500), context) == {"PLUNGE"}


@pytest.mark.parametrize("thickness", [0.6, 0.9, 1.5, 1.61, 2.5])
@pytest.mark.parametrize("depth", [0.3, 1.5, 4.0])
def test_a_floor_that_is_too_thin_has_a_suggestion_that_helps(thickness: float, depth: float) -> None:
    for floor in (0.05, 0.3, 0.79, 1.4):
        design = make_design(total_depth_mm=depth, floor_thickness_mm=floor)
        assert_suggestions_help(design, make_context(stock={"thickness_mm": thickness, "area_mm2": 1200}))
