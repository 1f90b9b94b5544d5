"""Shapes in polar micrometres: what every kind of ring draws with, and what both profiles write out.

    strip = Strip(inner=50_000, width=3000, count=60)
    strip.polygon((0, 0), (UNIT, 0), (UNIT, 3000), (0, 3000))      # one cell of 60, its ends arcs

A cell is one repeat of a pattern, drawn once at 12 o'clock and set `count` times round the ring. Along a cell `u` goes
from 0 to UNIT clockwise, across the strip `v` goes outwards in micrometres.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from rmos.fixed import TURN, along, divide, point
from rmos.rosette.spec import mm_text

UNIT: Final = 1_000_000
"""One cell along the strip."""
_STRAIGHT: Final = 900
"""Micrometres: a shorter arc is drawn as a line; its bulge is below 2 micrometres at the rim of a soundhole."""

Polar = tuple[int, int]
"""Angle in 2^-32 of a turn, radius in micrometres."""
PathStep = tuple[str, tuple[Polar, ...]]
"""`M`, `L`, `Q`, `C` with their points, `A` along the circle to its point, `Z`; `m` is a straight line in x and y."""
ShapePath = tuple[PathStep, ...]


class Piece(NamedTuple):
    """A piece of material: what is cut or glued; the paths are closed."""

    material: str
    shade: int
    path: ShapePath


class Mark(NamedTuple):
    """Figure of a material: drawn for the eye only. Filled when `thick` is 0, else stroked."""

    colour: str
    opacity: int
    thick: int
    path: ShapePath


class Cell(NamedTuple):
    """One repeat of a pattern."""

    pieces: tuple[Piece, ...]
    marks: tuple[Mark, ...] = ()


class Drawing(NamedTuple):
    """One ring: a whole annulus of `base`, figure on it, and cells set round it in `order`.

    `order[k]` is the cell that stands at `(k + phase / 1000) / len(order)` of a turn.
    """

    base: str | None
    cells: tuple[Cell, ...] = ()
    order: tuple[int, ...] = ()
    phase: int = 0
    marks: tuple[Mark, ...] = ()
    rims: tuple[Piece, ...] = ()
    """Whole rings beside or below the cells, drawn first."""

    def angle(self, k: int) -> int:
        """Return where the k-th cell stands."""
        return (1000 * k + self.phase) * TURN // (1000 * len(self.order))


class Strip:
    """The cell at 12 o'clock of a ring that is divided into `count` cells."""

    def __init__(self, *, inner: int, width: int, count: int) -> None:
        self.inner, self.width, self.count = inner, width, count
        self.middle = inner + width // 2

    def at(self, u: int, v: int) -> Polar:
        """Return the point `u` along and `v` across."""
        return divide(u * TURN, self.count * UNIT), self.inner + v

    def polygon(self, *corners: tuple[int, int]) -> ShapePath:
        """Return a closed path through corners; edges of one radius are arcs."""
        return close_path([self.at(u, v) for u, v in corners])

    def span(self, length: int, v: int | None = None) -> int:
        """Return which part of a cell a length is, measured at `v` or in the middle of the strip."""
        radius = self.middle if v is None else self.inner + v
        return divide(along(length, radius) * self.count * UNIT, TURN)

    def curve(self, start: tuple[int, int], *steps: Sequence[tuple[int, int]]) -> ShapePath:
        """Return a closed path: a step of one point is a line, of two a quadratic, of three a cubic curve."""
        path: list[PathStep] = [("M", (self.at(*start),))]
        for step in steps:
            path.append((" LQC"[len(step)], tuple(self.at(u, v) for u, v in step)))
        return (*path, ("Z", ()))


def close_path(points: Sequence[Polar]) -> ShapePath:
    """Return a closed path through polar points; long edges of one radius are arcs."""
    path = open_path(points)
    if _is_arc(points[-1], points[0]):
        path = (*path, ("A", (points[0],)))
    return (*path, ("Z", ()))


def open_path(points: Sequence[Polar]) -> ShapePath:
    """Return an open path through polar points; long edges of one radius are arcs."""
    path: list[PathStep] = [("M", (points[0],))]
    for before, after in pairwise(points):
        path.append(("A" if _is_arc(before, after) else "L", (after,)))
    return tuple(path)


def _is_arc(before: Polar, after: Polar) -> bool:
    return before[1] == after[1] and abs(after[0] - before[0]) > along(_STRAIGHT, max(before[1], 1))


def annulus(inner: int, outer: int) -> ShapePath:
    """Return a whole ring: two circles, each of two half turns, the inner one the other way round."""
    half = TURN // 2
    path: list[PathStep] = []
    for radius, turns in ((outer, (half, TURN)), (inner, (-half, -TURN))):
        path += [("M", ((0, radius),)), *(("A", ((angle, radius),)) for angle in turns), ("Z", ())]
    return tuple(path)


def turn_path(path: ShapePath, angle: int) -> ShapePath:
    """Return the path turned clockwise by an angle."""
    return tuple((sign, tuple((a + angle, r) for a, r in points)) for sign, points in path)


def path_text(path: ShapePath) -> str:
    """Return the path as the `d` of an SVG path, in mm."""
    text, last = [], 0
    for sign, points in path:
        if sign == "Z":
            text.append("Z")
            continue
        if sign == "m":
            (x, y), (to_x, to_y) = points
            text.append(f"M{mm_text(x)} {mm_text(y)}L{mm_text(to_x)} {mm_text(to_y)}")
            continue
        shown = " ".join([_xy(angle, radius) for angle, radius in points])
        if sign == "A":
            angle, radius = points[0]
            r = mm_text(radius)
            large = "1" if abs(angle - last) > TURN // 2 else "0"
            text.append(f"A{r} {r} 0 {large} {'1' if angle > last else '0'} {shown}")
        else:
            text.append(sign + shown)
        last = points[-1][0]
    return "".join(text)


def _xy(angle: int, radius: int) -> str:
    x, y = point(angle, radius)
    return f"{mm_text(x)} {mm_text(y)}"
