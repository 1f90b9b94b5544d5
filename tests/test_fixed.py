import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.fixed import TURN, along, circumference, divide, point, sincos, turn

ANGLES = st.integers(-2 * TURN, 2 * TURN)


@given(ANGLES)
def test_sine_and_cosine_are_right_to_a_billionth(angle: int) -> None:
    sine, cosine = sincos(angle % TURN)
    assert sine / 2**30 == pytest.approx(math.sin(angle / TURN * 2 * math.pi), abs=4e-9)
    assert cosine / 2**30 == pytest.approx(math.cos(angle / TURN * 2 * math.pi), abs=4e-9)


@given(ANGLES, st.integers(1, 250_000))
def test_a_point_is_within_a_micrometre_of_its_circle(angle: int, radius: int) -> None:
    assert math.hypot(*point(angle, radius)) == pytest.approx(radius, abs=1)


@pytest.mark.parametrize(("k", "place"), [(0, (0, -43_000)), (1, (43_000, 0)), (2, (0, 43_000)), (3, (-43_000, 0))])
def test_quarter_turns_are_exact_and_clockwise_from_twelve(k: int, place: tuple[int, int]) -> None:
    assert point(turn(k, 4), 43_000) == place


@given(st.integers(1, 250_000), st.integers(1, 1_000_000))
def test_lengths_along_a_circle_come_back_as_angles(radius: int, length: int) -> None:
    assert circumference(radius) == round(2 * math.pi * radius)
    assert along(length, radius) == pytest.approx(length / (2 * math.pi * radius) * TURN, rel=1e-9, abs=1)


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_division_rounds_halves_up(a: int, b: int) -> None:
    assert divide(a, b) == math.floor(a / b + 0.5) or (2 * a + b) % (2 * b) == 0
    assert abs(divide(a, b) * b - a) * 2 <= b
