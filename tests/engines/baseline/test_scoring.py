import pytest

from rmos.engines.base import Assessment, Risk
from rmos.engines.baseline.scoring import grade_at_least, grade_at_most, overall


def check(category: str, risk: Risk, score: float | None) -> Assessment:
    return Assessment(id=f"{category}{risk}{score}", category=category, risk=risk, message="", source="", score=score)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10, ("GREEN", 100)),
        (50, ("GREEN", 100)),
        (75, ("GREEN", 90)),
        (100, ("GREEN", 80)),
        (100 + 1e-8, ("GREEN", 80)),
        (100.0001, ("YELLOW", 79)),
        (125, ("YELLOW", 59.5)),
        (150, ("YELLOW", 40)),
        (150.0001, ("RED", 39)),
        (225, ("RED", 19.5)),
        (300, ("RED", 0)),
        (1e9, ("RED", 0)),
    ],
)
def test_the_curve_runs_through_its_corners(value: float, expected: tuple[str, float]) -> None:
    risk, score = grade_at_most(value, 100, 150)
    assert risk == expected[0]
    assert score == pytest.approx(expected[1], abs=1e-3)


def test_not_less_than_is_the_inverse_of_not_more_than() -> None:
    assert grade_at_least(20, 10, 5) == ("GREEN", 100)
    assert grade_at_least(10, 10, 5) == ("GREEN", 80)
    assert grade_at_least(5, 10, 5) == ("YELLOW", 40)
    assert grade_at_least(2.5, 10, 5) == ("RED", 0)


def test_groups_are_weighted_and_count_with_their_lowest_check() -> None:
    checks = [check("chipload", "GREEN", 90), check("chipload", "GREEN", 84), check("rim_speed", "GREEN", 99)]
    assert overall(checks) == ("GREEN", pytest.approx((84 * 0.30 + 99 * 0.15) / 0.45))
    assert overall(checks[2:]) == ("GREEN", 99)


def test_a_group_that_could_not_be_judged_caps_the_whole_at_yellow() -> None:
    assert overall([check("chipload", "UNKNOWN", None), check("rim_speed", "GREEN", 100)]) == ("YELLOW", 79)


def test_a_red_gate_takes_the_whole_down_and_a_green_one_leaves_it() -> None:
    checks = [check("chipload", "GREEN", 100)]
    assert overall([*checks, check("gate", "RED", 12)]) == ("RED", 12)
    assert overall([*checks, check("gate", "GREEN", 80)]) == ("GREEN", 100)


def test_without_a_weighted_check_the_whole_is_unknown_unless_a_gate_is_red() -> None:
    assert overall([]) == ("UNKNOWN", None)
    assert overall([check("gate", "YELLOW", 60)]) == ("UNKNOWN", None)
    assert overall([check("yield", "GREEN", 90)]) == ("UNKNOWN", None)
    assert overall([check("gate", "RED", 0)]) == ("RED", 0)


def test_a_failing_check_never_improves_the_whole() -> None:
    sound = [check("chipload", "GREEN", 85), check("rim_speed", "GREEN", 95)]
    _, whole = overall(sound)
    for extra in (check("chipload", "YELLOW", 79), check("rim_speed", "RED", 39), check("gate", "YELLOW", 70)):
        _, score = overall([*sound, extra])
        assert whole is not None
        assert score is not None
        assert score < whole
