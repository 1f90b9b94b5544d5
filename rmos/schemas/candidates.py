"""Manufacturing candidates as clients see them, and the requests to decide on them."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from marshmallow import Schema, fields, validate

from rmos.schemas.bulk import BulkCountsSchema
from rmos.schemas.fields import Choice, RequestSchema, matches
from rmos.services.bulk import BulkResults
from rmos.services.candidates import (
    CANDIDATE_COLOURS,
    CandidateDecision,
    CandidateResult,
    Decided,
    candidates_of,
    find_best,
)
from rmos.store.run_records import RunRecord

MAX_DECISIONS: Final = 100
MAX_NOTE: Final = 2000
CANDIDATE_ID_PATTERN: Final = "^mc_[0-9a-f]{12}$"


def _decision_field() -> Choice:
    return Choice(
        CANDIDATE_COLOURS,
        required=True,
        allow_none=True,
        metadata={"description": "Never better than the server's on the run; null withdraws the decision"},
    )


def _note_field() -> fields.String:
    return fields.String(allow_none=True, load_default=None, validate=validate.Length(1, MAX_NOTE))


class DecisionRequestSchema(RequestSchema):
    """The body of a decision on a candidate."""

    decision = _decision_field()
    note = _note_field()


class BulkDecisionSchema(RequestSchema):
    """A decision on one of many candidates."""

    candidate_id = fields.String(
        required=True,
        validate=matches(CANDIDATE_ID_PATTERN, "mc_ and 12 lower-case hex digits"),
        metadata={"pattern": CANDIDATE_ID_PATTERN},
    )
    decision = _decision_field()
    note = _note_field()


class BulkDecisionsSchema(RequestSchema):
    """The body of decisions on 1 to 100 candidates."""

    items = fields.List(fields.Nested(BulkDecisionSchema), required=True, validate=validate.Length(1, MAX_DECISIONS))


class CandidateSchema(Schema):
    """A candidate as it stands now."""

    candidate_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("drawing", "program")))
    sha256 = fields.String(required=True)
    filename = fields.String(required=True, allow_none=True)
    mime = fields.String(required=True, allow_none=True)
    size_bytes = fields.Integer(required=True, allow_none=True)
    decision = fields.String(required=True, allow_none=True, validate=validate.OneOf(CANDIDATE_COLOURS))
    note = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at_utc = fields.String(required=True, allow_none=True)
    history = fields.List(fields.Dict(), required=True, metadata={"description": "Each decision, the first first"})


class CandidatesSchema(Schema):
    """The candidates of a run."""

    run_id = fields.String(required=True)
    best = fields.String(
        required=True,
        validate=validate.OneOf(CANDIDATE_COLOURS),
        metadata={"description": "The best that can be decided, by the server's own decision"},
    )
    count = fields.Integer(required=True)
    items = fields.List(fields.Nested(CandidateSchema), required=True)


class DecidedSchema(CandidateSchema):
    """A candidate after it was decided on."""

    run_id = fields.String(required=True)


class CandidateResultSchema(Schema):
    """What came of one of many."""

    candidate_id = fields.String(required=True)
    ok = fields.Boolean(required=True)
    decision = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)


class CandidateResultsSchema(BulkCountsSchema):
    """What came of all of them."""

    results = fields.List(fields.Nested(CandidateResultSchema), required=True)


_decision, _bulk = DecisionRequestSchema(), BulkDecisionsSchema()
_encoder = msgspec.json.Encoder()


def load_decision(candidate_id: str, body: Mapping[str, Any]) -> CandidateDecision:
    """Return the decision that a body holds."""
    return CandidateDecision(candidate_id=candidate_id, **_decision.load(body))


def load_decisions(body: Mapping[str, Any]) -> list[CandidateDecision]:
    """Return the decisions that a body holds."""
    return [CandidateDecision(**item) for item in _bulk.load(body)["items"]]


def dump_candidates(record: RunRecord) -> bytes:
    """Return the body that lists a run's candidates."""
    view = record.view()
    found = candidates_of(view, record.events)
    return _encoder.encode({"run_id": record.run_id, "best": find_best(view), "count": len(found), "items": found})


def dump_decided(decided: Decided) -> bytes:
    """Return the response to a decision."""
    return _encoder.encode({"run_id": decided.run_id, **msgspec.structs.asdict(decided.candidate)})


def dump_decision_results(results: BulkResults[CandidateResult]) -> bytes:
    """Return the response to many decisions."""
    return _encoder.encode(results)
