"""Judging the runs of a slice of a partition: artifacts, events, links and their rows, one read per file.

This is the inner loop of verify, run by worker processes: it gets names and returns counts and findings.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rmos import ids
from rmos.checks.findings import finding
from rmos.checks.references import References
from rmos.errors.objects import ObjectUnreadable
from rmos.errors.store import StorageFailed
from rmos.index.base import Index, KnownRun
from rmos.models import Deletion, Event, Finding, RunArtifact, RunRow, RunState
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.folding import deletion_after
from rmos.store.history import RunHistory, read_run
from rmos.store.layout import RunFiles
from rmos.store.reading import RunReader, erasure_in


class Slice(NamedTuple):
    """Names of a partition, sorted by run, and the ids, both included, between which rows belong to them."""

    partition: str
    names: list[str]
    first: str
    last: str


class Judged(NamedTuple):
    """What was counted and found in a slice."""

    counts: Counter[str]
    findings: list[Finding]


class Sound(NamedTuple):
    """What the row of a run without damage must say."""

    sha256: str
    state: RunState
    vouched: bool


class RunJudge:
    """Judges slices of partitions against the objects and, when there is one, the index."""

    def __init__(self, objects: Objects, index: Index | None, *, strict: bool) -> None:
        self._objects = objects
        self._index = index
        self._strict = strict
        self._reader = RunReader(objects)
        self._references = References(objects, self._reader)

    def judge(self, part: Slice) -> Judged:
        """Return the counts and findings of a slice."""
        judged = Judged(Counter(), [])
        rows: dict[str, tuple[RunRow, bool]] = {}
        if self._index is not None:
            found = self._index.rows(part.partition, part.first, part.last)
            rows = {row.run_id: (row, whole) for row, whole in found}
        for files in layout.sort_out(part.names).runs.values():
            row, whole = rows.pop(files.run_id, (None, True))
            self._judge_run(part.partition, files, row, whole, judged)
        for row, whole in rows.values():
            self._judge_absent(part.partition, row, whole, judged)
        return judged

    def _judge_run(self, partition: str, files: RunFiles, row: RunRow | None, row_whole: bool, judged: Judged) -> None:
        run_id, key = files.run_id, layout.artifact_key(partition, files.run_id)
        counts, findings = judged
        found_before = len(findings)
        history = read_run(self._objects.read, partition, files, strict=self._strict)
        # Without such a file in the listing what stands there is none, and was found by its name.
        problems = [problem for problem in history.problems if files.artifact or problem.key != key]
        findings += [finding(damage.kind, path, damage.detail, run_id) for path, damage in problems]
        self._judge_beside(partition, history, judged, files)
        run, sha256, vouched, damages = history.examined
        if history.data is None:
            counts["runs"] += files.artifact and not history.is_gone
            if history.is_gone:
                self._judge_remains(partition, files, row, history.events, judged)
            return
        counts["runs"] += 1
        counts["unvouched"] += not vouched
        if damages:
            self._judge_twin(partition, key, run_id, run, findings)
        state: RunState = "live"
        if history.events or not vouched:
            known = None if row is None else KnownRun(row.partition, row.version, row.state, row.sha256)
            state = _state(history.events, None if vouched else self._reader.tombstone(run_id, known))
        if state == "erased":
            findings.append(_unfinished(key, partition, history.events))
        elif self._index is not None:
            sound = Sound(sha256, state, vouched) if len(findings) == found_before else None
            self._judge_row(partition, files, row, row_whole, sound, findings)
        if run is not None and (run.attachments or run.advisory_inputs or run.parent_run_id):
            findings.extend(self._references.of_run(key, run))

    def _judge_beside(self, partition: str, history: RunHistory, judged: Judged, files: RunFiles) -> None:
        """Judge what the events and links of a run name."""
        judged.counts["events"] += len(files.events)
        for event in history.events:
            key = layout.event_key(partition, files.run_id, event.number)
            judged.findings.extend(self._references.of_event(key, event))
        for key, advisory in history.links:
            judged.counts["advisory_links"] += 1
            if advisory is None:
                detail = "the advisory link cannot be read, or names another advisory than its name does"
                judged.findings.append(finding("link_unreadable", key, detail, files.run_id))
            else:
                judged.findings.extend(self._references.of_id(key, files.run_id, advisory["advisory_id"]))

    def _has(self, key: str, *, unknown: bool) -> bool:
        """Tell whether anything stands there; `unknown` where that cannot be seen, or the row names what cannot be."""
        try:
            return self._objects.has(key)
        except (ObjectUnreadable, StorageFailed):
            return unknown

    def _judge_twin(
        self, partition: str, key: str, run_id: str, run: RunArtifact | None, findings: list[Finding]
    ) -> None:
        """Look whether a damaged artifact also stands where it belongs; told with or without an index."""
        home = _home(run_id, run)
        if home not in (None, partition) and self._has(f"{home}/{run_id}.json", unknown=False):
            findings.append(finding("duplicate", key, f"another run of this id stands in {home}", run_id))

    def _judge_remains(
        self, partition: str, files: RunFiles, row: RunRow | None, events: Sequence[Event], judged: Judged
    ) -> None:
        """Judge events, links and a row whose artifact is in quarantine, erased, or gone."""
        key, findings = layout.artifact_key(partition, files.run_id), judged.findings
        if len(events) == len(files.events) and events and events[-1].number == len(events) and erasure_in(events):
            self._judge_erased(key, row, events[-1].number, judged)
            return
        if self._has(f"{QUARANTINE}/{key}", unknown=False):
            self._judge_quarantined(key, row, findings)
            return
        if files.events:
            path = layout.event_key(partition, files.run_id, files.events[0])
            findings.append(finding("event_without_run", path, "the run's artifact is not there", files.run_id))
        for name in files.links:
            path = f"{partition}/{name}"
            findings.append(finding("link_without_run", path, "the run's artifact is not there", files.run_id))
        if row is not None:
            findings.append(finding("missing", key, "the index has a row, the artifact is gone", files.run_id))

    def _judge_erased(self, key: str, row: RunRow | None, last: int, judged: Judged) -> None:
        """Judge the row of a run that was hard-deleted: its event, with the artifact's digest, accounts for it."""
        judged.counts["erased"] += 1
        if self._index is None:
            return
        if row is None or row.version < last or row.state != "erased":
            told = f"the row says version {row.version}, {row.state}" if row else "the index does not know it"
            detail = f"{told}; the record, version {last}, erased"
            run_id = layout.run_of(key.rpartition("/")[2])
            judged.findings.append(finding("index_stale", key, detail, run_id))

    def _judge_absent(self, partition: str, row: RunRow, row_whole: bool, judged: Judged) -> None:
        """Judge a row without any file of that name."""
        key = layout.artifact_key(partition, row.run_id)
        if not row_whole:
            judged.findings.append(_altered_row(key, row, 0))
        if row.state == "erased":
            path = layout.event_key(partition, row.run_id, max(row.version, 1))
            detail = "the index has the hard delete of a run, its event is gone"
            if not self._has(path, unknown=True):
                judged.findings.append(finding("event_missing", path, detail, row.run_id))
            return
        if self._has(f"{QUARANTINE}/{key}", unknown=False):
            self._judge_quarantined(key, row, judged.findings)
        elif not self._has(key, unknown=False):  # else it came after the listing, or is no file and told as that
            judged.findings.append(finding("missing", key, "the index has a row, the artifact is gone", row.run_id))

    @staticmethod
    def _judge_quarantined(key: str, row: RunRow | None, findings: list[Finding]) -> None:
        if row is not None and row.state != "damaged":
            detail = f"the row says {row.state}; the record, that the artifact is in quarantine"
            findings.append(finding("index_stale", key, detail, row.run_id))

    def _judge_row(
        self,
        partition: str,
        files: RunFiles,
        row: RunRow | None,
        row_whole: bool,
        sound: Sound | None,
        findings: list[Finding],
    ) -> None:
        run_id, key = files.run_id, layout.artifact_key(partition, files.run_id)
        if row is None:
            findings.extend(self._unindexed(key, run_id, partition, findings))
            return
        last = files.events[-1] if files.events else 0
        if not row_whole:  # then nothing else that it says counts as a witness
            findings.append(_altered_row(key, row, last))
            return
        moved = sound is not None and row.sha256 != sound.sha256
        if sound is not None and moved and not sound.vouched and row.state != "damaged":
            detail = "the artifact is not the one that was first indexed (it has no `_sha256` of its own)"
            findings.append(finding("altered", key, detail, run_id))
            moved = False
        if row.version > last:
            path = layout.event_key(partition, run_id, last + 1)
            detail = f"the index knows {row.version} events of the run, {last} are there"
            if not self._has(path, unknown=True):  # else it came after the listing, or is no file and told as that
                findings.append(finding("event_missing", path, detail, run_id))
        elif row.version < last or moved or (sound is not None and row.state != sound.state):
            state = sound.state if sound else "damaged"
            detail = f"the row says version {row.version}, {row.state}; the record, version {last}, {state}"
            findings.append(finding("index_stale", key, detail, run_id))

    def _unindexed(self, key: str, run_id: str, partition: str, found: Sequence[Finding]) -> list[Finding]:
        if any(other.kind == "duplicate" and other.path == key for other in found):
            return []
        known = self._index.find(run_id) if self._index is not None else None
        elsewhere = known.partition if known is not None and known.partition != partition else None
        if elsewhere and self._has(layout.artifact_key(elsewhere, run_id), unknown=False):
            return [finding("duplicate", key, f"another run of this id stands in {elsewhere}", run_id)]
        return [finding("orphaned", key, "the index does not know the artifact", run_id)]


