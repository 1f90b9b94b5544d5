"""`/record/trail`: who deleted, restored, overrode, approved or made tokens, and what was turned down, newest first.

As `rmos audit tail` it reads every event of the store, so it is for a look now and then, not for a screen on the wall.
"""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response
from marshmallow import fields, validate

from rmos.auth.roles import requires
from rmos.checks.trail import AuditedAttempt, Trail
from rmos.context import current_rmos
from rmos.errors.request import BadCursor
from rmos.http.query import read_query
from rmos.names import fold_name
from rmos.schemas.fields import Choice, RequestSchema
from rmos.schemas.lists import require_single
from rmos.web.formats import text_of
from rmos.web.shell import render_page

bp = Blueprint("trail_page", __name__)

OUTCOMES: Final = ("done", "not done", "refused")
_ON_A_PAGE: Final = 50
_WORDS: Final = {
    "delete": "delete",
    "restore": "restore",
    "override": "override",
    "approve": "approve",
    "reject": "reject",
    "create": "make a token",
    "revoke": "revoke a token",
    "import": "import",
    "policy": "loosen a policy",
}
"""What was tried, for people."""
_TONES: Final = {"done": ("none", "✓"), "not done": ("error", "⚡"), "refused": ("yellow", "!")}


class _TrailSchema(RequestSchema):
    """The query parameters of the trail."""

    outcome = Choice(OUTCOMES)
    action = Choice(list(_WORDS))
    who = fields.String(validate=validate.Length(1, 200))
    before = fields.String(validate=validate.Regexp("[a-z0-9_.]{1,100}$", error="Use the link of the page before."))


_schema: Final = _TrailSchema()


class TrailLine(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, in words."""

    event_id: str
    at: str
    outcome: str
    tone: str
    sign: str
    what: str
    target: str
    path: str | None
    """The page of what it was tried on, where there is one."""
    who: str
    role: str
    address: str
    why: str
    error: str
    """Why it was turned down."""


@bp.get("/record/trail")
@requires("admin")
def show_trail() -> Response:
    """Show a page of the trail."""
    stated = {name: values for name, values in read_query().items() if values != [""]}
    asked: dict[str, str] = _schema.load(require_single(stated))
    trail = Trail(current_rmos().store)
    entries = trail.read_new()[::-1]
    found = [entry for entry in _follow(entries, asked.get("before")) if _matches(entry, asked)]
    filters = {name: value for name, value in asked.items() if name != "before"}
    shown = found[:_ON_A_PAGE]
    return render_page(
        "trail.html",
        here="record",
        lines=[_write_line(entry) for entry in shown],
        total=len(entries),
        unavailable=trail.unavailable,
        outcomes=OUTCOMES,
        actions=_WORDS,
        asked=asked,
        filters=filters,
        first_query=urlencode(filters),
        older_query=urlencode({**filters, "before": shown[-1].event_id}) if len(found) > _ON_A_PAGE else None,
    )


def _follow(entries: Sequence[AuditedAttempt], before: str | None) -> Sequence[AuditedAttempt]:
    """Return the entries behind one, newest first.

    Raises:
        BadCursor: there is none of this id.
    """
    if before is None:
        return entries
    places = [place for place, entry in enumerate(entries) if entry.event_id == before]
    if not places:
        raise BadCursor("The trail has no such entry; begin again with its newest.")
    return entries[places[0] + 1 :]


def _matches(entry: AuditedAttempt, asked: dict[str, str]) -> bool:
    return (
        asked.get("outcome", entry.outcome) == entry.outcome
        and asked.get("action", entry.action) == entry.action
        and fold_name(asked.get("who", entry.actor)) == fold_name(entry.actor)
    )


def _write_line(entry: AuditedAttempt) -> TrailLine:
    tone, sign = _TONES.get(entry.outcome, ("none", ""))
    return TrailLine(
        event_id=entry.event_id,
        at=entry.created_at_utc,
        outcome=entry.outcome,
        tone=tone,
        sign=sign,
        what=_name_action(entry.action, entry.data),
        target=entry.target,
        path=_find_page(entry.target),
        who=entry.actor,
        role=entry.role,
        address=entry.address or "",
        why=text_of(entry.data.get("reason")),
        error=": ".join(part for part in (entry.error, entry.detail) if part),
    )


def _name_action(action: str, data: dict[str, Any]) -> str:
    more = [text_of(data.get(name)) for name in ("mode", "name", "role", "scope")]
    words = [_WORDS.get(action, action), *(text for text in more if text)]
    return ", ".join([*words, "with its runs"] if data.get("cascade") is True else words)


def _find_page(target: str) -> str | None:
    if target.startswith("run_"):
        return f"/runs/{target}"
    if target.startswith("ws_"):
        return f"/sessions/{target}"
    return "/access" if target.startswith("tok_") else None
