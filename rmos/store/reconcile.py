"""Bringing the index up to what the objects say: reconcile (folders that changed) and rebuild (all of them).

Both fold whole partitions and upsert rows by version, so they may run beside writers and beside each other's leftovers:
a late writer, a reconcile and a rebuild can never undo one another. One of them at a time holds the lock.

Where several hosts share the record, no folder tells that it changed, so a reconcile lists all of them: the names pass.
It is made of a new index and then once in a while (`scans.py`); in between it is a quick pass (`quick_pass.py`).
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec

from rmos.errors.store import IndexBroken, IndexUnavailable, ObjectUnreadable
from rmos.index.base import Index, KnownRun
from rmos.models import RunState
from rmos.objects.base import ATTACHMENTS, PROBE, QUARANTINE, Objects
from rmos.row_models import RunRow
from rmos.store import layout
from rmos.store.layout import RunFiles
from rmos.store.quick_pass import BEHIND_EVERY_US, QuickPass
from rmos.store.read_ahead import list_files
from rmos.store.reading import RunReader
from rmos.store.reconcile_sessions import SessionFolder
from rmos.store.row_maker import Chunk, RowMaker
from rmos.store.rows import Summarise, make_damaged_row, make_missing_row
from rmos.store.scans import ScanTimes
from rmos.store.seen import Announcer
from rmos.store.workers import ordered_pool

_STANDING: Final[tuple[RunState, ...]] = ("live", "deleted", "damaged")

Progress = Callable[[int], None]
"""Is called with how many runs were folded since the last call."""


class _Listed(NamedTuple):
    """What a partition's listing showed: the change token from before it, None where it is to be listed again anyway,
    and which rows it did not bear out.
    """

    token: str | None
    unseen: list[str]


_BATCH: Final = 500
"""Runs folded and written at a time; between batches other writers get in."""
_ATTEMPTS: Final = 3
_LISTERS: Final = 3
"""Partitions that are listed at once where that is quicker; as many again are held, with all of their names."""


class Reach(msgspec.Struct, kw_only=True):
    """How far a reconcile or rebuild is: the folders that are done, of all, and the runs that were folded."""

    folders_done: int = 0
    folders: int = 0
    runs: int = 0


class Reconciled(msgspec.Struct, kw_only=True):
    """What a reconcile or rebuild did."""

    indexed: int = 0
    sessions: int = 0
    damaged: int = 0
    missing: int = 0
    unavailable: int = 0
    """Records that the storage did not give; their rows are as they were, and the next pass asks for them again."""
    replaced_index: bool = False

    def count(self, rows: Sequence[RunRow]) -> None:
        """Add the rows of some runs."""
        for row in rows:
            if row.state == "damaged":
                self.damaged += 1
            elif row.state == "missing":
                self.missing += 1
            else:
                self.indexed += 1


class Reconciler:
    """Folds the objects of one store into its index."""

    def __init__(
        self, objects: Objects, index: Index, summarise: Summarise, announcer: Announcer, *, scan_hours: int
    ) -> None:
        self._objects = objects
        self._index = index
        self._reader = RunReader(objects)
        self._maker = RowMaker(objects, summarise)
        self._sessions = SessionFolder(objects, index)
        self._scans = ScanTimes(index, scan_hours)
        self._quick = QuickPass(objects, index, announcer, self._maker, self._sessions) if announcer.is_needed else None
        self._quick_at_s = 0.0
        self._tokens: Mapping[str, str] = {}
        """The change tokens that the index had when this pass began."""
        self.generation: object = None
        """Which index the last run has completed."""
        self.reach = Reach()
        self.unfinished: list[str] = []
        """Runs whose hard delete is durable and whose artifact stands: its writer died, or the disk failed."""

    def run(
        self,
        *,
        full: bool,
        wait_s: float,
        thorough: bool = True,
        workers: int = 1,
        progress: Progress | None = None,
    ) -> Reconciled:
        """Reconcile, or rebuild when `full`; an index found broken on the way is replaced and filled from the start.

        Args:
            thorough: of a quick pass, to look at everything that was announced.

        Raises:
            StoreLocked: another process is at it.
            IndexUnavailable, StoreUnusable, StorageFailed.
        """
        with self._index.lock(wait_s=wait_s):
            for attempt in range(_ATTEMPTS):
                report, self.unfinished = Reconciled(), []
                try:
                    report.replaced_index = self._index.prepare()
                    state = self._index.state()
                    self.generation = state.generation
                    if self._quick is not None and not full and not self._scans.is_due(state):
                        self._fold_announced(self._quick, report, thorough=thorough)
                        return report
                    self._fold_all(report, full=full, workers=workers, progress=progress)
                    self._index.complete(self.generation)
                    if self._quick is not None:
                        self._scans.note(self.generation)
                    return report
                except IndexBroken:
                    if attempt == _ATTEMPTS - 1:
                        raise
        raise AssertionError("unreachable")

    def is_scanned(self) -> bool:
        """Tell whether any host has listed all of the record for the index that stands there, and note which it is."""
        state = self._index.state()
        self.generation = state.generation
        return self._scans.is_of(state)

    def _fold_meanwhile(self, report: Reconciled) -> None:
        """Bring what was announced between two partitions: whoever was cut off need not wait for all of them."""
        if self._quick is not None and time.monotonic() >= self._quick_at_s and self._index.state().complete:
            self._quick_at_s = time.monotonic() + BEHIND_EVERY_US / 1e6
            self._fold_announced(self._quick, report, thorough=False)

    def _fold_announced(self, quick: QuickPass, report: Reconciled, *, thorough: bool) -> None:
        counts = quick.fold(thorough=thorough)
        report.count(counts.runs)
        report.sessions += counts.sessions
        self.unfinished += counts.unfinished
        if thorough:
            self._fold_pending()

    def refold(
        self,
        runs: Iterable[tuple[str, str]],
        *,
        sessions: Iterable[str] = (),
        forget: Sequence[str] = (),
        wait_s: float = 30,
    ) -> None:
        """Compute the rows of single runs and sessions again, whatever they say now, and those of runs in quarantine.

        Raises:
            StoreLocked, IndexBroken, IndexUnavailable.
        """
        wanted: dict[str, set[str]] = {}
        for partition, run_id in runs:
            wanted.setdefault(partition, set()).add(run_id)
        with self._index.lock(wait_s=wait_s):
            self._index.prepare()
            for partition, run_ids in wanted.items():
                # An altered row may claim any version, so the one that is seen now is replaced whatever it says; one
                # that a writer brings meanwhile is not. No list misses the run in between.
                seen = {run_id: known.version for run_id in run_ids if (known := self._index.runs.find(run_id).value)}
                self._fold_runs(partition, run_ids, instead_of=seen)
            self._sessions.refold(sessions)
            self._index.runs.forget(forget)
            self._index.sessions.forget(forget)
            self._fold_quarantine(Reconciled())

    def _fold_runs(self, partition: str, run_ids: set[str], *, instead_of: Mapping[str, int] | None = None) -> None:
        found = list_files(self._objects, partition, sorted(run_ids))
        for chunk in _chunks(partition, [(files, None) for files in found.values()]):
            self._index.runs.upsert(self._maker.make_rows(chunk).rows, instead_of=instead_of)

    def _fold_pending(self) -> None:
        """Compute the rows again whose explanation is in the making: only the clock says when nobody makes it."""
        wanted: dict[str, set[str]] = {}
        for partition, run_id in self._index.runs.pending():
            wanted.setdefault(partition, set()).add(run_id)
        for partition, run_ids in wanted.items():
            self._fold_runs(partition, run_ids)

    def _fold_all(self, report: Reconciled, *, full: bool, workers: int, progress: Progress | None) -> None:
        tokens = self._tokens = self._index.change_tokens()
        partitions = self._reader.partitions()
        legacy = self._objects.changed_since(layout.LEGACY_INDEX_KEY, tokens.get(layout.LEGACY_INDEX_KEY))
        # Gone is not changed: what was learned from it stands, and verify names the loss.
        if not self._objects.has(layout.LEGACY_INDEX_KEY):
            legacy = None
        if not partitions and any(self._index.runs.state_counts().get(state) for state in _STANDING):
            # Between the two looks a first run may have come, whose folder was there before its row.
            partitions = self._reader.partitions()
            if not partitions:
                raise IndexUnavailable("The store's folder is empty and its index is not: is the disk mounted?")
        self._maker.trusts_changes = full
        self.reach = Reach(folders=len(partitions))
        if full or legacy is not None:
            tokens, full = {}, True
        listed: dict[str, _Listed] = {}
        with ordered_pool(self._maker.make_rows, workers, self._objects.works_with) as make_rows:
            for rows in make_rows(self._changed(partitions, tokens, listed, full=full)):
                self._index.runs.upsert(rows.rows)
                report.count(rows.rows)
                report.unavailable += rows.unavailable
                self.reach.runs += len(rows.rows)
                if progress:
                    progress(len(rows.rows))
                unfinished = self._find_unfinished(rows.rows)
                self.unfinished += unfinished
                if rows.unavailable or unfinished:
                    listed[rows.partition] = listed[rows.partition]._replace(token=None)
                if rows.last:
                    self._finish(rows.partition, listed.pop(rows.partition), report)
                    self._fold_meanwhile(report)
        for partition in set(self._index.runs.partitions()) - set(partitions):
            # When it comes back its token is the old one, so that is forgotten first: a crash may come in between.
            self._note_token(partition, None)
            self._mark_gone(partition, list(self._index.runs.known(partition)), report)
        self._objects.clear_debris(ATTACHMENTS)  # an upload that was cut off may be large
        if full:
            self._clear_beside()
        self._fold_quarantine(report)
        self._fold_pending()
        self._sessions.fold(tokens, self._note_token, report)
        if legacy is not None and not self._reader.tombstones().unavailable:
            self._note_token(layout.LEGACY_INDEX_KEY, legacy)

    def _note_token(self, folder: str, token: str | None) -> None:
        """Keep a folder's change token, unless the index has it: a bucket has one token for all times."""
        if token != self._tokens.get(folder):
            self._index.set_change_token(folder, token)

    def _changed(
        self, partitions: Sequence[str], tokens: Mapping[str, str], listed: dict[str, _Listed], *, full: bool
    ) -> Iterator[Chunk]:
        """Yield what is to be folded of each partition that changed; its last chunk may be empty."""

        def list_changed(partition: str) -> tuple[str, dict[str, RunFiles], dict[str, KnownRun]] | None:
            token = self._objects.changed_since(partition, tokens.get(partition))
            if token is None:
                return None
            found = layout.list_runs(partial(self._objects.names, partition))
            return token, found, self._index.runs.known(partition)

        workers = _LISTERS if self._objects.works_with == "threads" else 1
        with ordered_pool(list_changed, workers, self._objects.works_with) as list_each:
            for partition, changed in zip(partitions, list_each(partitions), strict=True):
                if changed is None:
                    self.reach.folders_done += 1
                    continue
                token, found, known = changed
                listed[partition] = _Listed(token, [run for run in known if run not in found])
                todo = [(files, known.get(files.run_id)) for files in found.values() if full or _stale(files, known)]
                yield from _chunks(partition, todo)

    def _find_unfinished(self, rows: Sequence[RunRow]) -> list[str]:
        erased = [row for row in rows if row.state == "erased"]
        return [row.run_id for row in erased if self._stands(layout.artifact_key(row.partition, row.run_id))]

    def _finish(self, partition: str, listed: _Listed, report: Reconciled) -> None:
        self._mark_gone(partition, listed.unseen, report)
        self._note_token(partition, listed.token)
        self._objects.clear_debris(partition)
        self.reach.folders_done += 1

    def _clear_beside(self) -> None:
        """Remove what writers of claims, tokens, tools and audits left; only a pass over everything goes there."""
        self._objects.clear_debris(PROBE)
        for kind in (layout.CLAIM, layout.TOKEN_EVENT, layout.TOOL_EVENT, layout.AUDIT_RECORD):
            with contextlib.suppress(ObjectUnreadable):  # verify names a folder that cannot be listed
                for folder in self._list_folders(kind):
                    self._objects.clear_debris(folder)

    def _list_folders(self, kind: layout.ObjectKind) -> list[str]:
        if not kind.levels:
            return [kind.folder]
        names = [name for name, _ in self._objects.entries(kind.folder) if layout.is_level(kind.levels[0], name)]
        return [f"{kind.folder}/{name}" for name in names]

    def _mark_gone(self, partition: str, unseen: Sequence[str], report: Reconciled) -> None:
        """Unlist rows whose object was not seen and is not there at a second look; a row is never dropped."""
        known = self._index.runs.known(partition) if unseen else {}
        gone = {
            run_id
            for run_id in unseen
            if run_id in known
            and known[run_id].state not in ("missing", "erased")
            and not self._stands(layout.artifact_key(partition, run_id))
            and not self._stands(f"{QUARANTINE}/{layout.artifact_key(partition, run_id)}")
        }
        if gone:
            rows = self._index.runs.rows(partition, min(gone), max(gone))
            self._index.runs.upsert([make_missing_row(row) for row, _ in rows if row.run_id in gone])
        report.missing += len(gone)

    def _stands(self, key: str) -> bool:
        try:
            return self._objects.has(key)
        except ObjectUnreadable:
            return False  # an altered row may name anything; it must not keep the others from being folded

    def _fold_quarantine(self, report: Reconciled) -> None:
        """Keep a row for each run in quarantine: its id stays taken and lists go on naming it."""
        for partition in self._reader.quarantined_partitions():
            known = self._index.runs.known(partition)
            moved = layout.sort_out(self._objects.names(f"{QUARANTINE}/{partition}")).runs
            rows = [
                make_damaged_row(files.run_id, partition, _version(known, files), "damaged", self._maker.summarise)
                for files in moved.values()
                if not self._objects.has(layout.artifact_key(partition, files.run_id))
                and (files.run_id not in known or known[files.run_id].state != "damaged")
            ]
            self._index.runs.upsert(rows)
            report.damaged += len(rows)


def _version(known: Mapping[str, KnownRun], files: RunFiles) -> int:
    return known[files.run_id].version if files.run_id in known else 0


def _stale(files: RunFiles, known: Mapping[str, KnownRun]) -> bool:
    row = known.get(files.run_id)
    last = files.events[-1] if files.events else 0
    if row is None or row.version < last or row.state in ("missing", "damaged"):
        return True
    return files.artifact == (row.state == "erased")


def _chunks(partition: str, todo: Sequence[tuple[RunFiles, KnownRun | None]]) -> Iterator[Chunk]:
    for start in range(0, max(len(todo), 1), _BATCH):
        yield Chunk(partition, list(todo[start : start + _BATCH]), start + _BATCH >= len(todo))
