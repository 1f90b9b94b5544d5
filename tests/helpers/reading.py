"""What tests ask of a program that was read: its motions in mm, the way of its arcs, and its findings."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from rmos.cam.gcode.reader import read_program
from rmos.cam.motion import START, ArcShape, MotionKind, Program

SNIPPETS: Final = Path(__file__).parent.parent / "data" / "gcode"
BEGIN: Final = "G21 G90 G17 G94 G91.1\n"
"""What a test of one word begins with."""
_AXES: Final = {"XY": (0, 1, 2), "ZX": (2, 0, 1), "YZ": (1, 2, 0)}
_CHORDS: Final = 7200

Point = tuple[float, float, float]


class Motion(NamedTuple):
    """One motion in mm."""

    kind: MotionKind
    line: int
    start: Point
    end: Point
    feed: float
    arc: ArcShape | None

    def points(self) -> list[Point]:
        """Return places along the way, the start left out."""
        if self.arc is None:
            return [self.end]
        return [*_arc_points(self, self.arc), self.end]

    def length(self) -> float:
        """Return mm."""
        if self.arc is None:
            return math.dist(self.start, self.end)
        way = [self.start, *self.points()]
        return sum(map(math.dist, way, way[1:]))


def read_text(text: str, *, begin: str = BEGIN) -> Program:
    """Read the text of a program behind the words that a test of one word begins with."""
    return read_program((begin + text).encode("latin-1"))


def list_motions(program: Program) -> list[Motion]:
    """Return the motions of a program in mm."""
    columns = program.motions
    found = []
    start = START
    for place, end in enumerate(zip(columns.x, columns.y, columns.z, strict=True)):
        kind = MotionKind(columns.kind[place])
        arc = columns.arcs.get(place)
        made = Motion(kind, columns.line[place], _to_mm(start), _to_mm(end), columns.feed[place], arc)
        found.append(made)
        start = end
    return found


def list_ends(text: str, *, begin: str = BEGIN) -> list[tuple[str, Point]]:
    """Return the kind and the end in mm of each motion."""
    return [(one.kind.name, one.end) for one in list_motions(read_text(text, begin=begin))]


def find_codes(program: Program) -> dict[str, int | None]:
    """Return the findings of a program by their codes, each with its line."""
    return {finding.code: finding.line for finding in program.findings}


def _to_mm(place: Point) -> Point:
    x, y, z = place
    return (x / 1000, y / 1000, z / 1000)


def _arc_points(motion: Motion, arc: ArcShape) -> Iterator[Point]:
    first, second, normal = _AXES[arc.plane]
    a, b = arc.a / 1000, arc.b / 1000
    begin = math.atan2(motion.start[second] - b, motion.start[first] - a)
    finish = math.atan2(motion.end[second] - b, motion.end[first] - a)
    sweep = (begin - finish if arc.clockwise else finish - begin) % math.tau or math.tau
    sweep += math.tau * (arc.turns - 1)
    radius = math.hypot(motion.start[first] - a, motion.start[second] - b)
    for step in range(1, _CHORDS):
        angle = begin + (-sweep if arc.clockwise else sweep) * step / _CHORDS
        place = [0.0, 0.0, 0.0]
        place[first] = a + radius * math.cos(angle)
        place[second] = b + radius * math.sin(angle)
        place[normal] = motion.start[normal] + (motion.end[normal] - motion.start[normal]) * step / _CHORDS
        yield (place[0], place[1], place[2])
