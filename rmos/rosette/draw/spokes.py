"""Wheel and spoke: straight spokes between two rims. Radial wedges: a ring in segments, like the staves of a barrel.

draw_wheel(Ring(kind="wheel", width=8000, materials=("koa", "maple"), tile_count=12), 50_000, decide)
"""

from rmos.fixed import TURN
from rmos.rosette.draw.cells import ChooseStream, count_cells, material, shuffle_variants
from rmos.rosette.draw.figure import bent_grain, piece_grain, shell_marks
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Mark, Piece, Strip, annulus
from rmos.rosette.materials import MATERIALS
from rmos.rosette.seeded import Stream
from rmos.rosette.spec import Ring

VARIANTS = 4


def wheel_length(ring: Ring) -> int:
    """Return the usual distance from spoke to spoke, micrometres."""
    return max(ring.width * 3 // 2, 4000)


def wedge_length(ring: Ring) -> int:
    """Return the usual length of a wedge, micrometres."""
    return max(ring.width * 2, 6000)


def spoke_sizes(ring: Ring) -> tuple[int, int]:
    """Return the thickness of the rims and of the spokes, micrometres."""
    rim = min(max(ring.width // 8, 400), 900)
    return min(rim, ring.width // 4), ring.strand or min(max(ring.width // 5, 500), 1600)


def draw_wheel(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw segments of the first material between parallel spokes and rims of the second."""
    count = count_cells(ring, inner, length=wheel_length(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    rim, spoke = spoke_sizes(ring)
    frame = ring.materials[-1]
    rims = (
        Piece(frame, 1, annulus(inner, inner + rim)),
        Piece(frame, 1, annulus(inner + ring.width - rim, inner + ring.width)),
    )
    stream = decide("figure")
    cells = tuple(_segment(ring, strip, (rim, spoke), variant, stream) for variant in range(min(VARIANTS, count)))
    marks = bent_grain(frame, inner, inner + ring.width, decide("grain"))
    return Drawing(
        base=frame,
        cells=cells,
        order=shuffle_variants(count, len(cells), decide("shade")),
        phase=ring.phase,
        rims=rims,
        marks=marks,
    )


def _segment(ring: Ring, strip: Strip, sizes: tuple[int, int], variant: int, stream: Stream) -> Cell:
    rim, spoke = sizes
    low, high = rim, ring.width - rim
    # A spoke's sides are parallel: half its thickness is a larger share of a cell at the inner rim than at the outer.
    inside = min(strip.span(spoke // 2, low), UNIT * 45 // 100)
    outside = min(strip.span(spoke // 2, high), UNIT * 45 // 100)
    path = strip.polygon((inside, low), (UNIT - inside, low), (UNIT - outside, high), (outside, high))
    name = ring.materials[0]
    ends = (strip.at(inside, 0)[0], strip.at(UNIT - inside, 0)[0])
    marks = _figure(name, ends, (strip.inner + low, strip.inner + high), stream)
    return Cell((Piece(name, variant, path),), marks)


def draw_wedges(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw wedges whose materials take turns; of one material, neighbours differ in shade and figure."""
    colours = len(ring.materials)
    count = count_cells(ring, inner, length=wedge_length(ring), multiple=colours)
    strip = Strip(inner=inner, width=ring.width, count=count)
    stream = decide("figure")
    variants = min(VARIANTS, max(count // colours, 1))
    cells = []
    for variant in range(variants):
        for colour in range(colours):
            path = strip.polygon((0, 0), (UNIT, 0), (UNIT, ring.width), (0, ring.width))
            name = material(ring, colour)
            marks = _figure(name, (0, TURN // count), (inner, inner + ring.width), stream)
            cells.append(Cell((Piece(name, variant, path),), marks))
    picks = shuffle_variants(count, variants, decide("shade"))
    order = tuple(pick * colours + k % colours for k, pick in enumerate(picks))
    return Drawing(base=ring.materials[-1], cells=tuple(cells), order=order, phase=ring.phase)


def _figure(name: str, ends: tuple[int, int], rims: tuple[int, int], stream: Stream) -> tuple[Mark, ...]:
    if MATERIALS[name].shell:
        return shell_marks(name, ends, rims, stream)
    start, end = ends
    grain = piece_grain(name, end - start, rims[0], rims[1], stream)
    return tuple(
        mark._replace(path=tuple((sign, tuple((a + start, r) for a, r in points)) for sign, points in mark.path))
        for mark in grain
    )
