import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.measure.arcs import count_chords, resolve_arc
from rmos.cam.measure.bounds import find_bounds
from rmos.cam.motion import ArcShape
from tests.helpers.programs import PathBuilder


def bounds_mm(path: PathBuilder, chosen: bytearray | None = None) -> list[float]:
    corners = find_bounds(path.motions, chosen)
    assert corners
    return [round(value / 1000, 3) for corner in corners for value in corner]


@pytest.mark.parametrize(
    ("path", "box"),
    [
        (PathBuilder().line(1, x=10).line(1, y=-5, z=3), [10, -5, 0, 10, 0, 3]),
        # R10 and R-10 from 0 0 to 10 0, clockwise: the minor and the major arc.
        (PathBuilder().rapid(x=0).arc(1, (5, -8.6602540378), clockwise=True, x=10), [0, 0, 0, 10, 1.34, 0]),
        (PathBuilder().rapid(x=0).arc(1, (5, 8.6602540378), clockwise=True, x=10), [-5, 0, 0, 15, 18.66, 0]),
        (PathBuilder().rapid(x=0).arc(1, (10, 0), clockwise=False, x=20), [0, -10, 0, 20, 0, 0]),
        (PathBuilder().rapid(x=0).arc(1, (0, 5), clockwise=True, plane="ZX", x=10), [0, 0, -5, 10, 0, 0]),
        (PathBuilder().rapid(x=0).arc(1, (0, 5), clockwise=False, plane="ZX", x=10), [0, 0, 0, 10, 0, 5]),
        (PathBuilder().rapid(x=0).arc(1, (5, 0), clockwise=True, plane="YZ", y=10), [0, 0, 0, 0, 10, 5]),
        (PathBuilder().rapid(x=5).arc(1, (0, 0), clockwise=False, x=5, z=-3, turns=3), [-5, -5, -3, 5, 5, 0]),
    ],
)
def test_arcs_reach_as_far_as_their_quadrant_points(path: PathBuilder, box: list[float]) -> None:
    assert bounds_mm(path) == box


def test_chosen_motions_count_with_where_they_begin() -> None:
    path = PathBuilder().rapid(z=5).line(1, x=10, z=-1).line(1, x=20).rapid(z=9)
    assert bounds_mm(path, bytearray([0, 0, 1, 0])) == [10, 0, -1, 20, 0, -1]
    assert find_bounds(path.motions, bytearray(4)) is None


def test_places_that_nobody_knows_count_nowhere() -> None:
    assert bounds_mm(PathBuilder().line(1, x=1, y=2, z=3).go_home().line(1, x=7)) == [1, 2, 3, 7, 2, 3]
    assert find_bounds(PathBuilder().go_home().motions) is None
    assert find_bounds(PathBuilder().motions) is None


@pytest.mark.parametrize(
    ("turns", "clockwise", "length"),
    [(1, True, math.hypot(math.tau * 5, 3)), (3, False, math.hypot(3 * math.tau * 5, 3))],
)
def test_an_arc_that_ends_where_it_starts_is_a_full_circle(turns: int, clockwise: bool, length: float) -> None:
    arc = resolve_arc((5000.0, 0.0, 0.0), (5000.0, 0.0, -3000.0), ArcShape("XY", 0.0, 0.0, clockwise, turns))
    assert arc.length() == pytest.approx(length * 1000)


def test_chords_are_as_many_as_grbl_makes() -> None:
    assert count_chords(10.0, math.tau, 0.002) == math.floor(10 * math.pi / math.sqrt(0.002 * 19.998))
    assert count_chords(0.001, math.tau, 0.002) == 1
    assert count_chords(10.0, 0.001, 0.002) == 1


@given(st.floats(-3, 3), st.floats(0.01, 6.2), st.booleans(), st.integers(1, 3))
def test_the_points_of_an_arc_lie_on_it_and_within_its_bounds(
    angle: float, sweep: float, clockwise: bool, turns: int
) -> None:
    end = angle - sweep if clockwise else angle + sweep
    path = PathBuilder().rapid(x=9 * math.cos(angle), y=9 * math.sin(angle))
    path.arc(1, (0, 0), clockwise=clockwise, turns=turns, x=9 * math.cos(end), y=9 * math.sin(end), z=-2)
    motions = path.motions
    arc = resolve_arc(
        (motions.x[0], motions.y[0], motions.z[0]), (motions.x[1], motions.y[1], motions.z[1]), motions.arcs[1]
    )
    assert abs(arc.sweep) == pytest.approx(sweep + math.tau * (turns - 1), abs=1e-6)
    low, high = find_bounds(motions) or ((0, 0, 0), (0, 0, 0))
    for x, y, z in arc.points(97):
        assert math.hypot(x, y) == pytest.approx(9000)
        assert low[0] - 1e-3 <= x <= high[0] + 1e-3
        assert low[1] - 1e-3 <= y <= high[1] + 1e-3
        assert -2000 <= z <= 0
