"""At which feeds a cut is GREEN, everything else as it is: closed forms, no search.

    window = feeds_of(cut, verdicts)
    window.low, window.low_by, window.high, window.high_by      # 790.0, "HEAT", 5100.0, "CHIP_OVERLOAD"

Each moving check grows or falls with a power of the feed: the chip with the first, loads with 1 − m, heat with −1. So
one look at a check tells where it leaves GREEN.
"""

import math
from collections.abc import Container
from typing import Final, NamedTuple

from rmos.engines.baseline_v2.check_plan import MOVING
from rmos.engines.baseline_v2.cut import Cut, vary
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict

_FAR: Final = 1e4
"""A feed that is this much lower or higher shows a check with two ends from either of them."""
_LOADED: Final = frozenset({"POWER", "FORCE", "DEFLECTION", "TOOL_BREAK", "HOLD_DOWN"})
_FALLING: Final = frozenset({"CHIP_RUBBING", "HEAT"})
_RISING: Final = frozenset({"CHIP_OVERLOAD", "MACHINE_FEED"})


class FeedWindow(NamedTuple):
    """The lowest and the highest GREEN feed in mm/min, and the checks that end it; empty when low is above high."""

    low: float
    low_by: str
    high: float
    high_by: str

    @property
    def is_open(self) -> bool:
        """Tell whether there is a feed at all."""
        return self.low <= self.high


def used_of(verdict: CheckVerdict) -> float:
    """Return how much of its GREEN limit a check uses: 1 at the limit, more beyond it."""
    if verdict.is_most:
        return verdict.value / verdict.limit
    return verdict.limit / verdict.value if verdict.value > 0 else math.inf


def feeds_of(cut: Cut, asked: Container[str]) -> FeedWindow:
    """Return the window of feeds in which every check that the feed moves is GREEN; the plunge feed goes along.

    Args:
        asked: the ids of the checks that have their inputs.
    """
    low, low_by, high, high_by = 0.0, "", math.inf, ""
    growth = 1.0 - (cut.material.cutting.exponent if cut.material else 0.0)
    for check in MOVING[cut.operation]:
        name = check.rule.id
        if name not in asked:
            continue
        if name == "SAW_BITE":
            lowest, highest = _ends_of(cut, check)
        elif name in _FALLING or name in _RISING or name in _LOADED:
            verdict = check.ask(cut)
            if verdict is None:
                continue
            exponent = -1.0 if name in _FALLING else 1.0 if name in _RISING else growth
            edge = cut.feed * used_of(verdict) ** (-1.0 / exponent)
            lowest, highest = (edge, math.inf) if exponent < 0 else (0.0, edge)
        else:
            continue
        if lowest > low:
            low, low_by = lowest, name
        if highest < high:
            high, high_by = highest, name
    return FeedWindow(low, low_by, high, high_by)


def _ends_of(cut: Cut, check: Check) -> tuple[float, float]:
    slow, fast = (check.ask(vary(cut, feed=cut.feed * factor)) for factor in (1 / _FAR, _FAR))
    if slow is None or fast is None:
        return 0.0, math.inf
    return cut.feed / _FAR * used_of(slow), cut.feed * _FAR / used_of(fast)
