"""The map: feed against speed, each place with the colour that the engine gives it, everything else as suggested."""

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos.engines.base import Risk
from rmos.engines.baseline_v2.check_plan import MOVING
from rmos.engines.baseline_v2.cut import Cut, vary
from rmos.engines.baseline_v2.engine import worst_risk
from rmos.engines.baseline_v2.speed import largest_rpm, smallest_rpm

COLUMNS: Final = 25
"""The middle one has the suggested feed."""
ROWS: Final = 16
_REACH: Final = 8.0
"""The map goes from an eighth of the suggested feed to eight times of it."""
_LETTERS: Final[Mapping[Risk, str]] = {"GREEN": "G", "YELLOW": "Y", "RED": "R", "UNKNOWN": "Y"}
_SEVERITY: Final = "GYR"


class FeedMap(msgspec.Struct, frozen=True, kw_only=True):
    """Feeds in mm/min from left to right, speeds in rpm from the bottom up, and a row of letters (G, Y, R) for each
    speed.
    """

    feeds_mm_min: tuple[float, ...]
    speeds_rpm: tuple[float, ...]
    rows: tuple[str, ...]
    feed_mm_min: float
    spindle_rpm: float


def make_feed_map(cut: Cut, asked: Mapping[str, Any], *, is_plunge_free: bool, worst_of_the_rest: Risk) -> FeedMap:
    """Return the map around a cut.

    Args:
        asked: the checks that have their inputs.
        is_plunge_free: whether the plunge feed goes along with the feed.
        worst_of_the_rest: the colour of the checks that neither feed nor speed moves.
    """
    checks = [check for check in MOVING[cut.operation] if check.rule.id in asked]
    most = min(largest_rpm(cut)[0], 60_000.0)
    least = 0.3 * most if cut.is_sawn else min(smallest_rpm(cut), most)
    speeds = put_among(cut.rpm, spread_steps(min(0.8 * least, cut.rpm), max(1.1 * most, cut.rpm), ROWS))
    feeds = put_among(cut.feed, spread_steps(cut.feed / _REACH, cut.feed * _REACH, COLUMNS))
    plunge = cut.plunge / cut.feed
    rows = []
    for rpm in speeds:
        row = []
        for feed in feeds:
            moved = vary(cut, feed=feed, rpm=rpm, plunge=plunge * feed if is_plunge_free else cut.plunge)
            row.append(_pick_worse(_LETTERS[worst_risk(moved, checks)], _LETTERS[worst_of_the_rest]))
        rows.append("".join(row))
    return FeedMap(feeds_mm_min=feeds, speeds_rpm=speeds, rows=tuple(rows), feed_mm_min=cut.feed, spindle_rpm=cut.rpm)


def spread_steps(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return numbers from low to high at equal ratios, with three digits."""
    ratio = math.log(high / low) / (count - 1)
    return tuple(float(f"{low * math.exp(ratio * step):.3g}") for step in range(count))


def put_among(number: float, steps: tuple[float, ...]) -> tuple[float, ...]:
    """Return the steps with the nearest of them replaced by a number."""
    nearest = min(steps, key=lambda step: abs(step / number - 1))
    return tuple(number if step == nearest else step for step in steps)


def _pick_worse(one: str, other: str) -> str:
    return max(one, other, key=_SEVERITY.index)
