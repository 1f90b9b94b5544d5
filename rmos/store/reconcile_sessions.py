"""The sessions' part of reconcile and rebuild: folders of events whose time differs are listed and folded into rows."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, Protocol

from rmos.errors.store import ObjectUnreadable, RecordUnavailable
from rmos.index.base import Index, KnownSession
from rmos.models import RunState
from rmos.objects.base import Objects
from rmos.row_models import SessionRow
from rmos.store import layout
from rmos.store.records import Damage
from rmos.store.session_records import SessionReader, make_damaged_session_row, make_session_row

log = logging.getLogger(__name__)

_BATCH: Final = 200


class Counted(Protocol):
    """What a reconcile reports of sessions."""

    sessions: int
    damaged: int
    missing: int
    unavailable: int


NoteToken = Callable[[str, str | None], None]
"""Keeps or forgets the change token of a folder."""


class SessionFolder:
    """Folds the sessions of one store into its index."""

    def __init__(self, objects: Objects, index: Index) -> None:
        self._objects = objects
        self._index = index
        self._reader = SessionReader(objects)
        self._unavailable = 0

    def fold(self, tokens: Mapping[str, str], note_token: NoteToken, report: Counted) -> None:
        """Fold what changed; a folder without a change token is folded whole."""
        partitions = self._reader.partitions()
        for partition in partitions:
            self._fold_folder(partition, tokens, note_token, report)
        for partition in set(self._index.sessions.partitions()) - set(partitions):
            # When it comes back its token is the old one, so that is forgotten first: a crash may come in between.
            note_token(f"{layout.SESSIONS}/{partition}", None)
            known = self._index.sessions.known(partition)
            self._write([self._absent(session_id, row) for session_id, row in known.items()], report)

    def _fold_folder(self, partition: str, tokens: Mapping[str, str], note_token: NoteToken, report: Counted) -> None:
        folder = f"{layout.SESSIONS}/{partition}"
        token = self._objects.changed_since(folder, tokens.get(folder))
        if token is None:
            return
        found = layout.list_records(layout.SESSION_EVENT, partial(self._objects.names, folder))
        known = self._index.sessions.known(partition)
        self._unavailable = 0
        rows = [
            self._row(session_id, numbers, known.get(session_id))
            for session_id, numbers in found.items()
            if layout.session_folder(session_id) == folder
            and (folder not in tokens or _stale(numbers, known.get(session_id)))
        ]
        self._write(rows, report)
        unseen = [(session_id, row) for session_id, row in known.items() if session_id not in found]
        self._write([self._absent(session_id, row) for session_id, row in unseen], report)
        report.unavailable += self._unavailable
        note_token(folder, None if self._unavailable else token)
        self._objects.clear_debris(folder)

    def make_row(self, session_id: str, known: KnownSession | None) -> SessionRow | None:
        """Return the row of a session as its events have it; None when there are none, or it stays as it is."""
        numbers = self._reader.numbers(session_id)
        return self._row(session_id, numbers, known) if numbers else None

    def refold(self, session_ids: Iterable[str]) -> None:
        """Compute the rows of single sessions again, whatever they say now."""
        for session_id in session_ids:
            numbers = self._reader.numbers(session_id)
            if numbers:
                # An altered row may claim any version, so the one that is seen now goes, whatever it says.
                known = self._index.sessions.find(session_id).value
                seen = {} if known is None else {session_id: known.version}
                row = self._row(session_id, numbers, None)
                self._index.sessions.upsert([] if row is None else [row], instead_of=seen)

    def _row(self, session_id: str, numbers: tuple[int, ...], known: KnownSession | None) -> SessionRow | None:
        """Return a session's row; None leaves the one that is there."""
        last = numbers[-1]
        folder = layout.session_folder(session_id) or ""
        following = layout.event_key(folder, session_id, last + 1)
        if known is not None and known.version > last and not self._objects.has(following):
            log.warning("damaged record session_id=%s: event %d was indexed and is gone", session_id, last + 1)
            return make_damaged_session_row(session_id, known.version, "damaged")
        try:
            record = self._reader.record(session_id, numbers)
        except (Damage, ObjectUnreadable, RecordUnavailable) as error:
            if isinstance(error, RecordUnavailable):
                self._unavailable += 1
                if known is not None and known.version >= last:
                    return None  # nothing is known against what the row says
            log.warning("damaged record session_id=%s: %s", session_id, error.detail)
            return make_damaged_session_row(session_id, last, "damaged")
        return make_session_row(record.session, record.cascade)

    def _absent(self, session_id: str, known: KnownSession) -> SessionRow | None:
        """Return the row of a session whose events were not seen: unlisted but kept, when they are really gone."""
        if known.state == "missing" or self._reader.numbers(session_id):
            return None
        return make_damaged_session_row(session_id, known.version, "missing")

    def _write(self, rows: Iterable[SessionRow | None], report: Counted) -> None:
        written = [row for row in rows if row is not None]
        for start in range(0, len(written), _BATCH):
            self._index.sessions.upsert(written[start : start + _BATCH])
        states: list[RunState] = [row.state for row in written]
        report.damaged += states.count("damaged")
        report.missing += states.count("missing")
        report.sessions += states.count("live") + states.count("deleted")


def _stale(numbers: tuple[int, ...], row: KnownSession | None) -> bool:
    return row is None or row.version != numbers[-1] or row.state in ("missing", "damaged")
