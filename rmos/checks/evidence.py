"""Checking the record against its log: is each logged object there as it was logged, and is each object logged?

    tally = check_evidence(objects, trust, now_us=us)
    tally.counts["evidence_entries"], tally.findings

An object that is gone must be explained by something that is logged itself: the hard delete of that run with that
digest, or an audit record that it was set aside. Memory is that of one folder: the first pass over the batches notes
which of them touch which folder, then each folder reads just its own lines.
"""

from typing import Final, NamedTuple

from rmos import ids
from rmos.checks.findings import Tally
from rmos.checks.log import EvidenceTrust, LogReading, check_log
from rmos.digest import sha256_hex
from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.evidence.arrivals import list_folders, list_keys
from rmos.store.evidence.objects import LogBatch, LogObjects, batch_key
from rmos.store.layout import ARTIFACT, AUDIT_RECORD
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


def check_evidence(objects: Objects, trust: EvidenceTrust, *, is_whole: bool = True) -> Tally:
    """Check log and record against each other.

    Args:
        is_whole: also look for objects that have no entry; False where only a part of the record is looked at.
    """
    tally = Tally()
    log = LogObjects(objects)
    started = _read_start(log)

    def find_late(batch: LogBatch) -> None:
        count = 0 if batch.at == started else _count_late(batch)
        if count:
            detail = f"{count} of its objects were logged more than an hour after the time in their names"
            tally.find("logged_late", batch_key(batch.number), detail)

    reading = check_log(log, trust, tally, find_late)
    check = _ObjectsCheck(objects, log, reading, tally)
    for folder in sorted({*reading.folders, *(name for name, _ in list_folders(objects))}):
        check.check_folder(folder, is_whole=is_whole)
    return tally


class _ObjectsCheck:
    """Objects against entries, folder by folder."""

    def __init__(self, objects: Objects, log: LogObjects, reading: LogReading, tally: Tally) -> None:
        self._objects = objects
        self._log = log
        self._folders = reading.folders
        self._tally = tally
        self._reader = RunReader(objects)
        self._set_aside: set[SetAsideObject] | None = None
        self._kinds = dict(list_folders(objects))
        self._batches: dict[int, LogBatch | None] = {}

    def check_folder(self, folder: str, *, is_whole: bool) -> None:
        logged = self._lines(folder)
        for key, digests in sorted(logged.items()):
            self._check_object(key, digests)
        if is_whole:
            for key in list_keys(self._objects, folder, self._kinds.get(folder, ())):
                if key not in logged:
                    self._check_unlogged(key)

    def _lines(self, folder: str) -> dict[str, set[str]]:
        """Return the keys of a folder with the digests that they were logged with."""
        found: dict[str, set[str]] = {}
        for number in self._folders.get(folder, []):
            batch = self._read_batch(number)
            for entry in batch.entries_below(folder) if batch is not None else ():
                if entry.key.rpartition("/")[0] == folder:
                    found.setdefault(entry.key, set()).add(entry.sha256)
        return found

    def _read_batch(self, number: int) -> LogBatch | None:
        """Return a batch, None where it is a finding already; the last ones are kept, for folders share them."""
        if number not in self._batches:
            while len(self._batches) >= _KEPT_BATCHES:
                self._batches.pop(next(iter(self._batches)))
            try:
                self._batches[number] = self._log.read_batch(number)
            except (Damage, ObjectMissing, ObjectUnreadable):
                self._batches[number] = None
        return self._batches[number]

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
        if self._is_erased(key, digests):
            self._tally.count("evidence_erased")
        elif all(SetAsideObject(key, sha256) in self._list_set_aside() for sha256 in digests):
            self._tally.count("evidence_set_aside")
            self._tally.find("logged_set_aside", key, "an audit record says who had it moved aside or taken back")
        else:
            self._tally.find("logged_missing", key, "the log holds it, and nothing in the log says why it is gone")

    def _is_erased(self, key: str, digests: set[str]) -> bool:
        """Tell whether a hard delete of this run, which is logged itself, names just these bytes."""
        partition, _, name = key.rpartition("/")
        if not ARTIFACT.pattern.fullmatch(name) or not ids.is_partition(partition):
            return False
        run_id = name.removesuffix(".json")
        names = self._objects.names(partition)
        files = layout.sort_out(name for name in names if layout.run_of(name) == run_id).runs.get(run_id)
        try:
            erasure = self._reader.read_erasure(run_id, partition, files.events if files else ())
        except Damage:
            return False
        if erasure is None or digests != {erasure.artifact_sha256}:
            return False
        return layout.event_key(partition, run_id, erasure.version) in self._lines(partition)

    def _check_unlogged(self, key: str) -> None:
        self._tally.count("evidence_not_logged")
        age_s = self._objects.age_s(key)
        if age_s is not None and age_s > OVERDUE_S:
            self._tally.find("log_overdue", key, "it is not logged after more than 24 hours")

    def _list_set_aside(self) -> set[SetAsideObject]:
        """Return what logged audit records say was set aside."""
        if self._set_aside is None:
            self._set_aside = set()
            for folder in [name for name in self._folders if name.startswith(f"{layout.AUDIT}/")]:
                for key, digests in self._lines(folder).items():
                    self._set_aside |= self._read_set_aside(key, digests)
        return self._set_aside

    def _read_set_aside(self, key: str, digests: set[str]) -> set[SetAsideObject]:
        try:
            data = self._objects.read(key)
            record = decode_audit(data, key.rpartition("/")[2])
        except (Damage, ObjectMissing, ObjectUnreadable):
            return set()  # a finding of its own
        if record.action != "set_aside" or digests != {sha256_hex(data)}:
            return set()
        return {SetAsideObject(str(pair[0]), str(pair[1])) for pair in record.data.get("keys", []) if len(pair) == 2}


def _read_start(log: LogObjects) -> str | None:
    """Return the moment of the start: what stood there before was logged then, and is not late."""
    try:
        return log.read_events()[0].created_at_utc
    except (Damage, IndexError):
        return None


def _count_late(batch: LogBatch) -> int:
    at_us = ids.parse_utc(batch.at)
    moments = [_moment_of(entry.key.rpartition("/")[2]) for entry in batch.entries()]
    return sum(moment is not None and at_us - moment > _LATE_US for moment in moments)


def _moment_of(name: str) -> int | None:
    """Return the moment in the name of an artifact or an audit record; an event may come at any time."""
    if ARTIFACT.pattern.fullmatch(name):
        return ids.moment_of(name.removesuffix(".json"))
    if AUDIT_RECORD.pattern.fullmatch(name):
        return ids.moment_of(name.removesuffix(".json").removeprefix("evt_"))
    return None
