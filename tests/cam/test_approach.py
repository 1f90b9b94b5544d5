"""How a program comes to the stock and leaves it, whether it removes something there or not."""

import math

import pytest

from rmos.cam.approach import Approach, find_approach
from rmos.cam.gcode.reader import read_program
from rmos.cam.measure.setup import ProgramSetup, Stock, ToolShape, Zero

HEAD = "G21 G90 G17\nM3 S9000\nG4 P3\n"


def approach(text: str, zero: Zero = "stock_top") -> Approach:
    program = read_program((HEAD + text).encode())
    setup = ProgramSetup(tools={1: ToolShape(diameter_mm=3.0)}, stock=Stock(thickness_mm=3.0), zero=zero)
    return find_approach(program.motions, setup, program.words)


@pytest.mark.parametrize(
    ("text", "plunge", "line"),
    [
        ("G0 Z6\nG1 Z0.2 F600", 600.0, 5),
        ("G0 Z6\nG1 Z0.5 F600", 0.0, None),
        ("G0 Z6\nG1 Z0.2 F600\nG1 X3 Z-3.8 F500", 600.0, 5),
        ("G0 Z6\nG1 Z0.4 F60\nG1 X3 Z-3.6 F500", 400.0, 6),
        ("G0 Z6\nG1 Z-1 F100\nG1 Z6 F900", 100.0, 5),
        ("G91.1\nG0 Z0.6\nG0 X1 Y0\nG3 X1 Y0 Z0.2 I-1 F900", 57.180, 7),
        ("G91.1\nG0 Z6\nG0 X1 Y0\nG3 X1 Y0 Z1 I-0.01 F900", 0.0, None),
        ("G91.1\nG0 Z6\nG0 X0 Y0\nG18\nG2 X11.6 Z6 I5.8 K0 F900", 285.703, 8),
        ("G91.1\nG0 Z6\nG0 X0 Y0\nG18\nG3 X11.6 Z6 I5.8 K0 F900", 0.0, None),
    ],
    ids=[
        *("a hair above", "at the limit", "the steepest counts", "on a slope", "upwards", "a helix"),
        *("a helix far above", "the foot of an upright arc", "an upright arc over it"),
    ],
)
def test_what_feeds_down_close_to_the_stock_counts_as_a_plunge(text: str, plunge: float, line: int | None) -> None:
    tools = approach(text).tools
    found = tools[0].plunge if tools else None
    assert (0.0 if found is None else found.value) == pytest.approx(plunge, rel=0.05)
    assert (found and found.line) == line


@pytest.mark.parametrize(("radius", "feed", "depth"), [(5.8, 9000.0, 0.0), (7.0, 9000.0, 1000.0), (5.5, None, None)])
def test_an_upright_arc_is_as_low_as_its_foot(radius: float, feed: float | None, depth: float | None) -> None:
    found = approach(f"G91.1\nG0 Z6\nG0 X0 Y0\nG18\nG2 X{2 * radius} Z6 I{radius} K0 F9000")
    told = [(use.feed.value, use.depth_um.value) for use in found.tools]
    assert told == ([] if feed is None else [(feed, pytest.approx(depth, abs=1e-6))])


def test_feeds_and_depths_close_to_the_stock_are_those_of_their_tool() -> None:
    found = approach("G0 Z6\nG1 Z-1 F100\nX5 F400\nG0 Z6\nT2 M6\nM3 S9000\nG1 Z-2 F200\nG0 Z6")
    assert [(use.number, use.feed.value, use.depth_um.value, use.depth_um.line) for use in found.tools] == [
        (None, 400.0, 1000.0, 5),
        (2, 200.0, 2000.0, 10),
    ]


def test_a_zero_on_the_bed_is_as_high_as_the_stock() -> None:
    found = approach("G0 Z9\nG1 Z2 F100\nG0 Z9", zero="bed")
    assert [use.depth_um.value for use in found.tools] == [1000.0]
    assert found.end is not None
    assert found.end.value == 6000.0


@pytest.mark.parametrize(
    ("text", "height", "line"),
    [
        ("G0 Z6\nG0 X5", 6000.0, 5),
        ("G0 Z6\nG0 Z0.2\nG0 Z6", 200.0, 5),
        ("G0 X5", 0.0, 4),
        ("G0 Z6\nG1 Z-1 F100\nG0 Z6", None, None),
        ("G0 Z6\nG1 Z-1 F100\nG0 X9 Z6", -1000.0, 6),
    ],
    ids=["sideways above", "down", "before any Z", "straight up", "out of the work sideways"],
)
def test_the_lowest_rapid_is_found(text: str, height: float | None, line: int | None) -> None:
    rapid = approach(text).rapid
    assert (rapid and rapid.value, rapid and rapid.line) == (height, line)


def test_where_a_program_ends_is_told_unless_nobody_can_know() -> None:
    end = approach("G0 Z6\nG1 Z-1 F100").end
    assert end is not None
    assert (end.value, end.line) == (-1000.0, 5)
    assert approach("G0 Z6\nG28 Z0").end is None


def test_a_feed_to_where_nobody_can_know_is_deeper_than_anything() -> None:
    [use] = approach("G0 Z6\nG28 Z0\nG1 X5 F100").tools
    assert math.isnan(use.depth_um.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("G91\nG0 Z6\nG90\nG0 X5", 5),
        ("G0 Z6\nG91\nG1 Z-7 F100", None),
        ("G91 G28 Z0\nG90\nG0 Z6", None),
        ("G0 Z6", None),
    ],
    ids=["from anywhere", "after a height was said", "from a place of the machine", "absolute"],
)
def test_a_first_move_of_z_from_wherever_the_tool_stands_is_told(text: str, line: int | None) -> None:
    assert approach(text).relative_z == line
