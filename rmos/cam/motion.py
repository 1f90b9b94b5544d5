"""Hold what a program makes a machine do: its motions as columns of numbers, not as objects.

    motions = Motions()
    motions.append(MotionKind.LINE, line=4, x=10_000.0, y=0.0, z=-1_000.0, feed=600.0, setup=0)
    motions.starts()          # an iterator of (x, y, z) before each motion

A file of 100 MB holds some 4.6 million motions; one object for each would need more than a gibibyte, a row of columns
needs 41 bytes. All lengths are micrometres (µm) as float64, all feeds mm/min, all times seconds. A place that nobody
can know, as after a move in machine coordinates, is NaN.
"""

from array import array
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, Literal, NamedTuple

import msgspec

FindingLevel = Literal["RED", "YELLOW", "UNKNOWN", "NOTE"]
Spindle = Literal["off", "cw", "ccw"]
Plane = Literal["XY", "ZX", "YZ"]
Units = Literal["mm", "inch"]
START: Final = (0.0, 0.0, 0.0)
"""Where a program begins as far as it says nothing: the zero of the work, as LinuxCNC's `rs274` takes it."""


class MotionKind(IntEnum):
    """What a motion is."""

    RAPID = 0
    LINE = 1
    ARC = 2
    """A circle, a part of one, or a helix; `Motions.arcs` has its centre."""
    DWELL = 3
    """No motion; `feed` holds the seconds."""
    MACHINE = 4
    """A rapid to a place in machine coordinates (G28, G30, G53): its unknown axes are NaN."""


class ArcShape(NamedTuple):
    """What an arc has besides its end: centre (µm), direction seen from the plane's positive normal, turns.

    `a` and `b` are the plane's first and second axis: X and Y, Z and X, Y and Z. `turns` counts from 1 as `P` does.
    """

    plane: Plane
    a: float
    b: float
    clockwise: bool
    turns: int = 1


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What is set while motions run. Motions name theirs by number; equal ones share a number."""

    tool: int | None = None
    """The number in the spindle, None before the first."""
    rpm: float = 0.0
    """The speed that S asked for, also while the spindle stands."""
    spindle: Spindle = "off"
    offset: str = "G54"
    """The work offset."""
    length_offset: int | None = None
    """The H of G43 in force."""
    plunge: bool = False
    """A motion of a drilling cycle into the work."""


class ProgramFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a program, or that nobody can know of it, and where."""

    code: str
    level: FindingLevel
    line: int | None
    """From 1; None when no line says it."""
    text: str
    """What is wrong and what to do, in one sentence or two."""


class Motions:
    """The motions of a program in their order."""

    __slots__ = ("arcs", "feed", "kind", "line", "setup", "setups", "x", "y", "z")

    def __init__(self) -> None:
        self.kind = array("b")
        self.line = array("i")
        self.x = array("d")
        self.y = array("d")
        self.z = array("d")
        self.feed = array("d")
        """mm/min along the path; 0.0 of rapids; NaN where none was ever said; seconds of a dwell."""
        self.setup = array("i")
        self.setups: list[Setup] = []
        self.arcs: dict[int, ArcShape] = {}
        """Of each ARC, by its place in the columns."""

    def __len__(self) -> int:
        return len(self.kind)

    def append(self, kind: MotionKind, *, line: int, x: float, y: float, z: float, feed: float, setup: int) -> None:
        """Add a motion that ends at x, y, z (µm)."""
        self.kind.append(kind)
        self.line.append(line)
        self.x.append(x)
        self.y.append(y)
        self.z.append(z)
        self.feed.append(feed)
        self.setup.append(setup)

    def starts(self) -> Iterator[tuple[float, float, float]]:
        """Yield where each motion begins: where the one before it ended."""
        place = START
        for end in zip(self.x, self.y, self.z, strict=True):
            yield place
            place = end


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a program, whatever state it is in."""

    motions: Motions
    findings: tuple[ProgramFinding, ...]
    sha256: str
    """Of the bytes as they came."""
    units: Units | None
    """What the program said first, or the caller; None when nobody said any."""
    lines: int
    words: dict[str, int]
    """Each G, M and other word that a controller may lack, as `G81` or `P`, and the line where it came first."""
    flat: bool
    """False when something was not computed (variables, compensation, rotary axes): no measure of it holds."""
