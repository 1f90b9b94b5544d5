"""Turn motions into the straight blocks that a planner drives, and the places where a controller waits for them to end.

    for dx, dy, dz, rate, motion in list_blocks(motions, axes): ...

A block is a plain tuple: a program of 100 MB has millions of them. Lengths are mm. `rate` is mm/min, infinite for a
rapid, which goes as fast as its axes may. A block whose `motion` is below zero is a stop: all that was sent is driven
to its end first, as controllers do at a dwell and when the spindle or the tool changes.
"""

import math
from collections.abc import Iterator
from typing import Final

from rmos.cam.measure.arcs import Position, count_chords, resolve_arc
from rmos.cam.motion import ArcShape, MotionKind, Motions

Block = tuple[float, float, float, float, int]
STOP: Final[Block] = (0.0, 0.0, 0.0, 0.0, -1)
_RAPID, _LINE, _ARC = int(MotionKind.RAPID), int(MotionKind.LINE), int(MotionKind.ARC)


def list_blocks(motions: Motions, arc_tolerance_mm: float) -> Iterator[Block]:
    """Yield the blocks of the motions in their order.

    A motion that nobody can time (no feed was ever said, a place that is not known) yields a stop: it counts nothing.
    """
    setups = motions.setups
    before, state = None, (0.0, "off", None)
    columns = zip(
        motions.kind, motions.starts(), motions.x, motions.y, motions.z, motions.feed, motions.setup, strict=True
    )
    for place, (kind, (x0, y0, z0), x, y, z, feed, number) in enumerate(columns):
        if number != before:
            before, current = number, setups[number]
            now = (current.rpm, current.spindle, current.tool)
            if now != state:
                state = now
                yield STOP
        if kind in (_LINE, _RAPID):
            rate = math.inf if kind == _RAPID else feed
            dx, dy, dz = (x - x0) / 1000, (y - y0) / 1000, (z - z0) / 1000
            # A comparison with NaN is false: what is not known is not driven.
            if rate > 0 and dx * dx + dy * dy + dz * dz > 0:
                yield dx, dy, dz, rate, place
            elif not dx + dy + dz + rate > -math.inf:
                yield STOP
        elif kind == _ARC and feed > 0:
            yield from _cut_arc((x0, y0, z0), (x, y, z), motions.arcs[place], arc_tolerance_mm * 1000, feed, place)
        else:
            yield STOP


def _cut_arc(
    start: Position, end: Position, shape: ArcShape, tolerance: float, feed: float, place: int
) -> Iterator[Block]:
    """Yield the chords of an arc, as many as GRBL makes of it."""
    arc = resolve_arc(start, end, shape)
    if not math.isfinite(arc.radius + arc.sweep):
        yield STOP
        return
    x0, y0, z0 = start
    for x, y, z in arc.points(count_chords(arc.radius, arc.sweep, tolerance)):
        dx, dy, dz = (x - x0) / 1000, (y - y0) / 1000, (z - z0) / 1000
        if dx * dx + dy * dy + dz * dz > 0:
            yield dx, dy, dz, feed, place
        x0, y0, z0 = x, y, z
