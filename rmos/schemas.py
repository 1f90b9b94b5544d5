"""How JSON looks to a client: what a request may hold, and how runs are shown.

    RunRequestSchema().load(body)            # the fields of a RunRequest, or ValidationError
    dump_summary(view)                       # what lists show of a run, as finished JSON text
    dump_run(record)                         # the body of GET one: the artifact with its events folded in

`dump_summary` is what the store is opened with: it shapes a run once, when it or an event is written, and the index
keeps the text, so that a page is the join of its rows' texts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from rmos import digest, ids
from rmos.models import RISK_LEVELS, RUN_STATUSES, WORKFLOW_EVENT_TYPES, RunQuery, RunView
from rmos.services import Recorded
from rmos.store import Record

SUMMARY_CHARACTERS: Final = 200
"""Characters of an explanation that a list shows."""
MAX_META_KEYS: Final = 50
MAX_META_BYTES: Final = 64 * 1024
"""What a client may put into `meta`, as canonical JSON: every list shows it."""
MAX_NOTES: Final = 10_000
MAX_PAGE: Final = 500
MAX_OFFSET: Final = 1_000_000_000

_RESERVED_WORDS: Final = {"pending": "pending", "ready": "complete", "complete": "complete"} | dict.fromkeys(
    ("error", "failed"), "failed"
)
"""How lists call the states of an explanation, by the words that records and older clients use for them."""


Check = Callable[[Any], Any]


# What clients send


def _not_blank(text: str) -> None:
    if not text.strip():
        raise ValidationError("Must not be blank.")


def _matches(pattern: re.Pattern[str], wanted: str) -> Check:
    def check(text: str) -> None:
        if not pattern.fullmatch(text):
            raise ValidationError(f"Must be {wanted}.")

    return check


def _callers_own_word(event_type: str) -> None:
    if event_type.strip().lower() in WORKFLOW_EVENT_TYPES:
        raise ValidationError("Only the workflow makes runs of this type.")


def _bounded_meta(meta: Mapping[str, Any]) -> None:
    if len(meta) > MAX_META_KEYS:
        raise ValidationError(f"Has {len(meta)} keys; at most {MAX_META_KEYS} are taken.")
    if len(digest.canonical(meta)) > MAX_META_BYTES:
        raise ValidationError(f"Is larger than {MAX_META_BYTES} bytes; attach large data instead.")


_NAME: Final[list[Check]] = [validate.Length(1, 200), _not_blank]


class OutputsSchema(Schema):
    """What a CAM system made for the cut; large G-code goes into an attachment."""

    gcode_text = fields.String(allow_none=True)
    opplan_json = fields.Raw(allow_none=True)


class RunRequestSchema(Schema):
    """The body of `POST /api/rmos/runs`; `design` and `context` are open objects that the engine judges."""

    mode = fields.String(required=True, validate=_NAME)
    tool_id = fields.String(required=True, validate=_NAME)
    event_type = fields.String(load_default="feasibility_check", validate=[*_NAME, _callers_own_word])
    workflow_session_id = fields.String(
        allow_none=True, validate=_matches(ids.SESSION_ID, "the id of a workflow session: ws_ and 12 to 32 hex digits")
    )
    engine_id = fields.String(allow_none=True, validate=_NAME)
    design = fields.Dict(load_default=dict)
    context = fields.Dict(load_default=dict)
    outputs = fields.Nested(OutputsSchema, load_default=dict)
    material_id = fields.String(allow_none=True, validate=_NAME)
    machine_id = fields.String(allow_none=True, validate=_NAME)
    parent_run_id = fields.String(allow_none=True, validate=_matches(ids.ANY_RUN_ID, "the id of a run"))
    notes = fields.String(allow_none=True, validate=validate.Length(max=MAX_NOTES))
    meta = fields.Dict(load_default=dict, validate=_bounded_meta)


class Whole(fields.Integer):
    """A whole number written in plain digits, as a query parameter."""

    def _validated(self, value: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch("[0-9]{1,12}", value):
            raise self.make_error("invalid", input=value)
        return int(value)


class Moment(fields.Field[int]):
    """A moment as RFC 3339 text with an offset; loads as microseconds since the epoch, UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = str(value)
        if " " in text[10:]:
            raise ValidationError("Holds a space: write the + of an offset as %2B in a URL, or use Z.")
        if not _RFC_3339.fullmatch(text):
            raise ValidationError("Must be an RFC 3339 time with an offset, such as 2025-12-23T10:30:00Z.")
        try:
            return ids.parse_utc(text.upper())
        except (ValueError, OverflowError):
            raise ValidationError("Is not a time that exists.") from None


_RFC_3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}([Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2}))?", re.ASCII)
_TRUE: Final[set[Any]] = {"true", "1"}
_FALSE: Final[set[Any]] = {"false", "0"}
_FILTER: Final = validate.Length(1, 200)


