"""Herringbone from veneer: strips as thin as was said, mitred where the rows meet, and no gap between them."""

import math

import pytest

from rmos.rosette.draw import draw_ring
from rmos.rosette.draw.flat import area, flatten
from rmos.rosette.draw.shapes import Drawing
from rmos.rosette.spec import Ring
from tests.rosette.makers import make_ring

INNER = 47_000
RINGS = [
    make_ring("herringbone", width=2400, strip=600),
    make_ring("herringbone", width=9600, strip=600, slant=55),
    make_ring("herringbone", width=3000, strip=500, slant=40, materials=("maple", "ebony", "koa")),
    make_ring("half_herringbone", width=1800, strip=600, slant=50),
]


def drawing_of(ring: Ring) -> Drawing:
    return draw_ring(ring, inner=INNER, seed=1, place=1)


@pytest.mark.parametrize("ring", RINGS, ids=lambda ring: f"{ring.kind}-{ring.width}-{ring.slant}")
def test_strips_are_as_thick_as_the_veneer(ring: Ring) -> None:
    """A strip's area divided by its slanted length is its thickness; the ring closes at a whole number of them."""
    drawing = drawing_of(ring)
    rows = len(drawing.cells[0].pieces) // len(ring.materials)
    length = ring.width / rows / math.cos(math.radians(ring.slant or 45))
    for piece in drawing.cells[0].pieces:
        (outline,) = flatten(piece.path)
        # Outer rows are wider than inner ones: veneer is bent round.
        assert area(outline) / length == pytest.approx(ring.strip, rel=0.12)
    whole = sum(area(flatten(piece.path)[0]) for piece in drawing.cells[0].pieces) / length / rows / len(ring.materials)
    assert whole == pytest.approx(ring.strip, rel=0.01)


@pytest.mark.parametrize("ring", RINGS, ids=lambda ring: f"{ring.kind}-{ring.width}-{ring.slant}")
def test_they_fill_the_ring(ring: Ring) -> None:
    drawing = drawing_of(ring)
    each = sum(area(flatten(piece.path)[0]) for piece in drawing.cells[0].pieces)
    assert each * len(drawing.order) == pytest.approx(math.pi * ((INNER + ring.width) ** 2 - INNER**2), rel=0.002)


@pytest.mark.parametrize(("width", "rows"), [(1500, 2), (6000, 2), (6100, 4), (9600, 4), (12_500, 6)])
def test_rows_are_as_many_as_keep_them_low(width: int, rows: int) -> None:
    assert len(drawing_of(make_ring("herringbone", width=width, strip=600)).cells[0].pieces) == 2 * rows
    assert len(drawing_of(make_ring("herringbone", width=width)).cells[0].pieces) == 2 * 2


def test_the_mitres_meet_in_points() -> None:
    ring = make_ring("herringbone", width=9600, strip=600)
    corners = [{point for _, points in piece.path for point in points} for piece in drawing_of(ring).cells[0].pieces]
    for row in range(3):
        above, below = corners[2 * row], corners[2 * row + 2]
        edge = INNER + ring.width * (row + 1) // 4
        assert len({point for point in above & below if point[1] == edge}) == 2
