"""Tokens and the trail as admins see them: who may call the service, and who did what."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, fields, validate

from rmos.checks.trail_pages import ACTIONS, OUTCOMES, TrailPage, TrailQuery
from rmos.models import ROLES, Token
from rmos.schemas.fields import Choice, QueryInteger, RequestSchema
from rmos.schemas.lists import require_single
from rmos.store.tokens import TokenRecord, token_state

MOST_ENTRIES: Final = 200
_STATES: Final = ("in force", "expired", "revoked", "damaged", "unavailable")


class TokenSchema(Schema):
    """A token: whose it is and whether it is taken; never its secret."""

    token_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(_STATES))
    name = fields.String(metadata={"description": "Under which its holder stands in runs, events and audits"})
    role = fields.String(validate=validate.OneOf(ROLES))
    created_at_utc = fields.String()
    created_by = fields.String()
    expires_at_utc = fields.String(allow_none=True, metadata={"description": "null: until it is revoked"})
    revoked_at_utc = fields.String(allow_none=True)
    revoked_by = fields.String(allow_none=True)
    detail = fields.String(metadata={"description": "Only where its record cannot be read: what is wrong with it"})


class TokensSchema(Schema):
    """All tokens that were ever made, by id."""

    items = fields.List(fields.Nested(TokenSchema), required=True)


class AuditQuerySchema(RequestSchema):
    """The query parameters of the trail."""

    outcome = Choice(OUTCOMES)
    action = Choice(ACTIONS)
    who = fields.String(validate=validate.Length(1, 200), metadata={"description": "The name of a caller"})
    cursor = fields.String(
        validate=validate.Length(1, 400),
        metadata={"format": "rmos-audit-cursor", "description": "A `next_cursor` as it was given"},
    )
    limit = QueryInteger(load_default=50, validate=validate.Range(1, MOST_ENTRIES))


class AuditEntrySchema(Schema):
    """One attempt: `done` is read from the events themselves; what was let through and left none is `not done`."""

    event_id = fields.String(required=True)
    created_at_utc = fields.String(required=True)
    action = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    target = fields.String(required=True, metadata={"description": "A run, session or token, or what was turned down"})
    actor = fields.String(required=True)
    role = fields.String(required=True)
    address = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    error = fields.String(allow_none=True, metadata={"description": "The code of a refusal"})
    detail = fields.String(allow_none=True)
    data = fields.Dict(metadata={"description": "What was said: reason, mode, scope, name, role, cascade"})


class AuditPageSchema(Schema):
    """A page of the trail, newest first."""

    items = fields.List(fields.Nested(AuditEntrySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True, metadata={"description": "All entries of the trail"})
    unavailable = fields.Integer(
        required=True, metadata={"description": "Records that the disk did not give; ask again"}
    )


_audit_query: Final = AuditQuerySchema()


def load_audit(parameters: Mapping[str, Sequence[str]]) -> TrailQuery:
    """Return the page of the trail that query parameters ask for.

    Raises:
        ValidationError: unknown, repeated or malformed parameters, by name.
    """
    return TrailQuery(**_audit_query.load(require_single(parameters)))


def dump_audit(page: TrailPage) -> bytes:
    """Return the body of a page of the trail."""
    return msgspec.json.encode(page)


def dump_tokens(records: Sequence[TokenRecord], us: int) -> bytes:
    """Return the body of all tokens, as they are at a moment."""
    return msgspec.json.encode({"items": [describe_record(record, us) for record in records]})


def dump_token(token: Token, us: int) -> bytes:
    """Return the body of one token."""
    return msgspec.json.encode(describe_token(token, us))


def describe_token(made: Token, us: int) -> dict[str, Any]:
    """Return what an admin may see of a token: neither the secret nor its digest."""
    members: dict[str, Any] = msgspec.to_builtins(made)
    del members["secret_sha256"]
    return {**members, "state": token_state(made, us)}


def describe_record(record: TokenRecord, us: int) -> dict[str, Any]:
    """Return a token, or what is wrong with its record."""
    if record.token is None:
        return {"token_id": record.token_id, "state": state_unread(record), "detail": str(record.damage)}
    return describe_token(record.token, us)


def state_unread(record: TokenRecord) -> str:
    """Return the state of a token whose record could not be read."""
    return "unavailable" if record.is_unavailable else "damaged"
