"""Pockets and parts: no cutter takes what should stay, none leaves what should go, and what it cannot do is said."""

import math
import sys
from itertools import pairwise

import pyclipper
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.dialects import find_dialect
from rmos.cam.gcode.reader import read_program
from rmos.cam.measure import measure_program
from rmos.cam.measure.setup import ProgramSetup, Stock, ToolShape
from rmos.cam.paths.circles import RingShape
from rmos.cam.paths.cut import PathCut, PathOptions, Tabs
from rmos.cam.paths.inlays import CLEARANCE_UM, Figure, route_parts, route_pockets
from rmos.cam.paths.loops import MAX_LAPS
from rmos.cam.paths.making import Room, make_toolpaths
from rmos.cam.paths.offsets import Loop, measure_area, offset_loops, orient_loops, subtract_loops
from rmos.cam.paths.route import Route
from rmos.cam.posts.writer import ProgramHead, write_program
from rmos.errors.installation import ExtraMissing
from rmos.errors.toolpaths import NoEntry, TabsTooLong, ToolDoesNotFit
from tests.helpers.cuts import make_cut

POCKET = make_cut(operation="inlay_pocket", diameter_um=1000, pass_um=250, depth_um=500, engagement_um=1000)
PART = make_cut(operation="inlay_part", diameter_um=1000, pass_um=250, depth_um=1300, stock_um=1300, engagement_um=1000)
SQUARE: Loop = [(0, 0), (6000, 0), (6000, 6000), (0, 6000)]
HOLE: Loop = [(2000, 2000), (4000, 2000), (4000, 4000), (2000, 4000)]
MM2 = 2_000_000
"""Twice a square millimetre, as areas are measured."""


def make_star(points: int, outer: int, inner: int, *, at: tuple[int, int] = (0, 0)) -> Loop:
    angles = [math.pi * number / points for number in range(2 * points)]
    return [
        (at[0] + round(radius * math.sin(angle)), at[1] + round(radius * math.cos(angle)))
        for number, angle in enumerate(angles)
        for radius in [inner if number % 2 else outer]
    ]


def sweep(route: Route, cut: PathCut) -> list[Loop]:
    """Return what the cutter passes over while it is below the top of the stock."""
    swept = pyclipper.PyclipperOffset(2.0, 2.0)
    for before, move in pairwise(route.moves):
        if move.code == "G1" and move.z < 0:
            swept.AddPath([(before.x, before.y), (move.x, move.y)], pyclipper.JT_ROUND, pyclipper.ET_OPENROUND)
    return [[(int(x), int(y)) for x, y in loop] for loop in swept.Execute(cut.diameter_um / 2)]


def size_of(loops: list[Loop]) -> float:
    return sum(measure_area(loop) for loop in loops) / MM2


stars = st.builds(
    make_star, st.integers(3, 9), st.integers(3000, 12_000), st.integers(1500, 3000), at=st.just((20_000, 5000))
)


@given(stars)
def test_a_pocket_takes_all_that_its_cutter_reaches_and_nothing_beside_it(star: Loop) -> None:
    route, notes = route_pockets(POCKET, [[star]], PathOptions())
    wall = offset_loops(orient_loops([star]), CLEARANCE_UM)
    swept = sweep(route, POCKET)
    length = sum(math.dist(a, b) for a, b in pairwise([*star, star[0]])) / 1000
    assert size_of(subtract_loops(swept, wall)) < length * 0.002
    reach = offset_loops(offset_loops(wall, -POCKET.radius_um - 5), POCKET.radius_um)
    assert size_of(subtract_loops(reach, swept)) < length * 0.002
    assert all(note.code == "CORNER_REST" for note in notes)


@given(stars)
def test_a_part_keeps_its_size(star: Loop) -> None:
    route = route_parts(PART, [[star]], PathOptions())
    area = orient_loops([star])
    swept = sweep(route, PART)
    length = sum(math.dist(a, b) for a, b in pairwise([*star, star[0]])) / 1000
    both = size_of(area) - size_of(subtract_loops(area, swept))
    assert both < length * 0.002
    beyond = offset_loops(area, PART.width_um + 10)
    assert size_of(subtract_loops(swept, beyond)) < length * 0.002


