from typing import Any

import pytest

from rmos.engines.base import Assessment
from tests.engines.cuts import check_of, judge, make_context, make_design


def shape(operation: str = "channel", stock: float = 3.0, flute_length_mm: float = 12.0, **design: Any) -> Assessment:
    context = make_context(stock={"thickness_mm": stock, "area_mm2": 1200}, flute_length_mm=flute_length_mm)
    return check_of(judge(make_design(operation=operation, **design), context), "GEOMETRY")


@pytest.mark.parametrize(("ratio", "risk"), [(1.11, "GREEN"), (1.09, "YELLOW"), (1.0, "YELLOW"), (0.99, "RED")])
def test_a_slot_is_wider_than_its_cutter(ratio: float, risk: str) -> None:
    assert shape(feature_width_mm=3.175 * ratio).risk == risk
    assert shape("ring_cutout", feature_width_mm=3.175 * ratio).risk == risk


@pytest.mark.parametrize(("ratio", "risk"), [(1.11, "GREEN"), (1.09, "YELLOW"), (1.0, "YELLOW"), (0.99, "RED")])
def test_an_inside_corner_is_as_round_as_the_cutter_where_it_is_judged(ratio: float, risk: str) -> None:
    assert shape("inlay_pocket", internal_radius_mm=3.175 / 2 * ratio).risk == risk
    assert shape("channel", internal_radius_mm=0.1).risk == "GREEN"
    assert shape("inlay_part", internal_radius_mm=0.1).risk == "GREEN"


@pytest.mark.parametrize(
    ("floor", "top", "risk"),
    [(1.51, 3.0, "GREEN"), (1.49, 3.0, "YELLOW"), (1.06, 3.0, "YELLOW"), (1.04, 3.0, "RED"), (0.79, 1.5, "RED")],
)
def test_a_floor_is_left_under_a_channel(floor: float, top: float, risk: str) -> None:
    item = shape(stock=top, floor_thickness_mm=floor, total_depth_mm=top - floor)
    assert item.risk == risk
    assert shape("soundhole", stock=top, floor_thickness_mm=0.1).risk == "GREEN"


def test_a_floor_below_0_8_mm_is_red_however_thin_the_top() -> None:
    item = shape(stock=1.5, floor_thickness_mm=0.79, total_depth_mm=0.71)
    assert (item.risk, item.unit, item.limit) == ("RED", "mm", 0.8)
    assert shape(stock=1.5, floor_thickness_mm=0.81, total_depth_mm=0.69).risk == "GREEN"


def test_a_floor_that_the_depth_does_not_leave_is_not_believed() -> None:
    item = shape(floor_thickness_mm=1.5, total_depth_mm=4.0)
    assert (item.risk, item.value, item.score) == ("RED", 0, 0)
    assert item.message == "4 mm deep leaves 0 mm of the 3 mm, not the floor of 1.5 mm: cut 1.5 mm deep or less"


@pytest.mark.parametrize(("flutes", "risk"), [(1.5, "GREEN"), (1.49, "RED")])
def test_no_cut_is_deeper_than_the_flutes_are_long(flutes: float, risk: str) -> None:
    assert shape(flute_length_mm=flutes).risk == risk


@pytest.mark.parametrize(("wall", "risk"), [(0.8, "GREEN"), (0.79, "YELLOW"), (0.5, "YELLOW"), (0.49, "RED")])
def test_a_wall_of_a_part_stands_where_it_is_sent(wall: float, risk: str) -> None:
    assert shape("ring_cutout", wall_thickness_mm=wall).risk == risk
    assert shape("ring_cutout", wall_thickness_mm=...).risk == "GREEN"
    assert shape("channel", wall_thickness_mm=wall).risk == "GREEN"


def test_all_that_is_wrong_is_said_and_mended_together() -> None:
    item = shape("inlay_pocket", feature_width_mm=3, internal_radius_mm=1, floor_thickness_mm=1.2)
    assert item.message == (
        "the opening of 3 mm is 0.945 cutter diameters wide; a floor of 1.2 mm is left of the 3 mm; the inside corner "
        "of 1 mm is 0.63 cutter radii: a cutter of 1.8 mm or less and leave a floor of 1.5 mm or more"
    )


def test_a_red_part_is_red_whatever_else_is_missing() -> None:
    assert shape(feature_width_mm=3, floor_thickness_mm=...).risk == "RED"
    assert shape(feature_width_mm=6, floor_thickness_mm=...).risk == "UNKNOWN"
