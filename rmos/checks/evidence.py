"""Checking the record against its log: is each logged object there as it was logged, and is each object logged?

    check = EvidenceCheck(objects, trust)            # reads the log
    check.take(lines)                                # what verify has read of a folder, as lines of the log
    tally = check.finish()                           # reads what nobody handed over
    tally.counts["evidence_entries"], tally.findings

An object that is gone must be explained by something that is logged itself: the hard delete of that run with that
digest, or an audit record that it was set aside. Memory is that of one folder: the first pass over the batches notes
which of them touch which folder, then each folder reads just its own lines. A folder is two sets of lines, those that
were logged and those that its objects have now; only what is not in both is looked at one by one.
"""

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from rmos import ids
from rmos.checks.findings import Tally
from rmos.checks.log import EvidenceTrust, check_log
from rmos.digest import sha256_hex
from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.evidence.arrivals import list_folders, list_record_keys
from rmos.store.evidence.objects import LogBatch, LogObjects, batch_key, is_loggable, parse_line
from rmos.store.layout import ARTIFACT, AUDIT_RECORD, ObjectKind, RunFiles
from rmos.store.reading import RunReader
from rmos.store.records import Damage, decode_audit

OVERDUE_S: Final = 24 * 3600
"""From this age on an object without an entry is a finding (RMOS policy): the upkeep appends every five minutes."""
_LATE_US: Final = 3_600_000_000
"""An object that was logged so long after the moment in its name is told: imported, or dated back."""


_KEPT_BATCHES: Final = 4


class SetAsideObject(NamedTuple):
    """An object that was moved aside or removed, and the digest that it was logged with."""

    key: str
    sha256: str


def check_evidence(objects: Objects, trust: EvidenceTrust, *, only: Collection[str] | None = None) -> Tally:
    """Check log and record against each other, reading every object for it.

    Args:
        only: look just into these folders of the record; the log is read whole.
    """
    return EvidenceCheck(objects, trust).finish(only)


