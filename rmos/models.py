"""The records as typed, frozen structs: what is stored, what is folded from it, what is asked, what is found.

The same structs read our own artifacts and those of the legacy system (`schema` is None there). Unknown members are
kept on disk and ignored here. `msgspec.Raw` members hold the exact bytes of a sub-object, so that a digest is the
digest of a slice and nothing is encoded twice.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, get_args

import msgspec

from rmos.names import fold_name

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


_Written = msgspec.Raw | msgspec.UnsetType
"""A member's text as it was written, `UNSET` where there is none."""


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
    action: Literal["delete", "restore", "import", "policy"]
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


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it stands now: the artifact with its events folded in, by number."""

    artifact: RunArtifact
    sha256: str
    """`_sha256` of our artifacts, the file's SHA-256 for those of the legacy system."""
    version: int = 0
    advisories: list[dict[str, Any]] = []
    attachments: list[dict[str, Any]] = []
    overrides: list[dict[str, Any]] = []
    explanation_status: str | None = None
    explanation_summary: str | None = None
    superseded: bool = False
    deletion: Deletion | None = None


RunState = Literal["live", "deleted", "erased", "missing", "damaged"]


RUN_NAMES: Final = (
    *("mode", "tool_id", "event_type", "workflow_session_id", "batch_label", "session_id", "material_id"),
    *("machine_id", "parent_run_id", "created_by", "rule", "request_id", "source"),
)
_RUN_WORDS: Final = ("status", "risk_level")
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
    explanation_status: str | None = None
    """In the words of lists: pending, complete or failed."""
    advisory_kinds: str | None = None
    """How many advisories of each kind, as sorted JSON text."""
    latest_advisory_us: int | None = None

    def __post_init__(self) -> None:
        """Fold the names; the record has them as they were sent."""
        _fold_names(self, RUN_NAMES)
        _capitalise(self, _RUN_WORDS)


class RunQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list or a count asks for; `created_from_us` is included, `created_to_us` is not.

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
    created_from_us: int | None = None
    created_to_us: int | None = None
    include_deleted: bool = False

    def __post_init__(self) -> None:
        """Fold the names."""
        _fold_names(self, (*RUN_NAMES, "tool_id_prefix"))
        _capitalise(self, _RUN_WORDS)


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
