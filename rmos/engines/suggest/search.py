"""Search for a setting: of each speed and number of passes the feed of its window, the fastest of them all.

A speed that charts are printed for is tried first, others only where nothing is GREEN with it. The chip is aimed at the
middle of the makers' window and kept away from where a check leaves GREEN.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from rmos.engines.baseline.fields import AXIAL_DEPTH, ENGAGEMENT, FEED, PLUNGE_FEED, RPM
from rmos.engines.baseline.wording import num, round_down, round_up
from rmos.engines.baseline_v2.chip import chip_of, window
from rmos.engines.baseline_v2.cut import Cut, vary
from rmos.engines.baseline_v2.feeds import FeedWindow, feeds_of
from rmos.engines.baseline_v2.passes import deepest_ratio, fastest_plunge
from rmos.engines.baseline_v2.shape import is_straight
from rmos.engines.baseline_v2.speed import largest_drill_m_s, largest_rpm, smallest_rpm
from rmos.engines.baseline_v2.ways import SLOWEST_FEED, is_green

STEPOVER: Final = 0.4
"""Of the diameter; what IDC Woodcraft prints for pockets, where a pocket states no engagement."""
ROOM: Final = 1.15
"""How far a feed is kept from the end of its window."""
PLUNGE_SHARE: Final = 0.4
"""Of the feed; within what makers print for wood, plastic and metal alike."""
THIN_MM: Final = 1.6
"""Thinner cutters are turned at 24 000 rpm (PreciseBits, IDC Woodcraft 27 000)."""
WIDE_MM: Final = 20.0
"""Wider ones at 12 000 rpm (IDC Woodcraft and PreciseBits turn surfacing bits at 10 000); between them charts are
printed for 18 000 rpm (Amana, Freud, Onsrud)."""
_DRILL_RPM: Final = 12_000.0
_DRILL_SHARE: Final = 0.7
"""Of the speed at which a drill's edge is GREEN at the most (RMOS policy)."""
_SAW_M_S: Final = 50.0
"""A normal rim speed of a blade (Sealtool: 40 to 80 m/s)."""
_SPEEDS: Final = (0.0, 0.12, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0)
_SAW_RPM: Final = 1_000.0
_KERF_MM: Final = 2.0
_MOST_PASSES: Final = 400


class Free(NamedTuple):
    """Which settings may be chosen."""

    feed: bool
    plunge: bool
    rpm: bool
    depth: bool


def start_of(stated: Cut, free: Free) -> Cut:
    """Return the cut with a usable number for everything that is free; the numbers themselves do not matter."""
    least, most = _speeds(stated)
    cut = stated
    implied = set(stated.usable)
    if free.rpm:
        cut, implied = vary(cut, rpm=_within(math.sqrt(least * most), least, most)), implied | {RPM}
    if free.depth:
        deepest = _deepest(cut)
        # NaN is no depth: the comparison is false and the deepest pass stands.
        cut, implied = vary(cut, depth=cut.total if cut.total < deepest else deepest), implied | {AXIAL_DEPTH}
    if cut.engagement != cut.engagement:
        cut, implied = vary(cut, engagement=STEPOVER * cut.diameter), implied | {ENGAGEMENT}
    if free.feed and not (cut.is_drilled and not free.plunge):
        cut, implied = vary(cut, feed=1000.0), implied | {FEED}
    if free.plunge and not cut.is_sawn:
        cut, implied = vary(cut, plunge=PLUNGE_SHARE * cut.feed), implied | {PLUNGE_FEED}
    return vary(cut, usable=frozenset(implied))


def _speeds(cut: Cut) -> tuple[float, float]:
    """Return the slowest and the fastest speed that machine and tool allow."""
    most = min(largest_rpm(cut)[0], 60_000.0)
    least = min(_SAW_RPM if cut.is_sawn else smallest_rpm(cut), most)
    return least, most


def _deepest(cut: Cut) -> float:
    return _KERF_MM if cut.is_sawn else deepest_ratio(cut) * cut.diameter


def search(start: Cut, free: Free, asked: Mapping[str, Any]) -> Cut | None:
    """Return the fastest GREEN cut at the speed that charts are printed for, at any other speed where that is none."""
    if not free.rpm:
        return _fastest_of(start, free, asked, [start.rpm])
    least, most = _speeds(start)
    preferred = _fastest_of(start, free, asked, [_within(_usual_rpm(start), least, most)])
    if preferred is not None:
        return preferred
    speeds = {_within(least * (most / least) ** share, least, most) for share in _SPEEDS}
    return _fastest_of(start, free, asked, sorted(speeds))


