"""Comparing the rows of runs with the record: what the index says must be what can be computed again.

    check_row = RowCheck(objects, index, "2025-12-23", tally)
    check_row.of_run(files, row, is_whole, Expected(sha256, "live", has_self_digest=True))

A row whose own checksum does not hold is found as such, and nothing else that it says counts as a witness.
"""

from typing import NamedTuple

from rmos.checks.findings import Tally
from rmos.counts import count_of
from rmos.errors.store import ObjectUnreadable, RecordUnavailable
from rmos.index.base import Index, KnownRun
from rmos.models import RunState
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.layout import RunFiles


class Expected(NamedTuple):
    """What the row of a run without damage must say."""

    sha256: str
    state: RunState
    has_self_digest: bool


def has(objects: Objects, key: str, *, if_unknown: bool) -> bool:
    """Tell whether anything stands there; `if_unknown` where that cannot be seen, or the row names what cannot be."""
    try:
        return objects.has(key)
    except (ObjectUnreadable, RecordUnavailable):
        return if_unknown


class RowCheck:
    """Compares the rows of a partition with its record; without an index there is nothing to compare."""

    def __init__(self, objects: Objects, index: Index | None, partition: str, tally: Tally) -> None:
        self._objects = objects
        self._index = index
        self._partition = partition
        self._find = tally.find

    def of_run(self, files: RunFiles, row: KnownRun | None, is_whole: bool, expected: Expected | None) -> None:
        """Compare the row of a run that stands.

        Args:
            expected: what a row must say; None of a run that is damaged.
        """
        if self._index is None:
            return
        run_id, key = files.run_id, layout.artifact_key(self._partition, files.run_id)
        if row is None:
            self._find_unindexed(self._index, key, run_id)
            return
        last = files.events[-1] if files.events else 0
        if not is_whole:
            self._find_altered(run_id, row, last)
            return
        is_other = expected is not None and row.sha256 != expected.sha256
        if expected is not None and is_other and not expected.has_self_digest and row.state != "damaged":
            detail = "the artifact is not the one that was first indexed (it has no `_sha256` of its own)"
            self._find("altered", key, detail, run_id)
            is_other = False
        if row.version > last:
            path = layout.event_key(self._partition, run_id, last + 1)
            detail = f"the index knows {count_of(row.version, 'event')} of the run, {count_of(last, 'is', 'are')} there"
            if not has(self._objects, path, if_unknown=True):  # else it came after the listing, or is no file
                self._find("event_missing", path, detail, run_id)
        elif row.version < last or is_other or (expected is not None and row.state != expected.state):
            state = expected.state if expected else "damaged"
            detail = f"the row says version {row.version}, {row.state}; the record, version {last}, {state}"
            self._find("index_stale", key, detail, run_id)

    def of_erased(self, run_id: str, row: KnownRun | None, last: int) -> None:
        """Compare the row of a run that was hard-deleted: its event, with the artifact's digest, accounts for it."""
        if self._index is None or (row is not None and row.version >= last and row.state == "erased"):
            return
        says = f"the row says version {row.version}, {row.state}" if row else "the index does not know it"
        key = layout.artifact_key(self._partition, run_id)
        self._find("index_stale", key, f"{says}; the record, version {last}, erased", run_id)

    def of_quarantined(self, run_id: str, row: KnownRun | None) -> None:
        """Compare the row of a run whose artifact was moved aside."""
        if row is not None and row.state != "damaged":
            detail = f"the row says {row.state}; the record, that the artifact is in quarantine"
            self._find("index_stale", layout.artifact_key(self._partition, run_id), detail, run_id)

    def of_no_file(self, run_id: str, row: KnownRun, is_whole: bool) -> None:
        """Find what it means that a row has no file of its run."""
        key = layout.artifact_key(self._partition, run_id)
        if not is_whole:
            self._find_altered(run_id, row, 0)
        if row.state == "erased":
            path = layout.event_key(self._partition, run_id, max(row.version, 1))
            if not has(self._objects, path, if_unknown=True):
                detail = "the index has the hard delete of a run, its event is gone"
                self._find("event_missing", path, detail, run_id)
        elif has(self._objects, f"{QUARANTINE}/{key}", if_unknown=False):
            self.of_quarantined(run_id, row)
        elif not has(self._objects, key, if_unknown=False):  # else it came after the listing, or is no file
            self._find("missing", key, "the index has a row, the artifact is gone", run_id)

    def _find_unindexed(self, index: Index, key: str, run_id: str) -> None:
        known = index.runs.find(run_id).value
        elsewhere = known.partition if known is not None and known.partition != self._partition else None
        if elsewhere and has(self._objects, layout.artifact_key(elsewhere, run_id), if_unknown=False):
            self._find("duplicate", key, f"another run of this id stands in {elsewhere}", run_id)
        else:
            self._find("orphaned", key, "the index does not know the artifact", run_id)

    def _find_altered(self, run_id: str, row: KnownRun, last: int) -> None:
        says = f"it says version {row.version}, {row.state}; {count_of(last, 'event is', 'events are')} there"
        key = layout.artifact_key(self._partition, run_id)
        self._find("index_altered", key, f"the row's checksum does not hold; {says}", run_id)
