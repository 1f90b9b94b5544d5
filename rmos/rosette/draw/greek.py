"""The Greek key: a meander that runs on without a break, lines and gaps one unit wide.

draw_greek_key(Ring(kind="greek_key", width=6000, materials=("ebony", "maple")), 50_000, decide)
"""

from typing import Final

from rmos.rosette.draw.cells import ChooseStream, count_cells
from rmos.rosette.draw.figure import bent_grain
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Piece, ShapePath, Strip, open_path
from rmos.rosette.spec import Ring

_OUTLINE: Final = (
    ((0, 0), (5, 0), (5, 3), (3, 3), (3, 4), (6, 4), (6, 5), (2, 5), (2, 2), (4, 2), (4, 1), (1, 1), (1, 5), (0, 5))
)  # fmt: skip
"""One key: up, right, down, left, down and on to the next, on a grid of 6 by 5 units."""
_EDGES: Final = (
    ((0, 4), (0, 0), (5, 0), (5, 3), (3, 3), (3, 4), (6, 4)),
    ((0, 5), (1, 5), (1, 1), (4, 1), (4, 2), (2, 2), (2, 5), (6, 5)),
)
"""The two edges of the band that the keys make together, along one key."""
_PERIOD: Final = 6
_HEIGHT: Final = 5


def key_length(ring: Ring) -> int:
    """Return the usual length of a key, micrometres: its grid is square; half a unit is left free at both edges."""
    return ring.width * _PERIOD // (_HEIGHT + 1)


def draw_greek_key(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw the meander of the first material on the last."""
    count = count_cells(ring, inner, length=key_length(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    base = ring.materials[-1]
    cell = Cell((Piece(ring.materials[0], 0, strip.polygon(*_corners(ring, _OUTLINE))),))
    marks = bent_grain(base, inner, inner + ring.width, decide("grain"))
    return Drawing(base=base, cells=(cell,), order=(0,) * count, phase=ring.phase, marks=marks)


def _corners(ring: Ring, outline: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    grid = _HEIGHT + 1
    return [(UNIT * x // _PERIOD, ring.width * (2 * (_HEIGHT - y) + 1) // (2 * grid)) for x, y in outline]


def key_edges(ring: Ring, inner: int, count: int) -> list[ShapePath]:
    """Return the outer and the inner edge of the meander along the key at 12 o'clock, open paths that continue."""
    strip = Strip(inner=inner, width=ring.width, count=count)
    return [open_path([strip.at(u, v) for u, v in _corners(ring, edge)]) for edge in _EDGES]
