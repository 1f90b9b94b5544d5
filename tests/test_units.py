"""Units and times as people say them, on paper, on pages and in a terminal."""

import pytest

from rmos.units import UNITS, format_duration, split_unit


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "?"), (0.2, "< 1 s"), (59.4, "59 s"), (131.199, "2 min 11 s"), (59.6, "1 min 00 s"), (3661, "1 h 01 min")],
)
def test_a_time_is_told_in_minutes_and_seconds(seconds: float | None, shown: str) -> None:
    assert format_duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "< 0.1 s"), (2.0, "2 s"), (7.84, "7.8 s"), (59.96, "1 min 00 s"), (131.2, "2 min 11 s")],
)
def test_a_short_time_is_told_with_the_digits_that_are_asked_for(seconds: float, shown: str) -> None:
    assert format_duration(seconds, digits=1) == shown


def test_every_ending_is_found_by_the_name_that_ends_with_it() -> None:
    assert [split_unit(f"x{ending}") for ending, _ in UNITS] == [("x", unit) for _, unit in UNITS]
    assert split_unit("context.hold_down.friction") == ("context.hold_down.friction", "")
