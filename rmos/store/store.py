"""One store: its objects, its index, and the order in which they are written.

    store = Store.open(load_settings(), summarise=dump_summary)
    store.reconcile()
    store.runs.put({...})
    store.runs.record(run_id).view()
    store.runs.page(RunQuery(risk_level="RED"), limit=50)

The store knows no web and no command line. The edge hands in how a run's summary is shaped (`summarise`); a store
opened without it records and reads, and leaves the rows of what it wrote to the next reconcile.
"""

import contextlib
import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from rmos import ids
from rmos.config import Settings
from rmos.errors.base import RmosError
from rmos.errors.installation import NoStore, StoreUnusable
from rmos.errors.store import (
    IndexBroken,
    ObjectMissing,
    ObjectUnavailable,
    ObjectUnreadable,
    StorageFailed,
    StorageUnavailable,
)
from rmos.index import open_index
from rmos.index.base import INDEX_ERRORS, Index, IndexState
from rmos.objects import open_objects
from rmos.objects.base import Objects
from rmos.place import Bucket
from rmos.store import layout
from rmos.store.attachments import Attachments
from rmos.store.audit import Audit
from rmos.store.batches import RunBatches
from rmos.store.blobs import Blobs
from rmos.store.claims import Claims
from rmos.store.complete import CompleteAnswers, IndexGaps
from rmos.store.deletes import Deletes
from rmos.store.heartbeat import Heartbeat
from rmos.store.outcome_lists import OutcomeLists
from rmos.store.reading import RunReader
from rmos.store.reconcile import Progress, Reach, Reconciled, Reconciler
from rmos.store.rows import Summarise
from rmos.store.run_log_lists import RunLogLists
from rmos.store.run_records import RunRecord
from rmos.store.runs import Runs
from rmos.store.seen import Announcer
from rmos.store.session_lists import SessionLists
from rmos.store.sessions import Sessions
from rmos.store.specimens import row_schema
from rmos.store.tokens import Tokens
from rmos.store.tool_lives import ToolLives

log = logging.getLogger(__name__)

SCAN_HOURS: Final = 24
"""How often all of a shared record is listed, unless a setting says otherwise (RMOS policy)."""
FORMAT: Final = 1
"""The on-disk format that this release writes; a newer one is refused."""


