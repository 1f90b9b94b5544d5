"""Workflow sessions as clients see them: the requests and the responses.

load_fields({"workflow_type": "rosette"})     # the fields of a new session, or those to merge
load_session_list({"status": ["ACTIVE"]})     # filters and page of a list
dump_session(session)                         # the body that shows it
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, fields, validate

from rmos import ids
from rmos.models import RISK_LEVELS, RUN_STATUSES, SESSION_STATUSES, WORKFLOW_MODES, WORKFLOW_STATES, Session
from rmos.row_models import AdvisoryFigures, Page, RunQuery, SessionQuery
from rmos.schemas.fields import (
    FALSE,
    TRUE,
    Choice,
    Flag,
    MomentField,
    Number,
    QueryInteger,
    RequestSchema,
    limit_object,
)
from rmos.schemas.lists import CURSOR, MAX_OFFSET, MAX_PAGE, PageRequest, load_filters
from rmos.schemas.records import EventSchema
from rmos.schemas.requests import MAX_META_BYTES, MAX_META_KEYS
from rmos.schemas.runs import RunAdvisorySummarySchema
from rmos.store.session_records import SessionRecord

MAX_SESSION_RUNS: Final = 200
"""Runs of a session on one page."""
MAX_REASON: Final = 500
_TEXT: Final = validate.Length(1, 200)
_encoder: Final = msgspec.json.Encoder()


_state_data: Final = limit_object(keys=MAX_META_KEYS, size_bytes=MAX_META_BYTES)


class SessionPolicySchema(RequestSchema):
    """What a session allows."""

    allow_red_override = Flag()
    min_score_to_approve = Number(validate=validate.Range(0, 100), metadata={"description": "0 to 100"})


class SessionFieldsSchema(RequestSchema):
    """The free fields of a session: the body of a POST, all optional, and of a PATCH, which merges them.

    In a PATCH null empties a field; objects are merged member by member, and a member that is null is removed.
    """

    user_id = fields.String(allow_none=True, validate=_TEXT)
    workflow_type = fields.String(allow_none=True, validate=_TEXT)
    workflow_mode = Choice(WORKFLOW_MODES, allow_none=True)
    design = fields.Dict(allow_none=True, metadata={"description": "What is to be cut, as an engine evaluates it"})
    context = fields.Dict(allow_none=True, metadata={"description": "Tool, material, machine, stock"})
    current_step = fields.String(allow_none=True, validate=_TEXT)
    machine_id = fields.String(allow_none=True, validate=_TEXT)
    material_id = fields.String(allow_none=True, validate=_TEXT)
    tool_id = fields.String(allow_none=True, validate=_TEXT)
    state_data = fields.Dict(allow_none=True, validate=_state_data)
    policy = fields.Nested(SessionPolicySchema, allow_none=True)
    error_message = fields.String(allow_none=True, validate=validate.Length(max=2000))


class SessionSchema(SessionFieldsSchema):
    """A workflow session as it stands; one whose record is damaged is listed with a null status."""

    session_id = fields.String()
    created_at_utc = fields.String()
    updated_at_utc = fields.String()
    status = fields.String(allow_none=True, validate=validate.OneOf(SESSION_STATUSES))
    state = fields.String(allow_none=True, validate=validate.OneOf(WORKFLOW_STATES))
    next_step = fields.String(allow_none=True, metadata={"description": "What to do next, in words"})
    design_sha256 = fields.String(allow_none=True)
    context_sha256 = fields.String(allow_none=True)
    version = fields.Integer(metadata={"description": "The number of its last event; the ETag"})


class SessionPageSchema(Schema):
    """A page of sessions, newest first; `total` is there only with `include_total`."""

    items = fields.List(fields.Nested(SessionSchema))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class SessionListSchema(RequestSchema):
    """The query parameters of a list of sessions; deleted ones come with `status=DELETED` or `include_deleted`."""

    user_id = fields.String(validate=_TEXT)
    status = Choice(SESSION_STATUSES)
    state = Choice(WORKFLOW_STATES, attribute="workflow_state")
    workflow_type = fields.String(validate=_TEXT)
    since_utc = MomentField(attribute="since_us")
    until_utc = MomentField(attribute="until_us", end=True)
    include_deleted = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE)
    include_total = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE)
    limit = QueryInteger(load_default=50, validate=validate.Range(1, MAX_PAGE))
    cursor = fields.String(validate=validate.Length(1, 400), metadata={**CURSOR, "format": "rmos-session-cursor"})
    offset = QueryInteger(validate=validate.Range(0, MAX_OFFSET))


class SessionDeleteSchema(RequestSchema):
    """The query parameters of a deletion."""

    force = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE)
    cascade = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE)
    reason = fields.String(load_default=None, validate=validate.Length(1, MAX_REASON))


class SessionDeletedSchema(Schema):
    """The response to a deletion: the record is still there, and can be restored."""

    session_id = fields.String()
    status = fields.Constant("DELETED")
    cascade = fields.Boolean()
    version = fields.Integer()


class SessionRunsSchema(RequestSchema):
    """The query parameters of a list of a session's runs."""

    view = Choice(("default", "summary"), load_default="default")
    status = Choice(RUN_STATUSES)
    risk_level = Choice(RISK_LEVELS)
    include_total = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE)
    limit = QueryInteger(load_default=50, validate=validate.Range(1, MAX_SESSION_RUNS))
    cursor = fields.String(validate=validate.Length(1, 400), metadata=CURSOR)
    offset = QueryInteger(validate=validate.Range(0, MAX_OFFSET))


