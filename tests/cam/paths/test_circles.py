"""Channels, holes and rings: where the tip runs, which way round, and what is refused with its number."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.paths.circles import RingShape, list_radii, route_channel, route_circle
from rmos.cam.paths.cut import PathOptions, Tabs
from rmos.cam.paths.making import Room, make_toolpaths
from rmos.cam.paths.toolpaths import MAX_MOVES, PathMove, digest_toolpaths, find_box
from rmos.errors.toolpaths import NoEntry, OutsideStock, OutsideTravel, TabsTooLong, ToolDoesNotFit, TooManyMoves
from tests.helpers.cuts import RING_CUT, make_cut

RING = RingShape(46_000, 53_000)
ROOM = Room()
THROUGH = make_cut(operation="ring_cutout", depth_um=3000)


def list_arcs(moves: list[PathMove], z: int) -> list[PathMove]:
    """Return the level arcs at a height."""
    return [move for before, move in pairwise(moves) if move.code in ("G2", "G3") and before.z == move.z == z]


def test_a_ring_is_cleared_from_its_inner_wall_outwards_in_equal_steps() -> None:
    assert list_radii(RING_CUT, RING) == [47_588, 48_544, 49_500, 50_456, 51_412]
    moves = route_channel(RING_CUT, RING, PathOptions()).moves
    assert [arc.x for arc in list_arcs(moves, -1500)][1::2] == [47_588, 48_544, 49_500, 50_456, 51_412]
    assert find_box(moves) == ((-51_412, -51_412, -1500), (51_412, 51_412, 6000))


@pytest.mark.parametrize(("direction", "inner", "outer"), [("climb", "G2", "G3"), ("conventional", "G3", "G2")])
def test_climb_has_the_finished_wall_on_the_right_of_travel(direction: str, inner: str, outer: str) -> None:
    moves = route_channel(RING_CUT, RING, PathOptions(direction=direction)).moves  # type: ignore[arg-type]
    arcs = list_arcs(moves, -750)
    assert [arc.code for arc in arcs] == [inner] * 2 + [outer] * 8
    hole = list_arcs(route_circle(THROUGH, 43_000, PathOptions(direction=direction), wall_outside=True).moves, -3000)  # type: ignore[arg-type]
    rim = list_arcs(route_circle(THROUGH, 53_000, PathOptions(direction=direction), wall_outside=False).moves, -3000)  # type: ignore[arg-type]
    assert ({arc.code for arc in hole}, {arc.code for arc in rim}) == ({outer}, {inner})


def test_a_finishing_pass_goes_along_both_walls_of_each_level() -> None:
    moves = route_channel(RING_CUT, RING, PathOptions(finish_um=100)).moves
    ends = [arc.x for arc in list_arcs(moves, -750)][1::2]
    assert (ends[0], ends[-3:]) == (47_688, [51_312, 51_412, 47_588])
    assert [arc.code for arc in list_arcs(moves, -750)][-4:] == ["G3", "G3", "G2", "G2"]


def test_every_arc_is_half_a_circle_at_the_most_and_ends_on_it() -> None:
    options = PathOptions(tabs=Tabs(count=3))
    for moves in (
        route_channel(RING_CUT, RING, options).moves,
        route_circle(THROUGH, 24_000, options, wall_outside=True).moves,
    ):
        for before, move in pairwise(moves):
            if move.code in ("G2", "G3"):
                radii = [
                    math.dist(place, (move.centre_x, move.centre_y))
                    for place in ((before.x, before.y), (move.x, move.y))
                ]
                assert abs(radii[0] - radii[1]) < 1.5
                assert (before.x, before.y) != (move.x, move.y)


def test_nothing_enters_the_stock_but_by_a_helix_and_nothing_rapid_comes_near() -> None:
    moves = route_channel(RING_CUT, RING, PathOptions()).moves
    assert all(move.z >= 500 for move in moves if move.code == "G0")
    assert all(before.z == move.z for before, move in pairwise(moves) if move.code == "G1")
    assert {move.feed for move in moves if move.code != "G0"} == {1800}


def test_a_plunge_takes_a_cutter_that_cuts_at_its_centre() -> None:
    options = PathOptions(entry="plunge")
    moves = route_channel(RING_CUT, RING, options).moves
    downwards = [move for before, move in pairwise(moves) if move.code == "G1" and move.z < before.z]
    assert [(move.z, move.feed) for move in downwards] == [(-750, 600), (-1500, 600)]
    with pytest.raises(NoEntry):
        route_channel(make_cut(cuts_at_centre=False), RING, options)


def test_a_channel_that_is_narrower_than_its_cutter_is_refused_with_what_would_fit() -> None:
    with pytest.raises(ToolDoesNotFit) as refusal:
        route_channel(RING_CUT, RingShape(46_000, 49_000), PathOptions())
    assert refusal.value.members == {"measured_um": 3175, "limit_um": 3000}
    with pytest.raises(ToolDoesNotFit) as refusal:
        route_channel(RING_CUT, RingShape(46_000, 49_200), PathOptions(finish_um=50))
    assert refusal.value.members == {"measured_um": 3175, "limit_um": 3100}
    with pytest.raises(ToolDoesNotFit):
        route_circle(THROUGH, 1588, PathOptions(), wall_outside=True)


# Tabs


@pytest.mark.parametrize(
    ("radius", "diameter", "tabs", "raised", "path"),
    [
        (25_000 - 1588, 3175, Tabs(count=4, length_um=3000), 24_700, 157_080),
        (3000 - 794, 1588, Tabs(count=3, length_um=2000), 10_764, 18_850),
        (3000, 1588, Tabs(count=3, length_um=2000), 10_764, 23_839),
    ],
)
def test_tabs_are_raised_for_a_diameter_more_than_their_length(
    radius: int, diameter: float, tabs: Tabs, raised: int, path: int
) -> None:
    cut = make_cut(operation="ring_cutout", diameter_um=diameter, depth_um=3000)
    if 2 * raised > path:
        with pytest.raises(TabsTooLong) as refusal:
            route_circle(cut, radius, PathOptions(tabs=tabs), wall_outside=False)
        assert refusal.value.members["measured_um"] == raised
        return
    moves = route_circle(cut, radius, PathOptions(tabs=tabs), wall_outside=False).moves
    up = [(before, move) for before, move in pairwise(moves) if before.z == move.z == -2000 and move.code != "G1"]
    turns = sum(math.dist(before[1:3], move[1:3]) for before, move in up) / 2
    assert turns == pytest.approx(raised, rel=0.03)
    assert len([move for move in moves if move.z == -2000 and move.code == "G1"]) == 2 * tabs.count


def test_tabs_that_hold_more_than_half_of_a_part_are_refused() -> None:
    cut = make_cut(operation="ring_cutout", diameter_um=1588, depth_um=3000)
    with pytest.raises(TabsTooLong) as refusal:
        route_circle(cut, 3000, PathOptions(tabs=Tabs(count=4, length_um=2000)), wall_outside=False)
    assert refusal.value.members == {"measured_um": 14_352, "limit_um": 11_919}


# Room


@pytest.mark.parametrize(
    ("room", "origin", "error", "needed", "limit"),
    [
        (Room(width_um=105_000), "hole_centre", OutsideStock, 106_000, 105_000),
        (Room(height_um=105_000), "stock_centre", OutsideStock, 105_500, 105_000),
        (Room(width_um=200_000), "stock_corner", OutsideStock, 253_000, 200_000),
        (Room(travel_um=(102_000, 300_000, 80_000)), "hole_centre", OutsideTravel, 102_824, 102_000),
        (Room(travel_um=(300_000, 300_000, 7000)), "hole_centre", OutsideTravel, 7500, 7000),
    ],
)
def test_what_has_no_room_is_refused_with_both_numbers(
    room: Room, origin: str, error: type[Exception], needed: int, limit: int
) -> None:
    options = PathOptions(origin=origin)  # type: ignore[arg-type]
    route = route_channel(RING_CUT, RING, options)
    with pytest.raises(error) as refusal:
        make_toolpaths(RING_CUT, route, options, room)
    assert refusal.value.members == {"measured_um": needed, "limit_um": limit}  # type: ignore[attr-defined]


def test_what_just_fits_is_made() -> None:
    options = PathOptions()
    room = Room(width_um=106_000, height_um=106_000, travel_um=(102_824, 102_824, 7500))
    assert make_toolpaths(RING_CUT, route_channel(RING_CUT, RING, options), options, room).passes == 2


def test_more_moves_than_a_program_may_have_are_refused() -> None:
    route = route_channel(RING_CUT, RING, PathOptions())
    route.moves *= MAX_MOVES // len(route.moves) + 1
    with pytest.raises(TooManyMoves):
        make_toolpaths(RING_CUT, route, PathOptions(), ROOM)


def test_the_zero_on_the_bed_raises_every_height_by_the_stock() -> None:
    top = route_channel(RING_CUT, RING, PathOptions()).moves
    bed = route_channel(RING_CUT, RING, PathOptions(zero="bed")).moves
    assert [move._replace(z=move.z + 3000) for move in top] == bed


def test_the_same_cut_has_the_same_digest_and_another_one_has_not() -> None:
    options = PathOptions()
    paths = [make_toolpaths(RING_CUT, route_channel(RING_CUT, RING, options), options, ROOM) for _ in range(2)]
    assert digest_toolpaths(paths[:1]) == digest_toolpaths(paths[1:])
    assert digest_toolpaths(paths) != digest_toolpaths(paths[:1])


@given(st.integers(400, 500_000), st.sampled_from(["G2", "G3"]), st.integers(0, 3))
def test_the_box_of_half_a_circle_has_the_quadrant_that_it_passes(radius: int, code: str, quarter: int) -> None:
    ends = [(radius, 0), (0, radius), (-radius, 0), (0, -radius)]
    start, end, passed = ends[quarter], ends[(quarter + 2) % 4], ends[(quarter + (1 if code == "G3" else 3)) % 4]
    moves = [PathMove("G0", *start, 0), PathMove(code, *end, 0, 100, 0, 0)]  # type: ignore[arg-type]
    low, high = find_box(moves)
    places = [start, end, passed]
    assert low[:2] == (min(x for x, _ in places), min(y for _, y in places))
    assert high[:2] == (max(x for x, _ in places), max(y for _, y in places))


def test_turns_above_tabs_go_by_the_same_places_as_those_over_them() -> None:
    moves = route_circle(THROUGH, 24_000, PathOptions(tabs=Tabs(count=3)), wall_outside=True).moves
    turns = {z: [(arc.x, arc.y) for arc in list_arcs(moves, z)] for z in (-750, -1500)}
    over = [(move.x, move.y) for move in moves if move.code == "G3" and move.z in (-3000, -2000)]
    assert turns[-750] == turns[-1500] == over[-len(turns[-750]) :]
