import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.measure.setup import ProgramSetup, Stock, ToolShape
from rmos.cam.picture import draw_program
from rmos.svg import validate_svg
from tests.helpers.programs import PathBuilder

SETUP = ProgramSetup(
    tools={1: ToolShape(diameter_mm=3.0)},
    stock=Stock(thickness_mm=3.0, width_mm=100.0, height_mm=50.0, origin="stock_centre"),
)
PATHS = re.compile(r'<path (?:id="cut\d+"|class="(\w+)")[^>]* d="([^"]*)"')


def find_strokes(svg: str) -> list[tuple[str, str]]:
    return re.findall(r'<use href="#cut\d+" class="(d\d)" stroke-width="([\d.]+)" stroke-opacity', svg)


def cut() -> PathBuilder:
    path = PathBuilder().rapid(z=5).rapid(x=-20).line(300, z=-1).line(1200, x=20).line(1200, y=10, z=-3)
    return path.rapid(z=5)


def test_cuts_are_coloured_by_depth_and_as_wide_as_the_tool() -> None:
    svg = draw_program(cut().motions, SETUP)
    # 100 mm are 760 pixels, so a tool of 3 mm is 22.8 wide; 3 mm is the deepest, 1 mm the second of six shades.
    assert find_strokes(svg) == [("d1", "22.8"), ("d5", "22.8")]
    assert 'd="M' in svg
    assert re.search(r'class="rapid" stroke-dasharray="5 4" d="M400.0 210.0L248.0 210.0', svg)


def test_the_stock_lies_where_its_origin_says() -> None:
    assert '<rect class="stock" x="20.0" y="20.0" width="760.0" height="380.0"/>' in draw_program(cut().motions, SETUP)
    stock = msgspec.structs.replace(SETUP.stock, origin="hole_centre")
    assert 'class="stock"' not in draw_program(cut().motions, msgspec.structs.replace(SETUP, stock=stock))


def test_the_worst_line_is_marked_where_it_begins() -> None:
    svg = draw_program(cut().motions, SETUP, worst_line=4)
    assert '<circle class="mark" cx="248.0" cy="210.0"' in svg
    assert (
        '<path class="worst" fill="none" stroke-width="2.5" stroke-linecap="round" d="M248.0 210.0L552.0 210.0"/>'
        in svg
    )
    assert ">line 4</text>" in svg
    assert 'class="mark"' not in draw_program(cut().motions, SETUP)
    assert 'class="mark"' not in draw_program(cut().motions, SETUP, worst_line=99)


def test_a_plunge_is_a_dot_at_each_place_once() -> None:
    path = PathBuilder().rapid(z=5)
    for x in (10, 20, 10):
        path.rapid(x=x).line(200, z=-1).rapid(z=5)
    svg = draw_program(path.motions, SETUP)
    assert len(re.findall(r"M[\d.]+ [\d.]+h0", svg)) == 2


def test_it_is_harmless_and_has_a_title_and_both_themes() -> None:
    svg = draw_program(cut().motions, SETUP, worst_line=4)
    assert validate_svg(svg.encode()).ok
    assert "<title>Top view of the program, 40 x 10 mm, Z -3 to 5 mm</title>" in svg
    assert "prefers-color-scheme:dark" in svg
    assert svg.endswith("</svg>\n")


@pytest.mark.parametrize(
    "path", [PathBuilder(), PathBuilder().go_home(), PathBuilder().dwell(1).line(float("nan"), x=5)]
)
def test_a_program_that_goes_nowhere_has_a_picture_too(path: PathBuilder) -> None:
    assert validate_svg(draw_program(path.motions, SETUP).encode()).ok


def test_a_long_program_has_a_picture_of_bounded_size_with_every_place_in_it() -> None:
    path = PathBuilder().rapid(z=5)
    for step in range(120_000):
        path.line(1200, x=(step * 7919 % 9000) / 100, y=(step * 104729 % 4000) / 100, z=-(step % 30) / 10)
    svg = draw_program(path.motions, SETUP)
    assert len(svg) < 600_000
    points = [float(x) for x in re.findall(r"[ML]([\d.]+) ", svg)]
    assert max(points) - min(points) > 0.98 * 90 * 760 / 140


@given(st.lists(st.tuples(st.integers(-40, 40), st.integers(-20, 20), st.integers(-3, 1)), max_size=20))
def test_the_same_motions_give_the_same_text(moves: list[tuple[int, int, int]]) -> None:
    def draw() -> str:
        path = PathBuilder()
        for x, y, z in moves:
            path.line(1200, x=x, y=y, z=z)
        return draw_program(path.motions, SETUP, worst_line=3)

    assert draw() == draw()
    assert "nan" not in draw()