def test_sharp_corners_are_told_with_how_many_and_how_much() -> None:
    _, notes = route_pockets(POCKET, [[SQUARE]], PathOptions())
    [note] = notes
    # Four corners keep (1 - π/4) r² each, less the clearance.
    assert note.text.startswith("4 corners keep 0.2")
    assert route_pockets(POCKET, [RingShape(0, 3000)], PathOptions())[1] == []


def test_a_pocket_is_cleared_from_inside_out_climbing() -> None:
    route, _ = route_pockets(POCKET, [[SQUARE]], PathOptions())
    level = [move for before, move in pairwise(route.moves) if move.code == "G1" and move.z == before.z == -250]
    away = [max(abs(move.x - 3000), abs(move.y - 3000)) for move in level]
    assert away == sorted(away)
    assert away[-1] == 3000 + CLEARANCE_UM - 500
    outline = [(move.x, move.y) for move, far in zip(level, away, strict=True) if far == away[-1]]
    assert measure_area(outline) > 0  # counter-clockwise: the wall lies on the right
    other, _ = route_pockets(POCKET, [[SQUARE]], PathOptions(direction="conventional"))
    last = [
        (move.x, move.y)
        for move in other.moves
        if move.z == -250 and max(abs(move.x - 3000), abs(move.y - 3000)) == away[-1]
    ]
    assert measure_area(last) < 0


def test_no_path_goes_down_steeper_than_3_degrees_but_in_the_air_or_in_what_is_cut_already() -> None:
    pocket = route_pockets(POCKET, [[SQUARE]], PathOptions())[0]
    for route in (pocket, route_parts(PART, [[SQUARE, HOLE]], PathOptions())):
        deepest: dict[tuple[int, int], int] = {}
        for before, move in pairwise(route.moves):
            if move.code == "G1" and move.z < before.z:
                across = math.dist((before.x, before.y), (move.x, move.y))
                if (before.z - move.z) > across * math.tan(math.radians(3)) + 1:
                    assert (across, move.feed) == (0, 600)
                    assert move.z >= min(100, deepest.get((move.x, move.y), 100))
            deepest[move.x, move.y] = min(move.z, deepest.get((move.x, move.y), 500))


def test_a_round_pocket_of_one_and_six_tenths_takes_a_helix_of_three_tenths() -> None:
    cut = make_cut(operation="inlay_pocket", diameter_um=1000, pass_um=250, depth_um=250, engagement_um=1000)
    route, _ = route_pockets(cut, [RingShape(0, 750, (5000, 0))], PathOptions())
    arcs = [move for move in route.moves if move.code in ("G2", "G3")]
    assert {abs(move.x - 5000) for move in arcs} == {300}
    falls = [before.z - move.z for before, move in pairwise(arcs) if move.z < before.z]
    assert max(falls) <= 50
    assert arcs[-1].z == arcs[-3].z == -250


def test_a_wide_round_pocket_is_cleared_without_a_core() -> None:
    route, _ = route_pockets(POCKET, [RingShape(0, 4000)], PathOptions())
    radii = sorted({abs(move.x) for move in route.moves if move.code == "G3" and move.z == -500})
    assert radii[0] <= 500
    assert radii[-1] == 4000 + CLEARANCE_UM - 500
    assert all(after - before <= POCKET.step_um for before, after in pairwise(radii))


def test_a_finishing_pass_goes_along_the_wall_of_a_pocket() -> None:
    route, _ = route_pockets(POCKET, [[SQUARE]], PathOptions(finish_um=100))
    away = [max(abs(move.x - 3000), abs(move.y - 3000)) for move in route.moves if move.code == "G1" and move.z == -500]
    assert sorted(set(away))[-2:] == [2450, 2550]


@pytest.mark.parametrize(
    ("figure", "options", "limit"),
    [
        ([[(0, 0), (9000, 0), (9000, 800), (0, 800)]], PathOptions(), 900),
        ([[(0, 0), (9000, 0), (9000, 980), (0, 980)]], PathOptions(finish_um=50), 980),
        (RingShape(0, 400), PathOptions(), 900),
    ],
)
def test_a_pocket_that_is_narrower_than_its_cutter_is_refused_with_what_would_fit(
    figure: Figure, options: PathOptions, limit: int
) -> None:
    with pytest.raises(ToolDoesNotFit) as refusal:
        route_pockets(POCKET, [figure], options)
    assert refusal.value.members["measured_um"] == 1000
    assert refusal.value.members["limit_um"] == pytest.approx(limit, abs=3)


