"""The records as typed, frozen structs: what is stored, what is folded from it, what is asked, what is found.

The same structs read our own artifacts and those of the legacy system (`schema` is None there). Unknown members are
kept on disk and ignored here. `msgspec.Raw` members hold the exact bytes of a sub-object, so that a digest is the
digest of a slice and nothing is encoded twice.
"""

from typing import Annotated, Any, Final, Literal, get_args

import msgspec

RUN_SCHEMA: Final = "rmos.run/1"
EVENT_SCHEMA: Final = "rmos.event/1"
CLAIM_SCHEMA: Final = "rmos.claim/1"
AUDIT_SCHEMA: Final = "rmos.audit/1"

RunStatus = Literal["OK", "BLOCKED", "ERROR"]
RiskLevel = Literal["GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR"]
RUN_STATUSES: Final = ("OK", "BLOCKED", "ERROR")
RISK_LEVELS: Final = ("GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR")
Score = Annotated[float, msgspec.Meta(ge=0, le=100)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]

TOOLPATHS: Final = "toolpaths"
"""The event type of a run that holds the toolpaths of a workflow session."""
SUMMARY_CHARACTERS: Final = 200
"""Characters of an explanation that events keep and lists show."""
WORKFLOW_EVENT_TYPES: Final = frozenset({"approval", "rejection", TOOLPATHS, "override"})
"""Event types of runs that only the workflow may make."""


class RunDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What the server decided on a cut: risk, score 0..100 or None, why it is blocked, what to mind."""

    risk_level: RiskLevel
    score: Score | None = None
    block_reason: str | None = None
    warnings: list[str] = []
    details: dict[str, Any] = {}

    def list_programs(self) -> list[dict[str, Any]]:
        """Return what is said of each program of the run."""
        several = self.details.get("programs")
        found = several if isinstance(several, list) else [self.details.get("program")]
        return [program for program in found if isinstance(program, dict)]


class Hashes(msgspec.Struct, frozen=True, kw_only=True):
    """The digests that a run binds together; `feasibility_sha256` is always there."""

    feasibility_sha256: Digest
    design_sha256: Digest | None = None
    context_sha256: Digest | None = None
    toolpaths_sha256: str | None = None
    gcode_sha256: str | None = None
    opplan_sha256: str | None = None


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A run's reference to a blob."""

    sha256: str
    kind: str
    mime: str | None = None
    filename: str | None = None
    size_bytes: int | None = None
    created_at_utc: str | None = None


class RunInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What was evaluated, complete: the bytes of the design and of its context."""

    design: msgspec.Raw
    context: msgspec.Raw


class Creator(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a run: the caller's name, and the role in which it was made."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    role: Annotated[str, msgspec.Meta(min_length=1)]


_Written = msgspec.Raw | msgspec.UnsetType
"""A member's text as it was written, `UNSET` where there is none."""


class RunArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, as written once and never changed."""

    run_id: str
    created_at_utc: str
    status: RunStatus
    mode: str
    tool_id: str
    decision: RunDecision
    hashes: Hashes
    feasibility: msgspec.Raw
    schema: str | None = None
    event_type: str | None = None
    workflow_session_id: str | None = None
    request_id: str | None = None
    inputs: RunInputs | None = None
    request_summary: _Written = msgspec.UNSET
    outputs: _Written = msgspec.UNSET
    attachments: list[Attachment] | None = None
    advisory_inputs: list[dict[str, Any]] | None = None
    explanation_status: str | None = None
    explanation_summary: str | None = None
    material_id: str | None = None
    machine_id: str | None = None
    parent_run_id: str | None = None
    created_by: Creator | None = None
    """None: it was recorded before runs said who made them, or comes from elsewhere."""
    meta: dict[str, Any] | None = None


class LegacyArtifact(RunArtifact, frozen=True, kw_only=True):
    """An artifact of the legacy system, where `created_by` can be anything and says nothing that we vouch for."""

    created_by: Any = None

    def __post_init__(self) -> None:
        """Drop what stands there; the record keeps it."""
        msgspec.structs.force_setattr(self, "created_by", None)


class RunIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of an artifact that is passed on as it stands: its place, its session, what events say otherwise."""

    run_id: str
    created_at_utc: str
    schema: str | None = None
    workflow_session_id: object = None
    advisory_inputs: _Written = msgspec.UNSET
    attachments: _Written = msgspec.UNSET
    explanation_status: _Written = msgspec.UNSET
    explanation_summary: _Written = msgspec.UNSET
    overrides: _Written = msgspec.UNSET
    outcomes: _Written = msgspec.UNSET
    deleted: _Written = msgspec.UNSET
    session_deleted: _Written = msgspec.UNSET
    version: _Written = msgspec.UNSET


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a record after it was made; its number orders it."""

    schema: str
    event_id: str
    number: int
    kind: str
    record_id: str
    previous_sha256: str | None
    created_at_utc: str
    actor: str
    role: str
    request_id: str | None = None
    data: dict[str, Any] = {}


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """An Idempotency-Key's promise: the id of the run or session that it names, made before that is."""

    schema: str
    request_sha256: Digest
    created_at_utc: str
    run_id: str | None = None
    session_id: str | None = None


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that was turned down, or that was let through and whose outcome the run's own events tell."""

    schema: str
    event_id: str
    action: Literal["delete", "restore", "import", "policy", "set_aside"]
    outcome: Literal["admitted", "refused"]
    target: str
    """The run's id as it was asked for, what an import turned down, or whose policy was to be milder."""
    created_at_utc: str
    actor: str
    role: str
    request_id: str | None = None
    error: str | None = None
    """The code of the refusal."""
    detail: str | None = None
    data: dict[str, Any] = {}
    address: str | None = None
    """The client's address, of what came over the network."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something, in which request, and from which address when it came over the network."""

    name: str
    role: str
    request_id: str | None = None
    address: str | None = None


