"""How a run looks to a client: its summary in lists, and the run as it stands now.

    dump_summary(view)                       # what lists show of a run, as finished JSON text
    dump_run(record)                         # the body of GET one: the artifact with its events folded in

`dump_summary` is what the store is opened with: it shapes a run once, when it or an event is written, and the index
keeps the text, so that a page is the join of its rows' texts.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, TypeVar

import msgspec
from marshmallow import Schema, fields, missing
from msgspec import UNSET

from rmos.models import SUMMARY_CHARACTERS, RunIdentity, RunView
from rmos.schemas.records import CreatorSchema
from rmos.services.runs import Recorded
from rmos.store.outcomes import list_counting
from rmos.store.rows import explanation_status
from rmos.store.rules import find_rule
from rmos.store.run_records import RunRecord
from rmos.workflow import find_standing_override


class RunCreatedSchema(Schema):
    """The response to `POST /api/rmos/runs`; a RED run was made as well as a GREEN one."""

    run_id = fields.String(required=True)
    status = fields.Constant("created", required=True, metadata={"type": "string", "enum": ["created"]})
    run_status = fields.String()
    risk_level = fields.String()
    score = fields.Float(allow_none=True)
    block_reason = fields.String(allow_none=True)
    feasibility_sha256 = fields.String()
    indexed = fields.Boolean()


_EXPLANATIONS: Final = frozenset({"explanation", "explanation_summary"})

Source = Callable[[RunView], Any]
"""Where a field of the summary comes from, as JSON has it or as a struct; `missing` leaves it out."""
_Field = TypeVar("_Field", bound="fields.Field[Any]")


def _declare_field(field: _Field, source: Source) -> _Field:
    """Declare a field of the summary together with where it comes from."""
    field.metadata = {**field.metadata, "source": source}
    return field


class RunAdvisorySummarySchema(Schema):
    """What lists show of a run: its decision and where it came from, without the full record."""

    # Another field is another line here. The index is then filled anew by itself, and lists, exports and the OpenAPI
    # document have it. `meta` is free, so what it says counts only where it has the type that the field needs.
    run_id = _declare_field(fields.String(), lambda view: view.artifact.run_id)
    created_at_utc = _declare_field(fields.String(), lambda view: view.artifact.created_at_utc)
    status = _declare_field(
        fields.String(metadata={"description": "OK, BLOCKED or ERROR"}), lambda view: view.artifact.status
    )
    event_type = _declare_field(fields.String(allow_none=True), lambda view: view.artifact.event_type)
    risk_level = _declare_field(
        fields.String(metadata={"description": "GREEN, YELLOW, RED, UNKNOWN or ERROR"}),
        lambda view: view.artifact.decision.risk_level,
    )
    score = _declare_field(
        fields.Float(allow_none=True, metadata={"description": "Feasibility score, 0 to 100"}),
        lambda view: view.artifact.decision.score,
    )
    block_reason = _declare_field(
        fields.String(allow_none=True, metadata={"description": "If blocked, why"}),
        lambda view: view.artifact.decision.block_reason,
    )
    warnings = _declare_field(
        fields.List(fields.String(), metadata={"description": "What to mind"}),
        lambda view: view.artifact.decision.warnings,
    )
    explanation_status = _declare_field(
        fields.String(allow_none=True, metadata={"description": "pending, complete, failed or null"}),
        explanation_status,
    )
    explanation_summary = _declare_field(
        fields.String(allow_none=True, metadata={"description": "The first 200 characters of the explanation"}),
        lambda view: _find_text(view.explanation_summary, *_read_meta(view, "explanation_summary", "explanation")),
    )
    request_id = _declare_field(
        fields.String(allow_none=True),
        lambda view: _find_text(*_read_meta(view, "request_id"), view.artifact.request_id),
    )
    compute_ms = _declare_field(
        fields.Float(allow_none=True), lambda view: _find_number(*_read_meta(view, "compute_ms"))
    )
    mode = _declare_field(fields.String(), lambda view: view.artifact.mode)
    tool_id = _declare_field(fields.String(), lambda view: view.artifact.tool_id)
    material_id = _declare_field(fields.String(allow_none=True), lambda view: view.artifact.material_id)
    machine_id = _declare_field(fields.String(allow_none=True), lambda view: view.artifact.machine_id)
    workflow_session_id = _declare_field(fields.String(allow_none=True), lambda view: view.artifact.workflow_session_id)
    parent_run_id = _declare_field(fields.String(allow_none=True), lambda view: view.artifact.parent_run_id)
    created_by = _declare_field(
        fields.Nested(
            CreatorSchema, allow_none=True, metadata={"description": "null: runs did not say it when this one was made"}
        ),
        lambda view: view.artifact.created_by,
    )
    rule = _declare_field(
        fields.String(allow_none=True, metadata={"description": "The first rule that blocks the cut or warns of it"}),
        lambda view: find_rule(view.artifact.decision),
    )
    meta = _declare_field(
        fields.Dict(metadata={"description": "The run's `meta` without its explanations"}),
        lambda view: {name: value for name, value in (view.artifact.meta or {}).items() if name not in _EXPLANATIONS},
    )
    override = _declare_field(
        fields.Dict(
            metadata={
                "description": "Only where an override was recorded or requested: scope, by, "
                "expires_at_utc and effective, which is false as long as it waits for a second person. It is over at "
                "expires_at_utc; the filter `override` says how it stands now."
            }
        ),
        lambda view: _show_override(view),
    )
    deleted = _declare_field(
        fields.Boolean(metadata={"description": "true, only where include_deleted shows a deleted run"}),
        lambda view: missing if view.deletion is None else True,
    )
    outcome = _declare_field(
        fields.String(
            metadata={
                "description": "Only where outcomes were reported: done, scrapped or interrupted, of the last of them"
            }
        ),
        lambda view: jobs[-1].outcome.outcome if (jobs := list_counting(view.outcomes)) else missing,
    )
    outcome_count = _declare_field(
        fields.Integer(metadata={"description": "How many outcomes were reported and not corrected, where any were"}),
        lambda view: len(list_counting(view.outcomes)) or missing,
    )


class RunPageSchema(Schema):
    """A page of a list; `total` is there only with `include_total`."""

    items = fields.List(fields.Nested(RunAdvisorySummarySchema))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


_summary = RunAdvisorySummarySchema()
_created = RunCreatedSchema()
_created_minimal = RunCreatedSchema(only=("run_id", "status"))
_encoder = msgspec.json.Encoder()
_sorted_encoder = msgspec.json.Encoder(order="deterministic")
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def dump_created(recorded: Recorded, *, minimal: bool = False) -> bytes:
    """Return the response to a POST; the minimal one is the id alone."""
    return _encoder.encode((_created_minimal if minimal else _created).dump(recorded))


def dump_summary(view: RunView) -> str:
    """Return a run's summary as finished JSON text, the same for the same view.

    Each source gives its value as JSON has it, so the schema says what the fields are and converts nothing: that would
    be a twentieth of the time of a POST.
    """
    values = ((name, field.metadata["source"](view)) for name, field in _summary.fields.items())
    return _encoder.encode({name: value for name, value in values if value is not missing}).decode()


def list_columns() -> tuple[str, ...]:
    """Return the columns of a table of summaries: their fields, and `name.member` for each member of an object."""
    return tuple(
        f"{name}.{member}" if member else name
        for name, field in _summary.fields.items()
        for member in (field.schema.fields if isinstance(field, fields.Nested) else ("",))
    )


def _read_meta(view: RunView, *names: str) -> list[Any]:
    meta = view.artifact.meta or {}
    return [meta.get(name) for name in names]


def _show_override(view: RunView) -> Any:
    """Return what a list shows of a run's overrides: what they amount to, `missing` where there are none.

    Whether its time is over is for the reader to tell: what a list shows is shaped when it is written.
    """
    shown = find_standing_override(view.overrides, view.artifact.decision.risk_level)
    if shown is None:
        return missing
    return {name: shown.get(name) for name in ("scope", "by", "expires_at_utc", "effective")}


def _find_text(*candidates: Any) -> str | None:
    for text in candidates:
        if isinstance(text, str) and text:
            return text[:SUMMARY_CHARACTERS]
    return None


def _find_number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


_UNTOUCHED: Final[dict[str, Any]] = {
    "advisory_inputs": [],
    "attachments": [],
    "explanation_status": None,
    "explanation_summary": None,
    "overrides": [],
    "outcomes": [],
    "deleted": False,
    "session_deleted": False,
    "version": 0,
}
"""What the events of a run, and its session, say when there are none."""
_RECORDED: Final = ("attachments", "explanation_status", "explanation_summary")
"""Those of them that each artifact of ours carries; where it carries others, or lacks one, the run is folded."""
_ADDED: Final = {name: value for name, value in _UNTOUCHED.items() if name not in _RECORDED}
_ADDED_TEXT: Final = b"," + _encoder.encode(_ADDED)[1:]
_get_recorded, _get_added = attrgetter(*_RECORDED), attrgetter(*_ADDED)


def _is_as_written(identity: RunIdentity) -> bool:
    """Tell whether an artifact carries just those members that one does to which nothing has happened."""
    return UNSET not in _get_recorded(identity) and _get_added(identity) == (UNSET,) * len(_ADDED)


def dump_run(record: RunRecord, session_deleted: bool | None = False) -> bytes:
    """Return the artifact's members with the run's events folded in; numbers and texts stay as they were written.

    Args:
        session_deleted: whether the run's session was deleted together with its runs; None when nobody knows.

    Raises:
        Damage: the artifact does not hold what it should.
    """
    identity = record.identity
    if record.version == 0 and session_deleted is False and identity is not None and _is_as_written(identity):
        return record.data[: -len("}\n")] + _ADDED_TEXT
    members: dict[str, Any] = _members.decode(record.data)
    view = record.view()
    now: dict[str, Any] = {
        "advisory_inputs": view.advisories,
        "attachments": view.attachments,
        "explanation_status": view.explanation_status,
        "explanation_summary": view.explanation_summary,
        "overrides": view.overrides,
        "outcomes": view.outcomes,
        "deleted": view.deletion is not None,
        "session_deleted": session_deleted,
        "version": view.version,
    }
    return _sorted_encoder.encode({**members, **now})


def dump_events(record: RunRecord) -> bytes:
    """Return the body of a run's events, in the order of their numbers."""
    return _encoder.encode({"run_id": record.run_id, "count": len(record.events), "events": record.events})
