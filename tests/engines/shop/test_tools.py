from collections.abc import Callable
from typing import Any

import pytest

from rmos.engines.base import EngineResult
from rmos.engines.shop import SHIPPED, Shop
from tests.engines import cuts, sound

TOOLS = SHIPPED.tools
_READ_BY_V1 = frozenset(
    {"kind", "diameter_mm", "flutes", "material", "stickout_mm", "flute_length_mm", "max_rpm", "centre_cutting"}
)
JUDGED = [
    *((sound.judge, tool_id) for tool_id in TOOLS),
    # The first engine knows no other tools than these.
    *(
        (cuts.judge, tool_id)
        for tool_id, tool in TOOLS.items()
        if tool.keys() <= _READ_BY_V1 and tool["kind"] in ("end_mill", "saw_blade")
    ),
]
EVERY_TOOL = pytest.mark.parametrize(("judge", "tool_id"), JUDGED)
Judge = Callable[[Any, Any], EngineResult]


def complete_context(tool_id: str, context: dict[str, Any]) -> dict[str, Any]:
    return SHIPPED.complete(context, tool_id=tool_id)


OPERATIONS = {"saw_blade": "saw_slice", "drill": "drill_hole"}


@EVERY_TOOL
def test_every_tool_of_the_library_can_be_judged(judge: Judge, tool_id: str) -> None:
    hold_down = {"pressure_kpa": 60, "area_mm2": 9000, "friction": 0.35}
    base = {"material": {"id": "ebony"}, "stock": {"thickness_mm": 3.0}, "hold_down": hold_down}
    context = complete_context(tool_id, base)
    kind = context["tool"]["kind"]
    rpm = 3500 if kind == "saw_blade" else 18000
    design = cuts.make_design(
        operation=OPERATIONS.get(kind, "channel"), spindle_rpm=rpm, axial_depth_mm=0.4, radial_engagement_mm=...
    )
    result = judge(design, context)
    assert result.missing_inputs == []
    assert "INVALID_INPUT" not in {item.id for item in result.assessments}
    assert not any("sent but not read" in said for said in result.assumptions)


@EVERY_TOOL
def test_a_tool_is_the_same_in_inches(judge: Judge, tool_id: str) -> None:
    design = {"operation": "drawing_only", "spindle_rpm": 18000}
    metric = complete_context(tool_id, {})
    inch = complete_context(tool_id, {"units": "inch"})
    assert inch["tool"]["diameter"] == pytest.approx(metric["tool"]["diameter_mm"] / 25.4)
    assert judge(design, inch).record() == judge(design, metric).record()
    kind = metric["tool"]["kind"]
    cut = {"operation": OPERATIONS.get(kind, "channel"), "spindle_rpm": 3000}
    told = [
        [(item.id, item.risk, item.value) for item in judge(cut, context).assessments] for context in (inch, metric)
    ]
    assert told[0] == told[1]


def test_a_machine_is_the_same_in_inches() -> None:
    members = {"class": "rigid", "max_feed_mm_min": 2540.0, "min_rpm": 6000.0}
    shop = Shop(materials=SHIPPED.materials, tools=TOOLS, machines={"mill": members})
    inch = shop.complete({"units": "inch"}, tool_id="em-3175-2f", machine_id="mill")
    assert inch["machine"] == {"class": "rigid", "max_feed": 100.0, "min_rpm": 6000.0}
    result = sound.judge({"operation": "channel", "feed": 101.0}, inch)
    assert {item.id: item.risk for item in result.assessments}["MACHINE_FEED"] == "RED"


def test_an_eighth_inch_cutter_stands_for_itself() -> None:
    context = {"material": {"id": "ebony"}, "units": "inch"}
    completed = complete_context("em-3175-2f", context)
    assert completed["tool"]["diameter"] == 0.125
    assert context == {"material": {"id": "ebony"}, "units": "inch"}


@pytest.mark.parametrize("tool", [{}, None, {"diameter_mm": 3.0}, "em-3175-2f", []])
def test_what_was_sent_is_never_overridden(tool: object) -> None:
    context = {"tool": tool}
    assert complete_context("em-3175-2f", context) is context


def test_a_tool_that_the_library_does_not_have_changes_nothing() -> None:
    context = {"material": {"id": "ebony"}}
    assert complete_context("router-17", context) is context


def test_the_library_cannot_be_changed_through_a_context() -> None:
    complete_context("em-3175-2f", {})["tool"]["flutes"] = 99
    assert TOOLS["em-3175-2f"]["flutes"] == 2
