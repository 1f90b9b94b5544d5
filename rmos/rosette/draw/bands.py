"""Rings without a pattern: stacks of lines, plain bands that are bent, solid rings that are cut from a board.

draw_lines(Ring(kind="lines", width=1500, materials=("black_fibre", "white_fibre", "black_fibre")), 46_000, decide)
"""

from rmos.rosette.draw.cells import ChooseStream
from rmos.rosette.draw.figure import bent_grain, board_grain
from rmos.rosette.draw.shapes import Drawing, Mark, Piece, annulus
from rmos.rosette.spec import Ring


def line_edges(ring: Ring, inner: int) -> list[int]:
    """Return the radii where the lines of a stack meet; all lines are equally thick, to a micrometre."""
    count = len(ring.materials)
    return [inner + ring.width * k // count for k in range(count + 1)]


def draw_lines(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw one annulus for each line, from the inside outwards."""
    edges = line_edges(ring, inner)
    rims, marks = [], list[Mark]()
    for name, low, high in zip(ring.materials, edges, edges[1:], strict=False):
        rims.append(Piece(name, 0, annulus(low, high)))
        marks += bent_grain(name, low, high, decide("grain"))
    return Drawing(base=None, rims=tuple(rims), marks=tuple(marks))


def draw_band(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw a strip that is bent round: its grain follows the ring."""
    name = ring.materials[0]
    return Drawing(base=name, marks=bent_grain(name, inner, inner + ring.width, decide("grain")))


def draw_solid(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw a ring that is cut from one board: its grain runs straight through."""
    name = ring.materials[0]
    return Drawing(base=name, marks=board_grain(name, inner, inner + ring.width, decide("grain")))
