"""Hold what was measured of a program: `rmos.measured/1`.

    measured = measure_program(program, setup)
    msgspec.to_builtins(measured)["box_mm"]["all"]["max"]      # ["51.413", "51.413", "6"]

Every number is an integer or a decimal in a string, so that the digest of the JSON is the same on every machine. The
decision on each cut (`risk_level`, `score`, `reason`) is filled in by whoever asks an engine.
"""

import math
from typing import Any, Final, Literal

import msgspec

from rmos.cam.motion import ProgramFinding, Units

MEASURED_SCHEMA: Final = "rmos.measured/1"
Decimal3 = tuple[str, str, str]
"""X, Y, Z in mm."""


class ReaderVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What read and measured: another version may find other numbers."""

    id: str
    version: str


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """The corners of where the centre of the tool's tip goes, mm."""

    min: Decimal3
    max: Decimal3


class BoxPair(msgspec.Struct, frozen=True, kw_only=True):
    """Where it goes at all, and where it removes something; None when it never does."""

    all: Box | None
    cutting: Box | None


class MeasuredTool(msgspec.Struct, frozen=True, kw_only=True):
    """What one tool does while it removes material: the largest of each. Feeds in mm/min, lengths in mm."""

    number: int | None
    """None: the program names no tool."""
    tool_id: str | None
    rpm: tuple[str, ...]
    cutting_s: str
    cutting_mm: str
    max_feed: str
    max_plunge: str
    """The part of the feed that goes straight down."""
    max_axial_mm: str
    max_radial_mm: str
    min_z_mm: str
    """The lowest place, in the program's own Z."""


class MeasuredCut(msgspec.Struct, frozen=True, kw_only=True):
    """Stretches of the path that cut alike, and what an engine decided on them. Feeds in mm/min, lengths in mm."""

    tool: int | None
    tool_id: str | None
    rpm: str
    feed: str
    plunge_feed: str
    """The part of the feed that goes straight down; "0" of a level cut."""
    axial_mm: str
    radial_mm: str
    widest_mm: str
    """The width that it may have at the most, where `radial_mm` is what was measured of it."""
    depth_mm: str
    """Below the top of the stock, at the deepest."""
    vertical: bool
    through: bool
    """Whether it reaches the lower face of the stock."""
    seconds: str
    mm: str
    line: int
    """Where it is first done."""
    risk_level: str | None = None
    score: float | None = None
    reason: str | None = None


class TimeEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """How long the program runs, s: without acceleration, and as a planner of these axes would drive it."""

    feed_only: str
    """Without rapids, whose speed is then not known, unless the machine says it."""
    planned: str | None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a program does, measured."""

    reader: ReaderVersion
    program_sha256: str
    dialect: str | None
    units: Units | None
    lines: int
    moves: int
    box_mm: BoxPair
    tools: tuple[MeasuredTool, ...]
    removed_mm3: str | None
    """None when it could not be measured."""
    estimate_s: TimeEstimate
    cuts: tuple[MeasuredCut, ...]
    findings: tuple[ProgramFinding, ...]
    """Of the reader and of the measures, by line."""
    assumptions: tuple[str, ...]
    schema: Literal["rmos.measured/1"] = MEASURED_SCHEMA

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        members: dict[str, Any] = msgspec.to_builtins(self)
        return members


def format_decimal(value: float, digits: int = 3) -> str:
    """Return a number with at most so many decimals, without an exponent, trailing zeros or `-0`.

    Raises:
        ValueError: it is no finite number.
    """
    if not math.isfinite(value):
        raise ValueError("a measure is not finite")
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def format_mm(um: float) -> str:
    """Return µm as mm with at most three decimals, rounded to the nearest µm."""
    return format_decimal(round(um) / 1000)
