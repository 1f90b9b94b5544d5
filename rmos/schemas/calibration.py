"""Decisions beside what became of the cuts, as clients see it.

load_calibration(parameters)       # an `OutcomeQuery`: of a machine, since when
dump_calibration(report)
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from marshmallow import Schema, fields, validate

from rmos.decisions.calibration import Calibration
from rmos.decisions.reasons import REASON_CLASSES
from rmos.outcomes import ENDED
from rmos.row_models import OutcomeQuery
from rmos.schemas.fields import MomentField, RequestSchema
from rmos.schemas.lists import require_single

_COUNTS: Final = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
_encoder: Final = msgspec.json.Encoder()


class CalibrationQuerySchema(RequestSchema):
    """The query parameters of the report; the times of jobs count."""

    machine_id = fields.String(validate=validate.Length(1, 200))
    since = MomentField(attribute="since_us")


class ProportionSchema(Schema):
    """So many of so many; the numbers are null where there are none."""

    count = fields.Integer(required=True)
    of = fields.Integer(required=True)
    share = fields.Float(required=True, allow_none=True)
    low = fields.Float(
        required=True, allow_none=True, metadata={"description": "Where the 95 % interval of the share begins (Wilson)"}
    )
    high = fields.Float(required=True, allow_none=True)


class ColourPartsSchema(Schema):
    """What became of the jobs of a colour; shares are of those whose part somebody has looked at."""

    risk_level = fields.String(required=True)
    jobs = fields.Integer(required=True)
    unjudged = fields.Integer(required=True, metadata={"description": "Nobody has looked at the part yet"})
    good = fields.Nested(ProportionSchema, required=True)
    rework = fields.Nested(ProportionSchema, required=True)
    scrap = fields.Nested(ProportionSchema, required=True)


class ListedJobSchema(Schema):
    """A job of the list."""

    run_id = fields.String(required=True)
    number = fields.Integer(required=True)
    at_utc = fields.String(required=True)
    ended = fields.String(required=True, validate=validate.OneOf(ENDED))
    risk_level = fields.String(required=True)
    reason_code = fields.String(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    cut_against_decision = fields.Boolean(required=True)
    machine_id = fields.String(required=True, allow_none=True)
    material_id = fields.String(required=True, allow_none=True)
    tool_ids = fields.List(fields.String(), required=True)
    note = fields.String(required=True, allow_none=True)


class CheckUseSchema(Schema):
    """How near a cut came to the limit of a check."""

    id = fields.String(required=True)
    value = fields.Float(required=True)
    limit = fields.Float(required=True)
    unit = fields.String(required=True)
    q = fields.Float(
        required=True,
        metadata={"description": "value / limit, or limit / value where more is better: 1 at the limit"},
    )


class ScrappedJobSchema(ListedJobSchema):
    """A GREEN job whose part was scrap."""

    check = fields.Nested(CheckUseSchema, required=True, allow_none=True)
    check_unknown = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why no check is known: no_check, no_number, deleted, damaged or not_read"},
    )


class JobListSchema(Schema):
    """How many there are, and the newest of them."""

    jobs = fields.Integer(required=True)
    counts = _COUNTS
    items = fields.List(fields.Nested(ListedJobSchema), required=True)


class ScrappedListSchema(JobListSchema):
    """How many there are by their reason, and the newest of them."""

    items = fields.List(fields.Nested(ScrappedJobSchema), required=True)


class ComparedTimesSchema(Schema):
    """Measured over estimated time; null of too few jobs."""

    basis = fields.String(
        required=True, metadata={"description": "The estimate: planned (with acceleration) or feed_only"}
    )
    jobs = fields.Integer(required=True)
    lower_quartile = fields.Float(required=True, allow_none=True)
    median = fields.Float(required=True, allow_none=True)
    upper_quartile = fields.Float(required=True, allow_none=True)


class MachineTimesSchema(Schema):
    """How long the jobs of a machine took against the estimates of their programs."""

    machine_id = fields.String(required=True, allow_none=True, metadata={"description": "null: the runs name none"})
    jobs = fields.Integer(required=True)
    compared = fields.List(fields.Nested(ComparedTimesSchema), required=True)
    not_compared = _COUNTS


class CalibrationSchema(Schema):
    """Decisions beside what became of the cuts. It changes no limit."""

    machine_id = fields.String(required=True, allow_none=True)
    since_utc = fields.String(required=True, allow_none=True)
    jobs = fields.Integer(required=True)
    colours = fields.List(fields.Nested(ColourPartsSchema), required=True)
    green_scrapped = fields.Dict(
        keys=fields.String(validate=validate.OneOf(REASON_CLASSES)),
        values=fields.Nested(ScrappedListSchema),
        required=True,
        metadata={"description": "By what kind of reason: a check is about it, somebody took the wrong thing, other"},
    )
    cut_anyway = fields.Nested(
        JobListSchema, required=True, metadata={"description": "Not GREEN, cut all the same, and good"}
    )
    times = fields.List(fields.Nested(MachineTimesSchema), required=True)
    damaged_runs = fields.Integer(
        required=True, metadata={"description": "Of all machines; what was reported of them cannot be read"}
    )
    least_times = fields.Integer(required=True, metadata={"description": "Of fewer jobs no median is given"})
    listed = fields.Integer(required=True, metadata={"description": "How many of a list are shown at most"})
    note = fields.String(required=True)


_query: Final = CalibrationQuerySchema()


def load_calibration(parameters: Mapping[str, Sequence[str]]) -> OutcomeQuery:
    """Return whose outcomes query parameters ask for, each given with all its values.

    Raises:
        ValidationError: unknown, repeated or malformed parameters, by name.
    """
    return OutcomeQuery(**_query.load(require_single(parameters)))


def dump_calibration(report: Calibration) -> bytes:
    """Return the body of the report."""
    return _encoder.encode(report)
