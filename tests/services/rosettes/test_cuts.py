"""The cuts of a rosette: with which cutter each is judged, and what the whole follows from."""

from typing import Any

import pytest

from rmos.engines.registry import Registry
from rmos.engines.shop import SHIPPED, Shop
from rmos.rosette.interpret import interpret
from rmos.rosette.spec import RosetteSpec
from rmos.services.rosettes.cuts import NO_TOOL, CutEvaluator, EvaluatedRosette, nearest_cutter, with_cutter

EMPTY = Shop(materials=SHIPPED.materials, tools={}, machines={})


def spec_of(prompt: str) -> RosetteSpec:
    return interpret(prompt).spec


def evaluate_rosette(prompt: str, *, tool_id: str | None = None, shop: Shop = SHIPPED, **over: Any) -> EvaluatedRosette:
    cutting = CutEvaluator(
        Registry(shop=shop), tool_id=tool_id, machine_id=over.get("machine_id"), request_id="req_1", timeout_ms=5000
    )
    return cutting.evaluate_rosette(spec_of(prompt))


def test_without_a_named_cutter_each_cut_gets_the_nearest_and_that_is_said() -> None:
    evaluated = evaluate_rosette("D-45 style abalone ring, black/white lines, 4 inch hole")
    assert {(cut.operation, cut.tool_id) for cut in evaluated.cuts} == {
        ("channel", "em-1588-2f"),
        ("channel", "em-3175-2f"),
        ("inlay_part", "em-1588-2f"),
    }
    assert evaluated.assumptions == (
        "cutter em-1588-2f for the channel, inlay part of ring 4 (none was named)",
        "cutter em-3175-2f for the channel (none was named)",
    )
    assert evaluated.worst.operation == "inlay_part"
    assert evaluated.decision.risk_level == evaluated.worst.result.status == "YELLOW"


def test_a_named_cutter_is_used_for_all_cuts_and_nothing_is_assumed() -> None:
    evaluated = evaluate_rosette("D-45 style abalone ring, black/white lines, 4 inch hole", tool_id="em-3175-2f")
    assert {cut.tool_id for cut in evaluated.cuts} == {"em-3175-2f"}
    assert evaluated.assumptions == ()
    assert evaluated.decision.risk_level == "RED"
    assert evaluated.decision.block_reason is not None
    assert evaluated.decision.block_reason.startswith("GEOMETRY: ")


@pytest.mark.parametrize(("tool_id", "shop"), [("a-cutter-nobody-has", SHIPPED), (None, EMPTY)])
def test_a_cutter_that_nobody_knows_is_never_green(tool_id: str | None, shop: Shop) -> None:
    evaluated = evaluate_rosette("rope pattern, ebony and padauk, 6 mm band", tool_id=tool_id, shop=shop)
    assert evaluated.decision.risk_level == "UNKNOWN"
    assert evaluated.worst.tool_id == (tool_id or NO_TOOL)
    assert "context.tool.diameter_mm" in evaluated.worst.result.missing_inputs


@pytest.mark.parametrize("tool_id", [None, "em-1588-2f"])
def test_a_pocket_for_an_inlay_is_a_slot_above_the_wood_of_the_top(tool_id: str | None) -> None:
    evaluated = evaluate_rosette("mother of pearl dots every 15 degrees in rosewood, 8 mm", tool_id=tool_id)
    [pocket] = [cut for cut in evaluated.cuts if cut.operation == "inlay_pocket"]
    assert pocket.design["radial_engagement_mm"] == pocket.context["tool"]["diameter_mm"]
    left = pocket.context["stock"]["thickness_mm"] - pocket.design["total_depth_mm"]
    assert pocket.design["floor_thickness_mm"] == pytest.approx(left)
    assert pocket.result.missing_inputs == []


def test_the_machine_that_is_named_is_judged_with() -> None:
    evaluated = evaluate_rosette("rope pattern, ebony and padauk, 6 mm band", machine_id="rigid_router")
    assert evaluated.worst.context["machine"]["class"] == "rigid"


@pytest.mark.parametrize(
    ("room", "tool_id"), [(3.175, "em-3175-2f"), (1.588, "em-1588-2f"), (1.9, "em-1588-2f"), (0.1, "em-0400-3f")]
)
def test_the_nearest_cutter_is_the_largest_that_fits_with_two_flutes_if_there_is_one(room: float, tool_id: str) -> None:
    assert nearest_cutter(SHIPPED, room) == tool_id


def test_what_the_luthier_said_of_the_cutter_stands() -> None:
    said = spec_of("rope in koa, 6 mm band, 2 mm cutter")
    assert said.constraints.tool_diameter == 2000
    assert with_cutter(said, SHIPPED, "em-3175-2f") == said
    assert with_cutter(spec_of("rope in koa"), SHIPPED, "em-3175-2f").constraints.tool_diameter == 3175
    assert with_cutter(spec_of("rope in koa"), SHIPPED, "saw-254-60t").constraints.tool_diameter is None


def test_every_cut_is_told_with_its_reason() -> None:
    evaluated = evaluate_rosette("D-45 style abalone ring, black/white lines, 4 inch hole", tool_id="em-3175-2f")
    describe = evaluated.decision.details["operations"]
    assert len(describe) == len(evaluated.cuts)
    assert all((one["reason"] is None) == (one["risk_level"] == "GREEN") for one in describe)
    others = [text for text in evaluated.decision.warnings if ": RED, " in text]
    assert len(others) == sum(one["risk_level"] == "RED" for one in describe) - 1 or len(set(others)) < len(describe)
