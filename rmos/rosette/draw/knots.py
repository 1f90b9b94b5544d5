"""Braid and Celtic band: strands that pass over and under each other, each piece ending where it dives below another.

    draw_celtic(Ring(kind="celtic", width=8000, materials=("walnut", "maple"), strand=1500), 50_000, decide)

Strands run diagonally through a lattice of crossings and turn back at the edges. Where a crossing is replaced by a
break they turn too: that makes knots of a plait. Over and under alternate along every strand because the rising
strand is over in odd rows and under in even ones; a turn keeps that.
"""

from typing import Final, NamedTuple

from rmos.fixed import divide
from rmos.rosette.draw.cells import ChooseStream, count_cells
from rmos.rosette.draw.figure import bent_grain
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Piece, ShapePath, Strip
from rmos.rosette.spec import Ring

M: Final = 10_000
"""One step of the lattice."""
_USUAL: Final = 5900
"""Usual width of a strand: the rest of the step is ground."""
_GAP: Final = 900
"""Ground that is left beside the strand that passes over."""
_PEAK: Final = 4000
"""How far from the edge the middle of a strand turns."""

Breaks = dict[tuple[int, int], str]
Corner = tuple[int, int]


class Plait(NamedTuple):
    """A lattice: rows of steps across, steps in one repeat, where strands turn, the strands' width."""

    rows: int
    period: int
    breaks: Breaks
    wide: int

    def kind(self, x: int, y: int) -> str:
        """Return what stands at a node: `edge`, `x` for a crossing, `h` or `v` for a break."""
        return "edge" if y in (0, self.rows) else self.breaks.get((x % self.period, y), "x")


def celtic_rows(ring: Ring) -> int:
    """Return how many strands run side by side: as many as the width takes of a given strand, else 4 or 3."""
    if ring.rows:
        return min(max(ring.rows, 2), 8)
    if ring.strand:
        return min(max(divide(ring.width * _USUAL, ring.strand * M), 2), 8)
    return 4 if ring.width >= 5000 else 3


_BREAKS: Final[dict[int, tuple[int, Breaks]]] = {
    2: (4, {(1, 1): "h"}),
    3: (6, {(1, 1): "h", (4, 2): "h"}),
    4: (8, {(0, 2): "v", (4, 2): "h"}),
    5: (8, {(1, 1): "v", (5, 3): "h", (0, 2): "v"}),
    6: (8, {(0, 2): "v", (4, 4): "h", (0, 4): "v", (4, 2): "h"}),
}

_MORE: Final[tuple[int, Breaks]] = (8, {(0, 2): "v", (4, 4): "h"})


def celtic_length(ring: Ring) -> int:
    """Return the usual length of a knot, micrometres."""
    rows = celtic_rows(ring)
    return lattice_length(ring, rows, _BREAKS.get(rows, _MORE)[0])