class Store:
    """One store: its objects, its index, and the order in which they are written."""

    def __init__(
        self, objects: Objects, index: Index, *, summarise: Summarise | None, scan_hours: int = SCAN_HOURS
    ) -> None:
        self.objects = objects
        self.index = index
        self.reader = RunReader(objects)
        self.blobs = Blobs(objects)
        self.attachments = Attachments(self.blobs)
        self.claims = Claims(objects)
        self.tokens = Tokens(objects)
        self.announcer = Announcer(objects, index)
        self.gaps = IndexGaps(index, self.announcer)
        self.heartbeat = Heartbeat(index)
        self.answers = answers = CompleteAnswers(self._answers_in_full, self.gaps)
        self.runs = Runs(objects, index, self.reader, summarise, answers, self.gaps)
        self.outcome_lists = OutcomeLists(index, answers)
        self.run_log = RunLogLists(index, answers)
        self.batches = RunBatches(index, answers)
        self.tool_lives = ToolLives(objects, index, answers)
        self.deletes = Deletes(objects, self.reader, self.runs, summarise, self.announcer.announce)
        self.audit = Audit(objects)
        self.sessions = Sessions(objects, index, self.gaps)
        self.session_lists = SessionLists(index, answers)
        self.summarise = summarise
        self._scan_hours = scan_hours
        self._reconciled: object = None
        """Which index this process has reconciled: another one put in its place may lack runs."""
        self._reconciler: Reconciler | None = None
        """The one at work, if any."""

    @classmethod
    def open(cls, settings: Settings, *, summarise: Summarise | None = None, write: bool = True) -> "Store":
        """Open the store that the settings name.

        Args:
            write: make the folder when it is absent and check that the filesystem can do what writing needs;
                otherwise nothing is created, and an absent folder is an error.

        Raises:
            NoStore: there is no folder and `write` is False.
            StoreUnusable: no hard links there, or a newer format.
            StoreReadOnly, OutOfSpace, StorageFailed.
        """
        objects = open_record(settings)
        index = open_index(
            settings.runs_dir,
            settings.database_url,
            row_schema=None if summarise is None else row_schema(summarise),
            read_only=not write,
        )
        store = cls(objects, index, summarise=summarise, scan_hours=settings.scan_hours)
        if not write and not objects.exists():
            raise NoStore(
                "There is no store: no such folder. Is the disk mounted, and does RMOS_RUNS_DIR name the folder?"
            )
        store._check_format(write=write)
        return store

    def _check_format(self, *, write: bool) -> None:
        if write:
            self.objects.prepare()
        try:
            check_format(self.objects)
        except ObjectMissing:
            # A folder with partitions and without the file is a store of the legacy system: it stays as it is.
            if write and not self._has_partitions():
                self.objects.create(layout.FORMAT_KEY, b'{"format":%d}\n' % FORMAT)

    def _has_partitions(self) -> bool:
        try:
            return bool(self.reader.partitions())
        except ObjectUnreadable as error:
            raise StorageFailed(error.detail) from None

    def reconcile(
        self,
        *,
        full: bool = False,
        wait_s: float = 30,
        thorough: bool = True,
        workers: int = 1,
        progress: Progress | None = None,
    ) -> Reconciled:
        """Bring the index up to the objects; `full` looks at every object again (a rebuild).

        Args:
            thorough: where hosts share the record, to look at all that was announced and not at the latest only.

        Raises:
            StoreLocked, IndexUnavailable, StoreUnusable, StorageFailed.
        """
        if self.summarise is None:
            raise StoreUnusable("This store was opened without a way to shape summaries; open it through the service.")
        reconciler = self._reconciler = self._make_reconciler(self.summarise)
        if self.announcer.is_needed and not full:
            self._trust_scanned(reconciler)
        try:
            report = reconciler.run(full=full, wait_s=wait_s, thorough=thorough, workers=workers, progress=progress)
        finally:
            self._reconciler = None
        self._reconciled = reconciler.generation
        for run_id in reconciler.unfinished:
            self._finish_delete(run_id)
        return report

    def _make_reconciler(self, summarise: Summarise) -> Reconciler:
        return Reconciler(self.objects, self.index, summarise, self.announcer, scan_hours=self._scan_hours)

    def _trust_scanned(self, reconciler: Reconciler) -> None:
        """Take an index that any host has brought up once, without waiting for the lock: rows are the same for all."""
        with contextlib.suppress(IndexBroken):  # it is about to be made
            if reconciler.is_scanned():
                self._reconciled = reconciler.generation

    def _finish_delete(self, run_id: str) -> None:
        """Erase what a hard delete has left: its event is the decision. What fails is tried again by the next pass."""
        try:
            self.deletes.finish(run_id)
        except RmosError as error:
            log.error("a hard delete could not be finished run_id=%s: %s", run_id, error.detail)

    def trust_index(self) -> None:
        """Take the index as whoever keeps it left it, as a script does: nothing is reconciled."""
        with contextlib.suppress(IndexBroken):  # lists then say that it is being made again
            self._reconciled = self.index.state().generation

    def refold(
        self, runs: Iterable[tuple[str, str]], *, sessions: Iterable[str] = (), forget: Sequence[str] = ()
    ) -> None:
        """Compute just these rows again, given as partition and run id, and those of runs in quarantine.

        Args:
            sessions: ids of the sessions whose rows are computed again too.
            forget: ids of rows to drop, for runs and sessions whose objects are gone.

        Raises:
            StoreLocked, IndexUnavailable, StoreUnusable.
        """
        if self.summarise is None:
            raise StoreUnusable("This store was opened without a way to shape summaries; open it through the service.")
        self._make_reconciler(self.summarise).refold(runs, sessions=sessions, forget=forget)

    def is_deleted_with_session(self, record: RunRecord) -> bool | None:
        """Tell whether a run's session was deleted together with its runs; None when the session is damaged."""
        session_id = record.workflow_session_id
        return False if session_id is None else self.sessions.is_deleted_with_runs(session_id)

    def is_listable(self) -> bool:
        """Tell whether lists can be answered in full: this process reconciled this very index, and it is complete."""
        try:
            if self._answers_in_full(self.index.state()):
                return True
        except INDEX_ERRORS:
            pass
        self.gaps.on_gap()
        return False

    def measure_index(self) -> Reach | None:
        """Return how far the index is being filled, by this process or another one; None when that cannot be told."""
        reconciler = self._reconciler
        if reconciler is not None and reconciler.reach.folders:
            return reconciler.reach
        listed: dict[str, str] = {}
        try:
            partitions = self.reader.partitions()
            with contextlib.suppress(IndexBroken):  # it is about to be made
                listed = self.index.change_tokens()
        except RmosError:
            return None
        return Reach(folders_done=sum(name in listed for name in partitions), folders=len(partitions))

    def _answers_in_full(self, state: IndexState) -> bool:
        return state.complete and state.generation == self._reconciled


def open_record(settings: Settings) -> Objects:
    """Return the objects of the store that the settings name, to be read or written; nothing is made.

    Raises:
        StorageFailed: its folder cannot be looked at.
        ConfigError: what a bucket needs is not installed.
    """
    try:
        attachments = _attachments_folder(settings)
    except OSError as error:
        raise StorageFailed(f"The store cannot be read: {os.strerror(error.errno or 0).lower()}.") from None
    return open_objects(settings.runs_dir, attachments=attachments, s3=settings.s3_options)


def check_format(objects: Objects) -> None:
    """Refuse a store that this release cannot read.

    Raises:
        ObjectMissing: it says nothing of its format; the legacy system's stores do not.
        StoreUnusable: its format is newer, or cannot be read.
        StorageUnavailable.
    """
    try:
        found = msgspec.json.decode(objects.read(layout.FORMAT_KEY), type=dict[str, int]).get("format")
    except ObjectUnavailable as error:  # a disk that fails for a moment must not end the service for good
        raise StorageUnavailable(error.detail) from None
    except (ObjectUnreadable, msgspec.MsgspecError):
        found = None
    if found is None or found < 1:
        raise StoreUnusable('The store\'s _format.json cannot be read; restore it as {"format":1} or from a back-up.')
    if found > FORMAT:
        raise StoreUnusable(f"The store has format {found}; this release of RMOS reads format {FORMAT}.")


def _attachments_folder(settings: Settings) -> Path | None:
    """Return where blobs are when not under `_attachments`: as set, or where the legacy system kept them."""
    folder = settings.runs_dir
    if isinstance(folder, Bucket) or settings.run_attachments_dir is not None or (folder / layout.FORMAT_KEY).exists():
        return settings.run_attachments_dir
    inside, beside = folder / layout.LEGACY_ATTACHMENTS, folder.parent / layout.LEGACY_ATTACHMENTS
    is_legacy = any(ids.is_partition(path.name) for path in folder.glob("[0-9]*"))
    return next((found for found in (inside, beside) if is_legacy and found.is_dir()), None)
