"""Judging workflow sessions: their folders, each event and its place in the chain, and their rows.

    for judged in judge_sessions(objects, index, since="", strict=True):
        judged.counts, judged.findings

A finding on a session as a whole bears the path of its first event; `session_id_of` reads the id back from it.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

from rmos import digest, ids
from rmos.checks.findings import finding
from rmos.checks.folders import entries_of
from rmos.checks.runs import Judged
from rmos.errors.objects import ObjectUnreadable
from rmos.index.base import Index
from rmos.models import Event, Session, SessionRow
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.history import read_chain
from rmos.store.records import Damage
from rmos.store.session_records import cascades, session_after, session_row

_WHOLE: Final = 1
"""The event under whose path a finding on the whole session stands."""


def judge_sessions(
    objects: Objects, index: Index | None, *, since: str, strict: bool, only: Collection[str] | None = None
) -> Iterator[Judged]:
    """Give the counts and findings of each date's sessions, and of the names beside the dates.

    Args:
        since: only dates from this one (YYYY-MM-DD) on.
        strict: recompute the digests of design and context.
        only: read just the dates of these paths.
    """
    judged = Judged(Counter(), [])
    dates: set[str] = set()
    for name, kind in entries_of(objects, layout.SESSIONS, judged):
        if kind == "directory" and ids.is_partition(name):
            dates.add(name)
        elif layout.kind_of(name) == "debris":
            judged.counts["debris"] += 1
        else:
            path = f"{layout.SESSIONS}/{name}"
            judged.findings.append(finding("stray", path, f"a {kind} of this name is not part of the store"))
    yield judged
    if index is not None:
        dates.update(index.session_partitions())
    wanted = None if only is None else {path.rpartition("/")[0] for path in only} | set(only)
    for date in sorted(dates):
        if date >= since and (wanted is None or f"{layout.SESSIONS}/{date}" in wanted):
            yield _SessionJudge(objects, index, date, strict=strict).judge()


def session_id_of(path: str) -> str | None:
    """Return the session that a finding's path belongs to, or None when it is no path of a session's event."""
    folder, _, name = path.rpartition("/")
    event = layout.session_of(name) if folder.startswith(f"{layout.SESSIONS}/") else None
    return event[0] if event is not None and layout.session_folder(event[0]) == folder else None


class _SessionJudge:
    """Judges the sessions of one date."""

    def __init__(self, objects: Objects, index: Index | None, date: str, *, strict: bool) -> None:
        self._objects = objects
        self._index = index
        self._date = date
        self._folder = f"{layout.SESSIONS}/{date}"
        self._strict = strict
        self._judged = Judged(Counter(), [])

    def judge(self) -> Judged:
        rows: dict[str, tuple[SessionRow, bool]] = {}
        if self._index is not None:
            rows = {row.session_id: (row, whole) for row, whole in self._index.session_rows(self._date)}
        for session_id, numbers in layout.sort_out_sessions(self._names()).items():
            row, whole = rows.pop(session_id, (None, True))
            self._judge_session(session_id, numbers, row, whole)
        for row, whole in rows.values():
            self._judge_absent(row, whole)
        return self._judged

    def _find(self, kind: str, path: str, detail: str) -> None:
        self._judged.findings.append(finding(kind, path, detail))

    def _names(self) -> list[str]:
        """Return the names of events that belong here; all others are findings."""
        names = []
        for name, kind in entries_of(self._objects, self._folder, self._judged):
            event, path = layout.session_of(name), f"{self._folder}/{name}"
            home = layout.session_folder(event[0]) if event is not None else None
            if layout.kind_of(name) == "debris":
                self._judged.counts["debris"] += 1
            elif home is None:
                self._find("stray", path, "no event of a session has such a name")
            elif home != self._folder:
                self._find("misplaced", path, f"the session belongs in {home}")
            elif kind != "file":
                self._find("not_a_file", path, f"a {kind} stands where a file should be")
            else:
                names.append(name)
        return names

    def _judge_session(
        self, session_id: str, numbers: tuple[int, ...], row: SessionRow | None, row_whole: bool
    ) -> None:
        before = len(self._judged.findings)
        self._judged.counts["sessions"] += 1
        events, session = self._judge_events(session_id, numbers)
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
                detail = f"the index knows {row.version} events of the session, {last} are there"
                self._find("event_missing", following, detail)
        elif len(self._judged.findings) == before and session is not None:
            if row != session_row(session, cascades(events)):
                detail = f"the row says version {row.version}, {row.state}; the record, version {last}"
                self._find("index_stale", path, f"{detail}, {session.status}")
        elif row.version < last:
            self._find("index_stale", path, f"the row says version {row.version}; the record, version {last}")

    def _judge_events(self, session_id: str, numbers: tuple[int, ...]) -> tuple[list[Event], Session | None]:
        """Judge each event and what it carries; return them and the session that the last one carries."""
        self._judged.counts["session_events"] += len(numbers)
        chain = read_chain(self._objects.read, self._folder, session_id, numbers, of="session")
        for key, damage in chain.problems:
            self._find(damage.kind, key, damage.detail)
        sessions = {event.number: self._judge_state(event) for event in chain.events}
        return chain.events, sessions.get(numbers[-1])

    def _judge_state(self, event: Event) -> Session | None:
        key = layout.event_key(self._folder, event.record_id, event.number)
        try:
            session = session_after(event)
        except Damage as damage:
            self._find(damage.kind, key, damage.detail)
            return None
        if self._strict:
            for detail in _mismatches(session):
                self._find("inputs_mismatch", key, detail)
        return session

    def _judge_absent(self, row: SessionRow, row_whole: bool) -> None:
        """Judge a row without any event of that session."""
        path = layout.event_key(self._folder, row.session_id, _WHOLE)
        if not row_whole:
            self._find("index_altered", path, f"the row's checksum does not hold; it says version {row.version}")
        if not self._has(path):  # else it came after the listing, or is no file and told as that
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
