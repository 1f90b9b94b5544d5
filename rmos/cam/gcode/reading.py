"""Hold what a program has made so far: its state, motions, findings and words; every motion comes in here.

reading = ProgramReading(units=None)
reading.line = 4
reading.cut(MotionKind.LINE, (10_000.0, 0.0, -1_000.0))
"""

import math
from typing import Final

from rmos.cam.gcode.finding_log import FindingLog
from rmos.cam.gcode.line_lengths import LineLengths
from rmos.cam.gcode.modal import Modal
from rmos.cam.motion import MotionKind, Motions, Setup, Units

MAX_MOTIONS: Final = 5_000_000
Position = tuple[float, float, float]


class ProgramReading:
    """A program while it is read."""

    __slots__ = (
        "_cut_offset",
        "_setups",
        "arc_counts",
        "arc_radius_linuxcnc",
        "arc_unsaid_line",
        "first_units",
        "flat",
        "full",
        "lengths",
        "line",
        "log",
        "max_motions",
        "modal",
        "motions",
        "no_point_line",
        "noted",
        "words",
    )

    def __init__(self, *, units: Units | None, arc_absolute: bool = False, max_motions: int = MAX_MOTIONS) -> None:
        self.modal = Modal(units, arc_absolute=arc_absolute)
        self.motions = Motions()
        self.log = FindingLog()
        self.words: dict[str, int] = {}
        self.line = 0
        self.flat = True
        self.full = False
        """The limit of motions is reached: reading ends."""
        self.first_units: Units | None = None
        """What the program says first."""
        self.max_motions = max_motions
        self.no_point_line: int | None = None
        self.noted: dict[str, int] = {}
        """Members of `ProgramFacts` that a block has, each with its first line."""
        self.lengths = LineLengths()
        self.arc_unsaid_line: int | None = None
        self.arc_counts = {"incremental": 0, "absolute": 0, "both": 0, "neither": 0}
        """How many arcs of unsaid mode each reading closes."""
        self.arc_radius_linuxcnc: int | None = None
        self._setups: dict[Setup, int] = {}
        self._cut_offset: str | None = None

    def report(self, code: str, text: str) -> None:
        """Add a finding at this line."""
        self.log.add(code, self.line, text)

    def refuse_flat(self, text: str) -> None:
        """Report what is not computed; no measure of the program holds any more."""
        self.flat = False
        self.report("PROGRAM_NOT_FLAT", text)

    def use_word(self, word: str) -> None:
        """Keep the line where a word came first."""
        self.words.setdefault(word, self.line)

    def note(self, fact: str) -> None:
        """Keep the line where a fact came first that only a dialect can decide."""
        self.noted.setdefault(fact, self.line)

    def has_room(self, count: int) -> bool:
        """Tell whether so many motions more are within the limit; the reading ends where they are not."""
        if len(self.motions) + count > self.max_motions:
            self.full = True
            self.report("TOO_LONG", f"The program has more than {self.max_motions} motions; split it.")
        return not self.full

    def move(self, end: Position) -> None:
        """Add a rapid."""
        if self.modal.careful:
            self._check_start(end)
        self._append(MotionKind.RAPID, end, 0.0, self.find_setup())

    def move_to_machine(self, end: Position) -> None:
        """Add a move in machine coordinates, whose places are not known."""
        self.modal.careful = True
        self._append(MotionKind.MACHINE, end, 0.0, self.find_setup())

    def dwell(self, seconds: float) -> None:
        """Add a pause."""
        if seconds > 0:
            self.modal.spindle_line = None
        x, y, z = self.modal.place
        self._append(MotionKind.DWELL, (x, y, z), seconds, self.find_setup())

    def cut(self, kind: MotionKind, end: Position, length: float, *, plunge: bool = False) -> None:
        """Add a motion at feed whose path is some µm long."""
        feed = self.modal.find_feed(length)
        if not feed > 0.0:
            self.report("FEED_MISSING", self._describe_feed())
        if self.modal.careful:
            self._check_start(end)
            self._check_cut(end)
        self._append(kind, end, feed, self.find_setup(plunge=plunge))

    def _append(self, kind: MotionKind, end: Position, feed: float, setup: int) -> None:
        if self.has_room(1):
            x, y, z = end
            self.motions.append(kind, line=self.line, x=x, y=y, z=z, feed=feed, setup=setup)
            self.modal.place[:] = end

    def find_setup(self, *, plunge: bool = False) -> int:
        """Return the number of the setup in force."""
        modal = self.modal
        if modal.setup is not None and not plunge:
            return modal.setup
        made = modal.make_setup(plunge=plunge)
        number = self._setups.setdefault(made, len(self._setups))
        if number == len(self.motions.setups):
            self.motions.setups.append(made)
        if not plunge:
            modal.setup = number
        return number

    def _describe_feed(self) -> str:
        if self.modal.feed_mode == 93:
            return "G93 is in force and the line has no F; every cut of inverse time needs its own."
        if self.modal.feed_mode == 95:
            return "G95 needs F and a turning spindle before the first cut; say both."
        return "No F above zero is in force at this cut: GRBL and LinuxCNC refuse, Mach takes an old one; write F."

    def _check_start(self, end: Position) -> None:
        """Check what holds for every motion, until the first cut after something changed."""
        modal = self.modal
        if not modal.units_stated and not self.log.has("UNITS_UNSAID"):
            self.report("UNITS_UNSAID", "Nothing says G20 or G21 before this motion; write one, or send `units`.")
        moves = (end[0], end[1]) != (modal.place[0], modal.place[1]) or not modal.stated_axes.isdisjoint("XY")
        if not modal.z_moved and moves:
            modal.z_moved = True
            self.report("XY_BEFORE_RETRACT", "X or Y moves before any Z: the tool may scratch the work; raise Z first.")

    def _check_cut(self, end: Position) -> None:
        """Check what holds for a cut, once after each change of the setup."""
        modal = self.modal
        if any(map(math.isnan, (*modal.place, *end))):
            self.report("PLACE_UNKNOWN", "A cut starts or ends at a place of the machine; say X, Y and Z before it.")
            return
        if modal.stated_axes.isdisjoint("XY"):
            text = "It cuts before X or Y was told where to be, from wherever the tool stands; say X and Y first."
            self.report("START_UNSAID", text)
            modal.stated_axes.update("XY")
        if modal.feed_stale:
            self.report("FEED_UNITS", "The units changed after F, which some take anew in the new ones; say F again.")
            modal.feed_stale = False
        if self._cut_offset not in (None, modal.offset):
            self.report("SEVERAL_OFFSETS", f"The program cuts in {self._cut_offset} and in {modal.offset}; split it.")
        self._cut_offset = modal.offset
        self._check_spindle()
        self._check_tool()
        modal.careful = False

    def _check_spindle(self) -> None:
        modal = self.modal
        if modal.spindle_line is not None:
            text = "No G4 stands between the start of the spindle and the first cut; write G4 P3 after M3."
            self.log.add("NO_DWELL", modal.spindle_line, text)
            modal.spindle_line = None
        if modal.spindle == "ccw":
            self.report("SPINDLE_BACKWARDS", "It cuts with M4, against the edges of a common cutter; write M3.")

    def _check_tool(self) -> None:
        modal = self.modal
        if modal.tool_unchanged is not None:
            text = f"T{modal.tool_unchanged} has no M6, so nothing stops for it; split the program."
            self.report("TOOL_NOT_CHANGED", text)
            modal.tool_unchanged = None
        if modal.length_stale:
            self.report("TOOL_LENGTH", "A second tool cuts and no G43 gives its length; write G43 H after M6.")
            modal.length_stale = False