def test_a_pocket_without_room_to_go_down_takes_a_cutter_that_cuts_at_its_centre() -> None:
    tight: list[Loop] = [[(0, 0), (910, 0), (910, 910), (0, 910)]]
    route, _ = route_pockets(POCKET, [tight], PathOptions())
    assert [(move.z, move.feed) for before, move in pairwise(route.moves) if move.z < min(before.z, 0)] == [
        (-250, 600),
        (-500, 600),
    ]
    blunt = make_cut(operation="inlay_pocket", diameter_um=1000, pass_um=250, depth_um=500, cuts_at_centre=False)
    with pytest.raises(NoEntry) as refusal:
        route_pockets(blunt, [tight], PathOptions())
    assert isinstance(refusal.value.members["limit_um"], int)
    assert refusal.value.members["limit_um"] < MAX_LAPS * 10


# Parts


def test_the_holes_of_a_part_are_cut_before_its_outline_each_with_its_wall_on_the_right() -> None:
    moves = [move for move in route_parts(PART, [[SQUARE, HOLE]], PathOptions()).moves if move.z == -1300]
    within = [2000 <= move.x <= 4000 and 2000 <= move.y <= 4000 for move in moves]
    assert within == sorted(within, reverse=True)
    hole = [(move.x, move.y) for move, flag in zip(moves, within, strict=True) if flag]
    rim = [(move.x, move.y) for move, flag in zip(moves, within, strict=True) if not flag]
    assert measure_area(hole) > 0 > measure_area(rim)


def test_no_cut_of_it_is_deeper_than_a_pass() -> None:
    part = make_toolpaths(PART, route_parts(PART, [[SQUARE, HOLE]], PathOptions()), PathOptions(), Room())
    pocket = make_toolpaths(POCKET, route_pockets(POCKET, [[SQUARE]], PathOptions())[0], PathOptions(), Room())
    for paths in (part, pocket):
        text = write_program(paths, find_dialect("grbl"), ProgramHead(number=1, tool_number=1))
        setup = ProgramSetup(tools={1: ToolShape(diameter_mm=1.0)}, stock=Stock(thickness_mm=3.0))
        [tool] = measure_program(read_program(text.encode()), setup).tools
        assert float(tool.max_axial_mm) <= 0.25


def test_a_hole_that_no_cutter_passes_is_refused() -> None:
    small: Loop = [(2500, 2500), (3200, 2500), (3200, 3200), (2500, 3200)]
    with pytest.raises(ToolDoesNotFit) as refusal:
        route_parts(PART, [[SQUARE, small]], PathOptions())
    assert refusal.value.members["limit_um"] == pytest.approx(700, abs=6)


def test_tabs_stay_on_a_part_as_long_as_they_were_asked_for() -> None:
    moves = route_parts(PART, [[SQUARE]], PathOptions(tabs=Tabs(count=4, length_um=2000, height_um=600))).moves
    over = -1300 + 600
    raised = [(before, move) for before, move in pairwise(moves) if move.code == "G1" and before.z == move.z == over]
    turns = 3  # passes at -866, -1083 and -1300 lie below the tabs
    assert sum(math.dist(before[1:3], move[1:3]) for before, move in raised) / turns == pytest.approx(
        4 * 3000, rel=0.01
    )
    assert {move.feed for before, move in pairwise(moves) if move.code == "G1" and before[1:3] == move[1:3]} == {600}


def test_tabs_that_hold_more_than_half_of_a_part_are_refused() -> None:
    with pytest.raises(TabsTooLong):
        route_parts(PART, [[SQUARE]], PathOptions(tabs=Tabs(count=5, length_um=2000)))


def test_without_the_extra_circles_are_made_and_outlines_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyclipper", None)
    with pytest.raises(ExtraMissing, match="rmos\\[cam\\]"):
        route_pockets(POCKET, [[SQUARE]], PathOptions())
    with pytest.raises(ExtraMissing):
        route_parts(PART, [[SQUARE]], PathOptions())
    assert route_pockets(POCKET, [RingShape(0, 3000)], PathOptions())[0].moves
    assert route_parts(PART, [RingShape(0, 3000)], PathOptions()).moves
