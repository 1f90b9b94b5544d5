"""What became of a cut: the words for it, and what an event holds of it.

    classify_outcome("completed", "good")               # "done"
    outcome = read_outcome(event.data)                  # None when it is none
    find_moment(outcome, event.created_at_utc), find_seconds(outcome)

Two axes, because they are two questions: how the machine stopped (`ended`), and what the part is good for (`part`). A
job that was cancelled has not failed, and one that ran to its end may have spoiled the part.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

import msgspec

from rmos import ids

Number = TypeVar("Number", int, float)
Ended = Literal["completed", "cancelled", "interrupted", "failed"]
PartVerdict = Literal["good", "rework", "scrap", "unjudged"]
OutcomeWord = Literal["done", "scrapped", "interrupted"]
ReasonCode = Literal[
    "WRONG_ZERO",
    "WRONG_TOOL",
    "WRONG_PROGRAM",
    "TOOL_BROKE",
    "LOST_STEPS",
    "WORK_MOVED",
    "TEAR_OUT",
    "BURN",
    "CHATTER",
    "FIT_LOOSE",
    "FIT_TIGHT",
    "DEPTH_WRONG",
    "MATERIAL_FLAW",
    "POWER",
    "OTHER",
]
TimeBasis = Literal[
    "planned",
    "feed_only",
    "not_completed",
    "not_timed",
    "other_program",
    "which_program",
    "feed_overridden",
    "no_estimate",
]
"""By which estimate the time of a job is compared, or why it is not."""
TimeOrigin = Literal["given", "measured_program", "estimated", "job_time"]
"""Where the minutes of a tool come from.

As they were reported; measured of the program, as far as it ran, in proportion to how long the job ran; the same at the
speeds of the estimate, where nobody took the time; all of the time of a job with one tool of whose program nothing is
known.
"""
PathOrigin = Literal["measured_program"]
ENDED: Final = get_args(Ended)
PARTS: Final = get_args(PartVerdict)
OUTCOME_WORDS: Final = get_args(OutcomeWord)
REASON_CODES: Final = get_args(ReasonCode)
TIME_BASES: Final = get_args(TimeBasis)
ESTIMATES: Final[tuple[TimeBasis, ...]] = ("planned", "feed_only")
"""What a job can be compared with: a planner's time with acceleration, or that of the feeds alone."""
OUTCOME: Final = "outcome"
"""The kind of event that says what became of a cut."""
MAX_SECONDS: Final = 7 * 86_400
"""The longest job, s (RMOS policy): what says more was left running, or is a slip of the pen."""
MAX_AHEAD_US: Final = 300_000_000
"""How far ahead a clock in the shop may be, µs (RMOS policy)."""
MAX_QUANTITY: Final = 10_000
MAX_LINE: Final = 1_000_000_000

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_SECONDS)]
_Known = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
_Minutes = Annotated[float, msgspec.Meta(ge=0, le=MAX_SECONDS / 60)]


class UsedTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that took part in a job."""

    tool_id: _Name
    serial: str | None = None
    """Which of several of the same kind, as it is marked in the shop."""
    minutes: _Minutes | None = None
    """How long it was in the cut; None where nobody took the time."""
    broke: bool = False


class OutcomeReading(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was measured on the part or at the machine."""

    name: str
    value: float
    unit: str


class ReportedOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody reports of one job: a program that ran once, whatever came of it."""

    ended: Ended
    part: PartVerdict
    reason_code: ReasonCode | None = None
    started_at_utc: str | None = None
    ended_at_utc: str | None = None
    measured_s: _Seconds | None = None
    """How long it ran, s."""
    last_line: Annotated[int, msgspec.Meta(ge=1, le=MAX_LINE)] | None = None
    """The line of the program at which it stopped."""
    feed_override_pct: Annotated[float, msgspec.Meta(ge=0, le=1000)] | None = None
    program_sha256: str | None = None
    """Of the program that ran."""
    tools: list[UsedTool] = []
    rating: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    note: str | None = None
    photo_sha256: list[str] = []
    """Attachments of the run."""
    readings: list[OutcomeReading] = []
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)] = 1
    """How many parts came of it."""
    corrects: int | None = None
    """The number of the outcome that this one replaces."""


class ToolWork(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool did in a job, as it was found when that was reported; what nobody knows is None."""

    tool_id: _Name
    serial: str | None = None
    cutting_s: _Known | None = None
    """How long it was in the cut."""
    time_origin: TimeOrigin | None = None
    cutting_mm: _Known | None = None
    """The path along which it removed material, as it was measured of the program."""
    broke: bool = False


class CutOutcome(ReportedOutcome, frozen=True, kw_only=True):
    """What became of a cut, with what the server found about it when it was reported."""

    outcome: OutcomeWord
    program_matches: bool | None = None
    """Whether the program that ran is one of the run; None when nobody said which one ran."""
    cut_against_decision: bool = False
    """Whether it was cut although the decision blocks it, and nothing covered that."""
    tool_work: list[ToolWork] = []
    """Empty in records of earlier releases: it is then found from what the decision says of the program."""
    cut_mm: _Known | None = None
    """The path of the whole job, up to `last_line` where that was given."""
    path_origin: PathOrigin | None = None


def classify_outcome(ended: str, part: str) -> OutcomeWord:
    """Return an outcome in one word: scrapped, done when it was finished and is good, else interrupted."""
    if part == "scrap":
        return "scrapped"
    return "done" if (ended, part) == ("completed", "good") else "interrupted"


def needs_reason(ended: str, part: str) -> bool:
    """Tell whether an outcome has to say why: of scrap and of failures others want to learn."""
    return part == "scrap" or ended == "failed"


def read_outcome(members: Mapping[str, Any]) -> CutOutcome | None:
    """Return the outcome that the members of an event are, or None when they are none.

    Records come from other hands too: what is no outcome stays in the record and counts for nothing.
    """
    try:
        outcome = msgspec.convert(members, CutOutcome)
        for moment in (outcome.started_at_utc, outcome.ended_at_utc):
            if moment is not None:
                ids.parse_utc(moment)
    except (msgspec.ValidationError, ValueError, OverflowError):
        return None
    return outcome


def find_moment(outcome: ReportedOutcome, created_at_utc: str) -> int:
    """Return when a job was, µs: when it ended, else when it began, else when it was reported.

    Raises:
        ValueError: a time is none.
    """
    return ids.parse_utc(outcome.ended_at_utc or outcome.started_at_utc or created_at_utc)


def find_seconds(outcome: ReportedOutcome) -> float | None:
    """Return how long a job ran, s: as it was measured, else from its start to its end; None when neither is known.

    A span that cannot be, as a record from elsewhere may have one, is not known.
    """
    if outcome.measured_s is not None:
        return outcome.measured_s
    if outcome.started_at_utc is None or outcome.ended_at_utc is None:
        return None
    seconds = (ids.parse_utc(outcome.ended_at_utc) - ids.parse_utc(outcome.started_at_utc)) / 1e6
    return seconds if 0 <= seconds <= MAX_SECONDS else None


def find_estimate_s(estimate: object) -> float | None:
    """Return how long a program was estimated to run, s: as a planner drives it, else by its feeds alone."""
    members = estimate if isinstance(estimate, Mapping) else {}
    known = (read_decimal(members.get(basis)) for basis in ESTIMATES)
    return next((seconds for seconds in known if seconds is not None), None)


def add_up_known(numbers: Sequence[Number | None]) -> Number | None:
    """Return a sum, None where a part of it is not known or there is none."""
    known = [number for number in numbers if number is not None]
    return sum(known[1:], known[0]) if known and len(known) == len(numbers) else None


def read_decimal(value: object) -> float | None:
    """Return a number of the measures of a program, which are decimals in strings; None for what is no such number."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
