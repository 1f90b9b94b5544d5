"""Ears of wheat: two mirrored halves of slanted grains that meet on the centre line.

draw_wheat(Ring(kind="wheat", width=3500, materials=("maple", "east_indian_rosewood")), 50_000, decide)
"""

from rmos.rosette.draw.cells import ChooseStream, count_cells
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Piece, Strip, annulus
from rmos.rosette.spec import Ring


def grain_repeat(ring: Ring) -> int:
    """Return the usual length of a repeat, micrometres: a grain of each material but the ground."""
    return max(ring.width * 62 // 100, 900) * max(len(ring.materials) - 1, 1)


def draw_wheat(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw grains of all materials but the last in turn, on the last; the first is also the stem."""
    grains, base = ring.materials[:-1] or ring.materials, ring.materials[-1]
    count = count_cells(ring, inner, length=grain_repeat(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    stem = max(ring.width // 28, 60)
    pieces = []
    for place, name in enumerate(grains):
        for side in (-1, 1):
            pieces.append(Piece(name, place % 3, _grain(strip, UNIT * place // len(grains), len(grains), side, stem)))
    middle = inner + ring.width // 2
    rims = (Piece(grains[0], 1, annulus(middle - stem // 2, middle + stem // 2)),)
    return Drawing(base=base, cells=(Cell(tuple(pieces)),), order=(0,) * count, phase=ring.phase, rims=rims)


def _grain(
    strip: Strip, start: int, share: int, side: int, stem: int
) -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
    """Return one grain: from the stem it swells towards its neighbour and ends in a point short of the ring's edge."""
    half = strip.width // 2
    unit = UNIT // share
    lean = strip.span(half * 125 // 100)

    def at(u: int, v: int) -> tuple[int, int]:
        """Return a point `u` thousandths of the lean along and `v` thousandths of the half across."""
        return start + lean * u // 1000, half + side * (stem // 2 + 40 + (half - stem // 2 - 90) * v // 1000)

    back = unit * 58 // 100
    return strip.curve(
        at(0, 0),
        (at(60, 380), at(330, 800), at(1000, 1000)),
        (_behind(at(820, 640), back), _behind(at(420, 300), back), _behind(at(0, 0), back)),
        (at(0, 0),),
    )


def _behind(at: tuple[int, int], back: int) -> tuple[int, int]:
    return at[0] + back, at[1]