def _home(run_id: str, run: RunArtifact | None) -> str | None:
    """Return the partition that a damaged artifact belongs in, by its own date, else by the id in its name."""
    try:
        return ids.partition_of(ids.parse_utc(run.created_at_utc)) if run else layout.home_partition(run_id)
    except (ValueError, OverflowError):
        return layout.home_partition(run_id)


def _altered_row(key: str, row: RunRow, last: int) -> Finding:
    detail = f"the row's checksum does not hold; it says version {row.version}, {row.state}; {last} events are there"
    return finding("index_altered", key, detail, row.run_id)


def _unfinished(key: str, partition: str, events: Sequence[Event]) -> Finding:
    """Return what it is that an artifact stands though its hard delete is durable."""
    run_id = events[0].record_id
    if erasure_in(events):
        detail = "the run's hard delete is durable, and the artifact still stands"
        return finding("delete_unfinished", key, detail, run_id)
    path = layout.event_key(partition, run_id, events[-1].number)
    return finding("event_chain_broken", path, "the hard delete names the digest of other bytes", run_id)


def _state(events: Sequence[Event], tombstone: Deletion | None) -> RunState:
    deletion = tombstone
    for event in events:
        deletion = deletion_after(event, deletion)
    if deletion is None:
        return "live"
    return "erased" if deletion.mode == "hard" else "deleted"
