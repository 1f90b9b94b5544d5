"""`/api/rmos/audit` and `/api/rmos/tokens`: who did what, and who may call; tokens are made elsewhere."""

from typing import Final

from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.checks.trail_pages import read_trail_page
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import TokenNotFound
from rmos.errors.request import BadCursor
from rmos.http.query import load_list_query
from rmos.http.responses import respond_json
from rmos.http.routes import OPENING, READS, WRITES, Blueprint, ResponseSpec, operation
from rmos.schemas.access import (
    AuditPageSchema,
    AuditQuerySchema,
    TokenSchema,
    TokensSchema,
    dump_audit,
    dump_token,
    dump_tokens,
    load_audit,
)

bp = Blueprint(
    "access", __name__, url_prefix="/api/rmos", description="Access: who may call the service, and who did what"
)

_HEADERS: Final = ("Cache-Control",)


@bp.get("/audit")
@operation(
    responses={200: ResponseSpec("A page, newest first.", AuditPageSchema, _HEADERS, "access.audit")},
    problems=(BadCursor, *OPENING),
    query=AuditQuerySchema,
)
@requires("admin")
def list_audit() -> Response:
    """Return who deleted, restored, overrode, approved or made tokens, and what was turned down.

    It is read from the events of the whole store, so that nothing is shown as a success that was none.
    """
    return respond_json(dump_audit(read_trail_page(current_rmos().store, load_list_query(load_audit))))


@bp.get("/tokens")
@operation(responses={200: ResponseSpec("The tokens.", TokensSchema, _HEADERS, "access.tokens")}, problems=(*OPENING,))
@requires("admin")
def list_tokens() -> Response:
    """Return all tokens, also those that are over; never a secret."""
    return respond_json(dump_tokens(current_rmos().store.tokens.list_all(), ids.now_us()))


@bp.delete("/tokens/<token_id>")
@operation(
    responses={200: ResponseSpec("The token is revoked.", TokenSchema, _HEADERS, "access.revoked")},
    problems=(TokenNotFound, *READS, *WRITES),
)
@requires("admin")
def revoke_token(token_id: str) -> Response:
    """Revoke a token for good; every worker refuses it within five seconds.

    One that was revoked before stays as it is. What its holder did stays too.
    """
    us = ids.now_us()
    return respond_json(dump_token(current_rmos().store.tokens.revoke(token_id, actor=current_actor(), us=us), us))
