"""Work out arcs: radius, sweep, length, the quadrant points on them, and chords.

    arc = resolve_arc((10_000.0, 0.0, 0.0), (10_000.0, 0.0, -1_000.0), shape)
    arc.length()                                     # 62_839.8 µm: the helix, not its shadow
    for x, y, z in arc.points(8): ...

An arc is drawn with the radius of its start, as controllers do; that its end may lie on another circle is a finding
(`ARC_RADIUS`), not another shape.
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from rmos.cam.gcode.arcs import find_sweep
from rmos.cam.motion import ArcShape, Plane

Position = tuple[float, float, float]
AXES: Final[dict[Plane, tuple[int, int, int]]] = {"XY": (0, 1, 2), "ZX": (2, 0, 1), "YZ": (1, 2, 0)}
"""First and second axis of each plane and the one that stands on it, as places in (x, y, z)."""
_QUARTER: Final = math.pi / 2


class ResolvedArc(NamedTuple):
    """An arc with its angles: µm and radians, counter-clockwise positive, seen from the plane's positive normal."""

    axes: tuple[int, int, int]
    start: Position
    end: Position
    centre_a: float
    centre_b: float
    radius: float
    angle: float
    """Where it begins."""
    sweep: float

    def length(self) -> float:
        """Return the length of the path, µm; of a helix along its slope."""
        rise = self.axes[2]
        return math.hypot(self.radius * self.sweep, self.end[rise] - self.start[rise])

    def end_radius(self) -> float:
        """Return how far the end lies from the centre, µm."""
        first, second, _ = self.axes
        return math.hypot(self.end[first] - self.centre_a, self.end[second] - self.centre_b)

    def points(self, count: int) -> Iterator[Position]:
        """Yield the ends of `count` chords of equal angle; the last one is the end of the arc, exactly."""
        first, second, rise = self.axes
        base = self.start[rise]
        climb = (self.end[rise] - base) / count
        step = self.sweep / count
        point = [0.0, 0.0, 0.0]
        for place in range(1, count):
            turned = self.angle + step * place
            point[first] = self.centre_a + self.radius * math.cos(turned)
            point[second] = self.centre_b + self.radius * math.sin(turned)
            point[rise] = base + climb * place
            yield point[0], point[1], point[2]
        yield self.end

    def quadrant_points(self) -> Iterator[Position]:
        """Yield the points on the arc where an axis of its plane turns back; where its third axis is, is not said."""
        low, high = sorted((self.angle, self.angle + self.sweep))
        first, second, rise = self.axes
        point = list(self.start)
        turn = math.ceil(low / _QUARTER)
        for quarter in range(turn, min(math.floor(high / _QUARTER), turn + 3) + 1):
            # The signs are exact: a cosine of a quarter turn is off by a ten-millionth of a µm.
            point[first] = self.centre_a + self.radius * (1, 0, -1, 0)[quarter % 4]
            point[second] = self.centre_b + self.radius * (0, 1, 0, -1)[quarter % 4]
            point[rise] = self.start[rise]
            yield point[0], point[1], point[2]


def resolve_arc(start: Position, end: Position, shape: ArcShape) -> ResolvedArc:
    """Return the arc between two places, µm; one that ends where it starts is a full circle."""
    axes = AXES[shape.plane]
    first, second, _ = axes
    begin_a, begin_b = start[first] - shape.a, start[second] - shape.b
    angle = math.atan2(begin_b, begin_a)
    sweep = find_sweep((begin_a, begin_b), (end[first] - shape.a, end[second] - shape.b), shape.clockwise)
    sweep = (sweep + math.tau * (shape.turns - 1)) * (-1 if shape.clockwise else 1)
    return ResolvedArc(axes, start, end, shape.a, shape.b, math.hypot(begin_a, begin_b), angle, sweep)


def count_chords(radius: float, sweep: float, tolerance: float) -> int:
    """Return in how many chords an arc is cut so that none is further from it than the tolerance, all µm; at least 1.

    The formula is that of GRBL's `mc_arc`: ⌊|½·sweep·r| / √(e·(2r − e))⌋.
    """
    if radius <= tolerance:
        return 1
    return max(1, math.floor(abs(0.5 * sweep * radius) / math.sqrt(tolerance * (2 * radius - tolerance))))
