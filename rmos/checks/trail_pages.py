"""The trail in pages, newest first, as people and programs ask for it.

    page = read_trail_page(store, TrailQuery(outcome="refused", limit=50))
    page.items, page.next_cursor            # ask for the next one with cursor=page.next_cursor

Every event of the store is read for it, so it is for a look now and then.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from rmos import ids
from rmos.checks.trail import AuditedAttempt, Trail
from rmos.names import fold_name
from rmos.store import Store

OUTCOMES: Final = ("done", "not done", "refused")
ACTIONS: Final = ("delete", "restore", "override", "approve", "reject", "create", "revoke", "import", "policy")


class TrailQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are asked for; `who` is in any case."""

    outcome: str | None = None
    action: str | None = None
    who: str | None = None
    cursor: str | None = None
    """A `next_cursor`: the page begins behind it."""
    limit: int = 50

    def matches(self, entry: AuditedAttempt) -> bool:
        """Tell whether an entry is one of those that are asked for."""
        return (
            self.outcome in (None, entry.outcome)
            and self.action in (None, entry.action)
            and (self.who is None or fold_name(self.who) == fold_name(entry.actor))
        )


class TrailPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the trail."""

    items: Sequence[AuditedAttempt]
    next_cursor: str | None
    total: int
    """All entries of the trail, whatever was asked for."""
    unavailable: int
    """Records that the disk did not give."""


def read_trail_page(store: Store, query: TrailQuery) -> TrailPage:
    """Return a page of the trail.

    Raises:
        BadCursor: the cursor is not one of ours.
    """
    end = None if query.cursor is None else ids.read_cursor(query.cursor, is_id=bool)
    trail = Trail(store)
    entries = sorted(trail.read_new(), key=_place_of, reverse=True)
    found = [entry for entry in entries if (end is None or _place_of(entry) < end) and query.matches(entry)]
    items = found[: query.limit]
    return TrailPage(
        items=items,
        next_cursor=ids.make_cursor(*_place_of(items[-1])) if len(found) > len(items) else None,
        total=len(entries),
        unavailable=trail.unavailable,
    )


def _place_of(entry: AuditedAttempt) -> tuple[int, str]:
    """Return where an entry stands; one whose time cannot be read is the oldest."""
    try:
        return ids.parse_utc(entry.created_at_utc), entry.event_id
    except (ValueError, OverflowError):
        return 0, entry.event_id
