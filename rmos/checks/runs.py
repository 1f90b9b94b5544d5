"""Judging the runs of a slice of a partition: artifacts, events, links and their rows, one read per file.

This is the inner loop of verify, run by worker processes: it gets names and returns counts and findings.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rmos import digest, ids
from rmos.checks.findings import finding
from rmos.errors import ObjectMissing, ObjectUnreadable
from rmos.index import Index
from rmos.models import Deletion, Event, Finding, RunArtifact, RunRow, RunState
from rmos.objects import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.blobs import blob_key
from rmos.store.earlier import read_link
from rmos.store.layout import RunFiles
from rmos.store.reading import RunReader
from rmos.store.records import Damage, examine_artifact, judge_event, judge_identity


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
        for row, _ in rows.values():
            self._judge_absent(part.partition, row, judged)
        return judged

    def _judge_run(self, partition: str, files: RunFiles, row: RunRow | None, row_whole: bool, judged: Judged) -> None:
        run_id, key = files.run_id, layout.artifact_key(partition, files.run_id)
        counts, findings = judged
        found_before = len(findings)
        data, damages = self._read(key)
        if data is None:
            self._judge_remains(partition, files, row, damages, judged)
            return
        counts["runs"] += 1
        run: RunArtifact | None = None
        vouched = digest.is_sealed(data)
        if self._strict or not vouched:
            run, sha256, vouched, damages = examine_artifact(data, run_id, partition)
        else:
            sha256, damages = self._judge_lightly(data, run_id, partition)
        counts["unvouched"] += not vouched
        findings += [finding(damage.kind, key, damage.detail, run_id) for damage in damages]
        events: list[Event] = []
        if files.events:
            events = self._judge_events(partition, files, digest.sha256_hex(data), judged)
        if files.links:
            self._judge_links(partition, files, judged)
        state: RunState = "live"
        if events or not vouched:
            state = _state(events, None if vouched else self._reader.tombstones().deletions.get(run_id))
        if self._index is not None:
            sound = Sound(sha256, state, vouched) if len(findings) == found_before else None
            self._judge_row(partition, files, row, row_whole, sound, findings)
        if run is not None and (run.attachments or run.parent_run_id):
            self._judge_references(key, run, events, judged)

    def _read(self, key: str) -> tuple[bytes | None, list[Damage]]:
        try:
            return self._objects.read(key), []
        except ObjectMissing:
            return None, []
        except ObjectUnreadable as error:
            return None, [Damage("unreadable", error.detail)]

    @staticmethod
    def _judge_lightly(data: bytes, run_id: str, partition: str) -> tuple[str, list[Damage]]:
        try:
            return judge_identity(data, run_id, partition), []
        except Damage as damage:
            return digest.NO_DIGEST, [damage]

    def _judge_remains(
        self, partition: str, files: RunFiles, row: RunRow | None, damages: list[Damage], judged: Judged
    ) -> None:
        """Judge events, links and a row whose artifact cannot be read or is gone."""
        key = layout.artifact_key(partition, files.run_id)
        counts, findings = judged
        for damage in damages:
            counts["runs"] += 1
            findings.append(finding(damage.kind, key, damage.detail, files.run_id))
        if damages:
            return
        if self._objects.has(f"{QUARANTINE}/{key}"):
            return
        if files.events:
            path = layout.event_key(partition, files.run_id, files.events[0])
            findings.append(finding("event_without_run", path, "the run's artifact is not there", files.run_id))
        elif files.links:
            path = f"{partition}/{files.links[0]}"
            findings.append(finding("link_without_run", path, "the run's artifact is not there", files.run_id))
        if row is not None:
            findings.append(finding("missing", key, "the index has a row, the artifact is gone", files.run_id))

    def _judge_absent(self, partition: str, row: RunRow, judged: Judged) -> None:
        """Judge a row without any file of that name."""
        key = layout.artifact_key(partition, row.run_id)
        if row.state == "erased" or self._objects.has(f"{QUARANTINE}/{key}"):
            return
        if self._objects.has(key) and not self._is_file(key):
            return  # something else than a file stands there: that is the finding
        judged.findings.append(finding("missing", key, "the index has a row, the artifact is gone", row.run_id))

    def _is_file(self, key: str) -> bool:
        try:
            self._objects.read(key)
        except (ObjectMissing, ObjectUnreadable):
            return False
        return True

    def _judge_events(self, partition: str, files: RunFiles, artifact_sha256: str, judged: Judged) -> list[Event]:
        """Judge each event, going on behind a damaged one; the chain is judged where both ends are known."""
        run_id, previous, expected = files.run_id, artifact_sha256, 1
        events: list[Event] = []
        for number in files.events:
            key = layout.event_key(partition, run_id, number)
            judged.counts["events"] += 1
            chained = number == expected
            if not chained:
                detail = f"events {expected} to {number - 1} of the run are not there, but event {number} is"
                judged.findings.append(finding("event_hole", key, detail, run_id))
            expected = number + 1
            data, damages = self._read(key)
            if data is not None:
                try:
                    events.append(judge_event(data, run_id, number, previous if chained else None).event)
                except Damage as damage:
                    if chained or damage.kind != "event_chain_broken":
                        damages = [damage]
                previous = digest.sha256_hex(data)
            judged.findings.extend(finding(damage.kind, key, damage.detail, run_id) for damage in damages)
        return events

    def _judge_links(self, partition: str, files: RunFiles, judged: Judged) -> None:
        for name in files.links:
            judged.counts["advisory_links"] += 1
            key = f"{partition}/{name}"
            data, _ = self._read(key)
            link = None if data is None else read_link(data, name)
            if link is None:
                detail = "the advisory link cannot be read, or names another advisory than its name does"
                judged.findings.append(finding("link_unreadable", key, detail, files.run_id))

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
            findings.append(self._unindexed(key, run_id, partition))
            return
        last = files.events[-1] if files.events else 0
        if not row_whole:
            findings.append(finding("index_altered", key, "the row's checksum does not hold", run_id))
        if row.version > last:
            path = layout.event_key(partition, run_id, last + 1)
            detail = f"the index knows {row.version} events of the run, {last} are there"
            findings.append(finding("event_missing", path, detail, run_id))
        if sound is None:
            return
        if row.sha256 != sound.sha256 and not sound.vouched and row.state != "damaged":
            detail = "the artifact is not the one that was first indexed (it has no `_sha256` of its own)"
            findings.append(finding("altered", key, detail, run_id))
        elif row.version < last or row.sha256 != sound.sha256 or row.state != sound.state:
            detail = f"the row says version {row.version}, {row.state}; the record, version {last}, {sound.state}"
            findings.append(finding("index_stale", key, detail, run_id))

    def _unindexed(self, key: str, run_id: str, partition: str) -> Finding:
        known = self._index.find(run_id) if self._index is not None else None
        if known is not None and known.partition != partition:
            twin = layout.artifact_key(known.partition, run_id)
            if self._objects.has(twin):
                return finding("duplicate", key, f"another run of this id stands in {known.partition}", run_id)
        return finding("orphaned", key, "the index does not know the artifact", run_id)

    def _judge_references(self, key: str, run: RunArtifact, events: Sequence[Event], judged: Judged) -> None:
        added = [event.data.get("sha256") for event in events if event.kind == "attachment"]
        for sha256 in [*(attachment.sha256 for attachment in run.attachments or ()), *added]:
            if isinstance(sha256, str) and ids.SHA256.fullmatch(sha256) and blob_key(self._objects, sha256) is None:
                detail = f"the run names the blob {sha256}, which is not there"
                judged.findings.append(finding("blob_missing", key, detail, run.run_id))
        parent = run.parent_run_id
        if run.schema is not None and parent and self._reader.find_partition(parent) is None:
            home = layout.home_partition(parent)
            if home is None or not self._objects.has(f"{QUARANTINE}/{layout.artifact_key(home, parent)}"):
                detail = f"the run names its parent {parent}, which is not there"
                judged.findings.append(finding("parent_missing", key, detail, run.run_id))


def _state(events: Sequence[Event], tombstone: Deletion | None) -> RunState:
    for event in reversed(events):
        if event.kind == "restore":
            return "live"
        if event.kind == "delete":
            return "erased" if event.data.get("mode") == "hard" else "deleted"
    return "deleted" if tombstone else "live"
