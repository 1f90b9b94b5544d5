"""Verify: read every object again and say what is wrong. Read-only: it creates nothing, also on a read-only mount.

    report = verify_store(Store.open(settings, write=False), workers=2)
    report.ok, report.findings

Memory is constant: a partition's names are listed and sorted, slices of them are checked by worker processes, and only
findings come back. A store in use changes while it is read, so each suspicion is looked at again after two seconds and
becomes a finding only when it is still there: a live store gives no false alarm.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from rmos.checks.beside import check_beside, check_root
from rmos.checks.evidence import EvidenceCheck, check_evidence
from rmos.checks.findings import MISPLACED, NOT_FAULTS, UNREADABLE, Tally, make_finding
from rmos.checks.log import EvidenceTrust
from rmos.checks.runs import RunCheck
from rmos.checks.sessions import check_sessions
from rmos.checks.slices import LAST, Slice, cut, list_runs
from rmos.errors.store import IndexBroken, IndexUnavailable, ObjectUnreadable
from rmos.index.base import Index
from rmos.models import Finding, RunState
from rmos.store import Store, layout
from rmos.store.complete import is_absent
from rmos.store.workers import ordered_pool

Progress = Callable[[int], None]
"""Is called with how many objects were checked since the last call."""

_SLICE: Final = 2000
"""Names checked by a worker at a time."""
RECHECK_S: Final = 2.0
"""How long a suspicion is left alone before it is looked at again."""


class Report(msgspec.Struct, kw_only=True):
    """What verify found; the members are those of the report in JSON."""

    store_root: str
    index_exists: bool
    indexed_runs: int
    missing_artifacts: list[str] = []
    partition_mismatches: list[dict[str, str]] = []
    deserialize_failures: list[dict[str, str]] = []
    orphan_artifacts: list[str] = []
    quarantined: list[str] = []
    counts: dict[str, int] = {}
    findings: list[Finding] = []
    strict_deserialize: bool = True
    since: str | None = None
    quick: bool = False
    ok: bool = True


def verify_store(
    store: Store,
    *,
    strict: bool = True,
    quick: bool = False,
    since: str | None = None,
    min_runs: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
    recheck_s: float = RECHECK_S,
    evidence: EvidenceTrust | None = None,
) -> Report:
    """Check every object of a store and its index.

    Args:
        strict: decode artifacts and recompute their digests; otherwise only their `_sha256` and their place.
        quick: do not hash blobs.
        since: only partitions from this date (YYYY-MM-DD) on.
        min_runs: fewer runs than this are a finding.
        workers: processes to use; more than one forks, which only commands should do.
        recheck_s: seconds before a suspicion is looked at again.
        evidence: whom to believe of the log, which is checked too; None leaves it alone.
    """
    wanted = _Wanted(strict=strict, quick=quick, since=since or "", recheck_s=recheck_s, evidence=evidence)
    index, tally, troubles = _inspect(store, wanted, workers, progress)
    if troubles:
        time.sleep(recheck_s)
        if _open_index(store)[0] is not None:  # it was being made, or replaced, just then
            index, tally, troubles = _inspect(store, wanted, workers, None)
    findings = [*troubles, *tally.findings]
    if tally.counts["runs"] < min_runs:
        detail = f"there are {tally.counts['runs']} runs, at least {min_runs} were expected"
        findings.append(make_finding("too_few_runs", "", detail))
    report = _report(store, index, tally.counts, findings, strict)
    return msgspec.structs.replace(report, since=since, quick=quick)


class _Wanted(NamedTuple):
    """What is asked of an inspection, as `verify_store` has it."""

    strict: bool
    quick: bool
    since: str
    recheck_s: float
    evidence: EvidenceTrust | None


def _open_index(store: Store) -> tuple[Index | None, Finding | None]:
    """Return the index when it can be asked, else the finding that its state is."""
    try:
        state = store.index.state()
    except (IndexBroken, IndexUnavailable) as error:
        return None, make_finding("index_unreadable", "_index.sqlite", error.detail)
    if state.generation is None:
        return None, make_finding("index_missing", "_index.sqlite", "there is no index")
    if state.was_complete:
        return store.index, None
    detail = "the index is not complete: it was being filled when it was last written"
    return None, make_finding("index_unreadable", "_index.sqlite", detail)


def _inspect(
    store: Store, wanted: _Wanted, workers: int, progress: Progress | None
) -> tuple[Index | None, Tally, list[Finding]]:
    """Check the whole store with its index, or without it when it is not there or breaks on the way."""
    index, trouble = _open_index(store)
    if index is not None:
        try:
            return index, _look_twice(_Inspection(store, index, wanted), workers, progress), []
        except (IndexBroken, IndexUnavailable) as error:
            trouble = make_finding("index_unreadable", "_index.sqlite", error.detail)
    tally = _look_twice(_Inspection(store, None, wanted), workers, progress)
    if trouble is None or (trouble.kind == "index_missing" and not tally.counts["runs"]):
        return None, tally, []
    return None, tally, [trouble]


def _look_twice(inspection: "_Inspection", workers: int, progress: Progress | None) -> Tally:
    """Check the whole store and look at each suspicion again: what is there both times is a finding."""
    tally = inspection.check_all(workers, progress)
    logged = inspection.finish_evidence()
    if tally.findings or logged.findings:
        time.sleep(inspection.wanted.recheck_s)
        again = inspection.check_again(tally.findings).findings
        again += inspection.check_evidence_again(logged.findings).findings
        same = {_what(found) for found in again}
        tally.findings = [found for found in (*tally.findings, *logged.findings) if _what(found) in same]
    tally.counts.update(logged.counts)
    return tally


def _what(found: Finding) -> tuple[str, str, str]:
    """Return what must be the same at both looks: a row behind its record is a fault only if both have stood still."""
    return found.kind, found.path, found.detail if found.kind == "index_stale" else ""


class _Inspection:
    """One verification of one store."""

    def __init__(self, store: Store, index: Index | None, wanted: _Wanted) -> None:
        self.wanted = wanted
        self._objects = store.objects
        self._reader = store.reader
        self._index = index
        self._runs = RunCheck(store.objects, index, strict=wanted.strict, with_lines=wanted.evidence is not None)
        self._evidence: EvidenceCheck | None = None
        self._checked: set[str] = set()
        """The partitions that were looked into."""

    def check_all(self, workers: int, progress: Progress | None) -> Tally:
        """Check the whole store once."""
        total = Tally()
        if self.wanted.evidence is not None:
            # Before the record: what is recorded meanwhile is not logged yet, and what is logged was there.
            self._evidence = EvidenceCheck(self._objects, self.wanted.evidence)
        with ordered_pool(self._runs.check, workers, self._objects.works_with) as check_slices:
            for tally in check_slices(self._slices(total)):
                _add(total, tally, progress)
                if self._evidence is not None:
                    self._evidence.take(tally.lines)
        for tally in check_beside(self._objects, quick=self.wanted.quick):
            _add(total, tally, progress)
        for tally in self._check_sessions():
            _add(total, tally, None)
        _add(total, check_root(self._objects, self._reader), None)
        self._find_lost_tombstones(total)
        return total

    def check_again(self, suspicions: Sequence[Finding]) -> Tally:
        """Check what was suspicious once more, from fresh listings and from the index as it is now."""
        if self._index is not None:
            self._index.close()
        runs: dict[str, set[str]] = {}
        folders: set[str] = set()
        for found in suspicions:
            place = found.path.partition("/")[0]
            if place not in self._checked and found.run_id:
                place = found.path.rpartition("/")[0]  # an altered row may name any partition
            if place in self._checked:
                runs.setdefault(place, set()).update([found.run_id] if found.run_id else [])
            if place not in self._checked or place == found.path:
                folders |= {found.path, found.path.rpartition("/")[0]}
        total = Tally()
        for partition in sorted(runs):
            self._check_runs_again(partition, runs[partition], total)
        if folders:
            for tally in check_beside(self._objects, quick=self.wanted.quick, only=folders):
                total.add(tally)
            for tally in self._check_sessions(folders):
                total.add(tally)
            total.add(check_root(self._objects, self._reader))
            self._find_lost_tombstones(total)
        return total

    def finish_evidence(self) -> Tally:
        """Return what came of the record against its log; nothing when that was not asked for."""
        return Tally() if self._evidence is None else self._evidence.finish()

    def check_evidence_again(self, suspicions: Sequence[Finding]) -> Tally:
        """Check the log once more, and the folders of what was suspicious: an appender may be under way."""
        if self.wanted.evidence is None or not suspicions:
            return Tally()
        folders = {found.path.rpartition("/")[0] for found in suspicions}
        return check_evidence(self._objects, self.wanted.evidence, only=folders)

    def _check_sessions(self, only: Collection[str] | None = None) -> Iterator[Tally]:
        since, strict = self.wanted.since, self.wanted.strict
        return check_sessions(self._objects, self._index, since=since, strict=strict, only=only)

    def _slices(self, total: Tally) -> Iterator[Slice]:
        partitions = [partition for partition in self._reader.partitions() if partition >= self.wanted.since]
        self._checked.update(partitions)
        for partition in partitions:
            names = list_runs(self._objects, partition, total)
            if names is not None:
                yield from cut(partition, names, _SLICE)
        if self._index is not None:
            for partition in sorted(set(self._index.runs.partitions()) - set(partitions)):
                if partition >= self.wanted.since:
                    self._checked.add(partition)
                    yield Slice(partition, [], "", LAST)

    def _check_runs_again(self, partition: str, run_ids: set[str], total: Tally) -> None:
        names = list_runs(self._objects, partition, total)
        if names is None:
            return
        own: dict[str, list[str]] = {run_id: [] for run_id in run_ids}
        for name in names:
            run_id = layout.run_of(name)
            if run_id in own:
                own[run_id].append(name)
        for run_id in sorted(own):
            total.add(self._runs.check(Slice(partition, own[run_id], run_id, run_id)))

    def _find_lost_tombstones(self, tally: Tally) -> None:
        """Find that the legacy system's index is gone, which only ours remembers."""
        if self._index is None or self._reader.tombstones().present:
            return
        if layout.LEGACY_INDEX_KEY in self._index.change_tokens():
            detail = "it was there and is gone: which runs the earlier system had deleted is known from the index alone"
            tally.find("earlier_index_unreadable", layout.LEGACY_INDEX_KEY, detail)


