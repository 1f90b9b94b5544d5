"""Verify: read every object again and say what is wrong. Read-only: it creates nothing, also on a read-only mount.

    report = verify_store(Store.open(settings, write=False), workers=2)
    report.ok, report.findings

Memory is constant: a partition's names are listed and sorted, slices of them are judged by worker processes, and only
findings come back. A store in use changes while it is read, so each suspicion is looked at again after two seconds and
becomes a finding only when it is still there: a live store gives no false alarm.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from rmos.checks.beside import judge_beside, judge_root
from rmos.checks.findings import MISPLACED, NOT_FAULTS, UNREADABLE, finding
from rmos.checks.runs import Judged, RunJudge, Slice
from rmos.checks.sessions import judge_sessions
from rmos.errors.objects import ObjectUnreadable
from rmos.errors.store import IndexBroken, IndexUnavailable
from rmos.index.base import Index
from rmos.models import Finding, RunState
from rmos.objects.base import Objects
from rmos.store import Store, layout
from rmos.store.workers import ordered_pool

Progress = Callable[[int], None]
"""Told how many objects were judged since the last call."""

_SLICE: Final = 2000
"""Names judged by a worker at a time."""
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
) -> Report:
    """Judge every object of a store and its index.

    Args:
        strict: decode artifacts and recompute their digests; otherwise only what they vouch for themselves.
        quick: do not hash blobs.
        since: only partitions from this date (YYYY-MM-DD) on.
        min_runs: fewer runs than this are a finding.
        workers: processes to use; more than one forks, which only commands should do.
        recheck_s: seconds before a suspicion is looked at again.
    """
    wanted = _Wanted(strict=strict, quick=quick, since=since or "", recheck_s=recheck_s)
    index, judged, troubles = _inspect(store, wanted, workers, progress)
    if troubles:
        time.sleep(recheck_s)
        if _readable_index(store)[0] is not None:  # it was being made, or replaced, just then
            index, judged, troubles = _inspect(store, wanted, workers, None)
    findings = [*troubles, *judged.findings]
    if judged.counts["runs"] < min_runs:
        detail = f"there are {judged.counts['runs']} runs, at least {min_runs} were expected"
        findings.append(finding("too_few_runs", "", detail))
    report = _report(store, index, judged.counts, findings, strict)
    return msgspec.structs.replace(report, since=since, quick=quick)


class _Wanted(NamedTuple):
    """What is asked of an inspection, as `verify_store` has it."""

    strict: bool
    quick: bool
    since: str
    recheck_s: float


def _readable_index(store: Store) -> tuple[Index | None, Finding | None]:
    """Return the index when it can be asked, else the finding that its state is."""
    if not store.index.exists():
        return None, finding("index_missing", "_index.sqlite", "there is no index")
    try:
        if store.index.was_completed():
            return store.index, None
        detail = "the index is not complete: it was being filled when it was last written"
    except (IndexBroken, IndexUnavailable) as error:
        detail = error.detail
    return None, finding("index_unreadable", "_index.sqlite", detail)


def _inspect(
    store: Store, wanted: _Wanted, workers: int, progress: Progress | None
) -> tuple[Index | None, Judged, list[Finding]]:
    """Judge the whole store with its index, or without it when it is not there or breaks on the way."""
    index, trouble = _readable_index(store)
    if index is not None:
        try:
            return index, _look_twice(_Inspection(store, index, wanted), workers, progress), []
        except (IndexBroken, IndexUnavailable) as error:
            trouble = finding("index_unreadable", "_index.sqlite", error.detail)
    judged = _look_twice(_Inspection(store, None, wanted), workers, progress)
    if trouble is None or (trouble.kind == "index_missing" and not judged.counts["runs"]):
        return None, judged, []
    return None, judged, [trouble]


def _look_twice(inspection: "_Inspection", workers: int, progress: Progress | None) -> Judged:
    """Judge the whole store and look at each suspicion again: what is there both times is a finding."""
    judged = inspection.all(workers, progress)
    if not judged.findings:
        return judged
    time.sleep(inspection.wanted.recheck_s)
    again = {_what(found) for found in inspection.again(judged.findings)}
    return Judged(judged.counts, [found for found in judged.findings if _what(found) in again])


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
        self._judge = RunJudge(store.objects, index, strict=wanted.strict)
        self._judged: set[str] = set()

    def all(self, workers: int, progress: Progress | None) -> Judged:
        """Judge the whole store once."""
        total = Judged(Counter(), [])
        with ordered_pool(self._judge.judge, workers) as judge_slices:
            for judged in judge_slices(self._slices(total)):
                _add(total, judged, progress)
        for judged in judge_beside(self._objects, quick=self.wanted.quick):
            _add(total, judged, progress)
        for judged in self._sessions():
            _add(total, judged, None)
        _add(total, judge_root(self._objects, self._reader), None)
        total.findings.extend(self._lost_tombstones())
        return total

    def _sessions(self, only: Collection[str] | None = None) -> Iterator[Judged]:
        since, strict = self.wanted.since, self.wanted.strict
        return judge_sessions(self._objects, self._index, since=since, strict=strict, only=only)

    def _slices(self, total: Judged) -> Iterator[Slice]:
        partitions = [partition for partition in self._reader.partitions() if partition >= self.wanted.since]
        self._judged.update(partitions)
        for partition in partitions:
            names, others = _sorted_names(self._objects, partition)
            _add(total, others, None)
            if names is not None:
                yield from _cut(partition, names)
        if self._index is not None:
            for partition in sorted(set(self._index.partitions()) - set(partitions)):
                if partition >= self.wanted.since:
                    self._judged.add(partition)
                    yield Slice(partition, [], "", _LAST)

    def again(self, suspicions: Sequence[Finding]) -> Iterator[Finding]:
        """Judge what was suspicious once more, from fresh listings and from the index as it is now."""
        if self._index is not None:
            self._index.close()
        within: dict[str, set[str]] = {}
        beside: set[str] = set()
        for found in suspicions:
            place = found.path.partition("/")[0]
            if place not in self._judged and found.run_id:
                place = found.path.rpartition("/")[0]  # an altered row may name any partition
            if place in self._judged:
                within.setdefault(place, set()).update([found.run_id] if found.run_id else [])
            if place not in self._judged or place == found.path:
                beside.add(found.path)
        for partition in sorted(within):
            yield from self._again_within(partition, within[partition])
        if beside:
            for judged in judge_beside(self._objects, quick=self.wanted.quick, only=beside):
                yield from judged.findings
            for judged in self._sessions(beside):
                yield from judged.findings
            yield from judge_root(self._objects, self._reader).findings
            yield from self._lost_tombstones()

    def _lost_tombstones(self) -> list[Finding]:
        """Return the finding that the earlier system's index is gone, which only ours remembers."""
        if self._index is None or self._reader.tombstones().present:
            return []
        if layout.EARLIER_INDEX_KEY not in self._index.change_tokens():
            return []
        detail = "it was there and is gone: which runs the earlier system had deleted is known from the index alone"
        return [finding("earlier_index_unreadable", layout.EARLIER_INDEX_KEY, detail)]

    def _again_within(self, partition: str, runs: set[str]) -> Iterator[Finding]:
        names, others = _sorted_names(self._objects, partition)
        yield from others.findings
        if names is None:
            return
        own: dict[str, list[str]] = {run_id: [] for run_id in runs}
        for name in names:
            run_id = layout.run_of(name)
            if run_id in own:
                own[run_id].append(name)
        for run_id in sorted(own):
            yield from self._judge.judge(Slice(partition, own[run_id], run_id, run_id)).findings


