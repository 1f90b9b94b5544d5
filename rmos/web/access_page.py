"""`/access`: who may call the service. Tokens are listed and revoked here, and made on the command line alone.

A token is shown once, where it is made; a page would leave it in a browser's memory and on a screen that others see.
"""

import msgspec
from flask import Blueprint, Response
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import ids
from rmos.auth.guard import current_caller
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import TokenNotFound
from rmos.models import ROLES
from rmos.store.tokens import TokenRecord, token_state
from rmos.web.shell import render_page, send_to

bp = Blueprint("access_page", __name__)

_IN_FORCE = "in force"
_LONGEST_ID = 32


class ShownToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as a row; nothing of its secret."""

    token_id: str
    state: str
    tone: str
    sign: str
    name: str = ""
    role: str = ""
    made_at: str = ""
    made_by: str = ""
    expires_at: str | None = None
    revoked_at: str | None = None
    revoked_by: str | None = None
    damage: str = ""
    is_own: bool = False
    may_end: bool = False


@bp.get("/access")
@requires("admin")
def list_tokens() -> Response:
    """Show all tokens, those in force first."""
    tokens = _list_tokens()
    return render_page("access.html", here="access", tokens=tokens, roles=ROLES)


@bp.get("/access/<token_id>/revoke")
@requires("admin")
def ask_revoke(token_id: str) -> Response:
    """Ask whether a token is to be revoked, and say what follows."""
    tokens = {token.token_id: token for token in _list_tokens()}
    found = tokens.get(token_id)
    if found is None:
        raise TokenNotFound("There is no token with this id.")
    admins = [token for token in tokens.values() if token.may_end and token.role == "admin"]
    return render_page("access_revoke.html", here="access", token=found, is_last_admin=admins == [found])


@bp.post("/access/<token_id>/revoke")
@requires("admin")
def revoke_token(token_id: str) -> WerkzeugResponse:
    """Revoke a token for good, and show the list; one that was revoked before stays as it is."""
    if len(token_id) > _LONGEST_ID:
        raise TokenNotFound("There is no token with this id.")
    current_rmos().store.tokens.revoke(token_id, actor=current_actor(), us=ids.now_us())
    return send_to("/access")


def _list_tokens() -> list[ShownToken]:
    us, own = ids.now_us(), current_caller().token_id
    tokens = [_show_token(record, us, own) for record in current_rmos().store.tokens.list_all()]
    return sorted(tokens, key=lambda token: (not token.may_end, token.name.casefold(), token.token_id))


def _show_token(record: TokenRecord, us: int, own: str | None) -> ShownToken:
    made = record.token
    if made is None:
        state = "unavailable" if record.is_unavailable else "damaged"
        return ShownToken(
            token_id=record.token_id, state=state, tone="error", sign="⚡", damage=str(record.damage or "")
        )
    state = token_state(made, us)
    return ShownToken(
        token_id=made.token_id,
        state=state,
        tone="green" if state == _IN_FORCE else "none",
        sign="✓" if state == _IN_FORCE else "✕",
        name=made.name,
        role=made.role,
        made_at=made.created_at_utc,
        made_by=made.created_by,
        expires_at=made.expires_at_utc,
        revoked_at=made.revoked_at_utc,
        revoked_by=made.revoked_by,
        is_own=made.token_id == own,
        may_end=state == _IN_FORCE,
    )
