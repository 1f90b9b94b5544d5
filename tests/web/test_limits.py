"""The bar of a check: numbers grow to the right, the mark stands on the side that the decision says."""

import re
from typing import Any

import pytest

from rmos.web.limits import describe_limits, draw_limits, make_limits


def assess(**over: Any) -> dict[str, Any]:
    return {"value": 1.0, "limit": 2.0, "margin": 1.0, "risk": "GREEN", "unit": "mm", **over}


@pytest.mark.parametrize(
    ("value", "margin", "side"),
    [(1.0, 1.0, "low"), (3.0, -1.0, "low"), (3.0, 1.0, "high"), (1.0, -1.0, "high"), (2.0, 0.0, "low")],
)
def test_which_side_is_better_follows_from_the_margin(value: float, margin: float, side: str) -> None:
    limits = make_limits(assess(value=value, margin=margin))
    assert limits is not None
    assert limits.less_is_better == (side == "low")


@pytest.mark.parametrize(
    "over",
    [{"value": None}, {"limit": None}, {"value": True}, {"value": "1"}, {"value": 1e400}, {"margin": None}],
)
def test_what_has_no_numbers_has_no_bar(over: dict[str, Any]) -> None:
    assert make_limits(assess(**over)) is None


def place(**over: Any) -> float:
    limits = make_limits(assess(**over))
    assert limits is not None
    return limits.place(limits.value)


def test_a_value_stands_in_the_zone_of_its_colour() -> None:
    yellow = {"better": "low", "yellow_limit": 4.0}
    places = [place(value=value, **yellow) for value in (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 1e9)]
    assert places == sorted(places)
    assert places[0] == 0
    assert places[2] == 0.5
    assert places[4] == 0.8
    assert places[-1] == 1
    high = {"better": "high", "limit": 4.0, "yellow_limit": 2.0}
    places = [place(value=value, **high) for value in (1e9, 8.0, 4.0, 3.0, 2.0, 1.0, 0.0, -1.0)]
    assert places == sorted(places)
    assert (places[2], places[4], places[-1]) == (0.5, 0.8, 1)


@pytest.mark.parametrize("limit", [0.0, -1.0])
@pytest.mark.parametrize(("better", "expected"), [("low", [0, 1]), ("high", [1, 0])])
def test_a_limit_at_or_below_nothing_is_drawn_all_the_same(limit: float, better: str, expected: list[float]) -> None:
    places = [place(value=value, limit=limit, better=better) for value in (limit - 1, limit + 1)]
    assert places == expected


def test_the_bar_says_in_words_what_it_shows_and_hatches_what_is_not_green() -> None:
    limits = make_limits(assess(value=3.08, limit=1.6, yellow_limit=2.6, better="low", risk="RED", unit="index"))
    assert limits is not None
    assert describe_limits(limits) == "3.08 index; GREEN is at most 1.6, YELLOW at most 2.6"
    drawn = str(draw_limits(limits))
    assert 'role="img" aria-label="3.08 index; GREEN is at most 1.6, YELLOW at most 2.6"' in drawn
    assert re.findall(r'rect class="f-(\w+)"', drawn) == ["green", "yellow", "red"]
    assert drawn.count('class="hatch"') == 2
    assert "<text" not in draw_limits(limits, small=True)


def test_numbers_grow_to_the_right_where_more_is_better() -> None:
    drawn = str(draw_limits(make_limits(assess(value=5.0, limit=3.0, yellow_limit=1.5, better="high"))))  # type: ignore[arg-type]
    left = [float(x) for x in re.findall(r'<rect class="f-\w+" x="([\d.]+)"', drawn)]
    assert left[0] > left[1] > left[2]


def test_a_hostile_unit_stays_text() -> None:
    drawn = draw_limits(make_limits(assess(unit='"><script>')))  # type: ignore[arg-type]
    assert "<script>" not in drawn
