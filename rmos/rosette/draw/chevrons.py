"""Herringbone: slanted strips that meet in chevrons on the centre line. Half-herringbone: one half of it.

    draw_herringbone(Ring(kind="herringbone", width=3000, materials=("maple", "ebony"), strip=600), 50_000, decide)

With `strip` the pieces are as a luthier makes them: slices of a block of veneers, mitred where the rows meet. Without
it they are as long as a row is high, as the first version of the generator drew them.
"""

from typing import Final

from rmos.rosette.draw.cells import ChooseStream, count_cells, material
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Piece, Strip
from rmos.rosette.spec import Ring

_TANGENT = {20: 36, 25: 47, 30: 58, 35: 70, 40: 84, 45: 100, 50: 119, 55: 143, 60: 173, 65: 214, 70: 275}
"""Slant in degrees from the radius → how far a strip leans for each 100 of its height."""
_SECANT: Final = {
    20: 1064, 25: 1103, 30: 1155, 35: 1221, 40: 1305, 45: 1414, 50: 1556, 55: 1743, 60: 2000, 65: 2366, 70: 2924,
}  # fmt: skip
"""Slant → how far along the ring a veneer reaches, in thousandths of its thickness: 1 / cos."""
HIGHEST_ROW: Final = 3000
"""Micrometres that a row of thin strips is high at most; herringbone purfling is 2 to 6 mm wide in two rows."""


def chevron_rows(ring: Ring) -> int:
    """Return how many rows of strips lie beside each other."""
    if ring.rows:
        return ring.rows
    if ring.kind == "half_herringbone":
        return 1
    return 2 * max(-(-ring.width // (2 * HIGHEST_ROW)), 1) if ring.strip else 2


def chevron_slant(ring: Ring) -> int:
    """Return the slant in whole steps of five degrees from the radius."""
    return (ring.slant or 45) // 5 * 5


def draw_herringbone(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw rows of slanted strips, each row leaning against the next."""
    return _draw(ring, inner)


def draw_half_herringbone(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw one row of slanted strips."""
    return _draw(ring, inner)


def repeat_length(ring: Ring) -> int:
    """Return the usual length of strips of all colours, micrometres: two are a bit longer than a row is high."""
    colours = max(len(ring.materials), 2)
    if ring.strip:
        return max(ring.strip * _SECANT[chevron_slant(ring)] * colours // 1000, 100)
    return max(ring.width // chevron_rows(ring) * 11 // 10, 900) * colours // 2


def _draw(ring: Ring, inner: int) -> Drawing:
    colours, rows = max(len(ring.materials), 2), chevron_rows(ring)
    count = count_cells(ring, inner, length=repeat_length(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    height = ring.width // rows
    tangent = _TANGENT[chevron_slant(ring)]
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
