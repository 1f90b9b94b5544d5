"""Closed paths of straight lines: where they begin, how a cutter goes down along them, and over tabs.

    lap(route, loop, feed=1800)                                  # once round, level
    go_down(route, cut, loop, options, begin=500, level=-250)    # down along it, then once round

A cutter goes down along its path, no steeper than a helix would (`entries`); where that takes more than fifty rounds it
plunges, if it cuts at its centre.
"""

from collections.abc import Iterator
from math import isqrt
from typing import Final

from rmos.cam.paths.cut import PathCut, PathOptions
from rmos.cam.paths.entries import find_fall
from rmos.cam.paths.offsets import XY, Loop
from rmos.cam.paths.route import Route
from rmos.errors.toolpaths import NoEntry

MAX_LAPS: Final = 50
"""Rounds in which a cutter has to be down (RMOS policy): a path of a tenth of a millimetre would take hundreds."""


def measure_side(start: XY, end: XY) -> int:
    """Return the length of a line, µm."""
    return isqrt((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2)


def measure_loop(loop: Loop) -> int:
    """Return the length of a loop, µm."""
    return sum(measure_side(start, end) for start, end in zip(loop, [*loop[1:], loop[0]], strict=True))


def begin_nearest(loop: Loop, place: XY) -> Loop:
    """Return a loop that begins at its point next to a place."""
    at = min(range(len(loop)), key=lambda number: (measure_side(loop[number], place), number))
    return [*loop[at:], *loop[:at]]


def begin_on_longest(loop: Loop) -> Loop:
    """Return a loop that begins at the end of its longest side: not in a corner full of short ones."""
    sides = [measure_side(start, end) for start, end in zip(loop, [*loop[1:], loop[0]], strict=True)]
    at = (max(range(len(loop)), key=lambda number: (sides[number], -number)) + 1) % len(loop)
    return [*loop[at:], *loop[:at]]


def lap(route: Route, loop: Loop, feed: int) -> None:
    """Go once round at the height of the tip; it is where the loop begins."""
    for x, y in [*loop[1:], loop[0]]:
        route.line(x, y, route.z, feed)


def go_down(
    route: Route, cut: PathCut, loop: Loop, options: PathOptions, *, begin: int, level: int, is_levelled: bool = True
) -> None:
    """Go down along a loop from one height to another, then once round; the tip is where the loop begins.

    Args:
        is_levelled: whether the wedge that it leaves is taken away here; else the next way down does so, everywhere as
            deep as it goes itself.

    Raises:
        NoEntry: there is no room for it, or it was to plunge, and the cutter does not cut at its centre.
    """
    length = measure_loop(loop)
    fall = find_fall(length, feed=cut.feed, plunge=cut.plunge)
    laps = -(-(begin - level) // fall) if fall > 0 else MAX_LAPS + 1
    if options.entry == "plunge" or laps > MAX_LAPS:
        if not cut.cuts_at_centre:
            raise NoEntry(
                f"A path of {length / 1000:.3f} mm has no room to go down {(begin - level) / 1000:.3f} mm in "
                f"{MAX_LAPS} rounds, and {cut.tool_id} is not said to cut at its centre.",
                measured_um=begin - level,
                limit_um=fall * MAX_LAPS,
            )
        route.line(route.x, route.y, level, cut.plunge)
    else:
        whole, gone = laps * length, 0
        for _ in range(laps):
            for start, end in zip(loop, [*loop[1:], loop[0]], strict=True):
                gone += measure_side(start, end)
                route.line(*end, begin - (begin - level) * gone // whole if whole else level, cut.feed)
        if not is_levelled:
            return
    lap(route, loop, cut.feed)


def list_tab_pieces(loop: Loop, count: int, raised_um: int) -> Iterator[tuple[XY, bool]]:
    """Yield the ends of the pieces of a loop, each with whether it lies over a tab.

    Tabs are as far from each other as they can be; the first is half of that from where the loop begins.
    """
    length = measure_loop(loop)
    spans = [
        (
            (2 * number + 1) * length // (2 * count) - raised_um // 2,
            (2 * number + 1) * length // (2 * count) + raised_um // 2,
        )
        for number in range(count)
    ]
    cuts = sorted(end for span in spans for end in span)
    gone = 0
    for start, end in zip(loop, [*loop[1:], loop[0]], strict=True):
        side = measure_side(start, end)
        for cut in [cut for cut in cuts if gone < cut < gone + side]:
            part = cut - gone
            place = (start[0] + (end[0] - start[0]) * part // side, start[1] + (end[1] - start[1]) * part // side)
            yield place, _is_over(spans, cut - 1)
        gone += side
        yield end, _is_over(spans, gone - 1)


def _is_over(spans: list[tuple[int, int]], at: int) -> bool:
    return any(low <= at < high for low, high in spans)
