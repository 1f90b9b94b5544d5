"""Ask LinuxCNC's stand-alone interpreter `rs274` what a program does, and compare it with what the reader says.

The canonical commands that it prints become the same rows as those of the reader: kind, end, feed, spindle and tool,
and of an arc its centre, direction and turns. Lengths come with four decimals of the units in force.
"""

import math
import re
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from rmos.cam.motion import MotionKind, Program
from tests.helpers.reading import list_motions

_COMMAND: Final = re.compile(r"^\s*\d+\s+N\S+\s+([A-Z_0-9]+)\((.*)\)\s*$", re.MULTILINE)
_AXES: Final = {"CANON_PLANE_XY": (0, 1, 2), "CANON_PLANE_XZ": (2, 0, 1), "CANON_PLANE_YZ": (1, 2, 0)}
_PLANES: Final = {"XY": (0, 1, 2), "ZX": (2, 0, 1), "YZ": (1, 2, 0)}
_SPINDLES: Final = {
    "START_SPINDLE_CLOCKWISE": "cw",
    "START_SPINDLE_COUNTERCLOCKWISE": "ccw",
    "STOP_SPINDLE_TURNING": "off",
}
_INCH: Final = 25.4
LEAST_FEED: Final = 0.1001 * _INCH
"""In mm/min: LinuxCNC makes 0.1 of its units of every feed of inverse time that is less."""


class Row(NamedTuple):
    """One motion in mm and mm/min; NaN where the reader says that nobody can know."""

    kind: str
    end: tuple[float, ...]
    feed: float
    arc: tuple[float, float, int] | None
    """Centre and turns, which are negative for clockwise."""
    spindle: str
    tool: int | None


class Refused(NamedTuple):
    """The program that the referee does not take, and what it says."""

    text: str


def ask_referee(program: Path, tools: Path) -> list[Row] | Refused:
    """Return the motions of a program as `rs274` makes them.

    It keeps its variables where it is called and maps its tools in HOME: two at once need a folder each.
    """
    command = ["env", f"HOME={tools.parent}", "rs274", "-t", tools.name, "-g", str(program)]
    ran = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=60, check=False, cwd=tools.parent
    )
    if _find_error(ran):
        return Refused(f"{ran.returncode}: {ran.stdout[-400:]}{ran.stderr[-400:]}")
    return _Canon().follow(_COMMAND.findall(ran.stdout))


def _find_error(ran: subprocess.CompletedProcess[str]) -> bool:
    told = [line for line in (ran.stdout + ran.stderr).splitlines() if line.strip() and line.strip() != "executing"]
    return ran.returncode != 0 or any(not re.match(r"^\s*\d+\s+N", line) for line in told)


class _Canon:
    """The canonical machine: what is in force, and the rows so far."""

    def __init__(self) -> None:
        self.unit, self.axes, self.feed, self.per_turn = 1.0, (0, 1, 2), 0.0, False
        self.spindle, self.tool, self.rpm = "off", None, 0.0
        self.rows: list[Row] = []
        self.end = (0.0, 0.0, 0.0)

    def follow(self, commands: list[tuple[str, str]]) -> list[Row]:
        """Return the rows of all commands."""
        for name, text in commands:
            if name in _SPINDLES:
                self.spindle = _SPINDLES[name]
            elif name == "USE_LENGTH_UNITS":
                self.unit = _INCH if "INCH" in text else 1.0
            elif name == "SELECT_PLANE":
                self.axes = _AXES[text]
            elif name in ("SET_FEED_MODE", "SET_FEED_RATE", "SET_SPINDLE_SPEED", "CHANGE_TOOL"):
                self._set(name, [float(number) for number in text.split(",")])
            elif name in ("STRAIGHT_TRAVERSE", "STRAIGHT_FEED", "ARC_FEED", "DWELL"):
                self._move(name, [float(number) for number in text.split(",")])
        return self.rows

    def _set(self, name: str, numbers: list[float]) -> None:
        if name == "SET_FEED_MODE":
            self.per_turn = numbers[1] == 1
        elif name == "SET_FEED_RATE":
            self.feed = numbers[0] * self.unit
        elif name == "SET_SPINDLE_SPEED":
            self.rpm = numbers[1]
        else:
            self.tool = int(numbers[0])

    def _move(self, name: str, numbers: list[float]) -> None:
        feed = self.feed * self.rpm if self.per_turn else self.feed
        if name == "DWELL":
            self._add("DWELL", self.end, numbers[0], None)
        elif name == "ARC_FEED":
            first, second, normal = self.axes
            place = [0.0, 0.0, 0.0]
            place[first], place[second], place[normal] = (numbers[at] * self.unit for at in (0, 1, 5))
            arc = (numbers[2] * self.unit, numbers[3] * self.unit, int(numbers[4]))
            self._add("ARC", (place[0], place[1], place[2]), feed, arc)
        else:
            x, y, z = (number * self.unit for number in numbers[:3])
            kind = "RAPID" if name == "STRAIGHT_TRAVERSE" else "LINE"
            self._add(kind, (x, y, z), 0.0 if kind == "RAPID" else feed, None)

    def _add(
        self, kind: str, end: tuple[float, float, float], feed: float, arc: tuple[float, float, int] | None
    ) -> None:
        if kind in ("DWELL", "ARC") or math.dist(end, self.end) > 0.0:
            self.rows.append(Row(kind, end, feed, arc, self.spindle, self.tool))
        self.end = end


def list_rows(program: Program) -> list[Row]:
    """Return the motions of a program that was read as the referee would print them."""
    rows = []
    for place, motion in enumerate(list_motions(program)):
        setup = program.motions.setups[program.motions.setup[place]]
        arc = motion.arc and (
            motion.arc.a / 1000,
            motion.arc.b / 1000,
            motion.arc.turns * (-1 if motion.arc.clockwise else 1),
        )
        if motion.kind in (MotionKind.DWELL, MotionKind.ARC) or motion.start != motion.end:
            rows.append(Row(motion.kind.name, motion.end, motion.feed, arc, setup.spindle, setup.tool))
    return rows


def find_difference(ours: list[Row], theirs: list[Row], *, off_mm: float = 0.0021) -> str | None:
    """Return where two lists of motions differ first; None when they agree within the decimals that are printed."""
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if not _agree(one, other, off_mm):
            return f"motion {number}: read {one}, referee {other}"
    return None if len(ours) == len(theirs) else f"{len(ours)} motions read, {len(theirs)} of the referee"


def _agree(one: Row, other: Row, off_mm: float) -> bool:
    if one.kind == "MACHINE":
        return other.kind in ("RAPID", "LINE") and _are_near(one.end, other.end, off_mm)
    if (one.kind, one.spindle, one.arc and one.arc[2]) != (other.kind, other.spindle, other.arc and other.arc[2]):
        return False
    if one.arc and other.arc and not _are_near(one.arc[:2], other.arc[:2], off_mm):
        return False
    is_least = one.kind != "DWELL" and one.feed < other.feed <= LEAST_FEED
    is_alike = math.isclose(one.feed, other.feed, rel_tol=1e-3, abs_tol=0.01)
    return _are_near(one.end, other.end, off_mm) and (is_alike or is_least)


def _are_near(one: tuple[float, ...], other: tuple[float, ...], off_mm: float) -> bool:
    return all(math.isnan(a) or abs(a - b) <= off_mm for a, b in zip(one, other, strict=True))


def write_tools(folder: Path) -> Path:
    """Write a tool table of nine tools."""
    table = folder / "tool.tbl"
    table.write_text("".join(f"T{number} P{number} Z0 D3\n" for number in range(1, 10)))
    return table
