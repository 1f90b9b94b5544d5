"""Numbers with their nouns."""

import pytest

from rmos.counts import count_of


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("run",), "0 runs"),
        (1, ("run",), "1 run"),
        (2, ("run",), "2 runs"),
        (1, ("run is", "runs are"), "1 run is"),
        (3, ("run is", "runs are"), "3 runs are"),
    ],
)
def test_trap_47_one_is_singular_and_all_others_plural(number: int, words: tuple[str, ...], said: str) -> None:
    assert count_of(number, *words) == said
