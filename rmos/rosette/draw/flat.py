"""Paths as points: for the DXF, for areas and for measuring.

    flatten(path)       # one list of (x, y) in micrometres for each closed outline
    area(points)        # square micrometres, whichever way round

Curves are divided evenly, arcs every two degrees: within 10 micrometres of the true curve at the rim of a rosette.
"""

from typing import Final

from rmos.fixed import TURN, divide, point
from rmos.rosette.draw.shapes import ShapePath

XY = tuple[int, int]
_ARC_STEP: Final = TURN // 180
_CURVE_STEPS: Final = 8


def flatten(path: ShapePath) -> list[list[XY]]:
    """Return the outlines of a path; the first point is not repeated at the end."""
    outlines: list[list[XY]] = []
    angle = radius = 0
    for sign, points in path:
        if sign == "Z":
            if len(outlines[-1]) > 1 and outlines[-1][0] == outlines[-1][-1]:
                outlines[-1].pop()
            continue
        if sign == "M":
            outlines.append([point(*points[0])])
        elif sign == "L":
            outlines[-1].append(point(*points[0]))
        elif sign == "A":
            outlines[-1] += _arc(angle, points[0][0], radius)
        else:
            outlines[-1] += _curve([(angle, radius), *points])
        angle, radius = points[-1]
    return outlines


def _arc(start: int, end: int, radius: int) -> list[XY]:
    steps = max(abs(end - start) // _ARC_STEP, 1)
    return [point(start + (end - start) * k // steps, radius) for k in range(1, steps + 1)]


def _curve(polar: list[tuple[int, int]]) -> list[XY]:
    """Return points of a quadratic or cubic curve, whose corners are taken in x and y as the SVG takes them."""
    corners = [point(*corner) for corner in polar]
    weights = (1, 2, 1) if len(corners) == 3 else (1, 3, 3, 1)
    degree, n = len(corners) - 1, _CURVE_STEPS
    shown = []
    for k in range(1, n + 1):
        shares = [weight * (n - k) ** (degree - at) * k**at for at, weight in enumerate(weights)]
        x, y = (sum(share * corner[axis] for share, corner in zip(shares, corners, strict=True)) for axis in (0, 1))
        shown.append((divide(x, n**degree), divide(y, n**degree)))
    return shown


def area(points: list[XY]) -> int:
    """Return the area of an outline in square micrometres."""
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(x * to_y - to_x * y for (x, y), (to_x, to_y) in pairs)) // 2
