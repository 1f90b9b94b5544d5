"""Advice, taken: what a way of a suggestion says is done to the inputs of a cut."""

import copy
import re
from typing import Any, Final

Members = dict[str, Any]

_NUMBER: Final = r"([0-9.e+-]+)"
_STEPS: Final[dict[str, tuple[str, ...]]] = {
    rf"feed {_NUMBER} mm/min or (?:more|less)": ("design.feed_mm_min",),
    rf"(?:run at )?{_NUMBER} rpm or (?:more|less)": ("design.spindle_rpm",),
    rf"passes of {_NUMBER} mm or less": ("design.axial_depth_mm",),
    rf"a stick-out of {_NUMBER} mm or less": ("context.tool.stickout_mm",),
    rf"a cutter of {_NUMBER} mm or less": ("context.tool.diameter_mm", "design.radial_engagement_mm"),
    rf"a cutter with flutes of {_NUMBER} mm or more": ("context.tool.flute_length_mm",),
    rf"cut {_NUMBER} mm deep or less": ("design.total_depth_mm",),
    rf"take stock of {_NUMBER} mm or more": ("context.stock.thickness_mm",),
    rf"leave a floor of {_NUMBER} mm or more": ("design.floor_thickness_mm",),
    rf"leave a wall of {_NUMBER} mm or more": ("design.wall_thickness_mm",),
    rf"hold it on {_NUMBER} mm² or more": ("context.hold_down.area_mm2",),
    rf"take stock of {_NUMBER} mm² or less": ("context.stock.area_mm2",),
    rf"plunge at {_NUMBER} mm/min or (?:more|less)": ("design.plunge_feed_mm_min",),
    rf"a blade of {_NUMBER} mm or more": ("context.tool.diameter_mm",),
}
"""What a step says → the inputs that it sets."""
LEFT_TO_DO: Final = (
    "take a thicker cutter",
    "clamp it, no vacuum holds it against that",
    "no feed, speed or depth makes this cut sound: take another tool or a stronger machine",
    "no speed suits both: take a tool that may turn faster, or a spindle that turns slower",
    "correct the inputs first",
    "correct these inputs and send the cut again",
)
"""What is said when no setting helps."""


def ways_of(suggestion: str) -> list[str]:
    """Return the alternatives of a suggestion, none when it only says what is left to do."""
    if suggestion in LEFT_TO_DO:
        return []
    kept = suggestion.replace("cool with air or mist", "cool").replace(", or saw from both sides", "")
    return kept.split(", or ")


def follow(design: Members, context: Members, way: str) -> tuple[Members, Members]:
    """Return the cut as one way has it."""
    design, context = copy.deepcopy(design), copy.deepcopy(context)
    for step in way.split(" and "):
        if step == "use a centre-cutting cutter":
            context["tool"]["centre_cutting"] = True
        elif step == "cool":
            context["coolant"] = "mist"
        elif step == "take an end_mill":
            context["tool"]["kind"] = "end_mill"
            for shape in ("angle_deg", "tip_mm"):
                context["tool"].pop(shape, None)
        else:
            _set(design, context, step)
    return design, context


def _set(design: Members, context: Members, step: str) -> None:
    matches = [(match, paths) for words, paths in _STEPS.items() if (match := re.fullmatch(words, step))]
    assert len(matches) == 1, f"nobody can read {step!r}"
    ((match, paths),) = matches
    for path in paths:
        section, *between, name = path.split(".")
        place = design if section == "design" else context
        for key in between:
            place = place[key]
        if name == "radial_engagement_mm":
            place[name] = min(place.get(name, float(match[1])), float(match[1]))
        else:
            place[name] = float(match[1])
    if paths == ("design.total_depth_mm",):
        # What a whole cut is deep, none of its passes exceeds.
        design["axial_depth_mm"] = min(design["axial_depth_mm"], float(match[1]))
