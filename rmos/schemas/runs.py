"""How a run looks to a client: its summary in lists, and the run as it stands now.

    dump_summary(view)                       # what lists show of a run, as finished JSON text
    dump_run(record)                         # the body of GET one: the artifact with its events folded in

`dump_summary` is what the store is opened with: it shapes a run once, when it or an event is written, and the index
keeps the text, so that a page is the join of its rows' texts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, fields

from rmos.models import SUMMARY_CHARACTERS, RunView
from rmos.services.runs import Recorded
from rmos.store.rows import explanation_status
from rmos.store.run_records import RunRecord


class RunCreatedSchema(Schema):
    """The answer to `POST /api/rmos/runs`; a RED run was made as well as a GREEN one."""

    run_id = fields.String(required=True)
    status = fields.Constant("created", required=True, metadata={"type": "string", "enum": ["created"]})
    run_status = fields.String()
    risk_level = fields.String()
    score = fields.Float(allow_none=True)
    block_reason = fields.String(allow_none=True)
    feasibility_sha256 = fields.String()
    indexed = fields.Boolean()


class RunAdvisorySummarySchema(Schema):
    """What lists show of a run: its decision and where it came from, without the full record."""

    run_id = fields.String()
    created_at_utc = fields.String()
    status = fields.String(metadata={"description": "OK, BLOCKED or ERROR"})
    event_type = fields.String(allow_none=True)
    risk_level = fields.String(metadata={"description": "GREEN, YELLOW, RED, UNKNOWN or ERROR"})
    score = fields.Float(allow_none=True, metadata={"description": "Feasibility score, 0 to 100"})
    block_reason = fields.String(allow_none=True, metadata={"description": "If blocked, why"})
    warnings = fields.List(fields.String(), metadata={"description": "What to mind"})
    explanation_status = fields.String(allow_none=True, metadata={"description": "pending, complete, failed or null"})
    explanation_summary = fields.String(
        allow_none=True, metadata={"description": "The first 200 characters of the explanation"}
    )
    request_id = fields.String(allow_none=True)
    compute_ms = fields.Float(allow_none=True)
    meta = fields.Dict(metadata={"description": "The run's `meta` without its explanations"})
    override = fields.Dict(
        metadata={
            "description": "Only where the decision was overridden, or that was asked for: scope, by, expires_at_utc "
            "and effective, which is false as long as it waits for a second person. It is over at expires_at_utc."
        }
    )
    deleted = fields.Boolean(metadata={"description": "true, only where include_deleted shows a deleted run"})

    def get_attribute(self, obj: Mapping[str, Any], attr: str, default: Any) -> Any:
        """Return a member of what `summary_of` gave; the general look-up is three times slower."""
        return obj.get(attr, default)


class RunPageSchema(Schema):
    """A page of a list; `total` is there only when it was asked for."""

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
    """Return the body that answers a POST; the minimal one is the id alone."""
    return _encoder.encode((_created_minimal if minimal else _created).dump(recorded))


def dump_summary(view: RunView) -> str:
    """Return a run's summary as finished JSON text, the same for the same view."""
    return _encoder.encode(_summary.dump(summary_of(view))).decode()


def summary_of(view: RunView) -> dict[str, Any]:
    """Return where each field of a summary comes from (the mapping of the hand-over, Gap 2).

    `meta` is free, so what it says counts only where it has the type that the field needs.
    """
    run, decision = view.artifact, view.artifact.decision
    meta: dict[str, Any] = run.meta or {}
    return {
        "run_id": run.run_id,
        "created_at_utc": run.created_at_utc,
        "status": run.status,
        "event_type": run.event_type,
        "risk_level": decision.risk_level,
        "score": decision.score,
        "block_reason": decision.block_reason,
        "warnings": decision.warnings,
        "explanation_status": explanation_status(view),
        "explanation_summary": _first_text(
            view.explanation_summary, meta.get("explanation_summary"), meta.get("explanation")
        ),
        "request_id": _first_text(meta.get("request_id"), run.request_id),
        "compute_ms": _number(meta.get("compute_ms")),
        "meta": {name: value for name, value in meta.items() if name not in ("explanation", "explanation_summary")},
        **({"override": _override(view.overrides)} if view.overrides else {}),
        **({"deleted": True} if view.deletion is not None else {}),
    }


def _override(overrides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a list shows of a run's overrides: the last that is in force, else the last that was asked for.

    Whether its time is over is for the reader to tell: what a list shows is shaped when it is written.
    """
    shown = next((entry for entry in reversed(overrides) if entry.get("effective") is True), overrides[-1])
    return {name: shown.get(name) for name in ("scope", "by", "expires_at_utc", "effective")}


def _first_text(*candidates: Any) -> str | None:
    for text in candidates:
        if isinstance(text, str) and text:
            return text[:SUMMARY_CHARACTERS]
    return None


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


_UNTOUCHED: Final[dict[str, Any]] = {
    "advisory_inputs": [],
    "attachments": [],
    "explanation_status": None,
    "explanation_summary": None,
    "overrides": [],
    "deleted": False,
    "session_deleted": False,
    "version": 0,
}
"""What the events of a run, and its session, say when there are none."""
_RECORDED: Final = frozenset({"attachments", "explanation_status", "explanation_summary"})
"""Those of them that each artifact of ours carries; where it carries others, or lacks one, the run is folded."""
_NOT_RECORDED: Final = b"," + _encoder.encode({n: v for n, v in _UNTOUCHED.items() if n not in _RECORDED})[1:]


def dump_run(record: RunRecord, session_deleted: bool | None = False) -> bytes:
    """Return the artifact's members with the run's events folded in; numbers and texts stay as they were written.

    Args:
        session_deleted: whether the run's session was deleted together with its runs; None when nobody knows.

    Raises:
        Damage: the artifact does not hold what it should.
    """
    members: dict[str, Any] = _members.decode(record.data)
    untouched = record.has_self_digest and record.version == 0 and session_deleted is False
    if untouched and members.keys() & _UNTOUCHED.keys() == _RECORDED:
        return record.data[: -len("}\n")] + _NOT_RECORDED
    view = record.view()
    now: dict[str, Any] = {
        "advisory_inputs": view.advisories,
        "attachments": view.attachments,
        "explanation_status": view.explanation_status,
        "explanation_summary": view.explanation_summary,
        "overrides": view.overrides,
        "deleted": view.deletion is not None,
        "session_deleted": session_deleted,
        "version": view.version,
    }
    return _sorted_encoder.encode({**members, **now})


def dump_events(record: RunRecord) -> bytes:
    """Return the body of a run's events, in the order of their numbers."""
    return _encoder.encode({"run_id": record.run_id, "count": len(record.events), "events": record.events})
