"""Bring runs of another store in: their bytes unchanged, their events, links, blobs and sessions along, nothing
overwritten.

    report = import_runs(store, Path("/backup/runs"), actor=actor, us=now_us())

For each run: blobs → events → links → artifact → index row. The artifact is the commit: a run whose import was cut
off is not there yet, and doing the import again completes it. In this order a delete event can never be the part that
is lacking. Then the events of each session, in their order: what a session names is there before the session says so.
What is damaged, foreign, a link or twice is not taken in and leaves one audit record each; what collides with another
run or session is reported, and both stay as they are.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from rmos import ids
from rmos.errors.records import RunExists
from rmos.errors.store import ImportRefused, ObjectExists, ObjectMissing, ObjectUnreadable, SourceUnreadable
from rmos.models import Actor
from rmos.objects.base import QUARANTINE
from rmos.place import Place, S3Options
from rmos.store import Store, layout
from rmos.store.audit import Attempt
from rmos.store.layout import RunFiles
from rmos.store.records import Damage
from rmos.store.store import FORMAT
from rmos.transfer.source_blobs import NO_OBJECT
from rmos.transfer.source_records import SourceObject, SourceRecords, SourceRun
from rmos.transfer.sources import ImportSource, open_source

Progress = Callable[[int], None]

_BATCH: Final = 500
"""Runs whose rows are computed at a time."""
_BLOBS: Final = (layout.BLOB.folder, layout.LEGACY_ATTACHMENTS)
_PASSED_OVER: Final = {QUARANTINE, layout.EVIDENCE} | {kind.folder for kind in layout.KINDS if not kind.is_imported}
"""Folders of what does not come with runs; it is counted and stays where it is."""
_OTHER_RUN: Final = "another run, or another history of it, is here under this id; nothing was overwritten"
_OTHER_SESSION: Final = "the session has another history here; nothing was overwritten"


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A run or a session that is here already as another one, or whose history went on otherwise here."""

    record_id: str
    detail: str


class Imported(msgspec.Struct, kw_only=True):
    """What an import did."""

    imported: int = 0
    there: int = 0
    blobs: int = 0
    sessions: int = 0
    """Sessions of which something is new here."""
    deleted: int = 0
    """Soft deletes of a legacy store, which are delete events here."""
    passed_over: int = 0
    conflicts: list[Conflict] = []
    refused: list[str] = []

    @property
    def ok(self) -> bool:
        """Tell whether all was taken in."""
        return not (self.conflicts or self.refused)


class _SortedNames(NamedTuple):
    """What the names of a source are."""

    partitions: dict[str, list[str]]
    sessions: dict[str, tuple[int, ...]]

    def runs(self) -> Iterator[tuple[str, RunFiles]]:
        """Yield the runs with their partitions, in the order of their dates."""
        for partition in sorted(self.partitions):
            for files in layout.sort_out(self.partitions[partition]).runs.values():
                yield partition, files


def import_runs(
    store: Store,
    path: Place,
    *,
    actor: Actor,
    us: int,
    progress: Progress | None = None,
    s3: S3Options | None = None,
) -> Imported:
    """Bring in all runs and sessions of the store in a folder or bucket, or in a zip of one.

    Raises:
        SourceUnreadable: there is none, or it is of a newer release.
        OutOfSpace, StoreReadOnly, StorageFailed, StoreLocked: what was brought in stays; do it again to go on.
    """
    with open_source(path, s3) as source:
        return Import(store, source, actor=actor, us=us).run(progress)


def count_source_runs(path: Place, s3: S3Options | None = None) -> int:
    """Return how many artifacts a store's folder or bucket, or a zip of one, says that it has.

    Raises:
        SourceUnreadable: there is none.
    """
    with open_source(path, s3) as source:
        return sum(layout.ARTIFACT.pattern.fullmatch(name.rpartition("/")[2]) is not None for name in source.names)


def _check_format(source: ImportSource) -> None:
    if layout.FORMAT_KEY not in source.names:
        return
    try:
        found = msgspec.json.decode(source.read(layout.FORMAT_KEY), type=dict[str, int]).get("format")
    except (ObjectUnreadable, ObjectMissing, msgspec.MsgspecError):
        found = None
    if found != FORMAT:
        raise SourceUnreadable(f"The store to import has the format {found}; this release reads format {FORMAT}.")


