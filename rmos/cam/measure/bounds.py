"""Find the box that the tip of the tool stays in: of all motions, or of those that remove something.

    find_bounds(motions)                   # ((x, y, z), (x, y, z)): lowest and highest corner, µm
    find_bounds(motions, cutting)          # of the motions whose flag is 1, with where each begins

An arc reaches as far as its quadrant points, which no word of the program names. Places that nobody knows (NaN, after a
move in machine coordinates) count nowhere.
"""

import itertools
import math
from array import array
from collections.abc import Iterator

from rmos.cam.measure.arcs import Position, resolve_arc
from rmos.cam.motion import START, MotionKind, Motions

Corners = tuple[Position, Position]


def find_bounds(motions: Motions, chosen: bytearray | None = None) -> Corners | None:
    """Return the lowest and the highest corner of the chosen motions, µm; None when nothing is chosen or known.

    `chosen` has a byte for each motion, 1 for those that count. Without it all motions count by their ends: where the
    program begins is where the last one left the machine, not a place that it goes to.
    """
    low, high = [math.inf] * 3, [-math.inf] * 3
    blind = MotionKind.MACHINE in motions.kind
    for axis, column in enumerate((motions.x, motions.y, motions.z)):
        values = _list_values(column, START[axis], chosen)
        known = [value for value in values if value == value] if blind else values
        low[axis] = min(known, default=math.inf)
        high[axis] = max(known, default=-math.inf)
    for point in _list_quadrant_points(motions, chosen):
        for axis in range(3):
            low[axis] = min(low[axis], point[axis])
            high[axis] = max(high[axis], point[axis])
    if not all(map(math.isfinite, (*low, *high))):
        return None
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def _list_values(column: "array[float]", begin: float, chosen: bytearray | None) -> "array[float]":
    if chosen is None:
        return column
    ends = array("d", itertools.compress(column, chosen))
    ends.extend(itertools.compress(itertools.chain((begin,), column), chosen))
    return ends


def _list_quadrant_points(motions: Motions, chosen: bytearray | None) -> Iterator[Position]:
    for place, shape in motions.arcs.items():
        if chosen is None or chosen[place]:
            arc = resolve_arc(place_before(motions, place), place_at(motions, place), shape)
            if arc.radius > 0 and math.isfinite(arc.radius):
                yield from arc.quadrant_points()


def place_at(motions: Motions, place: int) -> Position:
    """Return where a motion ends, µm."""
    return motions.x[place], motions.y[place], motions.z[place]


def place_before(motions: Motions, place: int) -> Position:
    """Return where a motion begins, µm."""
    return place_at(motions, place - 1) if place else START
