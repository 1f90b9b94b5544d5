"""How deep each pass goes and how steep a helix is: the numbers of the specification."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.paths.entries import count_turns, find_drop, list_levels
from tests.helpers.cuts import RING_CUT, make_cut

FAST = {"feed": 1800, "plunge": 600}


@pytest.mark.parametrize(
    ("total", "depth", "levels"),
    [
        (1100, 794, [550, 1100]),
        (1500, 750, [750, 1500]),
        (1500, 749, [500, 1000, 1500]),
        (100, 794, [100]),
        (1000, 334, [333, 666, 1000]),
    ],
)
def test_passes_are_equal_and_the_fewest(total: int, depth: int, levels: list[int]) -> None:
    assert list_levels(total, depth) == levels


@given(st.integers(1, 30_000), st.integers(1, 5000))
def test_no_pass_is_deeper_than_was_judged_and_the_last_ends_at_the_depth(total: int, depth: int) -> None:
    levels = list_levels(total, depth)
    assert levels[-1] == total
    assert all(0 < after - before <= depth for before, after in zip([0, *levels], levels, strict=False))


def test_a_ring_of_a_rosette_may_go_down_a_pass_in_one_turn() -> None:
    assert find_drop(47_588, **FAST) == 15_670
    assert count_turns(750, 47_588, **FAST) == 1
    assert math.degrees(math.atan(750 / (2 * math.pi * 47_588))) == pytest.approx(0.14, abs=0.005)


def test_a_helix_in_a_narrow_pocket_takes_three_turns() -> None:
    assert find_drop(300, **FAST) == 98
    assert count_turns(250, 300, **FAST) == 3


@given(st.integers(50, 100_000), st.integers(60, 6000), st.integers(1, 6000))
def test_no_helix_is_steeper_than_3_degrees_or_falls_faster_than_the_plunge(
    radius: int, feed: int, plunge: int
) -> None:
    drop = find_drop(radius, feed=feed, plunge=plunge)
    length = 2 * math.pi * radius
    assert drop <= max(1, length * math.tan(math.radians(3)) + 1)
    if drop > 1:
        assert feed * drop / math.hypot(length, drop) <= plunge * (1 + 2e-3)


@pytest.mark.parametrize(("diameter", "radius"), [(3175, 1588), (1587.5, 794), (3000, 1500)])
def test_half_of_a_cutter_is_rounded_up(diameter: float, radius: int) -> None:
    assert make_cut(diameter_um=diameter).radius_um == radius


def test_a_step_is_what_was_judged_or_the_usual_one_where_all_of_the_cutter_may_engage() -> None:
    assert RING_CUT.step_um == 1270
    assert make_cut(engagement_um=800).step_um == 800
    assert make_cut(engagement_um=2000).step_um == 2000
