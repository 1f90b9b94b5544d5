"""Hold what is in force while a program is read: units, plane, distances, feed, tool, spindle, place."""

import math
from typing import Final, NamedTuple

from rmos.cam.motion import START, Setup, Spindle, Units

UNITS_PER_MINUTE: Final = 94
INVERSE_TIME: Final = 93
UNITS_PER_TURN: Final = 95
PLANE_AXES: Final = ((0, 1, 2), (2, 0, 1), (1, 2, 0))
"""First, second and normal axis of XY, ZX and YZ."""


class Scale(NamedTuple):
    """How the text of a length becomes µm without a rounding: `float(text + exponent) * times / over`.

    With the exponent in the text the decimal point moves before the number becomes binary, so that three decimals of
    a millimetre or four of an inch are exact.
    """

    exponent: str
    times: float
    over: float

    def read_length(self, text: str) -> float:
        """Return µm; of a zero with a minus the zero without."""
        return float(text + self.exponent) * self.times / self.over + 0.0


SCALES: Final[dict[Units, Scale]] = {"mm": Scale("e3", 1.0, 1.0), "inch": Scale("e4", 254.0, 100.0)}
FEED_FACTORS: Final[dict[Units, float]] = {"mm": 1.0, "inch": 25.4}


class Modal:
    """The modal state, as a controller has it after a reset."""

    __slots__ = (
        "arc_absolute",
        "arc_mode_stated",
        "careful",
        "cycle_words",
        "feed",
        "feed_mode",
        "feed_per_turn",
        "feed_stale",
        "length_offset",
        "length_stale",
        "motion",
        "offset",
        "place",
        "plane",
        "relative",
        "return_initial",
        "rpm",
        "selected",
        "setup",
        "speed_text",
        "spindle",
        "spindle_line",
        "stated_axes",
        "straight",
        "tool",
        "tool_changes",
        "tool_unchanged",
        "units",
        "units_stated",
        "z_moved",
    )

    def __init__(self, units: Units | None, *, arc_absolute: bool = False) -> None:
        self.units: Units = units or "mm"
        self.units_stated = units is not None
        self.place = list(START)
        """µm."""
        self.stated_axes: set[str] = set()
        """The axes that have been told where to be, and not only how far to go."""
        self.z_moved = False
        self.plane = 0
        self.relative = False
        self.arc_absolute = arc_absolute
        self.arc_mode_stated = False
        self.motion: str | None = None
        """The code in force, as `G1` or `G83`; None before the first and after G80."""
        self.straight: str | None = None
        """The last of G0 to G3, which some controllers take up again after G80."""
        self.cycle_words: dict[str, float] = {}
        self.return_initial = False
        self.feed_mode = UNITS_PER_MINUTE
        self.feed = math.nan
        """mm/min of G94; what F said in G93."""
        self.feed_per_turn = math.nan
        """mm of G95."""
        self.feed_stale = False
        """The units changed since F was said."""
        self.rpm = 0.0
        self.speed_text: str | None = None
        """As S said it: a line that says it again changes nothing."""
        self.spindle: Spindle = "off"
        self.spindle_line: int | None = None
        """Where the spindle was switched on, while neither a dwell nor a cut has come since."""
        self.selected: int | None = None
        self.tool: int | None = None
        self.tool_changes = 0
        self.tool_unchanged: int | None = None
        """A second T that neither M6 nor a stop follows."""
        self.length_offset: int | None = None
        self.length_stale = False
        """A second tool is in the spindle and no G43 came since."""
        self.offset = "G54"
        self.setup: int | None = None
        """The number of the setup in force; None after a change."""
        self.careful = True
        """Something is to be checked at the next cut, so that it takes the long way."""

    def make_setup(self, *, plunge: bool = False) -> Setup:
        """Return what of the state is kept beside a motion."""
        return Setup(
            tool=self.tool,
            rpm=self.rpm,
            spindle=self.spindle,
            offset=self.offset,
            length_offset=self.length_offset,
            plunge=plunge,
        )

    def change_setup(self) -> None:
        """Note that a motion after this has another setup than those before."""
        self.setup = None
        self.careful = True

    def read_length(self, text: str) -> float:
        """Return a length of the program in µm."""
        return SCALES[self.units].read_length(text)

    def find_feed(self, length: float) -> float:
        """Return the feed in mm/min of a motion of some µm; NaN where none was said."""
        if self.feed_mode == INVERSE_TIME:
            return self.feed * length / 1000
        if self.feed_mode == UNITS_PER_TURN:
            return self.feed_per_turn * self.rpm
        return self.feed