def _add(total: Tally, tally: Tally, progress: Progress | None) -> None:
    total.add(tally)
    if progress:
        progress(sum(tally.counts[kind] for kind in ("runs", "blobs")))


def _report(store: Store, index: Index | None, counts: Counter[str], findings: list[Finding], strict: bool) -> Report:
    indexed, quarantined = _states(index), _list_quarantined(store)
    counts.update({f"indexed_{state}": number for state, number in indexed.items()})

    def ids_of(*kinds: str) -> list[str]:
        return sorted({found.run_id for found in findings if found.kind in kinds and found.run_id})

    def errors_of(kinds: frozenset[str]) -> list[dict[str, str]]:
        return [
            {"run_id": found.run_id or found.path, "error": f"{found.kind}: {found.detail}"}
            for found in findings
            if found.kind in kinds
        ]

    return Report(
        store_root=store.objects.root,
        index_exists=_is_there(store.index),
        indexed_runs=sum(indexed.values()),
        missing_artifacts=ids_of("missing"),
        partition_mismatches=errors_of(MISPLACED),
        deserialize_failures=errors_of(UNREADABLE),
        orphan_artifacts=ids_of("orphaned"),
        quarantined=quarantined,
        counts=dict(sorted(counts.items())),
        findings=sorted(findings, key=lambda found: (found.kind, found.path)),
        strict_deserialize=strict,
        ok=all(found.kind in NOT_FAULTS for found in findings),
    )


def _states(index: Index | None) -> dict[RunState, int]:
    try:
        return index.runs.state_counts() if index is not None else {}
    except (IndexBroken, IndexUnavailable):
        return {}


def _is_there(index: Index) -> bool:
    try:
        return not is_absent(index)
    except IndexUnavailable:
        return True  # something stands there


def _list_quarantined(store: Store) -> list[str]:
    try:
        return store.reader.quarantined()
    except ObjectUnreadable:
        return []
