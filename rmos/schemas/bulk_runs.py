"""Many runs in one request, as clients send them and are told of them: the body of `POST /api/rmos/runs/batch`.

Each item is the body of `POST /api/rmos/runs`, with the key that a request would bear as a header. What is wrong with
one is its result; only what concerns all of them refuses the request.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from rmos import digest
from rmos.schemas.fields import RequestSchema, matches
from rmos.schemas.requests import RunRequestSchema, load_run_members
from rmos.schemas.runs import RunCreatedSchema
from rmos.schemas.service import ProblemSchema
from rmos.services.artifact import Idempotency, RunRequest
from rmos.services.bulk_runs import MAX_RUNS, BulkRun, RunResult
from rmos.services.runs import Recorded

KEY: Final = r"^[\x21-\x7e]{1,255}$"
_NAME: Final = "idempotency_key"


class BulkRunSchema(RunRequestSchema):
    """One of many runs: the body of `POST /api/rmos/runs`, and its key."""

    idempotency_key = fields.String(
        validate=matches(KEY, "1 to 255 visible ASCII characters"),
        metadata={"pattern": KEY, "description": "What the header Idempotency-Key is to a single run; the key is one"},
    )


class BulkRunsSchema(RequestSchema):
    """The body of `POST /api/rmos/runs/batch`. A run that cannot be taken keeps none of the others out."""

    runs = fields.List(fields.Nested(BulkRunSchema), required=True, validate=validate.Length(1, MAX_RUNS))


class _ReceivedRunsSchema(RequestSchema):
    """The same body as it is read: each run is looked at by itself."""

    runs = fields.List(fields.Raw(allow_none=True), required=True, validate=validate.Length(1, MAX_RUNS))


class BulkRunResultSchema(Schema):
    """What came of one of many runs: `run`, or `problem`."""

    ok = fields.Boolean(required=True)
    replayed = fields.Boolean(metadata={"description": "Whether the run was made before, with the same key"})
    run = fields.Nested(RunCreatedSchema, metadata={"description": "What a request with this run alone is answered"})
    problem = fields.Nested(ProblemSchema, metadata={"description": "Why there is no run, as alone it is answered"})


class BulkRunResultsSchema(Schema):
    """What came of many runs, in the order in which they were sent."""

    total = fields.Integer(required=True)
    succeeded = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    results = fields.List(fields.Nested(BulkRunResultSchema), required=True)


_received, _item = _ReceivedRunsSchema(), BulkRunSchema()
_created: Final = RunCreatedSchema()


def load_bulk_items(body: Mapping[str, Any]) -> list[Any]:
    """Return the items of a body, none of which was looked at.

    Raises:
        ValidationError: `runs` is no list of 1 to `MAX_RUNS`, or there are other members.
    """
    items: list[Any] = _received.load(body)["runs"]
    return items


def load_bulk_run(item: Any) -> BulkRun:
    """Return the cut that an item asks to have recorded; the digest of its key is that of the item without the key.

    Raises:
        ValidationError: naming each member that cannot be taken.
    """
    if not isinstance(item, dict):
        raise ValidationError({"_schema": ["Must be an object."]})
    members = load_run_members(_item, item)
    key = members.pop(_NAME, None)
    if key is None:
        return BulkRun(request=RunRequest(**members))
    sent = {name: value for name, value in item.items() if name != _NAME}
    idempotency = Idempotency(key=key, request_sha256=digest.canonical_sha256(sent))
    return BulkRun(request=RunRequest(**members), idempotency=idempotency)


def dump_bulk_results(results: Sequence[RunResult], problems: Mapping[int, dict[str, Any]]) -> bytes:
    """Return the response to many runs.

    Args:
        problems: by their places, those that the errors among the results are to a client.
    """
    shown = [
        {"ok": True, "replayed": result.replayed, "run": _created.dump(result)}
        if isinstance(result, Recorded)
        else {"ok": False, "problem": problems[place]}
        for place, result in enumerate(results)
    ]
    failed = len(problems)
    return msgspec.json.encode(
        {"total": len(shown), "succeeded": len(shown) - failed, "failed": failed, "results": shown}
    )
