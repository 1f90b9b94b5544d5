"""The quick pass: the rows of just those records that were announced, where several hosts share one record.

    quick = QuickPass(objects, index, announcer, maker, sessions)
    quick.fold(report, thorough=False)           # under the lock of the index

It lists no partition and looks at no clock but the database's. An announcement is young while its writer is at work;
an older one has a writer that died, was cut off, or waits for an answer of the storage. Its record is read and its row
made again. Where nothing stands under the announced name it may still be on its way, so it is looked for again for a
while. Lists stay open meanwhile, as nothing that lacks its row was acknowledged as indexed; only more records than are
folded at once close them until they are in.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from rmos import ids
from rmos.errors.store import IndexUnavailable
from rmos.index.announcements import Announcement
from rmos.index.base import Index, KnownRun, KnownSession
from rmos.objects.base import Objects
from rmos.row_models import RunRow, SessionRow
from rmos.store import layout
from rmos.store.read_ahead import at_once, list_files
from rmos.store.reconcile_sessions import SessionFolder
from rmos.store.row_maker import Chunk, RowMaker
from rmos.store.rows import make_damaged_row
from rmos.store.seen import Announcer, RecordVersion, behind_key
from rmos.store.session_records import make_damaged_session_row

log = logging.getLogger(__name__)

WRITING_S: Final = 30.0
"""A younger announcement is left to its writer, whose longest wait for the storage is a third of that."""
LATE_S: Final = 150.0
"""From here on an announcement is looked at every few minutes only: what it announces was probably never sent."""
GIVEN_UP_S: Final = 900.0
"""An announcement whose object is not there by then is dropped: no request is on its way for that long."""
BEHIND_EVERY_US: Final = 10_000_000
"""How often one of the hosts lists what was announced by objects."""
AT_ONCE: Final = 500
"""Records folded while lists are answered; with more of them they are refused until all are in (RMOS policy)."""
_BEHIND_LOOK: Final = "pass:behind"
"""The change token that says when anybody listed `_behind` last, in µs."""

_Record = tuple[str, str]
"""Folder and id."""


class PassCounts(NamedTuple):
    """What a quick pass came to."""

    runs: list[RunRow]
    sessions: int
    unfinished: list[str]
    """Runs whose hard delete is durable and whose artifact stands."""


class QuickPass:
    """Folds what was announced of one store into its index."""

    def __init__(
        self, objects: Objects, index: Index, announcer: Announcer, maker: RowMaker, sessions: SessionFolder
    ) -> None:
        self._objects = objects
        self._index = index
        self._announcer = announcer
        self._maker = maker
        self._sessions = sessions
        self._unfinished: list[str] = []
        self._refused: set[_Record] = set()
        """Records whose rows the index does not take, though it takes others."""

    def fold(self, *, thorough: bool) -> PassCounts:
        """Bring the rows of what was announced, and take off what is done.

        Args:
            thorough: look also at late announcements, and list `_behind` whoever did so just before.

        Raises:
            IndexBroken, IndexUnavailable, StorageFailed.
        """
        self._unfinished, self._refused = [], set()
        thorough = thorough or not self._index.state().complete  # only a pass over all of them may complete it
        announced = self._list_announced(thorough)
        behind = self._list_behind(thorough)
        versions = [RecordVersion(*found[:3]) for found in announced] + behind
        known = {version[:2]: self._find(version) for version in versions}
        lacking = {version[:2] for version in versions if not _is_in(known[version[:2]], version)}
        if len(lacking) > AT_ONCE:
            log.warning("%d records lack their rows: lists are refused until all are in", len(lacking))
            self._index.fall_behind()
            self._index.prepare()
        runs, sessions = self._fold_runs(lacking, known), self._fold_sessions(lacking, known)
        state = self._index.state()
        if not state.complete:
            self._index.complete(state.generation)
        made = {(row.partition, row.run_id): row.version for row in runs}
        made |= {(layout.session_folder(row.session_id) or "", row.session_id): row.version for row in sessions}
        self._take_off(announced, behind, {**{key: row.version for key, row in known.items() if row}, **made})
        return PassCounts(runs, len(sessions), self._unfinished)

    def _list_announced(self, thorough: bool) -> list[Announcement]:
        assert self._index.announcements is not None  # one host has no quick pass
        found = self._index.announcements.older_than(WRITING_S)
        return [announcement for announcement in found if thorough or announcement.age_s < LATE_S]

    def _list_behind(self, thorough: bool) -> list[RecordVersion]:
        now_us = ids.now_us()
        before = self._index.change_tokens().get(_BEHIND_LOOK, "")
        # A clock that is off makes one look more, never one less.
        if not thorough and before.isdigit() and 0 <= now_us - int(before) < BEHIND_EVERY_US:
            return []
        found = self._announcer.list_behind()
        self._index.set_change_token(_BEHIND_LOOK, str(now_us))
        return found

    def _find(self, version: RecordVersion) -> KnownRun | KnownSession | None:
        if _is_of_session(version.folder):
            return self._index.sessions.find(version.record_id).value
        return self._index.runs.find(version.record_id).value

    # Folding

    def _fold_runs(
        self, lacking: set[_Record], known: Mapping[_Record, KnownRun | KnownSession | None]
    ) -> list[RunRow]:
        partitions: dict[str, list[str]] = {}
        for folder, run_id in sorted(lacking):
            if not _is_of_session(folder):
                partitions.setdefault(folder, []).append(run_id)
        written: list[RunRow] = []
        for partition, run_ids in partitions.items():
            for start in range(0, len(run_ids), AT_ONCE):
                found = list_files(self._objects, partition, run_ids[start : start + AT_ONCE])
                rows_before = {run_id: known[partition, run_id] for run_id in found}
                chunk = [(files, _of_run(rows_before[run_id])) for run_id, files in found.items()]
                rows = self._maker.make_rows(Chunk(partition, chunk, True)).rows
                written += self._write_runs([row for row in rows if not self._is_unfinished(row)])
        return written

    def _is_unfinished(self, row: RunRow) -> bool:
        """Note a hard delete that was cut off: its row comes when the artifact is erased, so the announcement stays."""
        if row.state != "erased" or not self._objects.has(layout.artifact_key(row.partition, row.run_id)):
            return False
        self._unfinished.append(row.run_id)
        return True

    def _write_runs(self, rows: Sequence[RunRow]) -> list[RunRow]:
        try:
            self._index.runs.upsert(rows)
            return list(rows)
        except IndexUnavailable:
            self._index.state()  # raises when the index is away; else there is one among them that it does not take
        return [row for row in rows if self._write_run(row)]

    def _write_run(self, row: RunRow) -> bool:
        try:
            self._index.runs.upsert([row])
            return True
        except IndexUnavailable as error:
            log.error("the index does not take the row of run_id=%s: %s", row.run_id, error.detail)
            self._refused.add((row.partition, row.run_id))
            return False

    def _fold_sessions(
        self, lacking: set[_Record], known: Mapping[_Record, KnownRun | KnownSession | None]
    ) -> list[SessionRow]:
        wanted = [key for key in sorted(lacking) if _is_of_session(key[0])]
        rows = [
            self._sessions.make_row(session_id, _of_session(known[folder, session_id])) for folder, session_id in wanted
        ]
        return [row for row in rows if row is not None and self._write_session(row)]

    def _write_session(self, row: SessionRow) -> bool:
        try:
            self._index.sessions.upsert([row])
            return True
        except IndexUnavailable as error:
            self._index.state()
            log.error("the index does not take the row of session_id=%s: %s", row.session_id, error.detail)
            self._refused.add((layout.session_folder(row.session_id) or "", row.session_id))
            return False

    # Taking off what is done

    def _take_off(
        self, announced: Iterable[Announcement], behind: Iterable[RecordVersion], indexed: Mapping[_Record, int]
    ) -> None:
        """Take off what has its row, and what is given up; what is refused for so long is listed as an error."""
        assert self._index.announcements is not None
        done = []
        for announcement in announced:
            version = RecordVersion(*announcement[:3])
            if self._is_done(version, indexed, announcement.age_s):
                done.append(announcement)
        if done:
            self._index.announcements.drop(done)
        removed = [version for version in behind if self._is_done(version, indexed, None)]
        with at_once(self._objects, self._announcer.remove, len(removed)) as remove:
            for _ in remove(removed):
                pass

    def _is_done(self, version: RecordVersion, indexed: Mapping[_Record, int], age_s: float | None) -> bool:
        record = version[:2]
        if version.record_id in self._unfinished:
            return False
        if record not in self._refused and indexed.get(record, -1) >= version.number:
            return True
        if age_s is None:
            age_s = self._objects.age_s(behind_key(version)) or 0.0
        if age_s < GIVEN_UP_S:
            return False
        return record not in self._refused or self._write_stand_in(version)

    def _write_stand_in(self, version: RecordVersion) -> bool:
        """List a record whose row was refused for so long as an error, so that no list is short of it."""
        if _is_of_session(version.folder):
            return self._write_session(make_damaged_session_row(version.record_id, version.number, "damaged"))
        row = make_damaged_row(version.record_id, version.folder, version.number, "damaged", self._maker.summarise)
        return self._write_run(row)


def _is_of_session(folder: str) -> bool:
    return folder.startswith(f"{layout.SESSIONS}/")


def _is_in(known: KnownRun | KnownSession | None, version: RecordVersion) -> bool:
    """Tell whether a row is that of a version or a later one, and sound."""
    return known is not None and known.version >= version.number and known.state not in ("missing", "damaged")


def _of_run(known: KnownRun | KnownSession | None) -> KnownRun | None:
    return known if isinstance(known, KnownRun) else None


def _of_session(known: KnownRun | KnownSession | None) -> KnownSession | None:
    return known if isinstance(known, KnownSession) else None