class Import:
    """One import under way."""

    def __init__(self, store: Store, source: ImportSource, *, actor: Actor, us: int) -> None:
        """Sort the names of a source, and write down those that are not looked at.

        Raises:
            SourceUnreadable: it is of a newer release, or what it had deleted cannot be read.
        """
        _check_format(source)
        self._store = store
        self._source = source
        self._actor = actor
        self._us = us
        self._report = Imported()
        self._records = SourceRecords(source)
        self._names = self._sort_names()

    def check(self, progress: Progress | None = None) -> Imported:
        """Return what would be refused and what collides, without taking anything in."""
        found = Imported()
        for partition, files in self._names.runs():
            key = layout.artifact_key(partition, files.run_id)
            try:
                run = self._records.read_run(partition, files)
                self._require_free(files.run_id, partition, run.artifact)
                if any(self._is_other(part) for part in run.parts):
                    found.conflicts.append(Conflict(record_id=files.run_id, detail=_OTHER_RUN))
            except RunExists:
                found.conflicts.append(Conflict(record_id=files.run_id, detail=_OTHER_RUN))
            except Damage as damage:
                found.refused.append(f"{key}: {damage.detail}")
            if progress:
                progress(1)
        for session_id, numbers in self._names.sessions.items():
            try:
                if any(self._is_other(part) for part in self._records.read_session(session_id, numbers)):
                    found.conflicts.append(Conflict(record_id=session_id, detail=_OTHER_SESSION))
            except Damage as damage:
                found.refused.append(f"{_first_key(session_id)}: {damage.detail}")
        return found

    def run(self, progress: Progress | None = None) -> Imported:
        """Take in run by run, in the order of their dates, then the sessions."""
        done: list[tuple[str, str]] = []
        for partition, files in self._names.runs():
            if self._take_run(partition, files):
                done.append((partition, files.run_id))
            if len(done) >= _BATCH:
                self._store.refold(done)
                done = []
            if progress:
                progress(1)
        sessions = [found for found, numbers in self._names.sessions.items() if self._take_session(found, numbers)]
        if done or sessions:
            self._store.refold(done, sessions=sessions)
        return self._report

    def _refuse(self, name: str, detail: str) -> None:
        """Write down what was not taken in."""
        refusal = ImportRefused(detail)
        self._store.audit.note(Attempt("import", name), refusal, actor=self._actor, us=self._us)
        self._report.refused.append(f"{name}: {detail}")

    def _sort_names(self) -> _SortedNames:
        """Return the names of the records, after noting the blobs and refusing what is no part of a store."""
        for name, detail in self._source.refused:
            self._refuse(name, detail)
        partitions: dict[str, list[str]] = {}
        events: list[str] = []
        for key in sorted(self._source.names):
            top, _, rest = key.partition("/")
            if ids.is_partition(top) and layout.is_of_run(rest):
                partitions.setdefault(top, []).append(rest)
            elif layout.is_debris(key.rpartition("/")[2]) or layout.is_index_file(key) or key in layout.OWN_FILES:
                continue
            elif top in _BLOBS:
                if (refusal := self._records.blobs.note(key, rest)) is not None:
                    self._refuse(key, refusal)
            elif layout.kind_of(key) is layout.SESSION_EVENT:
                events.append(key.rpartition("/")[2])
            elif top in _PASSED_OVER:
                self._report.passed_over += 1
            else:
                self._refuse(key, NO_OBJECT)
        return _SortedNames(partitions, layout.sort_out_events(layout.SESSION_EVENT, events))

    def _take_run(self, partition: str, files: RunFiles) -> bool:
        """Take one run in and tell whether its row is to be computed."""
        run_id, key = files.run_id, layout.artifact_key(partition, files.run_id)
        try:
            run = self._records.read_run(partition, files)
            self._require_free(run_id, partition, run.artifact)
            self._store.announcer.announce(partition, run_id, files.events[-1] if files.events else 0)
            is_new = self._create_run(run)
        except (ObjectExists, RunExists):
            self._report.conflicts.append(Conflict(record_id=run_id, detail=_OTHER_RUN))
            return False
        except Damage as damage:
            self._refuse(key, damage.detail)
            return False
        self._report.imported += is_new
        self._report.deleted += is_new and self._records.has_tombstone(run_id)
        self._report.there += not is_new
        return True

    def _create_run(self, run: SourceRun) -> bool:
        """Make a run durable, its artifact last, and tell whether something of it is new here."""
        artifact = [run.artifact] if run.artifact else []
        is_new = not self._store.objects.has((artifact or run.parts)[0].key)
        for blob in run.blobs:
            self._report.blobs += self._records.blobs.put(self._store, blob)
        return self._create([*run.parts, *artifact]) or is_new

    def _take_session(self, session_id: str, numbers: Sequence[int]) -> bool:
        """Take one session in and tell whether its row is to be computed."""
        try:
            parts = self._records.read_session(session_id, numbers)
            self._store.announcer.announce(layout.session_folder(session_id) or "", session_id, numbers[-1])
            self._report.sessions += self._create(parts)
        except ObjectExists:
            self._report.conflicts.append(Conflict(record_id=session_id, detail=_OTHER_SESSION))
            return False
        except Damage as damage:
            self._refuse(_first_key(session_id), damage.detail)
            return False
        return True

    def _create(self, parts: Sequence[SourceObject]) -> bool:
        is_new = False
        for part in parts:
            is_new = self._store.objects.create(part.key, part.data) or is_new
        return is_new

    def _is_other(self, part: SourceObject) -> bool:
        """Tell whether other bytes stand here under a key."""
        try:
            return self._store.objects.read(part.key) != part.data
        except ObjectMissing:
            return False
        except ObjectUnreadable:
            return True

    def _require_free(self, run_id: str, partition: str, artifact: SourceObject | None) -> None:
        """Refuse an id that is taken here: on another date, in quarantine, by an erased run, by other bytes.

        Raises:
            RunExists.
        """
        objects, reader = self._store.objects, self._store.reader
        key = layout.artifact_key(partition, run_id)
        elsewhere = reader.find_partition(run_id)
        if elsewhere not in (None, partition) or objects.has(f"{QUARANTINE}/{key}"):
            raise RunExists("The id is taken.", run_id=run_id)
        if artifact is None:
            if objects.has(key):
                raise RunExists("The run stands here and was erased there.", run_id=run_id)
            return
        if objects.has(key):
            if objects.read(key) != artifact.data:
                raise RunExists("Other bytes have the id.", run_id=run_id)
            return
        files = reader.files(run_id, partition, None, trusted=False)
        if files.events and reader.read_erasure(run_id, partition, files.events) is not None:
            raise RunExists("The run was erased here.", run_id=run_id)


def _first_key(session_id: str) -> str:
    return layout.event_key(layout.session_folder(session_id) or layout.SESSIONS, session_id, 1)
