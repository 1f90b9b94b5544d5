"""The bar of a check: numbers grow to the right, the mark stands in the zone of its colour."""

import re
from typing import Any

import pytest

from rmos.web.limits import CheckLimits, draw_limits, make_limits


def assess(**over: Any) -> CheckLimits:
    made = make_limits({"value": 1.0, "limit": 2.0, "margin": 1.0, "risk": "GREEN", "unit": "mm", **over})
    assert made is not None
    return made


LOW = {"better": "low", "limit": 2.0, "yellow_limit": 4.0}
HIGH = {"better": "high", "limit": 4.0, "yellow_limit": 2.0}
WINDOW = {"better": "window", "limit": 8.0, "yellow_limit": 9.0, "other_limit": 4.0, "other_yellow_limit": 2.0}
SWAPPED = {"better": "window", "limit": 4.0, "yellow_limit": 2.0, "other_limit": 8.0, "other_yellow_limit": 9.0}


@pytest.mark.parametrize(
    ("over", "tones", "edges"),
    [
        (LOW, ["green", "yellow", "red"], [2, 4]),
        (HIGH, ["red", "yellow", "green"], [2, 4]),
        (WINDOW, ["red", "yellow", "green", "yellow", "red"], [2, 4, 8, 9]),
        (SWAPPED, ["red", "yellow", "green", "yellow", "red"], [2, 4, 8, 9]),
        ({**LOW, "yellow_limit": 2.0}, ["green", "red"], [2]),
        ({**LOW, "yellow_limit": None}, ["green", "yellow"], [2]),
        ({**HIGH, "yellow_limit": None}, ["yellow", "green"], [4]),
        ({**WINDOW, "other_yellow_limit": None}, ["yellow", "green", "yellow", "red"], [4, 8, 9]),
        ({**WINDOW, "other_yellow_limit": 4.0}, ["red", "green", "yellow", "red"], [4, 8, 9]),
        ({"limit": 2.0, "margin": 1.0}, ["green", "past"], [2]),
        ({"value": 3.0, "limit": 2.0, "margin": -1.0, "risk": "RED"}, ["green", "red"], [2]),
        ({"value": 3.0, "limit": 2.0, "margin": 1.0}, ["past", "green"], [2]),
        ({"value": 1.0, "limit": 2.0, "margin": -1.0, "risk": "YELLOW"}, ["yellow", "green"], [2]),
    ],
)
def test_colours_change_where_the_record_says(over: dict[str, Any], tones: list[str], edges: list[float]) -> None:
    limits = assess(**over)
    assert limits.tones == tones
    assert [edge.value for edge in limits.edges] == edges
    places = [edge.place for edge in limits.edges]
    assert places == sorted(places)


@pytest.mark.parametrize("over", [LOW, HIGH, WINDOW, {"limit": 2.0, "margin": 1.0}])
def test_a_larger_number_never_stands_further_left(over: dict[str, Any]) -> None:
    limits = assess(**over)
    numbers = [-1.0, 0.0, 0.5, 1.9, 2.0, 3.0, 4.0, 6.0, 8.0, 8.5, 9.0, 20.0, 1e9]
    places = [limits.place(number) for number in numbers]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, 1)
    for edge in limits.edges:
        assert limits.place(edge.value) == pytest.approx(edge.place)


@pytest.mark.parametrize("limit", [0.0, -1.0])
@pytest.mark.parametrize("better", ["low", "high"])
def test_a_limit_at_or_below_nothing_is_drawn_all_the_same(limit: float, better: str) -> None:
    limits = assess(limit=limit, better=better, yellow_limit=None)
    assert limits.place(limit - 1) < 0.5 < limits.place(limit + 1)
    assert draw_limits(limits)


@pytest.mark.parametrize(
    "over",
    [{"value": None}, {"limit": None}, {"value": True}, {"value": "1"}, {"value": 1e400}, {"margin": None}],
)
def test_what_has_no_numbers_has_no_bar(over: dict[str, Any]) -> None:
    assert make_limits({"value": 1.0, "limit": 2.0, "margin": 1.0, "risk": "GREEN", **over}) is None


def test_the_bar_says_in_words_what_it_shows_and_hatches_what_is_not_green() -> None:
    limits = assess(value=3.08, limit=1.6, yellow_limit=2.6, better="low", risk="RED", unit="index")
    drawn = str(draw_limits(limits))
    assert 'role="img" aria-label="3.08 index; GREEN is at most 1.6, YELLOW at most 2.6"' in drawn
    assert re.findall(r'rect class="f-(\w+)"', drawn) == ["green", "yellow", "red"]
    assert drawn.count('class="hatch"') == 2
    assert "<text" not in draw_limits(limits, small=True)
    assert assess(**WINDOW).description == "1 mm; GREEN is from 4 to 8"


def test_a_hostile_unit_stays_text() -> None:
    assert "<script>" not in draw_limits(assess(unit='"><script>'))
