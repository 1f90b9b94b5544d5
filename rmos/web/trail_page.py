"""`/record/trail`: who deleted, restored, overrode, approved or made tokens, and what was turned down, newest first.

As `rmos audit tail` it reads every event of the store, so it is for a look now and then, not for a screen on the wall.
"""

from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response

from rmos.auth.roles import requires
from rmos.checks.trail import AuditedAttempt
from rmos.checks.trail_pages import OUTCOMES, read_trail_page
from rmos.context import current_rmos
from rmos.http.query import read_query
from rmos.schemas.access import load_audit
from rmos.web.formats import text_of
from rmos.web.shared_words import WORDS
from rmos.web.shell import render_page

bp = Blueprint("trail_page", __name__)

_WORDS: Final = WORDS["trail"]
"""What was tried, for people."""
_TONES: Final = {"done": ("none", "✓"), "not done": ("error", "⚡"), "refused": ("yellow", "!")}


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
    asked = load_audit(stated)
    page = read_trail_page(current_rmos().store, asked)
    filters = {name: str(getattr(asked, name)) for name in stated if name != "cursor"}
    return render_page(
        "trail.html",
        here="record",
        lines=[_write_line(entry) for entry in page.items],
        page=page,
        outcomes=OUTCOMES,
        actions=_WORDS,
        asked=asked,
        filters=filters,
        first_query=urlencode(filters),
        older_query=None if page.next_cursor is None else urlencode({**filters, "cursor": page.next_cursor}),
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
