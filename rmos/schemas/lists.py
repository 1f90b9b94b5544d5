"""What a client may ask of a list of runs: its filters, its page."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from rmos import ids
from rmos.models import RISK_LEVELS, RUN_STATUSES, RunQuery

MAX_PAGE: Final = 500
MAX_OFFSET: Final = 1_000_000_000


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
TRUE: Final[set[Any]] = {"true", "1"}
FALSE: Final[set[Any]] = {"false", "0"}
_FILTER: Final = validate.Length(1, 200)


CURSOR: Final = {"format": "rmos-cursor", "description": "A `next_cursor` as it was given; not beside an offset"}


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
    include_deleted = fields.Boolean(truthy=TRUE, falsy=FALSE)
    include_total = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE)
    limit = Whole(load_default=50, validate=validate.Range(1, MAX_PAGE))
    cursor = fields.String(validate=validate.Length(1, 400), metadata=CURSOR)
    offset = Whole(validate=validate.Range(0, MAX_OFFSET))


class AnyCase(fields.String):
    """A word of our own vocabulary in any case; loads in capitals."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        return text.upper() if text.isascii() else text


class RecentRunsSchema(RunListSchema):
    """The query parameters of `GET /api/rmos/runs/query/recent`: those of the list, some of them in any case."""

    status = AnyCase(validate=validate.OneOf(RUN_STATUSES))
    risk_level = AnyCase(validate=validate.OneOf(RISK_LEVELS))
    source = fields.String(validate=_FILTER)


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One page that a client asks for."""

    query: RunQuery
    limit: int
    limited: bool
    """Whether the client said how many it wants; a stream goes on to the end otherwise."""
    cursor: str | None
    offset: int
    include_total: bool


_run_list = RunListSchema()
_recent_runs = RecentRunsSchema()


def each_once(parameters: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the one value of each query parameter.

    Raises:
        ValidationError: some are given more than once.
    """
    if repeated := {name: ["Given more than once."] for name, values in parameters.items() if len(values) > 1}:
        raise ValidationError(repeated)
    return {name: values[0] for name, values in parameters.items()}


def load_list(parameters: Mapping[str, Sequence[str]]) -> ListRequest:
    """Return what the query parameters of a list ask for, each given as all its values.

    Raises:
        ValidationError: unknown, repeated, malformed or contradicting parameters, by name.
    """
    return _asked(_run_list, parameters)


def load_recent(parameters: Mapping[str, Sequence[str]]) -> ListRequest:
    """Return what the query parameters of the recent runs ask for: the same without regard to case.

    Raises:
        ValidationError: as `load_list`.
    """
    return _asked(_recent_runs, parameters, ignore_case=True)


def _asked(schema: Schema, parameters: Mapping[str, Sequence[str]], *, ignore_case: bool = False) -> ListRequest:
    asked = load_parameters(schema, parameters)
    return ListRequest(
        limit=asked.pop("limit"),
        limited="limit" in parameters,
        cursor=asked.pop("cursor"),
        offset=asked.pop("offset"),
        include_total=asked.pop("include_total"),
        query=RunQuery(**asked, ignore_case=ignore_case),
    )


def load_parameters(schema: Schema, parameters: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return query parameters as a schema takes them, with a cursor and an offset, of which one at most is given.

    Raises:
        ValidationError: unknown, repeated, malformed or contradicting parameters, by name.
    """
    asked = schema.load(each_once(parameters))
    if "cursor" in asked and "offset" in asked:
        raise ValidationError({"offset": ["Give either a cursor or an offset."]})
    return {"cursor": None, "offset": 0, **asked}
