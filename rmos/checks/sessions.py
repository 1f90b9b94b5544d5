"""Checking workflow sessions: their folders, each event and its place in the chain, and their rows.

    for tally in check_sessions(objects, index, since="", strict=True):
        tally.counts, tally.findings

A finding on a session as a whole bears the path of its first event; `session_id_of` reads the id back from it.
"""

from collections.abc import Collection, Iterator
from typing import Final

from rmos import digest
from rmos.checks.findings import Tally
from rmos.checks.walk import list_folders, list_names
from rmos.counts import count_of
from rmos.errors.store import ObjectUnreadable
from rmos.index.base import Index
from rmos.models import Event, Session
from rmos.objects.base import Objects
from rmos.row_models import SessionRow
from rmos.store import layout
from rmos.store.history import read_chain
from rmos.store.layout import SESSION_EVENT
from rmos.store.records import Damage
from rmos.store.session_records import cascades, decode_session, make_session_row

_WHOLE: Final = 1
"""The event under whose path a finding on the whole session stands."""


def check_sessions(
    objects: Objects, index: Index | None, *, since: str, strict: bool, only: Collection[str] | None = None
) -> Iterator[Tally]:
    """Give the counts and findings of each date's sessions, and of the names beside the dates.

    Args:
        since: only dates from this one (YYYY-MM-DD) on.
        strict: recompute the digests of design and context.
        only: look just into these folders.
    """
    tally = Tally()
    folders = set(list_folders(objects, SESSION_EVENT, layout.SESSIONS, tally))
    yield tally
    if index is not None:
        folders.update(f"{layout.SESSIONS}/{date}" for date in index.sessions.partitions())
    for folder in sorted(folders):
        date = folder.rpartition("/")[2]
        if date >= since and (only is None or folder in only):
            yield _SessionCheck(objects, index, date, strict=strict).check()


def session_id_of(path: str) -> str | None:
    """Return the session that a finding's path belongs to, or None when it is no path of a session's event."""
    if layout.kind_of(path) is not SESSION_EVENT:
        return None
    return path.rpartition("/")[2].partition(".")[0]


class _SessionCheck:
    """Checks the sessions of one date."""

    def __init__(self, objects: Objects, index: Index | None, date: str, *, strict: bool) -> None:
        self._objects = objects
        self._index = index
        self._date = date
        self._folder = f"{layout.SESSIONS}/{date}"
        self._strict = strict
        self._tally = Tally()
        self._find = self._tally.find

    def check(self) -> Tally:
        rows: dict[str, tuple[SessionRow, bool]] = {}
        if self._index is not None:
            rows = {row.session_id: (row, whole) for row, whole in self._index.sessions.rows(self._date)}
        names = list_names(self._objects, SESSION_EVENT, self._folder, self._tally)
        for session_id, numbers in layout.sort_out_events(SESSION_EVENT, names).items():
            row, whole = rows.pop(session_id, (None, True))
            self._check_session(session_id, numbers, row, whole)
        for row, whole in rows.values():
            self._check_absent(row, whole)
        return self._tally

    def _check_session(
        self, session_id: str, numbers: tuple[int, ...], row: SessionRow | None, row_whole: bool
    ) -> None:
        before = len(self._tally.findings)
        self._tally.count("sessions")
        events, session = self._read_events(session_id, numbers)
        if self._index is None:
            return
        path = layout.event_key(self._folder, session_id, _WHOLE)
        if row is None:
            self._find("orphaned", path, "the index does not know the session")
            return
        last = numbers[-1]
        if not row_whole:  # then nothing else that it says counts as a witness
            self._find("index_altered", path, f"the row's checksum does not hold; it says version {row.version}")
        elif row.version > last:
            following = layout.event_key(self._folder, session_id, last + 1)
            if not self._has(following):
                known = count_of(row.version, "event")
                detail = f"the index knows {known} of the session, {count_of(last, 'is', 'are')} there"
                self._find("event_missing", following, detail)
        elif len(self._tally.findings) == before and session is not None:
            if row != make_session_row(session, cascades(events)):
                detail = f"the row says version {row.version}, {row.state}; the record, version {last}"
                self._find("index_stale", path, f"{detail}, {session.status}")
        elif row.version < last:
            self._find("index_stale", path, f"the row says version {row.version}; the record, version {last}")

    def _read_events(self, session_id: str, numbers: tuple[int, ...]) -> tuple[list[Event], Session | None]:
        """Check each event and what it carries; return them and the session that the last one carries."""
        self._tally.count(SESSION_EVENT.counted_as, len(numbers))
        chain = read_chain(self._objects.read, self._folder, session_id, numbers, of="session")
        self._tally.find_problems(chain.problems)
        sessions = {event.number: self._check_state(event) for event in chain.events}
        return chain.events, sessions.get(numbers[-1])

    def _check_state(self, event: Event) -> Session | None:
        key = layout.event_key(self._folder, event.record_id, event.number)
        try:
            session = decode_session(event)
        except Damage as damage:
            self._find(damage.kind, key, damage.detail)
            return None
        if self._strict:
            for detail in _mismatches(session):
                self._find("inputs_mismatch", key, detail)
        return session

    def _check_absent(self, row: SessionRow, row_whole: bool) -> None:
        """Check a row without any event of that session."""
        path = layout.event_key(self._folder, row.session_id, _WHOLE)
        if not row_whole:
            self._find("index_altered", path, f"the row's checksum does not hold; it says version {row.version}")
        if not self._has(path):  # else it came after the listing, or is no file, which its name showed
            self._find("missing", path, "the index has a row, the session's events are gone")

    def _has(self, key: str) -> bool:
        try:
            return self._objects.has(key)
        except ObjectUnreadable:
            return False  # the row names what cannot be a session


def _mismatches(session: Session) -> Iterator[str]:
    for name in ("design", "context"):
        value, recorded = getattr(session, name), getattr(session, f"{name}_sha256")
        holds = digest.canonical_sha256(value) == recorded if value else recorded is None
        if not holds:
            yield f"`{name}` does not have the digest `{name}_sha256`"
