"""What became of cuts, as clients see it: reports, lists, totals.

load_outcome({"ended": "completed", "part": "good"}, now_us=us)     # a `ReportedOutcome`
load_outcome_list(parameters)                                       # filters, page and form of a list
dump_totals("machine", totals)
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from rmos import ids
from rmos.outcomes import (
    ENDED,
    MAX_AHEAD_US,
    MAX_LINE,
    MAX_QUANTITY,
    MAX_SECONDS,
    OUTCOME_WORDS,
    PARTS,
    REASON_CODES,
    OutcomeReading,
    ReportedOutcome,
    UsedTool,
    needs_reason,
)
from rmos.row_models import OUTCOME_GROUPS, OutcomeGroup, OutcomeQuery, OutcomeTotals
from rmos.schemas.fields import (
    FALSE,
    NAME,
    TRUE,
    Choice,
    Flag,
    MomentField,
    Number,
    QueryInteger,
    RequestSchema,
    WholeNumber,
    check_printable,
    digest_field,
)
from rmos.schemas.lists import (
    BOM,
    CURSOR,
    FORMAT,
    FORMATS,
    MAX_OFFSET,
    MAX_PAGE,
    PageRequest,
    load_filters,
    require_single,
)
from rmos.services.outcomes import OutcomeReported

MAX_TOOLS: Final = 100
MAX_PHOTOS: Final = 50
MAX_READINGS: Final = 50
MAX_NOTE: Final = 2000
_LINE: Final = [*NAME, check_printable]
_SECONDS: Final = validate.Range(0, MAX_SECONDS, error=f"Must be a number from 0 to {MAX_SECONDS} s, which is 7 days.")
_MINUTES: Final = validate.Range(0, MAX_SECONDS / 60, error="Must be a number of minutes, from 0 to those of 7 days.")
_encoder: Final = msgspec.json.Encoder()


class UsedToolSchema(RequestSchema):
    """A tool that took part in a job."""

    tool_id = fields.String(required=True, validate=_LINE)
    serial = fields.String(
        allow_none=True, validate=_LINE, metadata={"description": "Which of several of the same kind"}
    )
    minutes = Number(allow_none=True, validate=_MINUTES, metadata={"description": "How long it was in the cut"})
    broke = Flag(load_default=False)


class OutcomeReadingSchema(RequestSchema):
    """Something that was measured on the part or at the machine."""

    name = fields.String(required=True, validate=_LINE)
    value = Number(required=True, validate=validate.Range(-1e12, 1e12))
    unit = fields.String(required=True, validate=[validate.Length(1, 20), check_printable])


class OutcomeRequestSchema(RequestSchema):
    """The body of a report: what became of one job, which is a program that ran once."""

    ended = Choice(ENDED, required=True, metadata={"description": "How the machine stopped; cancelled is not failed"})
    part = Choice(PARTS, required=True, metadata={"description": "What the part is good for"})
    reason_code = Choice(
        REASON_CODES, allow_none=True, metadata={"description": "Why; needed for scrap and for failed"}
    )
    started_at_utc = MomentField(allow_none=True, metadata={"type": "string", "format": "date-time"})
    ended_at_utc = MomentField(allow_none=True, metadata={"type": "string", "format": "date-time"})
    measured_s = Number(allow_none=True, validate=_SECONDS, metadata={"description": "How long it ran, s"})
    last_line = WholeNumber(
        allow_none=True,
        validate=validate.Range(1, MAX_LINE),
        metadata={"description": "The line of the program at which it stopped"},
    )
    feed_override_pct = Number(allow_none=True, validate=validate.Range(0, 1000))
    program_sha256 = digest_field(allow_none=True)
    tools = fields.List(fields.Nested(UsedToolSchema), validate=validate.Length(max=MAX_TOOLS))
    rating = WholeNumber(allow_none=True, validate=validate.Range(1, 5))
    note = fields.String(allow_none=True, validate=validate.Length(1, MAX_NOTE))
    photo_sha256 = fields.List(
        digest_field(), validate=validate.Length(max=MAX_PHOTOS), metadata={"description": "Attachments of the run"}
    )
    readings = fields.List(fields.Nested(OutcomeReadingSchema), validate=validate.Length(max=MAX_READINGS))
    quantity = WholeNumber(
        load_default=1, validate=validate.Range(1, MAX_QUANTITY), metadata={"description": "Parts that came of it"}
    )
    corrects = WholeNumber(
        allow_none=True,
        validate=validate.Range(1, 999_999_999),
        metadata={"description": "The number of the outcome that this one replaces"},
    )


class OutcomeReportedSchema(Schema):
    """The response to a report."""

    run_id = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "Of its event; what `corrects` names"})
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOME_WORDS))
    program_matches = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "null: nobody said which program ran"}
    )
    cut_against_decision = fields.Boolean(
        required=True, metadata={"description": "The decision blocked this cut, and nothing covered it"}
    )


class RunOutcomesSchema(Schema):
    """The outcomes of a run as they were reported, those that were corrected as well."""

    run_id = fields.String(required=True)
    count = fields.Integer(required=True)
    items = fields.List(fields.Dict(), required=True)


class OutcomeSummarySchema(Schema):
    """What lists show of an outcome that counts."""

    run_id = fields.String(required=True)
    number = fields.Integer(required=True)
    at_utc = fields.String(required=True, metadata={"description": "When it ended, else began, else was reported"})
    reported_at_utc = fields.String(required=True)
    by = fields.String(required=True)
    ended = fields.String(required=True, validate=validate.OneOf(ENDED))
    part = fields.String(required=True, validate=validate.OneOf(PARTS))
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOME_WORDS))
    reason_code = fields.String(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    last_line = fields.Integer(required=True, allow_none=True)
    rating = fields.Integer(required=True, allow_none=True)
    program_matches = fields.Boolean(required=True, allow_none=True)
    cut_against_decision = fields.Boolean(required=True)
    corrects = fields.Integer(required=True, allow_none=True)
    risk_level = fields.String(required=True)
    machine_id = fields.String(required=True, allow_none=True)
    material_id = fields.String(required=True, allow_none=True)
    tool_ids = fields.List(fields.String(), required=True)
    spent_s = fields.Float(required=True, allow_none=True)
    cut_mm = fields.Float(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True, metadata={"description": "Its first 200 characters"})


class OutcomePageSchema(Schema):
    """A page of outcomes, those of the latest jobs first; `total` is there only with `include_total`."""

    items = fields.List(fields.Nested(OutcomeSummarySchema))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class OutcomeFiltersSchema(RequestSchema):
    """The filters of outcomes; `since` is included, `until` is not: a day is whole."""

    machine = fields.String(attribute="machine_id", validate=validate.Length(1, 200))
    tool = fields.String(attribute="tool_id", validate=validate.Length(1, 200))
    material = fields.String(attribute="material_id", validate=validate.Length(1, 200))
    part = Choice(PARTS)
    ended = Choice(ENDED)
    since = MomentField(attribute="since_us")
    until = MomentField(attribute="until_us", end=True)
    bom = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE, metadata=BOM)


class OutcomeListSchema(OutcomeFiltersSchema):
    """The query parameters of a list of outcomes."""

    include_total = fields.Boolean(load_default=False, truthy=TRUE, falsy=FALSE)
    limit = QueryInteger(load_default=50, validate=validate.Range(1, MAX_PAGE))
    cursor = fields.String(validate=validate.Length(1, 400), metadata={**CURSOR, "format": "rmos-outcome-cursor"})
    offset = QueryInteger(validate=validate.Range(0, MAX_OFFSET))
    format = Choice(FORMATS, metadata=FORMAT)


class OutcomeTotalsQuerySchema(OutcomeFiltersSchema):
    """The query parameters of totals."""

    group_by = Choice(OUTCOME_GROUPS, load_default="machine")
    format = Choice(("json", "csv"), metadata=FORMAT)


class OutcomeGroupSchema(Schema):
    """What the jobs of a group amount to."""

    group = fields.String(required=True, allow_none=True, metadata={"description": "null: the runs name none"})
    jobs = fields.Integer(required=True)
    good = fields.Integer(required=True, metadata={"description": "Parts"})
    scrap = fields.Integer(required=True, metadata={"description": "Parts"})
    minutes = fields.Float(required=True, allow_none=True, metadata={"description": "Of the jobs that were timed"})
    timed_jobs = fields.Integer(required=True)
    metres = fields.Float(
        required=True, allow_none=True, metadata={"description": "Of cutting, of the jobs whose path is known"}
    )
    measured_jobs = fields.Integer(required=True)
    longest_s = fields.Float(required=True, allow_none=True)


class OutcomeTotalsSchema(Schema):
    """Totals of outcomes."""

    group_by = fields.String(required=True, validate=validate.OneOf(OUTCOME_GROUPS))
    items = fields.List(fields.Nested(OutcomeGroupSchema), required=True)


class OutcomeListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One page of outcomes that a client asks for."""

    query: OutcomeQuery
    page: PageRequest
    limited: bool
    """Whether the request has a limit of its own; a stream goes on to the end otherwise."""
    bom: bool
    format: str | None


class OutcomeTotalsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Totals that a client asks for."""

    query: OutcomeQuery
    group_by: OutcomeGroup
    bom: bool
    format: str | None


_request = OutcomeRequestSchema()
_list = OutcomeListSchema()
_totals = OutcomeTotalsQuerySchema()
OUTCOME_COLUMNS: Final = tuple(OutcomeSummarySchema().fields)
GROUP_COLUMNS: Final = tuple(OutcomeGroupSchema().fields)


def load_outcome(body: Mapping[str, Any], *, now_us: int) -> ReportedOutcome:
    """Return the outcome that a body reports.

    Raises:
        ValidationError: unknown or malformed fields, times that cannot be, or no reason where one is needed, by name.
    """
    members = dict(_request.load(body))
    times = {name: members.get(name) for name in ("started_at_utc", "ended_at_utc")}
    wrong = _find_wrong_times(times["started_at_utc"], times["ended_at_utc"], now_us)
    if not wrong and _still_runs(times["started_at_utc"], members.get("measured_s"), now_us):
        wrong["measured_s"] = ["Is longer than the time since the start."]
    if needs_reason(members["ended"], members["part"]) and members.get("reason_code") is None:
        wrong["reason_code"] = [f"Say why, for scrap and for failed: one of {', '.join(REASON_CODES)}."]
    if wrong:
        raise ValidationError(wrong)
    members |= {name: None if us is None else ids.utc_text(us) for name, us in times.items()}
    members["tools"] = [UsedTool(**tool) for tool in members.get("tools", ())]
    members["readings"] = [OutcomeReading(**reading) for reading in members.get("readings", ())]
    return ReportedOutcome(**members)


def _find_wrong_times(started_us: int | None, ended_us: int | None, now_us: int) -> dict[str, list[str]]:
    """Return what is wrong with the times of a job, by field."""
    wrong: dict[str, list[str]] = {}
    for name, us in (("started_at_utc", started_us), ("ended_at_utc", ended_us)):
        if us is not None and us > now_us + MAX_AHEAD_US:
            wrong[name] = ["Is more than 5 minutes in the future."]
    if started_us is not None and ended_us is not None and "ended_at_utc" not in wrong:
        if ended_us < started_us:
            wrong["ended_at_utc"] = ["Is before the start."]
        elif ended_us - started_us > MAX_SECONDS * 1_000_000:
            wrong["ended_at_utc"] = ["Is more than 7 days after the start."]
    return wrong


def _still_runs(started_us: int | None, measured_s: float | None, now_us: int) -> bool:
    """Tell whether a job that began then and took so long is not over yet; pauses make it longer still."""
    if started_us is None or measured_s is None:
        return False
    return started_us + measured_s * 1e6 > now_us + MAX_AHEAD_US


def load_outcome_list(parameters: Mapping[str, Sequence[str]]) -> OutcomeListRequest:
    """Return the list of outcomes that query parameters ask for, each given with all its values.

    Raises:
        ValidationError: unknown, repeated, malformed or contradicting parameters, by name.
    """
    filters, page = load_filters(_list, parameters)
    form = {"bom": filters.pop("bom"), "format": filters.pop("format", None)}
    return OutcomeListRequest(query=OutcomeQuery(**filters), page=page, limited="limit" in parameters, **form)


def load_totals(parameters: Mapping[str, Sequence[str]]) -> OutcomeTotalsRequest:
    """Return the totals that query parameters ask for, each given with all its values.

    Raises:
        ValidationError: unknown, repeated or malformed parameters, by name.
    """
    filters = _totals.load(require_single(parameters))
    form = {name: filters.pop(name, None) for name in ("bom", "format", "group_by")}
    return OutcomeTotalsRequest(query=OutcomeQuery(**filters), **form)


def dump_reported(reported: OutcomeReported) -> bytes:
    """Return the response to a report."""
    names = ("outcome", "program_matches", "cut_against_decision")
    found = {name: reported.entry[name] for name in names}
    return _encoder.encode({"run_id": reported.run_id, "number": reported.number, **found})


def dump_run_outcomes(run_id: str, entries: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the body of a run's outcomes."""
    return _encoder.encode({"run_id": run_id, "count": len(entries), "items": entries})


def show_group(totals: OutcomeTotals) -> dict[str, Any]:
    """Return what is shown of a group: minutes and metres to the hundredth, seconds to the thousandth."""
    return {
        "group": totals.group,
        "jobs": totals.jobs,
        "good": totals.good,
        "scrap": totals.scrap,
        "minutes": None if totals.spent_ms is None else round(totals.spent_ms / 60_000, 2),
        "timed_jobs": totals.timed,
        "metres": None if totals.cut_um is None else round(totals.cut_um / 1e6, 2),
        "measured_jobs": totals.measured,
        "longest_s": None if totals.longest_ms is None else totals.longest_ms / 1000,
    }


def dump_totals(group_by: OutcomeGroup, totals: Sequence[OutcomeTotals]) -> bytes:
    """Return the body of totals."""
    return _encoder.encode({"group_by": group_by, "items": [show_group(group) for group in totals]})
