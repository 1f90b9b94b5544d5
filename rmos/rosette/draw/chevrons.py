"""Herringbone: slanted strips that meet in chevrons on the centre line. Half-herringbone: one half of it.

draw_herringbone(Ring(kind="herringbone", width=3000, materials=("maple", "ebony")), 50_000, decide)
"""

from rmos.rosette.draw.cells import Decide, count_cells, material
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Piece, Strip
from rmos.rosette.spec import Ring

_TANGENT = {20: 36, 25: 47, 30: 58, 35: 70, 40: 84, 45: 100, 50: 119, 55: 143, 60: 173, 65: 214, 70: 275}
"""Slant in degrees from the radius → how far a strip leans for each 100 of its height."""


def draw_herringbone(ring: Ring, inner: int, decide: Decide) -> Drawing:
    """Draw rows of slanted strips, each row leaning against the next."""
    return _draw(ring, inner, ring.rows or 2)


def draw_half_herringbone(ring: Ring, inner: int, decide: Decide) -> Drawing:
    """Draw one row of slanted strips."""
    return _draw(ring, inner, ring.rows or 1)


def repeat_length(ring: Ring) -> int:
    """Return the usual length of strips of all colours, micrometres: two are a bit longer than a row is high."""
    rows = ring.rows or (2 if ring.kind == "herringbone" else 1)
    return max(ring.width // rows * 11 // 10, 900) * max(len(ring.materials), 2) // 2


def _draw(ring: Ring, inner: int, rows: int) -> Drawing:
    colours = max(len(ring.materials), 2)
    count = count_cells(ring, inner, length=repeat_length(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    height = ring.width // rows
    tangent = _TANGENT[(ring.slant or 45) // 5 * 5]
    lean = strip.span(height * tangent // 100)
    pieces = []
    for row in range(rows):
        low, high = ring.width * row // rows, ring.width * (row + 1) // rows
        # The strips of one row end where those of the next begin: the chevron's point.
        at_low, at_high = (lean, 0) if row % 2 == 0 else (0, lean)
        for colour in range(colours):
            start, end = UNIT * colour // colours, UNIT * (colour + 1) // colours
            corners = ((start + at_low, low), (end + at_low, low), (end + at_high, high), (start + at_high, high))
            pieces.append(Piece(material(ring, colour), row % 3, strip.polygon(*corners)))
    return Drawing(base=ring.materials[-1], cells=(Cell(tuple(pieces)),), order=(0,) * count, phase=ring.phase)
