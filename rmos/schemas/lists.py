"""What a client may request of a list of runs: its filters, its page."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from rmos.models import RISK_LEVELS, RUN_STATUSES
from rmos.outcomes import OUTCOME_WORDS
from rmos.row_models import OVERRIDE_STATES, RunQuery
from rmos.schemas.fields import FALSE, TRUE, Choice, MomentField, QueryInteger, RequestSchema

MAX_PAGE: Final = 500
MAX_OFFSET: Final = 1_000_000_000
CURSOR: Final = {"format": "rmos-cursor", "description": "A `next_cursor` as it was given; not beside an offset"}
BOM: Final = {"description": "Whether a CSV begins with a byte order mark, by which Excel knows UTF-8"}
FORMATS: Final = ("json", "ndjson", "csv")
FORMAT: Final = {"description": "The form of the list, for whoever cannot set the header Accept; it goes before that"}
OVERRIDE: Final = {
    "description": "How an override stands now: asked waits for a second person, granted is in force, expired is over"
}
_FILTER: Final = validate.Length(1, 200)


class RunListSchema(RequestSchema):
    """The query parameters of `GET /api/rmos/runs`; `created_from` is included, `created_to` is not: a day is whole."""

    status = Choice(RUN_STATUSES)
    mode = fields.String(validate=_FILTER)
    tool_id = fields.String(validate=_FILTER)
    tool_id_prefix = fields.String(validate=_FILTER)
    event_type = fields.String(validate=_FILTER)
    risk_level = Choice(RISK_LEVELS)
    workflow_session_id = fields.String(validate=_FILTER)
    batch_label = fields.String(validate=_FILTER)
    session_id = fields.String(validate=_FILTER)
    material_id = fields.String(validate=_FILTER)
    machine_id = fields.String(validate=_FILTER)
    parent_run_id = fields.String(validate=_FILTER)
    created_by = fields.String(validate=_FILTER, metadata={"description": "The name of who made the run"})
    rule = fields.String(validate=_FILTER, metadata={"description": "The first rule that blocks or warns"})
    request_id = fields.String(validate=_FILTER)
    outcome = Choice(OUTCOME_WORDS, metadata={"description": "What became of the cut, as it was last reported"})
    override = Choice(OVERRIDE_STATES, metadata=OVERRIDE)
    created_from = MomentField(attribute="created_from_us")
    created_to = MomentField(attribute="created_to_us", end=True)
    include_deleted = fields.Boolean(truthy=TRUE, falsy=FALSE)
    include_total = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE)
    limit = QueryInteger(load_default=50, validate=validate.Range(1, MAX_PAGE))
    cursor = fields.String(validate=validate.Length(1, 400), metadata=CURSOR)
    offset = QueryInteger(validate=validate.Range(0, MAX_OFFSET))
    bom = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE, metadata=BOM)
    format = Choice(FORMATS, metadata=FORMAT)


class RecentRunsSchema(RunListSchema):
    """The query parameters of `GET /api/rmos/runs/query/recent`: those of the list, and the source."""

    source = fields.String(validate=_FILTER)


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list a client asks for."""

    limit: int
    cursor: str | None = None
    offset: int = 0
    include_total: bool = False


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One page of runs that a client asks for."""

    query: RunQuery
    page: PageRequest
    limited: bool
    """Whether the request has a limit of its own; a stream goes on to the end otherwise."""
    bom: bool = False
    """Whether a CSV begins with a byte order mark."""
    format: str | None = None
    """One of `FORMATS`, which goes before the header Accept."""


_run_list = RunListSchema()
_recent_runs = RecentRunsSchema()


def require_single(parameters: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the one value of each query parameter.

    Raises:
        ValidationError: some are given more than once.
    """
    if repeated := find_repeated(parameters):
        raise ValidationError(repeated)
    return {name: values[0] for name, values in parameters.items()}


def find_repeated(parameters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return what is wrong with each query parameter that is given more than once."""
    return {name: ["Given more than once."] for name, values in parameters.items() if len(values) > 1}


def load_list(parameters: Mapping[str, Sequence[str]]) -> ListRequest:
    """Return the list that query parameters ask for, each given with all its values.

    Raises:
        ValidationError: unknown, repeated, malformed or contradicting parameters, by name.
    """
    filters, page = load_filters(_run_list, parameters)
    form = {"bom": filters.pop("bom"), "format": filters.pop("format", None)}
    return ListRequest(query=RunQuery(**filters), page=page, limited="limit" in parameters, **form)


def load_recent(parameters: Mapping[str, Sequence[str]]) -> ListRequest:
    """Return the recent runs that query parameters ask for: those of the list, and the source.

    Raises:
        ValidationError: as `load_list`.
    """
    filters, page = load_filters(_recent_runs, parameters)
    form = {"bom": filters.pop("bom"), "format": filters.pop("format", None)}
    query = RunQuery(**filters)
    return ListRequest(query=query, page=page, limited="limit" in parameters, **form)


def load_filters(schema: Schema, parameters: Mapping[str, Sequence[str]]) -> tuple[dict[str, Any], PageRequest]:
    """Return the filters of a list and its page, as a schema loads them; a cursor excludes an offset.

    Raises:
        ValidationError: unknown, repeated, malformed or contradicting parameters, by name.
    """
    filters = schema.load(require_single(parameters))
    page = {name: filters.pop(name) for name in PageRequest.__struct_fields__ if name in filters}
    if "cursor" in page and "offset" in page:
        raise ValidationError({"offset": ["Give either a cursor or an offset."]})
    return filters, PageRequest(**page)
