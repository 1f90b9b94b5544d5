from typing import get_args

import pytest

from rmos.engines.baseline import chart
from rmos.engines.baseline.chip import rubbing_floor, thinning, window
from rmos.engines.shop import SHIPPED as SHOP
from rmos.engines.shop.materials import MaterialColumn, SawColumn

SHIPPED = {
    "softwood": {"sitka_spruce", "engelmann_spruce", "western_red_cedar", "mahogany", "cherry"},
    "hardwood": {
        "walnut", "koa", "hard_maple", "holly", "padauk", "east_indian_rosewood", "brazilian_rosewood", "wenge",
        "cocobolo", "bloodwood", "ebony", "bone", "mother_of_pearl", "abalone",
    },
    "plywood": {"birch_plywood"},
    "mdf": {"mdf"},
    "acrylic": {"acrylic"},
    "aluminium": {"aluminium_6061", "brass"},
}  # fmt: skip


def test_every_material_has_its_column_and_a_source() -> None:
    for column, names in SHIPPED.items():
        assert {name for name, material in SHOP.materials.items() if material.chart == column} == names
    assert {*SHIPPED, "hard_plastic"} == chart.COLUMNS == set(get_args(MaterialColumn))
    assert set(chart.BITES) == set(get_args(SawColumn))
    assert {material.saw for material in SHOP.materials.values()} <= set(chart.BITES)
    assert all(material.source for material in SHOP.materials.values())


@pytest.mark.parametrize(
    ("column", "diameter", "low", "high"),
    [
        ("hardwood", 3.175, 0.051, 0.127),
        ("hardwood", 12.7, 0.432, 0.533),
        ("hardwood", 4.7625, 0.089, 0.203),
        ("hardwood", 0.635, 0.0102, 0.0254),
        ("hardwood", 100, 0.432, 0.533),
        ("mdf", 6.35, 0.305, 0.406),
        ("aluminium", 9.5, 0.152, 0.203),
    ],
)
def test_the_chart_is_linear_between_scaled_below_and_flat_beyond(
    column: str, diameter: float, low: float, high: float
) -> None:
    assert list(chart.window(column, diameter)) == pytest.approx([low, high])


def test_bone_takes_the_lower_half_of_hardwood() -> None:
    assert list(window(SHOP.materials["bone"], 3.175)) == pytest.approx([0.051, 0.089])
    assert window(SHOP.materials["abalone"], 3.175) == (0.051, 0.127)


@pytest.mark.parametrize(
    ("ratio", "share"), [(0.1, 1), (1, 1), (1.5, 0.875), (2, 0.75), (3, 0.5), (4, 0.25), (99, 0.05)]
)
def test_the_ceiling_sinks_with_depth(ratio: float, share: float) -> None:
    assert chart.derating(ratio) == pytest.approx(share)


def test_the_floor_reproduces_both_published_ones() -> None:
    assert rubbing_floor(3.175) == pytest.approx(0.0127)
    assert rubbing_floor(12.7) == rubbing_floor(6.35) == 0.0254


def test_a_chip_is_thinned_below_half_the_diameter_only() -> None:
    assert thinning(1, 10) == pytest.approx(0.6)
    assert thinning(5, 10) == thinning(10, 10) == 1
