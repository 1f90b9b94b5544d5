from typing import Any

import pytest

from rmos.engines.baseline.heat import engagement_angle_deg, heat_index
from tests.engines.cuts import check_of, judge, make_context, make_design


def index_of(context: dict[str, Any], **design: Any) -> float:
    value = check_of(judge(make_design(**design), context), "HEAT").value
    assert value is not None
    return value


def test_a_slot_is_half_a_turn_and_half_a_diameter_a_quarter() -> None:
    assert engagement_angle_deg(6, 6) == 180
    assert engagement_angle_deg(3, 6) == pytest.approx(90)


def test_the_index_is_one_for_the_reference_chip_at_the_reference_speed() -> None:
    assert heat_index(0.02, 0.02, 6, 1) == 1
    assert heat_index(0.02, 0.0002, 6, 1) == heat_index(0.02, 0.002, 6, 1) == pytest.approx(10**0.3)


def test_the_worked_channel_comes_out_by_hand() -> None:
    # h_ref 0.01905, h 0.05, v 2.9923, a slot, spruce.
    by_hand = (0.01905 / 0.05) ** 0.3 * (2.9923 / 6) ** 0.2 * 1.25 * 0.9
    assert index_of(make_context()) == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parametrize("coolant", ["air", "mist"])
def test_air_and_mist_cool(coolant: str) -> None:
    assert index_of(make_context(coolant=coolant)) == pytest.approx(0.8 * index_of(make_context()))
    assert index_of(make_context(coolant=...)) == index_of(make_context())


@pytest.mark.parametrize(
    ("material", "factor"),
    [
        ("sitka_spruce", 0.9), ("western_red_cedar", 0.9), ("hard_maple", 1.2), ("cherry", 1.2), ("ebony", 1.2),
        ("padauk", 1.2), ("cocobolo", 1.2), ("aluminium_6061", 1.2), ("acrylic", 1.5), ("mdf", 1.1),
        ("birch_plywood", 1.1), ("abalone", 1.3), ("mother_of_pearl", 1.3), ("walnut", 1.0), ("bone", 1.0),
    ],
)  # fmt: skip
def test_each_material_heats_by_its_factor(material: str, factor: float) -> None:
    assert index_of(make_context(material)) == pytest.approx(index_of(make_context("koa")) * factor)


def test_a_rigid_machine_is_measured_by_the_middle_of_the_makers_window() -> None:
    rigid = make_context("hard_maple", machine={"class": "rigid", "max_rpm": 30000})
    ratio = index_of(rigid) / index_of(make_context("hard_maple"))
    assert ratio == pytest.approx(((0.051 + 0.127) / 2 / (1.5 * 0.0127)) ** 0.3)


@pytest.mark.parametrize(("index", "risk"), [(1.599, "GREEN"), (1.601, "YELLOW"), (2.599, "YELLOW"), (2.601, "RED")])
def test_it_is_hot_from_1_6_and_too_hot_from_2_6(index: float, risk: str) -> None:
    context = make_context("acrylic", flutes=4)
    known = index_of(context, feed_mm_min=1000)
    item = check_of(judge(make_design(feed_mm_min=1000 * (known / index) ** (1 / 0.3)), context), "HEAT")
    if item.value == pytest.approx(index, rel=1e-6):
        assert item.risk == risk
    else:
        # The chip is so thin that it counts as a tenth of the reference.
        assert index > 2 * known