class RunListSchema(Schema):
    """The query parameters of `GET /api/rmos/runs`; `created_from` is included, `created_to` is not."""

    status = fields.String(validate=validate.OneOf(RUN_STATUSES))
    mode = fields.String(validate=_FILTER)
    tool_id = fields.String(validate=_FILTER)
    tool_id_prefix = fields.String(validate=_FILTER)
    event_type = fields.String(validate=_FILTER)
    risk_level = fields.String(validate=validate.OneOf(RISK_LEVELS))
    workflow_session_id = fields.String(validate=_FILTER)
    batch_label = fields.String(validate=_FILTER)
    session_id = fields.String(validate=_FILTER)
    material_id = fields.String(validate=_FILTER)
    machine_id = fields.String(validate=_FILTER)
    request_id = fields.String(validate=_FILTER)
    created_from = Moment(attribute="created_from_us")
    created_to = Moment(attribute="created_to_us")
    include_deleted = fields.Boolean(truthy=_TRUE, falsy=_FALSE)
    include_total = fields.Boolean(load_default=False, truthy=_TRUE, falsy=_FALSE)
    limit = Whole(load_default=50, validate=validate.Range(1, MAX_PAGE))
    cursor = fields.String(validate=validate.Length(1, 400))
    offset = Whole(validate=validate.Range(0, MAX_OFFSET))


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One page that a client asks for."""

    query: RunQuery
    limit: int
    cursor: str | None
    offset: int
    include_total: bool


_run_list = RunListSchema()


def load_list(parameters: Mapping[str, Sequence[str]]) -> ListRequest:
    """Return what the query parameters of a list ask for, each given as all its values.

    Raises:
        ValidationError: unknown, repeated, malformed or contradicting parameters, by name.
    """
    repeated = {name: ["Given more than once."] for name, values in parameters.items() if len(values) > 1}
    if repeated:
        raise ValidationError(repeated)
    asked = _run_list.load({name: values[0] for name, values in parameters.items()})
    if "cursor" in asked and "offset" in asked:
        raise ValidationError({"offset": ["Give either a cursor or an offset."]})
    return ListRequest(
        limit=asked.pop("limit"),
        cursor=asked.pop("cursor", None),
        offset=asked.pop("offset", 0),
        include_total=asked.pop("include_total"),
        query=RunQuery(**asked),
    )


# What clients get


class RunCreatedSchema(Schema):
    """The answer to `POST /api/rmos/runs`; a RED run was made as well as a GREEN one."""

    run_id = fields.String()
    status = fields.Constant("created")
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

    def get_attribute(self, obj: Mapping[str, Any], attr: str, default: Any) -> Any:
        """Return a member of what `summary_of` gave; the general look-up is three times slower."""
        return obj[attr]


class RunPageSchema(Schema):
    """A page of a list; `total` is there only when it was asked for."""

    items = fields.List(fields.Nested(RunAdvisorySummarySchema))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


_summary = RunAdvisorySummarySchema()
_created = RunCreatedSchema()
_encoder = msgspec.json.Encoder()
_sorted_encoder = msgspec.json.Encoder(order="deterministic")
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def dump_created(recorded: Recorded) -> bytes:
    """Return the body that answers a POST."""
    return _encoder.encode(_created.dump(recorded))


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
        "explanation_status": _explanation_status(view.explanation_status, meta.get("explanation_status")),
        "explanation_summary": _first_text(
            view.explanation_summary, meta.get("explanation_summary"), meta.get("explanation")
        ),
        "request_id": _first_text(meta.get("request_id"), run.request_id),
        "compute_ms": _number(meta.get("compute_ms")),
        "meta": {name: value for name, value in meta.items() if name not in ("explanation", "explanation_summary")},
    }


def _explanation_status(recorded: str | None, in_meta: Any) -> str | None:
    """Return the list's word for the state: of the latest event or the field, else (NONE, or no state) of `meta`."""
    for word in (recorded, in_meta):
        known = _RESERVED_WORDS.get(word.lower()) if isinstance(word, str) else None
        if known is not None:
            return known
    return None


def _first_text(*candidates: Any) -> str | None:
    for text in candidates:
        if isinstance(text, str) and text:
            return text[:SUMMARY_CHARACTERS]
    return None


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def dump_run(record: Record) -> bytes:
    """Return the artifact's members with the run's events folded in; numbers and texts stay as they were written.

    Raises:
        Damage: the artifact does not hold what it should.
    """
    members: dict[str, Any] = _members.decode(record.data)
    if record.vouched and record.version == 0:
        now: dict[str, Any] = {
            "advisory_inputs": members.get("advisory_inputs") or [],
            "attachments": members.get("attachments") or [],
            "explanation_status": members.get("explanation_status"),
            "explanation_summary": members.get("explanation_summary"),
            "overrides": [],
            "deleted": False,
            "version": 0,
        }
    else:
        view = record.view()
        now = {
            "advisory_inputs": view.advisories,
            "attachments": view.attachments,
            "explanation_status": view.explanation_status,
            "explanation_summary": view.explanation_summary,
            "overrides": view.overrides,
            "deleted": view.deletion is not None,
            "version": view.version,
        }
    return _sorted_encoder.encode({**members, **now})


def dump_events(record: Record) -> bytes:
    """Return the body of a run's events, in the order of their numbers."""
    return _encoder.encode({"run_id": record.run_id, "count": len(record.events), "events": record.events})
