"""Variants as clients see them: the requests to review, reject or promote them, and how they are shown."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from rmos.schemas.bulk import BulkCountsSchema
from rmos.schemas.fields import Choice, RequestSchema, WholeNumber, digest_field
from rmos.services.bulk import BulkResults
from rmos.services.files.variants import ACTIONS, REASON_CODES, Act, Acted, ReviewAction, ReviewResult, variants_of
from rmos.store.run_records import RunRecord

MAX_ITEMS: Final = 100
_MAX_TEXT: Final = 4000
_STATUSES: Final = ("NEW", "REVIEWED", "PROMOTED", "REJECTED")


def _text_field() -> fields.String:
    return fields.String(validate=validate.Length(1, _MAX_TEXT))


class ReviewSchema(RequestSchema):
    """The body of a review: a rating, notes, or both."""

    rating = WholeNumber(validate=validate.Range(1, 5))
    notes = _text_field()

    @validates_schema
    def check_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a review that says nothing."""
        if not data:
            raise ValidationError("Give a rating, notes, or both.", field_name="rating")


class RejectSchema(RequestSchema):
    """The body of a rejection."""

    reason_code = Choice(REASON_CODES, required=True)
    detail = _text_field()

    @validates_schema
    def check_detail(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a rejection for another reason without a detail."""
        if data.get("reason_code") == "OTHER" and not data.get("detail"):
            raise ValidationError("Say what it is.", field_name="detail")


class BulkItemSchema(RequestSchema):
    """One variant of many, with what the action takes."""

    sha256 = digest_field(required=True)
    rating = WholeNumber(validate=validate.Range(1, 5))
    notes = _text_field()
    reason_code = Choice(REASON_CODES)
    detail = _text_field()


class BulkSchema(RequestSchema):
    """The body of an action on 1 to 100 variants."""

    action = Choice(ACTIONS, required=True)
    items = fields.List(fields.Nested(BulkItemSchema), required=True, validate=validate.Length(1, MAX_ITEMS))

    @validates_schema(skip_on_field_errors=True)
    def check_items(self, data: Mapping[str, Any], **_: Any) -> None:
        """Hold each item to what its action takes."""
        schema = {"review": _review, "reject": _reject}.get(data["action"], _nothing)
        errors = {}
        for number, item in enumerate(data["items"]):
            wrong = schema.validate({name: value for name, value in item.items() if name != "sha256"})
            if wrong:
                errors[number] = wrong
        if errors:
            raise ValidationError({"items": [f"{number}: {wrong}" for number, wrong in errors.items()]})


class NothingSchema(RequestSchema):
    """What actions take that take nothing."""


class VariantSchema(Schema):
    """A variant as it stands now."""

    sha256 = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(allow_none=True)
    filename = fields.String(allow_none=True)
    mime = fields.String(allow_none=True)
    size_bytes = fields.Integer(allow_none=True)
    created_at_utc = fields.String(allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(_STATUSES))
    rating = fields.Integer(allow_none=True)
    notes = fields.String(allow_none=True)
    reviewed_by = fields.String(allow_none=True)
    reviewed_at_utc = fields.String(allow_none=True)
    reason_code = fields.String(allow_none=True, metadata={"description": "Why it is rejected"})
    detail = fields.String(allow_none=True)
    history = fields.List(fields.Dict(), metadata={"description": "What was done with it, the first first"})


class VariantsSchema(Schema):
    """The variants of a run."""

    run_id = fields.String(required=True)
    count = fields.Integer(required=True)
    items = fields.List(fields.Nested(VariantSchema), required=True)


class ActedSchema(VariantSchema):
    """A variant after something was done with it."""

    run_id = fields.String(required=True)


class ResultSchema(Schema):
    """What came of one of many."""

    sha256 = fields.String(required=True)
    ok = fields.Boolean(required=True)
    status = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    blocked_by = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)


class ResultsSchema(BulkCountsSchema):
    """What came of all of them."""

    results = fields.List(fields.Nested(ResultSchema), required=True)


_review, _reject, _nothing, _bulk = ReviewSchema(), RejectSchema(), NothingSchema(), BulkSchema()
_encoder = msgspec.json.Encoder()


def load_review(sha256: str, body: Mapping[str, Any]) -> Act:
    """Return the review that a body holds."""
    return Act(action="review", sha256=sha256, **_review.load(body))


def load_reject(sha256: str, body: Mapping[str, Any]) -> Act:
    """Return the rejection that a body holds."""
    return Act(action="reject", sha256=sha256, **_reject.load(body))


def load_bulk(body: Mapping[str, Any]) -> list[Act]:
    """Return what a body asks to be done with each of its items."""
    members = _bulk.load(body)
    action: ReviewAction = members["action"]
    return [Act(action=action, **item) for item in members["items"]]


def dump_variants(record: RunRecord) -> bytes:
    """Return the body that lists a run's variants."""
    found = variants_of(record.view(), record.events)
    return _encoder.encode({"run_id": record.run_id, "count": len(found), "items": found})


def dump_acted(acted: Acted) -> bytes:
    """Return the response to an action on a variant."""
    return _encoder.encode({"run_id": acted.run_id, **msgspec.structs.asdict(acted.variant)})


def dump_results(results: BulkResults[ReviewResult]) -> bytes:
    """Return the response to an action on many variants."""
    return _encoder.encode(results)
