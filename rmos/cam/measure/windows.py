"""Cut the path into windows: stretches of at most one diameter of the tool that are driven alike.

    for window in list_windows(motions, setup, times): ...

A window is what one engagement is measured over. Long motions are divided into equal windows; short ones that follow
each other with the same tool and speed share one, so that a surface of a million tiny moves has as many windows as it
has diameters of path. What stays above the stock has none.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Final

from rmos.cam.measure.arcs import Position, ResolvedArc, count_chords, resolve_arc
from rmos.cam.measure.setup import ProgramSetup, ToolShape
from rmos.cam.measure.time import Times
from rmos.cam.motion import MotionKind, Motions

_CHORD_SHARE: Final = 0.001
"""How far a chord may be from its arc, in diameters of the tool: a hundredth of a cell of the height map."""
_MAX_POINTS: Final = 256
"""Motions that may share a window: a million motions of a nanometre are no longer than one of a millimetre."""
_LEVEL_UM: Final = 0.5
"""Travel in XY up to which a motion is vertical."""
_RAPID, _LINE, _ARC = int(MotionKind.RAPID), int(MotionKind.LINE), int(MotionKind.ARC)


class Window:
    """A stretch of the path. Places in µm; `points` begins with where it starts."""

    __slots__ = ("feed", "first", "is_rapid", "is_vertical", "last", "length", "points", "seconds", "setup", "tool")

    def __init__(self, tool: ToolShape, setup: int, first: int, start: Position, kind: tuple[bool, bool]) -> None:
        self.tool = tool
        self.setup = setup
        self.first = first
        """The first of its motions, and `last` the last."""
        self.last = first
        self.feed = 0.0
        """mm/min, of its fastest motion."""
        self.is_rapid, self.is_vertical = kind
        self.points = [start]
        self.length = 0.0
        self.seconds = 0.0

    def add(self, points: list[Position], length: float, seconds: float, feed: float, motion: int) -> None:
        """Go on along points, at a feed (NaN where none was said), within a motion."""
        self.points += points
        self.length += length
        self.seconds += seconds
        self.last = motion
        if feed > self.feed:
            self.feed = feed

    def find_plunge(self) -> float:
        """Return the part of the feed that goes straight down, mm/min, where it is steepest."""
        steepest = 0.0
        for (x0, y0, z0), (x, y, z) in itertools.pairwise(self.points):
            if z < z0:
                steepest = max(steepest, (z0 - z) / math.sqrt((x - x0) ** 2 + (y - y0) ** 2 + (z - z0) ** 2))
        return steepest * self.feed


def find_tool(number: int | None, setup: ProgramSetup) -> ToolShape | None:
    """Return the tool that a program means by a number; one that names none means the only one that there is."""
    if number is None:
        return next(iter(setup.tools.values())) if len(setup.tools) == 1 else None
    return setup.tools.get(number)


def list_windows(motions: Motions, setup: ProgramSetup, times: Times) -> Iterator[Window]:
    """Yield the windows of all motions, rapids too, that go below the top of the stock, in their order."""
    tools = [find_tool(state.tool, setup) for state in motions.setups]
    top = setup.top_um
    begun = False
    window: Window | None = None
    columns = zip(
        motions.kind, motions.starts(), motions.x, motions.y, motions.z, motions.feed, motions.setup, strict=True
    )
    for place, (kind, start, x, y, z, feed, number) in enumerate(columns):
        length, tool = times.lengths[place], tools[number]
        if not begun and kind == _RAPID and z >= start[2]:
            # Where the machine stands before the first word of a height is not known: no rapid from there is measured.
            begun = z != start[2]
            continue
        begun = True
        is_path = kind in (_RAPID, _LINE, _ARC) and length > 0 and tool is not None
        is_below = start[2] < top or z < top or (kind == _ARC and motions.arcs[place].plane != "XY")
        if not (is_path and is_below and tool):
            if window is not None:
                yield window
            window = None
            continue
        vertical = kind != _ARC and math.hypot(x - start[0], y - start[1]) < _LEVEL_UM
        alike = (kind == _RAPID, vertical)
        diameter = tool.diameter_mm * 1000
        if window is not None and not (
            window.setup == number
            and (window.is_rapid, window.is_vertical) == alike
            and window.length + length <= diameter
            and len(window.points) < _MAX_POINTS
            and kind != _ARC
        ):
            yield window
            window = None
        if kind != _ARC and (vertical or length <= diameter):
            window = window or Window(tool, number, place, start, alike)
            window.add([(x, y, z)], length, times.seconds[place], feed, place)
            continue
        if kind == _ARC:
            pieces = _divide_arc(resolve_arc(start, (x, y, z), motions.arcs[place]), diameter)
        else:
            pieces = _divide_line(start, (x, y, z), math.ceil(length / diameter))
        for begin, points, share in pieces:
            piece = Window(tool, number, place, begin, alike)
            piece.add(points, length * share, times.seconds[place] * share, feed, place)
            yield piece
    if window is not None:
        yield window


def _divide_line(start: Position, end: Position, count: int) -> Iterator[tuple[Position, list[Position], float]]:
    """Yield equal parts of a line: where each begins, where it ends, and which share of the line it is."""
    (x0, y0, z0), (x1, y1, z1) = start, end
    begin = start
    for place in range(1, count + 1):
        part = place / count
        point = (x0 + (x1 - x0) * part, y0 + (y1 - y0) * part, z0 + (z1 - z0) * part) if place < count else end
        yield begin, [point], 1 / count
        begin = point


def _divide_arc(arc: ResolvedArc, diameter: float) -> Iterator[tuple[Position, list[Position], float]]:
    """Yield the parts of an arc, each a few chords of about a diameter together, and which share of the arc each is."""
    chords = count_chords(arc.radius, arc.sweep, diameter * _CHORD_SHARE)
    chords = max(chords, math.ceil(arc.length() / diameter))
    together = max(1, math.floor(diameter * chords / arc.length()))
    begin = arc.start
    points: list[Position] = []
    for point in arc.points(chords):
        points.append(point)
        if len(points) == together:
            yield begin, points, together / chords
            begin, points = point, []
    if points:
        yield begin, points, len(points) / chords
