from typing import Any

import pytest

from rmos.engines.shop import SHIPPED
from tests.engines.cuts import judge, make_design

TOOLS = SHIPPED.tools


def complete_context(tool_id: str, context: dict[str, Any]) -> dict[str, Any]:
    return SHIPPED.complete(context, tool_id=tool_id)


@pytest.mark.parametrize("tool_id", TOOLS)
def test_every_tool_of_the_library_can_be_judged(tool_id: str) -> None:
    hold_down = {"pressure_kpa": 60, "area_mm2": 9000, "friction": 0.35}
    base = {"material": {"id": "ebony"}, "stock": {"thickness_mm": 3.0}, "hold_down": hold_down}
    context = complete_context(tool_id, base)
    saw = context["tool"]["kind"] == "saw_blade"
    rpm = 3500 if saw else 18000
    result = judge(
        make_design(operation="saw_slice" if saw else "channel", spindle_rpm=rpm, radial_engagement_mm=...), context
    )
    assert result.missing_inputs == []
    assert "INVALID_INPUT" not in {item.id for item in result.assessments}
    assert not any("sent but not read" in said for said in result.assumptions)


@pytest.mark.parametrize("tool_id", TOOLS)
def test_a_tool_is_the_same_in_inches(tool_id: str) -> None:
    design = {"operation": "drawing_only", "spindle_rpm": 18000}
    metric = complete_context(tool_id, {})
    inch = complete_context(tool_id, {"units": "inch"})
    assert inch["tool"]["diameter"] == pytest.approx(metric["tool"]["diameter_mm"] / 25.4)
    assert judge(design, inch).record() == judge(design, metric).record()
    saw = metric["tool"]["kind"] == "saw_blade"
    sawn = {"operation": "saw_slice" if saw else "channel", "spindle_rpm": 3000}
    assert judge(sawn, inch).assessments[-1].value == judge(sawn, metric).assessments[-1].value


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
