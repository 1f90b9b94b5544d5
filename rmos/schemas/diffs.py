"""The difference of two runs as clients see it: the request and the response."""

from typing import Any, Final

import msgspec
from marshmallow import Schema, fields, validate

from rmos.diff import RunDiff, diff_runs
from rmos.schemas.fields import RequestSchema
from rmos.schemas.runs import dump_run
from rmos.store.run_records import RunRecord

_RUN_ID: Final = validate.Length(1, 200)
_ABOUT: Final = {"format": "rmos-run-id", "description": "The id of a run"}
_SEVERITIES: Final = ("NONE", "INFO", "WARNING", "CRITICAL")


class RunDiffRequestSchema(RequestSchema):
    """The query parameters of `GET /api/rmos/runs/diff`: the ids of two runs, which may be the same."""

    a = fields.String(required=True, validate=_RUN_ID, metadata=_ABOUT)
    b = fields.String(required=True, validate=_RUN_ID, metadata=_ABOUT)


class PathDiffSchema(Schema):
    """What stands under one path in the two runs; the run that has nothing there lacks its member."""

    severity = fields.String(validate=validate.OneOf(_SEVERITIES[1:]))
    a = fields.Raw(allow_none=True)
    b = fields.Raw(allow_none=True)
    cut = fields.Dict(
        fields.String(),
        fields.Integer(),
        metadata={"description": "For `a` and `b`: the length of a JSON text of which only the beginning is shown"},
    )


class RunDiffSchema(Schema):
    """How two runs differ, the gravest differences first."""

    a = fields.String(metadata={"description": "The id of the one run"})
    b = fields.String(metadata={"description": "The id of the other"})
    diff_severity = fields.String(validate=validate.OneOf(_SEVERITIES))
    changed_count = fields.Integer(metadata={"description": "How many paths differ, listed or not"})
    changed_paths = fields.List(fields.String())
    diff = fields.Dict(fields.String(), fields.Nested(PathDiffSchema), metadata={"description": "By path"})
    note = fields.String(allow_none=True, metadata={"description": "What was cut from this response"})


def diff_records(a: RunRecord, b: RunRecord) -> RunDiff:
    """Return how two runs differ, as they stand now.

    Raises:
        Damage: an artifact does not hold what it should.
    """
    return diff_runs(*(_decode_run(record) for record in (a, b)))


def _decode_run(record: RunRecord) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.json.decode(dump_run(record))
    return shown