Role = Literal["viewer", "recorder", "operator", "admin"]
ROLES: Final[tuple[Role, ...]] = ("viewer", "recorder", "operator", "admin")
"""What a caller may do, each more than the one before it."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's token as it stands now; of the secret only the digest is known."""

    token_id: str
    name: str
    role: Role
    secret_sha256: Digest
    created_at_utc: str
    created_by: str
    expires_at_utc: str | None = None
    revoked_at_utc: str | None = None
    revoked_by: str | None = None


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """Who deleted a run, when, why and how."""

    mode: Literal["soft", "hard"]
    deleted_at_utc: str | None
    deleted_by: str | None
    reason: str | None


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """When an operator pack of a run was first taken, and by whom."""

    at_utc: str
    by: str


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it stands now: the artifact with its events folded in, by number."""

    artifact: RunArtifact
    sha256: str
    """`_sha256` of our artifacts, the file's SHA-256 for those of the legacy system."""
    version: int = 0
    advisories: list[dict[str, Any]] = []
    attachments: list[dict[str, Any]] = []
    overrides: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    """What became of the cut, as it was reported; `corrected_by` of one that was replaced names which one did."""
    explanation_status: str | None = None
    explanation_summary: str | None = None
    superseded: bool = False
    release: Release | None = None
    """None: nobody has taken its operator pack."""
    deletion: Deletion | None = None


RunState = Literal["live", "deleted", "erased", "missing", "damaged"]

WorkflowState = Literal[
    "draft",
    "context_ready",
    "feasibility_requested",
    "feasibility_ready",
    "approved",
    "toolpaths_requested",
    "toolpaths_ready",
    "archived",
    "design_revision_required",
    "rejected",
]
SessionStatus = Literal["ACTIVE", "DELETED"]
WorkflowMode = Literal["design_first", "constraint_first", "ai_assisted"]
WORKFLOW_STATES: Final = get_args(WorkflowState)
SESSION_STATUSES: Final = get_args(SessionStatus)
WORKFLOW_MODES: Final = get_args(WorkflowMode)


class SessionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a session allows: an override of RED, and the lowest score 0..100 that can be approved."""

    allow_red_override: bool = False
    min_score_to_approve: Score = 70.0


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow session as it stands after an event, which carries it whole."""

    session_id: str
    created_at_utc: str
    updated_at_utc: str
    version: int
    user_id: str | None = None
    status: SessionStatus = "ACTIVE"
    workflow_type: str | None = None
    workflow_mode: WorkflowMode = "design_first"
    state: WorkflowState = "draft"
    next_step: str | None = None
    design: dict[str, Any] = {}
    context: dict[str, Any] = {}
    design_sha256: Digest | None = None
    context_sha256: Digest | None = None
    current_step: str | None = None
    machine_id: str | None = None
    material_id: str | None = None
    tool_id: str | None = None
    state_data: dict[str, Any] = {}
    policy: SessionPolicy = SessionPolicy()
    error_message: str | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True, order=True, omit_defaults=True):
    """One thing that is wrong with the store: what, where, and what to do next. `path` is relative to the store."""

    kind: str
    path: str
    detail: str
    next: str
    run_id: str | None = None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a put: what is durable now, and whether the index knows it."""

    view: RunView
    data: bytes
    created: bool
    indexed: bool
