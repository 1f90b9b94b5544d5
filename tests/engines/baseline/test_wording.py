import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.engines.baseline.wording import num, round_down, round_up, share


@pytest.mark.parametrize(
    ("value", "text"), [(0.0041666, "0.00417"), (18000.0, "18000"), (2.99237, "2.99"), (999.4, "999")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert num(value) == text


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (95, "just below"), (70, "70% of"), (51, "half of"), (34, "a third of"), (16, "a sixth of"), (10, "a tenth of"),
        (3, "less than a tenth of"), (230, "2.3 times"),
    ],
)  # fmt: skip
def test_shares_are_said_in_words(part: float, said: str) -> None:
    assert share(part, 100) == said


@given(st.floats(1e-6, 1e15))
def test_suggestions_are_round_and_on_the_right_side(value: float) -> None:
    up, down = round_up(value), round_down(value)
    assert down <= value * (1 + 1e-8) + 1e-9
    assert up >= value * (1 - 1e-8) - 1e-9
    assert up <= value * 1.11 + 1e-9
    assert down >= value * 0.9 - 1e-9
