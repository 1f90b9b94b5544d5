"""The charts hold what makers print, and between their points they behave as charts do."""

import itertools
import math
import tomllib
from importlib.resources import files

import pytest

from rmos.engines.baseline_v2 import charts
from rmos.engines.baseline_v2.charts import window_of
from rmos.engines.shop import SHIPPED

CHARTS = tomllib.loads(files("rmos.engines.baseline_v2").joinpath("charts.toml").read_text(encoding="utf-8"))["chart"]
TOOLS = ["end_mill", "ball_mill", "v_bit", "surfacing_bit", "drill"]
DIAMETERS = [0.3, 0.4, 0.5842, 0.79375, 1.2, 1.5875, 2.5, 3.175, 5.0, 6.35, 9.525, 12.7, 19.05, 31.75]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: f"{chart['source'][:40]}/{chart['materials'][0]}")
def test_each_chart_names_its_source_and_rises_with_the_diameter(chart: dict[str, object]) -> None:
    points = chart["points"]
    assert isinstance(points, list)
    assert len(str(chart["source"])) > 10
    assert points == sorted(points)
    assert all(0 < low <= high for _, low, high in points)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: f"{chart['source'][:40]}/{chart['materials'][0]}")
def test_what_a_chart_prints_lies_in_the_window(chart: dict[str, object]) -> None:
    unit = 25.4 if chart["unit"] == "inch" else 1.0
    points, materials = chart["points"], chart["materials"]
    assert isinstance(points, list)
    assert isinstance(materials, list)
    for material, (diameter, low, high) in itertools.product(materials, points):
        window = window_of(str(chart["tool"]), material, unit * diameter, chart.get("flutes", 2))
        assert unit * high <= window.special * (1 + 1e-9)
        if chart.get("series") != "special":
            assert window.low * (1 - 1e-9) <= unit * low
            assert unit * high <= window.high * (1 + 1e-9)


@pytest.mark.parametrize("material", sorted(charts.COLUMNS))
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("flutes", [1, 2])
def test_a_thicker_cutter_never_takes_less(tool: str, material: str, flutes: int) -> None:
    windows = [window_of(tool, material, diameter, flutes) for diameter in DIAMETERS]
    assert [window.high for window in windows] == sorted(window.high for window in windows)
    assert all(window.low <= window.high <= window.special for window in windows)


def test_between_two_points_a_window_is_a_power_of_the_diameter() -> None:
    # Freud prints 0.008-0.011 at 1/4 and 0.014-0.016 at 3/8 inch for hardwood; AST's union is wider at both.
    left, right = (window_of("end_mill", "aluminium", d, 2).high for d in (3.175, 6.35))
    between = window_of("end_mill", "aluminium", math.sqrt(3.175 * 6.35), 2).high
    assert between == pytest.approx(math.sqrt(left * right))
    assert between < (left + right) / 2


def test_below_the_smallest_diameter_the_share_of_it_stays() -> None:
    smallest = window_of("end_mill", "hardwood", 0.5842, 2)
    assert window_of("end_mill", "hardwood", 0.4, 2).high == pytest.approx(smallest.high * 0.4 / 0.5842)


def test_beyond_the_largest_diameter_nothing_grows() -> None:
    assert window_of("end_mill", "hardwood", 60.0, 2).high == window_of("end_mill", "hardwood", 19.05, 2).high


def test_a_tool_without_a_chart_takes_that_of_end_mills() -> None:
    assert window_of("ball_mill", "brass", 6.35, 2) == window_of("end_mill", "brass", 6.35, 2)


def test_a_chart_of_one_flute_counts_for_one_flute_alone() -> None:
    one, two = (window_of("end_mill", "acrylic", 6.35, flutes) for flutes in (1, 2))
    assert one.high == pytest.approx(0.012 * 25.4)
    assert two.high == pytest.approx(0.254)
    assert not any("O flute" in source for source in two.sources)
    assert window_of("end_mill", "hardwood", 3.175, 1) == window_of("end_mill", "hardwood", 3.175, 2)


def test_a_drill_has_charts_of_its_own() -> None:
    assert any("Leitz" in source for source in window_of("drill", "hardwood", 6.0, 2).sources)
    # 0.002 to 0.004 inch a turn from 1/8 to 1/4 inch, of two lips.
    brass = window_of("drill", "brass", 4.7625, 2)
    assert (brass.low, brass.high) == pytest.approx((0.0254, 0.0508))


def test_the_window_tells_who_printed_it() -> None:
    sources = window_of("end_mill", "hardwood", 1.5875, 2).sources
    assert any("Amana" in source for source in sources)
    assert any("Sienci" in source for source in sources)
    assert not any("compression" in source for source in sources)


def test_every_material_has_a_chart_and_a_saw_column() -> None:
    for material in SHIPPED.materials.values():
        assert material.milling in charts.COLUMNS
        assert material.saw in charts.BITES


@pytest.mark.parametrize(("ratio", "share"), [(0.5, 1), (1, 1), (2, 0.75), (3, 0.5), (4.8, 0.05), (9, 0.05)])
def test_deep_passes_take_less_as_charts_print_it(ratio: float, share: float) -> None:
    assert charts.derating(ratio) == pytest.approx(share)
