"""Bars: how a recorded value stands to its limits, so that it can be drawn.

    bar = read_bar(feasibility["engine_id"], assessment, design, context)
    bar.value, bar.green, bar.yellow          # 0.25, (None, 0.127), (None, 0.1905): no end below

A record says so itself since engines state `better` and `yellow_limit`; for `baseline_v1`, whose records stay as they
are, it is derived from the engine's own limits.
"""

from typing import Any, Final, Literal, NamedTuple

import msgspec

from rmos.engines.base import Better
from rmos.engines.baseline.cut import open_cut
from rmos.engines.baseline.limits import ENGINE_ID, Limits, derive_limits
from rmos.engines.shop import SHIPPED

Range = tuple[float | None, float | None]
"""From and to; None where there is no end."""

_SAME: Final = 1e-5
"""Relative: records have six digits of a value and of its limit."""


class Bar(NamedTuple):
    """A value, where it is GREEN, and where it is no worse than YELLOW."""

    value: float
    better: Better
    green: Range
    yellow: Range


class _Recorded(msgspec.Struct):
    """What is read of an assessment; `limit` and `value` are missing where nothing was evaluated."""

    id: str
    value: float
    limit: float
    unit: str
    risk: Literal["GREEN", "YELLOW", "RED"]
    better: Better | None = None
    yellow_limit: float | None = None
    other_limit: float | None = None
    other_yellow_limit: float | None = None


def read_bar(engine_id: object, assessment: object, design: Any, context: Any) -> Bar | None:
    """Return the bar of a recorded assessment, whatever it holds.

    None when it has no value and limit, when the engine did not say what is better, and when the colour does not follow
    from the value.
    """
    try:
        item = msgspec.convert(assessment, _Recorded)
    except msgspec.ValidationError:
        return None
    if item.better is not None:
        limits: Limits | None = Limits(item.better, item.yellow_limit, item.other_limit, item.other_yellow_limit)
    elif engine_id == ENGINE_ID:
        limits = derive_limits(item.id, item.limit, item.unit, open_cut(design, context, SHIPPED.materials))
    else:
        limits = None
    return None if limits is None else _bar(item, limits)


def _bar(item: _Recorded, limits: Limits) -> Bar | None:
    sides = [(item.limit, limits.yellow_limit)]
    if limits.better == "window":
        if limits.other_limit is None:
            return None
        sides.append((limits.other_limit, limits.other_yellow_limit))
    sides.sort(key=lambda side: side[0])
    lowest = None if limits.better == "low" else sides[0]
    highest = None if limits.better == "high" else sides[-1]
    bar = Bar(item.value, limits.better, _between(lowest, highest, 0), _between(lowest, highest, 1))
    slack = _SAME * abs(item.value)
    if item.risk == "RED" and _is_within(item.value, bar.yellow, -slack):
        return None
    if item.risk == "YELLOW" and not _is_within(item.value, bar.yellow, slack):
        # Shell and bone are ground: for them a chip may be as thin as it likes.
        return bar._replace(yellow=(None, bar.yellow[1]) if limits.better != "low" else (bar.yellow[0], None))
    return bar


def _between(lowest: tuple[float, float | None] | None, highest: tuple[float, float | None] | None, end: int) -> Range:
    return (None if lowest is None else lowest[end], None if highest is None else highest[end])


def _is_within(value: float, ends: Range, slack: float) -> bool:
    low, high = ends
    return (low is None or value >= low - slack) and (high is None or value <= high + slack)