_LAST: Final = "\x7f"
"""Sorts after every id."""


def _sorted_names(objects: Objects, partition: str) -> tuple[list[str] | None, Judged]:
    """Return the names of a partition's objects, None when it cannot be listed, and what else was found there."""
    names: list[str] = []
    others = Judged(Counter(), [])
    try:
        for name, kind in objects.entries(partition):
            sorted_out = layout.kind_of(name)
            path = f"{partition}/{name}"
            if sorted_out == "debris":
                others.counts["debris"] += 1
            elif sorted_out == "stray":
                others.findings.append(finding("stray", path, "no object of the store has such a name"))
            elif kind != "file":
                detail = f"a {kind} stands where a file should be"
                others.findings.append(finding("not_a_file", path, detail, layout.run_of(name)))
            else:
                names.append(name)
    except ObjectUnreadable as error:
        others.findings.append(finding("unreadable", partition, error.detail))
        return None, others
    names.sort(key=layout.run_of)
    return names, others


def _cut(partition: str, names: list[str]) -> Iterator[Slice]:
    """Cut sorted names into slices that never part a run's files, with id ranges that leave no gap."""
    first, start = "", 0
    while start < len(names):
        end = min(start + _SLICE, len(names))
        last = layout.run_of(names[end - 1])
        while end < len(names) and layout.run_of(names[end]) == last:
            end += 1
        yield Slice(partition, names[start:end], first, _LAST if end == len(names) else last)
        first, start = last + "!", end  # "!" sorts before everything that an id is made of
    if not names:
        yield Slice(partition, [], "", _LAST)


def _add(total: Judged, judged: Judged, progress: Progress | None) -> None:
    total.counts.update(judged.counts)
    total.findings.extend(judged.findings)
    if progress:
        progress(sum(judged.counts[kind] for kind in ("runs", "blobs")))


def _report(store: Store, index: Index | None, counts: Counter[str], findings: list[Finding], strict: bool) -> Report:
    indexed, quarantined = _states(index), _quarantined(store)
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
        index_exists=store.index.exists(),
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
        return index.state_counts() if index is not None else {}
    except (IndexBroken, IndexUnavailable):
        return {}


def _quarantined(store: Store) -> list[str]:
    try:
        return store.reader.quarantined()
    except ObjectUnreadable:
        return []
