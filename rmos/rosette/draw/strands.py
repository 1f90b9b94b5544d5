"""Rope: S-shaped strands twisted round each other. Wave: one band that swings from edge to edge.

draw_rope(Ring(kind="rope", width=6000, materials=("ebony", "padauk")), 50_000, decide)
"""

from rmos.rosette.draw.cells import ChooseStream, count_cells, material
from rmos.rosette.draw.figure import bent_grain
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Mark, Piece, ShapePath, Strip
from rmos.rosette.spec import Ring


def rope_repeat(ring: Ring) -> int:
    """Return the usual length of a repeat, micrometres: a strand of each material."""
    return max(ring.width * 62 // 100, 700) * max(len(ring.materials), 2)


def draw_rope(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw strands in turn; their edges run along the ring at both rims and across it in the middle: an S."""
    colours = max(len(ring.materials), 2)
    count = count_cells(ring, inner, length=rope_repeat(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    pieces, marks = [], []
    width = ring.width
    lean = strip.span(width * (ring.slant or 55) // 50)
    for colour in range(colours):
        start, end = UNIT * colour // colours, UNIT * (colour + 1) // colours
        path = strip.curve(
            (start, 0),
            ((start + lean * 62 // 100, 0), (start + lean * 38 // 100, width), (start + lean, width)),
            ((end + lean, width),),
            ((end + lean * 38 // 100, width), (end + lean * 62 // 100, 0), (end, 0)),
        )
        pieces.append(Piece(material(ring, colour), 0, path))
        marks += _twist(strip, start, (end - start), lean)
    return Drawing(
        base=ring.materials[-1], cells=(Cell(tuple(pieces), tuple(marks)),), order=(0,) * count, phase=ring.phase
    )


def _twist(strip: Strip, start: int, wide: int, lean: int) -> list[Mark]:
    """Return a light and a dark line along a strand: its roundness."""
    width = strip.width
    marks = []
    for share, colour, opacity in ((38, "#ffffff", 26), (84, "#000000", 26)):
        low, high = width * 10 // 100, width * 90 // 100
        at = start + wide * share // 100
        path = (
            ("M", (strip.at(at + lean * 22 // 100, low),)),
            (
                "C",
                (
                    strip.at(at + lean * 55 // 100, width * 28 // 100),
                    strip.at(at + lean * 45 // 100, width * 72 // 100),
                    strip.at(at + lean * 78 // 100, high),
                ),
            ),
        )
        marks.append(Mark(colour, opacity, max(width // 22, 60), path))
    return marks


def wave_length(ring: Ring) -> int:
    """Return the usual length of a whole swing, micrometres."""
    return max(ring.width * 26 // 10, 2000)


def draw_wave(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw a band of the first material that swings over the second; with a third, crests and troughs differ."""
    count = count_cells(ring, inner, length=wave_length(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    base = ring.materials[-1]
    low, high, thick = _heights(ring)
    pieces = [Piece(ring.materials[0], 0, _swing(strip, low, high, thick))]
    if len(ring.materials) > 2:
        pieces.append(Piece(ring.materials[1], 0, _crest(strip, low, high, thick)))
    marks = bent_grain(base, inner, inner + ring.width, decide("grain"))
    return Drawing(base=base, cells=(Cell(tuple(pieces)),), order=(0,) * count, phase=ring.phase, marks=marks)


def _heights(ring: Ring) -> tuple[int, int, int]:
    """Return how low and how high a wave swings, and how thick its band is."""
    return ring.width * 8 // 100, ring.width * 92 // 100, ring.strand or max(ring.width * 30 // 100, 300)


def wave_edges(ring: Ring, inner: int, count: int) -> list[ShapePath]:
    """Return the outer and the inner edge of the band along the swing at 12 o'clock, open paths that continue."""
    strip = Strip(inner=inner, width=ring.width, count=count)
    low, high, thick = _heights(ring)
    swing = _swing(strip, low, high, thick)
    back = _swing_back(strip, low + thick, high)
    return [back, swing[:3]]


def _swing_back(strip: Strip, low: int, high: int) -> ShapePath:
    """Return the upper edge of the band from left to right."""
    half, ease = UNIT // 2, UNIT // 2 * _EASE // 1000
    return strip.curve(
        (0, low),
        ((ease, low), (half - ease, high), (half, high)),
        ((half + ease, high), (UNIT - ease, low), (UNIT, low)),
    )[:-1]


_EASE = 364
"""Thousandths of half a swing: with handles of this length a cubic follows a sine within 1 %."""


def _swing(strip: Strip, low: int, high: int, thick: int) -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
    half, ease = UNIT // 2, UNIT // 2 * _EASE // 1000
    top = high - thick
    return strip.curve(
        (0, low),
        ((ease, low), (half - ease, top), (half, top)),
        ((half + ease, top), (UNIT - ease, low), (UNIT, low)),
        ((UNIT, low + thick),),
        ((UNIT - ease, low + thick), (half + ease, high), (half, high)),
        ((half - ease, high), (ease, low + thick), (0, low + thick)),
    )


def _crest(strip: Strip, low: int, high: int, thick: int) -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
    """Return a pearl under each crest of the wave: a lens between the trough's line and the band."""
    mid, reach = UNIT // 2, UNIT * 18 // 100
    foot, head = low, low + (high - low - thick) * 62 // 100
    return strip.curve(
        (mid - reach, foot),
        ((mid - reach // 2, head), (mid + reach // 2, head), (mid + reach, foot)),
        ((mid - reach, foot),),
    )