class EvidenceCheck:
    """One check of a record against its log, beside a reader who has the objects in hand anyway."""

    def __init__(self, objects: Objects, trust: EvidenceTrust) -> None:
        """Read the log, and find what is wrong with it."""
        self._objects = objects
        self._log = LogObjects(objects)
        self._tally = Tally()
        self._started = _read_start(self._log)
        self._folders = check_log(self._log, trust, self._tally, self._find_late).folders
        self._batches: dict[int, LogBatch | None] = {}
        self._done: set[str] = set()
        self._current: _FolderCheck | None = None

    def take(self, lines: Sequence[bytes]) -> None:
        """Take lines of objects that were read in one folder; what is read of a folder comes without others between."""
        if not lines:
            return
        folder = parse_line(lines[0]).key.rpartition("/")[0]
        if self._current is None or self._current.folder != folder:
            self._finish_current()
            self._current = self._begin(folder)
        self._current.take(lines)

    def finish(self, only: Collection[str] | None = None) -> Tally:
        """Check the folders of which nothing was handed over, and return the counts and findings of all."""
        self._finish_current()
        kinds = _list_kinds(self._objects)
        for folder in sorted({*self._folders, *kinds} - self._done):
            if only is None or folder in only:
                self._begin(folder).finish(kinds.get(folder, ()))
        return self._tally

    def _finish_current(self) -> None:
        if self._current is not None:
            self._current.finish(())
            self._done.add(self._current.folder)
            self._current = None

    def _begin(self, folder: str) -> "_FolderCheck":
        return _FolderCheck(self, self._objects, folder, self._tally)

    def lines_of(self, folder: str) -> set[bytes]:
        """Return the lines of a folder's objects, as they were logged."""
        found: set[bytes] = set()
        for number in self._folders.get(folder, []):
            batch = self._read_batch(number)
            found.update(batch.lines_in(folder) if batch is not None else ())
        return found

    @cached_property
    def set_aside(self) -> set[SetAsideObject]:
        """What logged audit records say was set aside."""
        found: set[SetAsideObject] = set()
        for folder in [name for name in self._folders if name.startswith(f"{layout.AUDIT}/")]:
            for line in self.lines_of(folder):
                entry = parse_line(line)
                found |= self._read_set_aside(entry.key, entry.sha256)
        return found

    @cached_property
    def unlogged_set_aside(self) -> dict[SetAsideObject, str]:
        """What audit records that are not logged yet say was set aside, with the key of the record."""
        found: dict[SetAsideObject, str] = {}
        for folder, kinds in _list_kinds(self._objects).items():
            if not folder.startswith(f"{layout.AUDIT}/"):
                continue
            logged = {parse_line(line).key for line in self.lines_of(folder)}
            with contextlib.suppress(ObjectUnreadable):  # verify names the folder
                for key in set(list_record_keys(self._objects, folder, kinds)) - logged:
                    found |= dict.fromkeys(self._read_set_aside(key), key)
        return found

    def _read_batch(self, number: int) -> LogBatch | None:
        """Return a batch, None where it is a finding already; the last ones are kept, for folders share them."""
        if number not in self._batches:
            while len(self._batches) >= _KEPT_BATCHES:
                self._batches.pop(next(iter(self._batches)))
            try:
                self._batches[number] = self._log.read_batch(number, strict=False)  # the first pass was strict
            except (Damage, ObjectMissing, ObjectUnreadable):
                self._batches[number] = None
        return self._batches[number]

    def _read_set_aside(self, key: str, sha256: str | None = None) -> set[SetAsideObject]:
        """Return what an audit record says was set aside; one with another digest than the log's says nothing."""
        try:
            data = self._objects.read(key)
            record = decode_audit(data, key.rpartition("/")[2])
        except (Damage, ObjectMissing, ObjectUnreadable):
            return set()  # a finding of its own
        if record.action != "set_aside" or sha256 not in (None, sha256_hex(data)):
            return set()
        return {SetAsideObject(str(pair[0]), str(pair[1])) for pair in record.data.get("keys", []) if len(pair) == 2}

    def _find_late(self, batch: LogBatch) -> None:
        # What stood there before the start was logged at the start, and is not late.
        count = 0 if batch.at == self._started else _count_late(batch)
        if count:
            detail = f"{count} of its objects were logged more than an hour after the time in their names"
            self._tally.find("logged_late", batch_key(batch.number), detail)