def _usual_rpm(cut: Cut) -> float:
    """Return the speed that charts for this tool are printed for."""
    if cut.is_sawn:
        return _SAW_M_S * 60_000 / (math.pi * cut.diameter)
    if cut.kind == "drill":
        return min(_DRILL_RPM, _DRILL_SHARE * largest_drill_m_s(cut) * 60_000 / (math.pi * cut.diameter))
    if cut.diameter < THIN_MM:
        return 24_000.0
    return 18_000.0 if cut.diameter <= WIDE_MM else 12_000.0


def _within(wanted: float, least: float, most: float) -> float:
    """Return a speed that can be dialled in, as near to the wanted one as machine and tool allow."""
    speed = round_down(min(wanted, most))
    return speed if speed >= least else min(round_up(least), most)


def _fastest_of(start: Cut, free: Free, asked: Mapping[str, Any], speeds: Sequence[float]) -> Cut | None:
    """Return the GREEN cut that is done soonest: of each speed and number of passes with the feed of its window."""
    best, best_rate = None, 0.0
    for passes, depth in _depths(start, free):
        if best is not None and best_rate * passes > _fastest(start, asked):
            break  # more passes cannot be made up for by any feed
        for rpm in speeds:
            cut = _set_feed(vary(start, rpm=rpm, depth=depth), free, asked)
            if cut is not None and cut.feed / passes > best_rate * (1 + 1e-9) and is_green(cut, asked):
                best, best_rate = cut, cut.feed / passes
    return best


def _fastest(start: Cut, asked: Mapping[str, Any]) -> float:
    return feeds_of(start, asked).high if start.is_sawn else 100_000.0


def _depths(start: Cut, free: Free) -> Iterable[tuple[int, float]]:
    """Give numbers of equal passes with their depth, the fewest first, each time a few more."""
    if not free.depth or start.is_sawn:
        yield passes_of(start) or 1, start.depth
        return
    deepest = _deepest(start)
    if start.total != start.total:
        for share in (1.0, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05):
            yield 1, round_down(deepest * share)
        return
    passes = max(1, math.ceil(start.total / deepest - 1e-9))
    while passes <= _MOST_PASSES:
        yield passes, _pass_depth(start.total, passes)
        passes += max(1, passes // 4)


def _pass_depth(total: float, passes: int) -> float:
    """Return the depth of equal passes to a thousandth, so that they reach the bottom."""
    return min(total, math.ceil(total / passes * 1000 - 1e-6) / 1000)


def _set_feed(cut: Cut, free: Free, asked: Mapping[str, Any]) -> Cut | None:
    """Return the cut with the feed that suits this speed and depth, None when none does."""
    if not free.feed or (cut.is_drilled and not free.plunge):
        return vary(cut, plunge=_plunge(cut)) if free.plunge else cut
    feeds = feeds_of(cut, asked)
    feed = _aim(cut, feeds)
    if feed is None:
        return None
    fed = vary(cut, feed=feed)
    return vary(fed, plunge=_plunge(fed)) if free.plunge else fed


def _plunge(cut: Cut) -> float:
    if cut.is_drilled:
        return cut.feed
    return max(1.0, round_down(min(PLUNGE_SHARE * cut.feed, fastest_plunge(cut)))) if not cut.is_sawn else cut.plunge


def _aim(cut: Cut, feeds: FeedWindow) -> float | None:
    """Return the feed for the middle of the makers' window, with room to the ends of the GREEN one."""
    low, high = max(feeds.low, SLOWEST_FEED), feeds.high
    if not low <= high:
        return None
    middle = math.sqrt(low * high) if math.isfinite(high) else 2 * low
    wanted = middle
    if cut.material is not None and not cut.is_sawn and not cut.is_drilled:
        makers, chip = window(cut, cut.material), chip_of(cut)
        thinned = chip.thickest / chip.per_tooth if is_straight(cut) else 1.0
        wanted = math.sqrt(makers.low * makers.high) / thinned * cut.rpm * cut.flutes
    aimed = middle if low * ROOM > high / ROOM else min(max(wanted, low * ROOM), high / ROOM)
    for feed in (round_down(aimed), round_up(aimed), float(num(aimed))):
        if low <= feed <= high:
            return feed
    return None


def passes_of(cut: Cut) -> int | None:
    """Return how many passes reach the bottom, None when nobody said where that is."""
    if cut.is_sawn or cut.total != cut.total:
        return None
    return max(1, math.ceil(cut.total / cut.depth - 1e-6))
