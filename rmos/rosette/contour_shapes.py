"""Lines, arcs and circles in micrometres: what a contour consists of, made of the paths that rings are drawn with.

shapes_of(path)                   # arcs and lines where the path has nothing else, else outlines of points
shift(Circle(0, 0, 900), 50, 0)   # the same beside
bounds_of(shapes)                 # smallest x and y, largest x and y
"""

from collections.abc import Iterable
from typing import NamedTuple

from rmos.fixed import TURN, point
from rmos.rosette.draw.flat import flatten
from rmos.rosette.draw.shapes import ShapePath

XY = tuple[int, int]


class Circle(NamedTuple):
    """A whole circle."""

    x: int
    y: int
    radius: int


class Arc(NamedTuple):
    """A part of a circle, clockwise from one angle to the other; angles in 2^-32 of a turn from 12 o'clock."""

    x: int
    y: int
    radius: int
    start: int
    end: int


class Line(NamedTuple):
    """A straight line."""

    start: XY
    end: XY


class Curve(NamedTuple):
    """A closed outline with curves that are no arcs, as points."""

    points: tuple[XY, ...]


ContourShape = Circle | Arc | Line | Curve


def bounds_of(shapes: list[ContourShape]) -> tuple[int, int, int, int]:
    """Return the smallest x and y, and the largest."""
    points = [xy for shape in shapes for xy in _corners(shape)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _corners(shape: ContourShape) -> Iterable[XY]:
    if isinstance(shape, Line):
        return (shape.start, shape.end)
    if isinstance(shape, Curve):
        return shape.points
    if isinstance(shape, Circle):
        r = shape.radius
        return ((shape.x - r, shape.y - r), (shape.x + r, shape.y + r))
    quarter = TURN // 4
    # An arc reaches furthest at its ends, or where it crosses an axis.
    crossed = range(-(-shape.start // quarter) * quarter, shape.end, quarter)
    around = (point(angle, shape.radius) for angle in (shape.start, *crossed, shape.end))
    return [(shape.x + x, shape.y + y) for x, y in around]


def shift(shape: ContourShape, dx: int, dy: int) -> ContourShape:
    if isinstance(shape, Line):
        (ax, ay), (bx, by) = shape
        return Line((ax + dx, ay + dy), (bx + dx, by + dy))
    if isinstance(shape, Curve):
        return Curve(tuple((x + dx, y + dy) for x, y in shape.points))
    return shape._replace(x=shape.x + dx, y=shape.y + dy)


def shapes_of(path: ShapePath) -> list[ContourShape]:
    """Return a path as arcs and lines where it has nothing else, an outline with other curves as points."""
    shapes: list[ContourShape] = []
    for outline, points in zip(_split(path), flatten(path), strict=True):
        if any(sign in "QC" for sign, _ in outline):
            shapes.append(Curve(tuple(points)))
            continue
        (first,) = outline[0][1]
        angle, radius = first
        for sign, steps in (*outline[1:-1], ("L", (first,))):
            to_angle, to_radius = steps[0]
            if sign == "A":
                shapes.append(Arc(0, 0, radius, min(angle, to_angle), max(angle, to_angle)))
            elif point(angle, radius) != point(to_angle, to_radius):
                shapes.append(Line(point(angle, radius), point(to_angle, to_radius)))
            angle, radius = to_angle, to_radius
    return shapes


def _split(path: ShapePath) -> list[ShapePath]:
    """Return the outlines of a path, each from its M to its Z."""
    outlines: list[list[tuple[str, tuple[XY, ...]]]] = []
    for step in path:
        if step[0] == "M":
            outlines.append([])
        outlines[-1].append(step)
    return [tuple(outline) for outline in outlines]
