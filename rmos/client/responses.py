"""The responses of the service, as types: plain dictionaries, so that members of a newer service are there as well."""

from typing import Any, Literal, NotRequired, TypedDict

RunStatus = Literal["OK", "BLOCKED", "ERROR"]
RiskLevel = Literal["GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR"]
OverrideState = Literal["asked", "granted", "expired", "none"]
OutcomeWord = Literal["done", "scrapped", "interrupted"]
Severity = Literal["NONE", "INFO", "WARNING", "CRITICAL"]


class RunCreated(TypedDict):
    """The response to a new run; `replayed` is True when an earlier request with the same key had made it."""

    run_id: str
    status: str
    run_status: RunStatus
    risk_level: RiskLevel
    score: float | None
    block_reason: str | None
    feasibility_sha256: str
    indexed: bool
    replayed: bool


class Creator(TypedDict):
    """Who made a run, and in which role."""

    name: str
    role: str


class RunSummary(TypedDict):
    """What lists show of a run; `deleted` is there, and true, only where `include_deleted` shows a deleted one.

    `override` is there only where an override was recorded or requested; it is over at its `expires_at_utc`. `outcome`
    and `outcome_count` are there only where it was reported what became of the cut.
    """

    run_id: str
    created_at_utc: str
    status: RunStatus
    event_type: str | None
    risk_level: RiskLevel
    score: float | None
    block_reason: str | None
    warnings: list[str]
    explanation_status: str | None
    explanation_summary: str | None
    request_id: str | None
    compute_ms: float | None
    mode: str
    tool_id: str
    material_id: str | None
    machine_id: str | None
    workflow_session_id: str | None
    parent_run_id: str | None
    created_by: Creator | None
    rule: str | None
    meta: dict[str, Any]
    override: NotRequired[dict[str, Any]]
    deleted: NotRequired[bool]
    outcome: NotRequired[OutcomeWord]
    outcome_count: NotRequired[int]


class OutcomeReported(TypedDict):
    """The response to a report of what became of a cut; `replayed` as of a run."""

    run_id: str
    number: int
    outcome: OutcomeWord
    program_matches: bool | None
    cut_against_decision: bool
    replayed: bool


class OutcomeSummary(TypedDict):
    """What lists show of an outcome that counts."""

    run_id: str
    number: int
    at_utc: str
    reported_at_utc: str
    by: str
    ended: str
    part: str
    outcome: OutcomeWord
    reason_code: str | None
    quantity: int
    last_line: int | None
    rating: int | None
    program_matches: bool | None
    cut_against_decision: bool
    corrects: int | None
    risk_level: RiskLevel
    machine_id: str | None
    material_id: str | None
    tool_ids: list[str]
    spent_s: float | None
    cut_mm: float | None
    note: str | None


class OutcomeTotals(TypedDict):
    """What the jobs of a machine, a tool, a material or a month amount to."""

    group: str | None
    jobs: int
    good: int
    scrap: int
    minutes: float | None
    timed_jobs: int
    metres: float | None
    measured_jobs: int
    longest_s: float | None


class Decision(TypedDict):
    """What the server decided on a cut."""

    risk_level: RiskLevel
    score: float | None
    block_reason: str | None
    warnings: list[str]
    details: dict[str, Any]


class _Run(TypedDict):
    run_id: str
    created_at_utc: str
    status: RunStatus
    mode: str
    tool_id: str
    decision: Decision
    feasibility: dict[str, Any]
    hashes: dict[str, str | None]
    advisory_inputs: list[dict[str, Any]]
    attachments: list[dict[str, Any]]
    overrides: list[dict[str, Any]]
    outcomes: list[dict[str, Any]]
    explanation_status: str | None
    explanation_summary: str | None
    deleted: bool
    version: int


class Run(_Run, total=False):
    """A run as it stands now; what is not always there comes after what is."""

    schema: str
    event_type: str | None
    workflow_session_id: str | None
    request_id: str | None
    inputs: dict[str, Any]
    request_summary: dict[str, Any]
    outputs: dict[str, Any]
    material_id: str | None
    machine_id: str | None
    parent_run_id: str | None
    created_by: Creator | None
    notes: str | None
    engine_version: str | None
    errors: list[dict[str, Any]]
    meta: dict[str, Any]


class Event(TypedDict):
    """Something that happened to a run after it was made."""

    event_id: str
    number: int
    kind: str
    record_id: str
    previous_sha256: str | None
    created_at_utc: str
    actor: str
    role: str
    request_id: str | None
    data: dict[str, Any]


class PathDiff(TypedDict):
    """What stands under one path; `a` or `b` is absent where that run has nothing there."""

    severity: Severity
    a: NotRequired[Any]
    b: NotRequired[Any]
    cut: NotRequired[dict[str, int]]


class RunDiff(TypedDict):
    """How two runs differ, the gravest first."""

    a: str
    b: str
    diff_severity: Severity
    changed_count: int
    changed_paths: list[str]
    diff: dict[str, PathDiff]
    note: str | None


class Found(TypedDict):
    """What the server would decide on a cut that was not recorded."""

    risk_level: RiskLevel
    score: float | None
    block_reason: str | None
    warnings: list[str]
    feasibility: dict[str, Any]


class FoundBrief(TypedDict):
    """What the server would decide on a cut, in brief: the first rule against it, and its number."""

    risk_level: RiskLevel
    score: float | None
    rule: str | None
    why: str | None


class SettingSuggestion(Found):
    """Which setting is best for a cut, what would be decided with it, and how far it may move."""

    settings: dict[str, Any]
    passes: int | None
    windows: list[dict[str, Any]]
    why: list[str]
    design: dict[str, Any]
    map: dict[str, Any]


class MadeProgram(TypedDict):
    """A program that was made of a session's approved design."""

    number: int
    name: str
    operation: str
    ring: int | None
    tool_id: str
    sha256: str
    estimate_s: dict[str, str]
    address: str


class Session(TypedDict):
    """A workflow session as it stands.

    `run_id` is there after an action that made a run, `programs` where it made some.
    """

    session_id: str
    created_at_utc: str
    updated_at_utc: str
    version: int
    user_id: str | None
    status: Literal["ACTIVE", "DELETED"]
    workflow_type: str | None
    workflow_mode: str
    state: str
    next_step: str | None
    design: dict[str, Any]
    context: dict[str, Any]
    design_sha256: str | None
    context_sha256: str | None
    current_step: str | None
    machine_id: str | None
    material_id: str | None
    tool_id: str | None
    state_data: dict[str, Any]
    policy: dict[str, Any]
    error_message: str | None
    run_id: NotRequired[str]
    programs: NotRequired[list[MadeProgram]]


class EngineInput(TypedDict):
    """One member of design or context that an engine reads."""

    path: str
    kind: str
    inch_path: NotRequired[str]
    allowed: NotRequired[list[str]]


class Engine(TypedDict):
    """Who an engine is, and what it reads."""

    engine_id: str
    version: str
    description: str
    inputs: list[EngineInput]


class IndexReach(TypedDict):
    """Whether lists are answered and, while the index is being filled, how far it is."""

    lists: bool
    folders_done: NotRequired[int]
    folders: NotRequired[int]
    runs: NotRequired[int]


class Health(TypedDict):
    """Whether the service can do all of its work, and what each check found."""

    ready: bool
    status: str
    checks: dict[str, str]
    index: IndexReach
