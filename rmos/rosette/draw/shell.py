"""Rings of abalone or pearl: curved pieces end to end, each with its own play of colours and a fine joint between.

draw_shell(Ring(kind="shell", width=3200, materials=("abalone",)), 50_000, decide)
"""

from typing import Final

from rmos.fixed import TURN
from rmos.rosette.draw.cells import ChooseStream, count_cells, material, shuffle_variants
from rmos.rosette.draw.figure import shell_marks
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Mark, Piece, Strip
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring

PIECE_LENGTH: Final = 17_000
"""Usual length of a piece, micrometres: longer ones are hard to get flat from a shell."""
_VARIANTS: Final = 6


def draw_shell(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw pieces of shell; some variants of them, set round in a mixed order."""
    colours = len(ring.materials)
    count = count_cells(ring, inner, length=PIECE_LENGTH, multiple=colours)
    strip = Strip(inner=inner, width=ring.width, count=count)
    stream = decide("figure")
    variants = max(min(_VARIANTS, count // colours), 1)
    path = strip.polygon((0, 0), (UNIT, 0), (UNIT, ring.width), (0, ring.width))
    cells = []
    for variant in range(variants):
        for colour in range(colours):
            name = material(ring, colour)
            marks: tuple[Mark, ...] = ()
            if MATERIALS[name].shell:
                marks = shell_marks(name, (0, TURN // count), (inner, inner + ring.width), stream)
            cells.append(Cell((Piece(name, variant, path),), marks))
    picks = shuffle_variants(count, variants, decide("shade"))
    order = tuple(pick * colours + k % colours for k, pick in enumerate(picks))
    return Drawing(base=ring.materials[0], cells=tuple(cells), order=order, phase=ring.phase)