class _FolderCheck:
    """The objects of one folder against their lines."""

    def __init__(self, check: EvidenceCheck, objects: Objects, folder: str, tally: Tally) -> None:
        self.folder = folder
        self._check = check
        self._objects = objects
        self._tally = tally
        self._logged = check.lines_of(folder)
        self._left = set(self._logged)
        """Lines whose object was not met as they have it."""
        self._unlogged: set[str] = set()

    def take(self, lines: Iterable[bytes]) -> None:
        """Take lines of objects as they are now."""
        read = set(lines)
        self._unlogged.update(parse_line(line).key for line in read - self._left)
        self._left -= read

    def finish(self, kinds: Collection[ObjectKind]) -> None:
        """Look one by one at what is not as it was logged, and at objects of these kinds that were not handed over."""
        with contextlib.suppress(ObjectUnreadable):  # verify names the folder
            self._unlogged.update(list_record_keys(self._objects, self.folder, tuple(kinds)))
        left: dict[str, set[str]] = {}
        for entry in map(parse_line, self._left):
            left.setdefault(entry.key, set()).add(entry.sha256)
        for key in sorted(left):
            self._check_object(key, left[key])
        for key in sorted(self._unlogged):
            if not is_loggable(key):
                self._tally.find("unloggable", key, "no line that `sha256sum` reads can hold its name")
            elif key.encode() not in self._logged_keys:
                self._check_unlogged(key)

    def _check_object(self, key: str, digests: set[str]) -> None:
        try:
            sha256, _ = self._objects.digest(key)
        except ObjectMissing:
            self._check_gone(key, digests)
        except ObjectUnreadable:
            return  # verify names it
        else:
            if digests != {sha256}:
                self._tally.find("logged_altered", key, "it is not what was recorded: the log has another digest")

    def _check_gone(self, key: str, digests: set[str]) -> None:
        delete = self._find_delete(key, digests)
        gone = [SetAsideObject(key, sha256) for sha256 in digests]
        if delete is not None and delete.encode() in self._logged_keys:
            self._tally.count("evidence_erased")
        elif self._check.set_aside.issuperset(gone):
            self._tally.count("evidence_set_aside")
            self._tally.find("logged_set_aside", key, "an audit record says who had it moved aside or taken back")
        elif delete is not None:
            detail = f"the hard delete that says why it is gone, {delete}, is not logged yet: append, and verify again"
            self._tally.find("logged_missing", key, detail)
        elif record := self._check.unlogged_set_aside.get(gone[0]):
            detail = (
                f"the audit record that says who moved it aside, {record}, is not logged yet: append, and verify again"
            )
            self._tally.find("logged_missing", key, detail)
        else:
            self._tally.find("logged_missing", key, "the log holds it, and nothing in the log says why it is gone")

    def _find_delete(self, key: str, digests: set[str]) -> str | None:
        """Return the key of the hard delete of this run that names just these bytes."""
        name = key.rpartition("/")[2]
        if not ARTIFACT.pattern.fullmatch(name) or not ids.is_partition(self.folder):
            return None
        run_id = name.removesuffix(".json")
        files = self._runs.get(run_id)
        try:
            erasure = RunReader(self._objects).read_erasure(run_id, self.folder, files.events if files else ())
        except Damage:
            return None
        if erasure is None or digests != {erasure.artifact_sha256}:
            return None
        return layout.event_key(self.folder, run_id, erasure.version)

    def _check_unlogged(self, key: str) -> None:
        self._tally.count("evidence_not_logged")
        age_s = self._objects.age_s(key)
        if age_s is not None and age_s > OVERDUE_S:
            self._tally.find("log_overdue", key, "it is not logged after more than 24 hours")

    @cached_property
    def _logged_keys(self) -> set[bytes]:
        return {line[66:-1] for line in self._logged}

    @cached_property
    def _runs(self) -> dict[str, RunFiles]:
        return layout.sort_out(name for name in self._objects.names(self.folder) if layout.is_of_run(name)).runs


def _list_kinds(objects: Objects) -> dict[str, tuple[ObjectKind, ...]]:
    """Return the folders of what is to be logged; behind one that cannot be listed, which verify names, none."""
    kinds = {}
    with contextlib.suppress(ObjectUnreadable):
        for folder, of in list_folders(objects):
            kinds[folder] = of
    return kinds


def _read_start(log: LogObjects) -> str | None:
    """Return the moment of the start."""
    try:
        return log.read_events()[0].created_at_utc
    except (Damage, IndexError):
        return None


def _count_late(batch: LogBatch) -> int:
    at_us = ids.parse_utc(batch.at)
    moments = [_moment_of(name) for name in _list_early(batch, at_us)]
    return sum(moment is not None and at_us - moment > _LATE_US for moment in moments)


def _list_early(batch: LogBatch, at_us: int) -> Iterator[str]:
    """Yield the names that may hold an early moment: the time in an id of ours, in the place where a run's has it."""
    limit = b"%012x" % ((at_us - _LATE_US) // 1000 + 1)
    for line in batch.lines:
        if line[77:81] != b"run_" or line[81:93] < limit:
            yield line[66:-1].decode().rpartition("/")[2]


def _moment_of(name: str) -> int | None:
    """Return the moment in the name of an artifact or an audit record; an event may come at any time."""
    if ARTIFACT.pattern.fullmatch(name):
        return ids.moment_of(name.removesuffix(".json"))
    if AUDIT_RECORD.pattern.fullmatch(name):
        return ids.moment_of(name.removesuffix(".json").removeprefix("evt_"))
    return None
