"""Deletes as clients see them: the requests to delete or restore a run, and the response."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from rmos.schemas.fields import Choice, RequestSchema
from rmos.services.deletes import MAX_REASON, MIN_REASON, Deleted, DeleteRequest


class DeleteQuerySchema(RequestSchema):
    """The query parameters of `DELETE /api/rmos/runs/{id}`; the service validates the reason and the mode."""

    reason = fields.String(
        required=True, validate=validate.Length(MIN_REASON, MAX_REASON), metadata={"description": "Why, for good"}
    )
    mode = Choice(("soft", "hard"), load_default="soft")


class RestoreQuerySchema(RequestSchema):
    """The query parameters of `POST /api/rmos/runs/{id}/restore`."""

    reason = fields.String(validate=validate.Length(MIN_REASON, MAX_REASON))


class DeletedSchema(Schema):
    """How a run stands after it was deleted or restored."""

    run_id = fields.String()
    mode = fields.String(allow_none=True, metadata={"description": "soft or hard; null when the run stands"})
    deleted = fields.Boolean()
    reason = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)


_deleted = DeletedSchema()
_encoder = msgspec.json.Encoder()


def load_delete(run_id: str, parameters: Mapping[str, Sequence[str]], schema: Schema) -> DeleteRequest:
    """Return what the query parameters ask for, each given as all its values; what is wrong with them goes along."""
    errors = {name: ["Given more than once."] for name, values in parameters.items() if len(values) > 1}
    taken: dict[str, Any] = {name: values[0] for name, values in parameters.items()}
    try:
        taken |= schema.load(taken)
    except ValidationError as error:
        errors |= error.messages_dict
        taken |= error.valid_data if isinstance(error.valid_data, dict) else {}
    return DeleteRequest(run_id=run_id, reason=taken.get("reason"), mode=taken.get("mode", "soft"), errors=errors)


def dump_deleted(deleted: Deleted) -> bytes:
    """Return the response to a delete or a restore."""
    return _encoder.encode(_deleted.dump(deleted))