def draw_celtic(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw knots: a plait in which some crossings are broken."""
    rows = celtic_rows(ring)
    period, breaks = _BREAKS.get(rows, _MORE)
    return _draw(ring, inner, decide, rows, period, breaks)


def draw_braid(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw a plait of three strands, or as many as there are rows."""
    return _draw(ring, inner, decide, min(max(ring.rows or 3, 2), 8), 2, {})


def lattice_length(ring: Ring, rows: int, period: int) -> int:
    """Return the usual length of one repeat, micrometres: the lattice is square."""
    return ring.width * period // rows


def _draw(ring: Ring, inner: int, decide: ChooseStream, rows: int, period: int, breaks: Breaks) -> Drawing:
    count = count_cells(ring, inner, length=lattice_length(ring, rows, period))
    strip = Strip(inner=inner, width=ring.width, count=count)
    wide = min(ring.strand * rows * M // ring.width, M) if ring.strand else _USUAL
    plait = Plait(rows, period, breaks, wide)
    names = ring.materials[:-1] or ring.materials
    pieces = []
    for x in range(period):
        for y in range(1, rows):
            if (x + y) % 2 == 0 and plait.kind(x, y) == "x":
                name = names[y % len(names)]
                pieces.append(Piece(name, (x + y) // 2 % 2, _strand(strip, plait, x, y)))
    base = ring.materials[-1]
    marks = bent_grain(base, inner, inner + ring.width, decide("grain"))
    return Drawing(base=base, cells=(Cell(tuple(pieces)),), order=(0,) * count, phase=ring.phase, marks=marks)


def _strand(strip: Strip, plait: Plait, x: int, y: int) -> ShapePath:
    """Return the piece that passes over at this crossing, from where it comes up to where it dives again."""
    rising = 1 if y % 2 else -1
    ahead = _walk(plait, x, y, 1, rising)
    behind = _walk(plait, x, y, -1, -rising)

    def to_strip(corner: Corner) -> tuple[int, int]:
        return UNIT * corner[0] // (plait.period * M), strip.width * corner[1] // (plait.rows * M)

    # Going ahead, left is left; coming back along `behind`, its right is ours.
    left = [*_reverse(behind[1]), *ahead[0]]
    right = [*_reverse(behind[0]), *ahead[1]]
    outline = [*left, *_reverse(right)]
    start = to_strip(outline[0][-1])
    steps = [tuple(to_strip(corner) for corner in step) for step in outline[1:]]
    return strip.curve(start, *steps)


StrandStep = tuple[Corner, ...]


def _walk(plait: Plait, x: int, y: int, dx: int, dy: int) -> tuple[list[StrandStep], list[StrandStep]]:
    """Return the left and the right edge from a crossing to where the strand dives: steps of one point or of three."""
    edges: tuple[list[StrandStep], list[StrandStep]] = ([], [])
    while True:
        x, y = x + dx, y + dy
        kind = plait.kind(x, y)
        if kind == "x":
            break
        turned = (-dx, dy) if kind == "v" else (dx, -dy)
        for edge, side in zip(edges, (1, -1), strict=True):
            edge += _turn(plait.wide, (x * M, y * M), (dx, dy), turned, side)
        dx, dy = turned
    # The over strand's edge and the gap beside it, measured along the diagonal.
    back = (plait.wide // 2 + _GAP) * 7071 // M
    end = (x * M - dx * back, y * M - dy * back)
    for edge, side in zip(edges, (1, -1), strict=True):
        edge.append((_beside(plait.wide, end, (dx, dy), side),))
    return edges


def _beside(wide: int, at: Corner, direction: Corner, side: int) -> Corner:
    """Return the point on the strand's edge beside a point of its middle line."""
    offset = wide * 3536 // M * side
    return at[0] - direction[1] * offset, at[1] + direction[0] * offset


def _turn(wide: int, node: Corner, before: Corner, after: Corner, side: int) -> list[StrandStep]:
    """Return one edge of a turn: a line to where it begins, and the curve round the node."""
    half = M // 2
    start = _beside(wide, (node[0] - before[0] * half, node[1] - before[1] * half), before, side)
    end = _beside(wide, (node[0] + after[0] * half, node[1] + after[1] * half), after, side)
    across = 1 if before[1] != after[1] else 0
    distance = abs(start[across] - node[across])
    peak = _PEAK + wide // 2 if distance > half else _PEAK - wide // 2
    handle = (distance - peak) * 4 // 3
    return [
        (start,),
        (
            (start[0] + before[0] * handle, start[1] + before[1] * handle),
            (end[0] - after[0] * handle, end[1] - after[1] * handle),
            end,
        ),
    ]


def _reverse(edge: list[StrandStep]) -> list[StrandStep]:
    """Return the same edge walked the other way: its first step holds only the point where it now begins."""
    points = [corner for step in edge for corner in step]
    shape = [len(step) for step in edge]
    points.reverse()
    steps: list[StrandStep] = [(points.pop(0),)]
    for size in reversed(shape[1:]):
        steps.append(tuple(points[:size]))
        del points[:size]
    return steps
