"""Hold what a program makes a machine do: its motions as columns of numbers, not as objects.

    motions = Motions()
    motions.append(MotionKind.LINE, line=4, x=10_000.0, y=0.0, z=-1_000.0, feed=600.0, setup=0)
    motions.starts()          # an iterator of (x, y, z) before each motion

A file of 100 MB holds some 4.6 million motions; one object for each would need more than a gibibyte, a row of columns
needs 41 bytes. All lengths are micrometres (µm) as float64, all feeds mm/min, all times seconds. A place that nobody
can know, as after a move in machine coordinates, is NaN.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, MutableMapping
from enum import IntEnum
from typing import Final, Literal, NamedTuple

import msgspec

FindingLevel = Literal["RED", "YELLOW", "UNKNOWN", "NOTE"]
Spindle = Literal["off", "cw", "ccw"]
Plane = Literal["XY", "ZX", "YZ"]
Units = Literal["mm", "inch"]
ArcMode = Literal["incremental", "absolute"]
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


_PLANES: Final[tuple[Plane, ...]] = ("XY", "ZX", "YZ")


class Arcs(MutableMapping[int, ArcShape]):
    """The shapes of arcs by the place of their motion, as columns: 25 bytes for each, a tenth of what a dict takes.

    Places come in ascending order, as motions do, and none is taken back.
    """

    __slots__ = ("_a", "_b", "_place", "_turns", "_way")

    def __init__(self) -> None:
        self._place = array("i")
        self._a = array("d")
        self._b = array("d")
        self._way = array("b")
        self._turns = array("i")

    def append(self, place: int, plane: int, a: float, b: float, clockwise: bool, turns: int = 1) -> None:
        """Add the shape of a later arc; `plane` is 0 for XY, 1 for ZX, 2 for YZ."""
        self._place.append(place)
        self._a.append(a)
        self._b.append(b)
        self._way.append(2 * plane + clockwise)
        self._turns.append(turns)

    def _find(self, place: int) -> int:
        found = bisect_left(self._place, place)
        if found == len(self._place) or self._place[found] != place:
            raise KeyError(place)
        return found

    def __getitem__(self, place: int) -> ArcShape:
        found = self._find(place)
        plane, clockwise = divmod(self._way[found], 2)
        return ArcShape(_PLANES[plane], self._a[found], self._b[found], bool(clockwise), self._turns[found])

    def __setitem__(self, place: int, shape: ArcShape) -> None:
        if self._place and place <= self._place[-1]:
            raise ValueError(f"the arc at {place} comes after one at {self._place[-1]}")
        self.append(place, _PLANES.index(shape.plane), shape.a, shape.b, shape.clockwise, shape.turns)

    def __delitem__(self, place: int) -> None:
        raise TypeError("the shape of an arc stays")

    def __iter__(self) -> Iterator[int]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)


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
        self.arcs = Arcs()
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


class LongLine(NamedTuple):
    """A line that is longer than all before it."""

    line: int
    characters: int
    is_bare: bool
    """Whether blanks and comments were left out."""


class ProgramFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What only a dialect can decide: the line where each came first, None where it never came."""

    no_decimal_point: int | None = None
    """A length that is not zero, without a decimal point: X1000 may be 1 mm on FANUC."""
    realtime_byte: int | None = None
    """A byte that GRBL takes out of the stream, also in a comment: `!`, `?`, `~`, 0x18, 0x80 and above."""
    arc_mode_unsaid: int | None = None
    """An arc with I, J or K before any G90.1 or G91.1."""
    arc_mode_closes: ArcMode | Literal["both", "neither"] | None = None
    """Which reading closes the arcs of unsaid mode; the motions are absolute only where nothing else closes."""
    arc_radius_linuxcnc: int | None = None
    """An arc that LinuxCNC 2.9 refuses for its radii; GRBL's limit is the finding ARC_RADIUS."""
    change_before_tool: int | None = None
    """M6 before the T of its line."""
    feed_before_units: int | None = None
    """F before the program has said its units, or on the line that says them first."""
    units_beside: int | None = None
    """G20 or G21 beside other words."""
    long_lines: tuple[LongLine, ...] = ()
    """Each line that is longer than all before it, from 71 characters on."""


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
    facts: ProgramFacts = ProgramFacts()
    flat: bool
    """False when something was not computed (variables, compensation, rotary axes): no measure of it holds."""