class BriefRunSchema(Schema):
    """What the default view shows of a run."""

    run_id = fields.String()
    created_at_utc = fields.String()
    status = fields.String()
    tool_id = fields.String()
    mode = fields.String()


class SessionRunsPageSchema(Schema):
    """A page of a session's runs: `runs` in the default view, `items` in the view `summary`."""

    session_id = fields.String()
    runs = fields.List(fields.Nested(BriefRunSchema))
    items = fields.List(fields.Nested(RunAdvisorySummarySchema))
    limit = fields.Integer()
    offset = fields.Integer()
    count = fields.Integer()
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class SessionEventsSchema(Schema):
    """What happened to a session, in order; each event carries in `data.state` the whole session after it."""

    session_id = fields.String(required=True)
    count = fields.Integer(required=True)
    events = fields.List(fields.Nested(EventSchema), required=True)


class AdvisorySummarySchema(Schema):
    """What the runs of a session amount to; an explanation that there is not counts as `none`."""

    workflow_session_id = fields.String()
    total_runs = fields.Integer()
    explanation_status_counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    advisory_kind_counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    risk_level_counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    latest_advisory_created_at_utc = fields.String(allow_none=True)


class _BriefRun(msgspec.Struct):
    """What the default view shows of a run's summary."""

    run_id: str
    created_at_utc: str
    status: str
    tool_id: str
    mode: str


class SessionListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One page of sessions that a client asks for."""

    query: SessionQuery
    page: PageRequest


class SessionRunsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a session's runs that a client asks for."""

    summary: bool
    query: RunQuery
    page: PageRequest


_fields = SessionFieldsSchema()
_list = SessionListSchema()
_runs = SessionRunsSchema()
_brief_runs: Final = msgspec.json.Decoder(list[_BriefRun])


def load_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the free fields of a session that a body holds.

    Raises:
        ValidationError: unknown or malformed fields, by name.
    """
    return dict(_fields.load(body))


def load_session_list(parameters: Mapping[str, Sequence[str]]) -> SessionListRequest:
    """Return the list of sessions that query parameters ask for, each given with all its values.

    Raises:
        ValidationError: unknown, repeated, malformed or contradicting parameters, by name.
    """
    filters, page = load_filters(_list, parameters)
    return SessionListRequest(query=SessionQuery(**filters), page=page)


def load_session_runs(parameters: Mapping[str, Sequence[str]]) -> SessionRunsRequest:
    """Return the list of a session's runs that query parameters ask for, each given with all its values.

    Of which session is not in them.

    Raises:
        ValidationError: unknown, repeated, malformed or contradicting parameters, by name.
    """
    filters, page = load_filters(_runs, parameters)
    summary = filters.pop("view") == "summary"
    return SessionRunsRequest(summary=summary, query=RunQuery(**filters), page=page)


def dump_session(session: Session) -> bytes:
    """Return a session as it is shown: with just the members of `SessionSchema`."""
    return _encoder.encode(session)


def dump_session_events(record: SessionRecord) -> bytes:
    """Return a session's events, in the order of their numbers."""
    members = {"session_id": record.session.session_id, "count": len(record.events), "events": record.events}
    return _encoder.encode(members)


def dump_session_deleted(session: Session, cascade: bool) -> bytes:
    """Return the response to a deletion."""
    members = {"session_id": session.session_id, "status": session.status, "cascade": cascade}
    return _encoder.encode({**members, "version": session.version})


def dump_summary_page(session_id: str, request: PageRequest, page: Page) -> str:
    """Return a page of a session's runs in the view `summary`: its items are finished texts."""
    return _dump_page(session_id, request, f'"items":[{page.text}]', page.count, page.next_cursor, page.total)


def dump_brief_page(session_id: str, request: PageRequest, page: Page) -> str:
    """Return a page of a session's runs in the default view, which shows less of each than its summary."""
    runs = _encoder.encode(_brief_runs.decode(f"[{page.text}]")).decode()
    return _dump_page(session_id, request, f'"runs":{runs}', page.count, page.next_cursor, page.total)


def _dump_page(
    session_id: str, request: PageRequest, runs: str, count: int, next_cursor: str | None, total: int | None
) -> str:
    """Return a page around its runs; a cursor needs no escaping, the id of a legacy session may."""
    cursor = "null" if next_cursor is None else f'"{next_cursor}"'
    ending = "" if total is None else f',"total":{total}'
    place = f'"limit":{request.limit},"offset":{request.offset},"count":{count}'
    return f'{{"session_id":{_encoder.encode(session_id).decode()},{runs},{place},"next_cursor":{cursor}{ending}}}'


def dump_figures(session_id: str, figures: AdvisoryFigures) -> bytes:
    """Return what a session's runs amount to."""
    latest = figures.latest_advisory_us
    members = {
        "workflow_session_id": session_id,
        "total_runs": figures.total_runs,
        "explanation_status_counts": figures.explanation_status_counts,
        "advisory_kind_counts": figures.advisory_kind_counts,
        "risk_level_counts": figures.risk_level_counts,
        "latest_advisory_created_at_utc": None if latest is None else ids.utc_text(latest),
    }
    return _encoder.encode(members)
