"""Checkerboard and diamonds: squares and lozenges in rows.

draw_checkerboard(Ring(kind="checkerboard", width=6000, materials=("abalone", "ebony"), tile_count=48), 50_000, decide)
"""

from rmos.fixed import circumference, divide
from rmos.rosette.draw.cells import ChooseStream, count_cells, material, shuffle_variants
from rmos.rosette.draw.figure import bent_grain, shell_marks
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Mark, Piece, Strip
from rmos.rosette.materials import MATERIALS
from rmos.rosette.seeded import Stream
from rmos.rosette.spec import Ring

VARIANTS = 4
"""Cells that differ in shade and figure, when a material has any."""


def checker_rows(ring: Ring, inner: int) -> int:
    """Return how many rows of squares there are: two or more, as square as the tiles allow."""
    if ring.rows:
        return ring.rows
    if ring.tile_count:
        length = circumference(inner + ring.width // 2) // ring.tile_count
        return min(max(divide(ring.width, length), 2), 24)
    return min(max(divide(ring.width, 2000), 2), 24)


def draw_checkerboard(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw squares whose colours alternate along the ring and across it."""
    rows = checker_rows(ring, inner)
    colours = max(len(ring.materials), 2)
    count = count_cells(ring, inner, length=ring.width // rows, multiple=colours)
    strip = Strip(inner=inner, width=ring.width, count=count)
    stream = decide("figure")
    shells = any(MATERIALS[name].shell for name in ring.materials)
    variants = VARIANTS if shells else 2
    cells = [_column(ring, strip, rows, colour, stream) for _ in range(variants) for colour in range(colours)]
    picks = shuffle_variants(count, variants, decide("shade"))
    order = tuple(pick * colours + k % colours for k, pick in enumerate(picks))
    return Drawing(base=ring.materials[-1], cells=tuple(cells), order=order)


def _column(ring: Ring, strip: Strip, rows: int, colour: int, stream: Stream) -> Cell:
    pieces, marks = [], list[Mark]()
    for row in range(rows):
        low, high = ring.width * row // rows, ring.width * (row + 1) // rows
        name = material(ring, colour + row)
        shade = stream.below(len(MATERIALS[name].shades))
        pieces.append(Piece(name, shade, strip.polygon((0, low), (UNIT, low), (UNIT, high), (0, high))))
        if MATERIALS[name].shell:
            ends = (strip.at(0, 0)[0], strip.at(UNIT, 0)[0])
            marks += shell_marks(name, ends, (strip.inner + low, strip.inner + high), stream)
    return Cell(tuple(pieces), tuple(marks))


def lozenge_length(ring: Ring) -> int:
    """Return the usual length of a lozenge, micrometres."""
    return max(ring.width * 9 // 10, 300)


def draw_diamond(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw lozenges that touch tip to tip; with a third material each holds a smaller one."""
    count = count_cells(ring, inner, length=lozenge_length(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    base = ring.materials[-1] if len(ring.materials) > 1 else ring.materials[0]
    middle, edge = ring.width // 2, ring.width * 6 // 100
    stream = decide("figure")
    cells = []
    for variant in range(3):
        outer = _lozenge(strip, UNIT // 2, middle - edge)
        pieces = [Piece(ring.materials[0], variant, outer)]
        if len(ring.materials) > 2:
            # The smaller one is let into the larger one, which has a hole for it.
            inner_one = _lozenge(strip, UNIT * 24 // 100, (middle - edge) * 48 // 100)
            pieces = [
                Piece(ring.materials[0], variant, outer + inner_one),
                Piece(ring.materials[1], variant, inner_one),
            ]
        cells.append(Cell(tuple(pieces)))
    marks = bent_grain(base, inner, inner + ring.width, decide("grain"))
    return Drawing(
        base=base, cells=tuple(cells), order=shuffle_variants(count, 3, stream), phase=ring.phase, marks=marks
    )


def _lozenge(strip: Strip, reach: int, height: int) -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
    middle, centre = strip.width // 2, UNIT // 2
    return strip.polygon(
        (centre - reach, middle), (centre, middle - height), (centre + reach, middle), (centre, middle + height)
    )
