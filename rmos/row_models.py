"""The rows of the index, what lists ask of them, and the page that comes of it.

Whatever a row holds can be computed again from the record (`rmos/models.py`), so these structs may change with any
release: the index is made again then.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from rmos.models import RunState
from rmos.names import fold_name

RUN_NAMES: Final = (
    *("mode", "tool_id", "event_type", "workflow_session_id", "batch_label", "session_id", "material_id"),
    *("machine_id", "parent_run_id", "created_by", "rule", "request_id", "source"),
)
_RUN_WORDS: Final = ("status", "risk_level")
OverrideState = Literal["asked", "granted", "expired", "none"]
"""How an override of a run stands: a second person is awaited, it is in force, it is over, there is none."""
OVERRIDE_STATES: Final = get_args(OverrideState)
OutcomeGroup = Literal["machine", "tool", "material", "month"]
OUTCOME_GROUPS: Final = get_args(OutcomeGroup)
"""By what outcomes can be added up."""
OutcomeColumn = Literal["risk_level", "part", "reason_code", "machine_id", "time_basis", "time_ratio"]
"""By what jobs can be counted."""
OUTCOME_NAMES: Final = ("machine_id", "tool_id", "material_id")
SESSION_NAMES: Final = ("user_id", "workflow_type")
"""What people and programs call things by, and look for them by."""


def _fold_names(struct: msgspec.Struct, names: Iterable[str]) -> None:
    for name in names:
        value = getattr(struct, name)
        if value is not None and (folded := fold_name(value)) != value:
            msgspec.structs.force_setattr(struct, name, folded)


def _capitalise(struct: msgspec.Struct, names: Iterable[str]) -> None:
    """Write words of our own vocabulary as records have them."""
    for name in names:
        value = getattr(struct, name)
        if value is not None and value.isascii() and not value.isupper():
            msgspec.structs.force_setattr(struct, name, value.upper())


class RunRow(msgspec.Struct, frozen=True):
    """One run in the index: everything in it can be computed again from the record."""

    run_id: str
    created_us: int
    partition: str
    version: int
    state: RunState
    sha256: str
    summary: str
    status: str
    risk_level: str
    mode: str
    tool_id: str
    event_type: str | None = None
    workflow_session_id: str | None = None
    batch_label: str | None = None
    session_id: str | None = None
    material_id: str | None = None
    machine_id: str | None = None
    parent_run_id: str | None = None
    created_by: str | None = None
    """The name of who made it."""
    rule: str | None = None
    """The first rule that blocks the cut or warns of it."""
    request_id: str | None = None
    source: str | None = None
    program_sha256: str | None = None
    """Of the program that leaves through the gate alone: a session covers it."""
    outcome: str | None = None
    """What became of the cut, in one word: of the last outcome that was reported and not corrected."""
    explanation_status: str | None = None
    """In the words of lists: pending, complete or failed."""
    advisory_kinds: str | None = None
    """How many advisories of each kind, as sorted JSON text."""
    latest_advisory_us: int | None = None
    override: Literal["asked", "granted"] | None = None
    """What the events say of an override, whenever that was; whether it is over, the moment of a question decides."""
    override_until: str | None = None
    """When it is over: RFC 3339 with microseconds and Z, or `FOR_GOOD`, so that texts compare as times."""
    outcomes: str | None = None
    """Its `OutcomeRow`s as JSON text: those of outcomes that were corrected are not among them."""
    run_log: str | None = None
    """Its `RunLogCells` (`log_rows.py`) as JSON text; None of a run whose record cannot be read."""
    tool_work: str | None = None
    """The `ToolWorkRow`s of the same outcomes as JSON text."""

    def __post_init__(self) -> None:
        """Fold the names; the record has them as they were sent."""
        _fold_names(self, RUN_NAMES)
        _capitalise(self, _RUN_WORDS)


class RunQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list or a count asks for; `created_from_us` is included, `created_to_us` is not.

    Whether an override is over is a matter of `now_utc`, which goes with `override`; the store reads the clock where it
    is None.

    Names are folded, as they are in the rows of the index, so case is no matter in any filter.
    """

    status: str | None = None
    mode: str | None = None
    tool_id: str | None = None
    tool_id_prefix: str | None = None
    event_type: str | None = None
    risk_level: str | None = None
    workflow_session_id: str | None = None
    batch_label: str | None = None
    session_id: str | None = None
    material_id: str | None = None
    machine_id: str | None = None
    parent_run_id: str | None = None
    created_by: str | None = None
    rule: str | None = None
    request_id: str | None = None
    source: str | None = None
    program_sha256: str | None = None
    outcome: str | None = None
    override: OverrideState | None = None
    now_utc: str | None = None
    created_from_us: int | None = None
    created_to_us: int | None = None
    include_deleted: bool = False

    def __post_init__(self) -> None:
        """Fold the names."""
        _fold_names(self, (*RUN_NAMES, "tool_id_prefix"))
        _capitalise(self, _RUN_WORDS)


class OutcomeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one tool did in one job: outcomes are listed and added up from these rows, which stand in that of the run.

    Times are in ms, paths in µm; what nobody knows is None.
    """

    outcome_id: str
    """The run's id, a dot and the number of the event."""
    tool_id: str
    lead: int
    """1 on the row of the first tool of a job, else 0."""
    created_us: int
    """When the job was: what lists go by."""
    month: str
    """Of that moment in UTC, `2026-01`."""
    machine_id: str | None
    material_id: str | None
    ended: str
    part: str
    quantity: int
    spent_ms: int | None
    """Of the whole job, on each of its rows."""
    cut_um: int | None
    """The path along which the whole job removed material."""
    tool_ms: int | None
    """Of this tool."""
    tool_um: int | None
    summary: str
    """What lists show of the job, as finished JSON text."""
    risk_level: str
    """Of the run's decision."""
    reason_code: str | None
    time_basis: str
    """By which estimate the whole job's time is compared, or why it is not (`outcomes.TimeBasis`)."""
    time_ratio: int | None
    """That time over the estimate, in thousandths; None where it is not compared."""

    def __post_init__(self) -> None:
        """Fold the names; the summary has them as they were sent."""
        _fold_names(self, OUTCOME_NAMES)


class ToolWorkRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one tool did in one job, of several with one id each by its serial: the life of a tool is added up of these.

    Times are in ms, paths in µm; what nobody knows is None.
    """

    outcome_id: str
    tool_id: str
    serial: str
    """Empty where it has none."""
    created_us: int
    """When the job was."""
    worked_ms: int | None
    cut_um: int | None
    broke: int
    """1 where it broke, else 0."""
    marked: str | None
    """The serial as it was sent."""

    def __post_init__(self) -> None:
        """Fold the names."""
        _fold_names(self, ("tool_id", "serial"))


class ToolSpan(NamedTuple):
    """What a tool did from one moment until before another one is asked for; its names are folded."""

    tool_id: str
    serial: str
    since_us: int
    until_us: int


class ToolSpanTotals(NamedTuple):
    """What a tool did in a span: of how many jobs time and path are known, and what they amount to."""

    jobs: int
    timed: int
    worked_ms: int | None
    measured: int
    cut_um: int | None
    breaks: int


class WorkedTool(NamedTuple):
    """A tool that took part in a job; `tool_id` and `serial` are folded, `marked` is the serial as it was sent."""

    tool_id: str
    serial: str
    marked: str | None


class OutcomeQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of outcomes, or their totals, asks for; `since_us` is included, `until_us` is not."""

    machine_id: str | None = None
    tool_id: str | None = None
    material_id: str | None = None
    part: str | None = None
    ended: str | None = None
    risk_level: str | None = None
    reasons: tuple[str, ...] | None = None
    """Reason codes, of which an outcome has one."""
    since_us: int | None = None
    until_us: int | None = None

    def __post_init__(self) -> None:
        """Fold the names."""
        _fold_names(self, OUTCOME_NAMES)


class OutcomeTotals(NamedTuple):
    """What the jobs of a group amount to; `group` is None where the runs name no machine or material."""

    group: str | None
    jobs: int
    good: int
    """Parts, not jobs."""
    scrap: int
    timed: int
    """Of how many jobs the time is known: `spent_ms` is of these alone."""
    spent_ms: int | None
    measured: int
    """Of how many jobs the path is known."""
    cut_um: int | None
    longest_ms: int | None


class CountedJobs(NamedTuple):
    """How many jobs have the same values in the columns by which they were counted."""

    values: tuple[str | int | None, ...]
    jobs: int


class SessionRow(msgspec.Struct, frozen=True):
    """One session in the index: everything in it can be computed again from the record."""

    session_id: str
    created_us: int
    partition: str
    version: int
    state: RunState
    cascade: int
    """1 when it was deleted together with its runs, else 0."""
    summary: str
    status: str | None = None
    workflow_state: str | None = None
    user_id: str | None = None
    workflow_type: str | None = None

    def __post_init__(self) -> None:
        """Fold the names; the record has them as they were sent."""
        _fold_names(self, SESSION_NAMES)


class SessionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of sessions asks for; deleted ones only by their status; `since_us` is included, `until_us` not."""

    user_id: str | None = None
    status: str | None = None
    workflow_state: str | None = None
    workflow_type: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    include_deleted: bool = False

    def __post_init__(self) -> None:
        """Fold the names."""
        _fold_names(self, (*SESSION_NAMES, "workflow_state"))
        _capitalise(self, ("status",))


class AdvisoryFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs of a session amount to, counted by what lists show of them."""

    total_runs: int
    explanation_status_counts: dict[str, int]
    advisory_kind_counts: dict[str, int]
    risk_level_counts: dict[str, int]
    latest_advisory_us: int | None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list: finished summary texts, newest first, and the cursor of the next page."""

    text: str
    """The items, a comma and a line break between them."""
    count: int = 0
    """How many there are."""
    next_cursor: str | None = None
    total: int | None = None

    @property
    def items(self) -> list[str]:
        """The items one by one."""
        return self.text.split(",\n") if self.text else []
