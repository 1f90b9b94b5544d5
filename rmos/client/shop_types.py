"""What a shop keeps beside its runs, as programs see it: lives of tools, batches, candidates, the run log, bundles."""

from typing import Any, Literal, NotRequired, TypedDict

ToolAction = Literal["new", "sharpened", "discarded"]
BatchView = Literal["summary", "tree", "timeline", "progress"]
CandidateColour = Literal["GREEN", "YELLOW", "RED"]


class ToolMinutes(TypedDict):
    """One tool since its last reset; what nobody knows is None."""

    serial: str | None
    minutes: float | None
    share: float | None
    jobs: int
    timed_jobs: int
    metres: float | None
    measured_jobs: int
    breaks: int
    since_utc: str | None
    last_action: ToolAction | None


class PastReset(TypedDict):
    """A reset, and what the tool had cut until then since the one before."""

    number: int
    action: ToolAction
    serial: str | None
    note: str | None
    at_utc: str
    by: str
    minutes: float | None
    jobs: int
    timed_jobs: int
    breaks: int


class ToolLife(TypedDict):
    """The tools of one id, each by its serial, and all their resets, oldest first."""

    tool_id: str
    life_minutes: float | None
    tools: list[ToolMinutes]
    history: list[PastReset]


class ToolReset(TypedDict):
    """A reset that is recorded."""

    tool_id: str
    number: int
    action: ToolAction
    serial: str | None
    note: str | None
    at_utc: str
    by: str


class BrokenLink(TypedDict):
    """What is wrong with the parent of a run, which stands as a root for it."""

    reason: str
    run_id: str
    parent_run_id: str
    run_ids: list[str]


class BatchNode(TypedDict):
    """A run of a batch; `rollup`, `furthest`, `runs` and the parts are those of all runs from it down."""

    run_id: str
    parent_run_id: str | None
    depth: int
    created_at_utc: str
    event_type: str | None
    phase: str
    status: str
    risk_level: str
    mode: str | None
    tool_id: str | None
    outcome: str | None
    rollup: str
    furthest: str
    runs: int
    good_parts: int
    scrap_parts: int


class BatchMoment(TypedDict):
    """Something that happened in a batch."""

    at_utc: str
    run_id: str
    phase: str
    what: Literal["run", "released", "outcome"]
    by: str | None
    status: str | None
    ended: str | None
    part: str | None
    quantity: int | None


class BatchRoot(TypedDict):
    """How far a root of a batch came, with all that was made of it."""

    run_id: str
    created_at_utc: str
    last_at_utc: str
    phase: str
    rollup: str
    runs: int
    good_parts: int
    scrap_parts: int
    completed: bool


class Batch(TypedDict):
    """A batch in one of its views: what all of them say, then what one of them says."""

    view: BatchView
    label: str | None
    session_id: str | None
    workflow_session_id: str | None
    runs: int
    more: int
    roots: int
    state: str | None
    rollup: str | None
    broken: list[BrokenLink]
    phases: NotRequired[dict[str, int]]
    statuses: NotRequired[dict[str, int]]
    risk_levels: NotRequired[dict[str, int]]
    outcomes: NotRequired[dict[str, int]]
    good_parts: NotRequired[int]
    scrap_parts: NotRequired[int]
    first_at_utc: NotRequired[str | None]
    last_at_utc: NotRequired[str | None]
    nodes: NotRequired[list[BatchNode]]
    moments: NotRequired[list[BatchMoment]]
    branches: NotRequired[list[BatchRoot]]
    completed_roots: NotRequired[int]


class Candidate(TypedDict):
    """A promoted drawing or a program of a run, and what was decided on it."""

    candidate_id: str
    kind: Literal["drawing", "program"]
    sha256: str
    filename: str | None
    mime: str | None
    size_bytes: int | None
    decision: CandidateColour | None
    note: str | None
    decided_by: str | None
    decided_at_utc: str | None
    history: list[dict[str, Any]]


class DecidedCandidate(Candidate):
    """A candidate after it was decided on."""

    run_id: str


class RunLogEntry(TypedDict):
    """A line of the run log; what nobody knows is None."""

    run_id: str
    created_at_utc: str
    mode: str | None
    tool_id: str | None
    status: str
    risk_level: str
    warning_count: int
    override_applied: bool | None
    block_reason: str | None
    rules_triggered: list[str] | None
    input_filename: str | None
    loop_count: int | None
    bbox_width_mm: float | None
    bbox_height_mm: float | None
    tool_d_mm: float | None
    stepover: float | None
    stepdown_mm: float | None
    z_rough_mm: float | None
    strategy: str | None
    gcode_lines: int | None
    gcode_inline: bool | None
    feasibility_sha256: str | None
    gcode_sha256: str | None
    parent_run_id: str | None
    material_id: str | None
    machine_id: str | None
    session: str | None
    estimate_s: float | None
    ended: str | None
    part: str | None
    measured_s: float | None
    operator: str | None


class ImportedBundle(TypedDict):
    """What taking a bundle in did."""

    sha256: str
    imported: int
    there: int
    sessions: int
    blobs: int
