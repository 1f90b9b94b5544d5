"""Dots: round pieces of shell or bone in a band, evenly spaced.

draw_dots(Ring(kind="dots", width=4000, materials=("mother_of_pearl", "ebony")), 50_000, decide)
"""

from typing import Final

from rmos.rosette.draw.cells import ChooseStream, count_cells, shuffle_variants
from rmos.rosette.draw.figure import bent_grain
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Mark, Piece, ShapePath, Strip
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring

_KAPPA: Final = 5523
"""Ten-thousandths of the radius: handles with which four cubics follow a circle within 0.03 %."""
_VARIANTS: Final = 5


def dot_diameter(ring: Ring) -> int:
    """Return the diameter of a dot, micrometres: what is given, else a bit more than half the band."""
    return min(ring.strand or ring.width * 56 // 100, ring.width * 94 // 100)


def dot_spacing(ring: Ring) -> int:
    """Return the usual distance from dot to dot, micrometres."""
    return max(dot_diameter(ring) * 9 // 4, 1200)


def draw_dots(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw dots of the first material on the last."""
    size = dot_diameter(ring)
    count = count_cells(ring, inner, length=dot_spacing(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    name, base = ring.materials[0], ring.materials[-1]
    shades = MATERIALS[name].shades
    stream = decide("figure")
    cells = []
    for variant in range(min(_VARIANTS, len(shades))):
        piece = Piece(name, variant, circle(strip, UNIT // 2, ring.width // 2, size // 2))
        marks = list[Mark]()
        if MATERIALS[name].shell:
            other = shades[(variant + 1 + stream.below(len(shades) - 1)) % len(shades)]
            marks.append(Mark(other, 100, 0, _half_moon(strip, size // 2)))
        cells.append(Cell((piece,), tuple(marks)))
    ground = bent_grain(base, inner, inner + ring.width, decide("grain"))
    order = shuffle_variants(count, len(cells), decide("shade"))
    return Drawing(base=base, cells=tuple(cells), order=order, phase=ring.phase, marks=ground)


def circle(strip: Strip, u: int, v: int, radius: int) -> ShapePath:
    """Return a circle of four cubic curves."""
    reach, handle = strip.span(radius), strip.span(radius * _KAPPA // 10_000)
    pull = radius * _KAPPA // 10_000
    return strip.curve(
        (u - reach, v),
        ((u - reach, v + pull), (u - handle, v + radius), (u, v + radius)),
        ((u + handle, v + radius), (u + reach, v + pull), (u + reach, v)),
        ((u + reach, v - pull), (u + handle, v - radius), (u, v - radius)),
        ((u - handle, v - radius), (u - reach, v - pull), (u - reach, v)),
    )


def _half_moon(strip: Strip, radius: int) -> ShapePath:
    """Return the part of a dot where the shell plays in another colour."""
    u, v = UNIT // 2, strip.width // 2
    reach, handle, pull = strip.span(radius), strip.span(radius * _KAPPA // 10_000), radius * _KAPPA // 10_000
    return strip.curve(
        (u - reach, v),
        ((u - reach, v + pull), (u - handle, v + radius), (u, v + radius)),
        ((u + handle, v + radius), (u + reach, v + pull), (u + reach, v)),
        ((u + handle, v - radius // 2), (u - handle, v + radius // 2), (u - reach, v)),
    )
