"""How much made-up input a property is tried with: a fifth in a plain run, more in `dev.py check`, all of it at night.

    @settings(max_examples=tries(60))        # 12 in a plain run

    hold(tries_at_night(100_000, 4_000))    # 100 000 by `dev.py check --deep`

    for text in some_of(HOSTILE_TEXTS, turn):

    @pytest.mark.parametrize(("target", "parameter"), of_each_kind(PARAMETERS, lambda _, p: p["name"]))

A test without a number of its own tries 20, 40 and 100. The numbers are profiles of hypothesis, `plain`, `check` and
`deep`, which `python3 dev.py check --deep` takes.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings

T = TypeVar("T")

_PLAIN: Final = 20
_CHECK: Final = 40
_WHOLE: Final = 100


_UNHURRIED: Final = settings(deadline=None, suppress_health_check=list(HealthCheck))
"""Nothing is measured: how long an example takes says how busy the machine is."""


def register_profiles() -> None:
    """Register the profiles; the plain one holds until pytest loads the one that its command line names.

    The first two try the same input every time, so that what fails is what a change broke. `deep` looks further, at
    other input each night.
    """
    settings.register_profile("plain", _UNHURRIED, max_examples=_PLAIN, derandomize=True)
    settings.register_profile("check", _UNHURRIED, max_examples=_CHECK, derandomize=True)
    settings.register_profile("deep", _UNHURRIED, max_examples=_WHOLE)
    settings.load_profile("plain")


def tries(whole: int) -> int:
    """Return how many of `whole` examples to try in this run."""
    return max(1, whole * settings().max_examples // _WHOLE)


def tries_at_night(whole: int, otherwise: int) -> int:
    """Return how many examples to try in a long test of which even two fifths take minutes: the whole only at night."""
    return whole if settings().max_examples >= _WHOLE else otherwise


def some_of(whole: Sequence[T], turn: int) -> Sequence[T]:
    """Return a part of a long list to try in this run, another part at the next turn: a fifth, a third or all."""
    step = max(1, -(-_WHOLE // settings().max_examples))
    return whole[turn % step :: step]


def of_each_kind(rows: Iterable[tuple[Any, ...]], kind: Callable[..., Hashable]) -> list[Any]:
    """Return the rows of a table for `parametrize`: the first of each kind, and the others marked as long."""
    seen: set[Hashable] = set()
    marked = []
    for row in rows:
        marked.append(pytest.param(*row, marks=[pytest.mark.long] if kind(*row) in seen else []))
        seen.add(kind(*row))
    return marked
