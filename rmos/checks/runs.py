"""Checking the runs of a slice of a partition: artifacts, events, links and their rows, one read per file.

This is the inner loop of verify, run by worker processes: it gets names and returns counts and findings.
"""

from collections.abc import Sequence

from rmos import ids
from rmos.checks.findings import Tally
from rmos.checks.references import References
from rmos.checks.run_rows import Expected, RowCheck, has
from rmos.checks.slices import Slice
from rmos.digest import sha256_hex
from rmos.index.base import Index, KnownRun
from rmos.models import Deletion, Event, RunArtifact, RunState
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.evidence.objects import make_line
from rmos.store.folding import fold_deletion
from rmos.store.history import ReadObject, RunHistory, read_run
from rmos.store.layout import RunFiles
from rmos.store.read_ahead import read_runs_ahead
from rmos.store.reading import RunReader, find_erasure


class RunCheck:
    """Checks slices of partitions against the objects and, when there is one, the index."""

    def __init__(self, objects: Objects, index: Index | None, *, strict: bool, with_lines: bool = False) -> None:
        """Check in this store.

        Args:
            with_lines: hand back what is read as lines of the log, so that no object is read twice for it.
        """
        self._objects = objects
        self._index = index
        self._strict = strict
        self._with_lines = with_lines
        self._reader = RunReader(objects)
        self._references = References(objects, self._reader)

    def check(self, part: Slice) -> Tally:
        """Return the counts and findings of a slice."""
        tally = Tally()
        rows: dict[str, tuple[KnownRun, bool]] = {}
        if self._index is not None:
            rows = self._index.runs.known_between(part.partition, part.first, part.last)
        check_row = RowCheck(self._objects, self._index, part.partition, tally)
        runs = layout.sort_out(part.names).runs.values()
        for files, read in read_runs_ahead(self._objects, part.partition, runs):
            row, is_whole = rows.pop(files.run_id, (None, True))
            history = read_run(self._noting(read, tally), part.partition, files, strict=self._strict)
            self._check_run(part.partition, files, history, row, is_whole, check_row, tally)
        for run_id, (known, is_whole) in rows.items():
            check_row.of_no_file(run_id, known, is_whole)
        return tally

    def _check_run(
        self,
        partition: str,
        files: RunFiles,
        history: RunHistory,
        row: KnownRun | None,
        is_whole: bool,
        check_row: RowCheck,
        tally: Tally,
    ) -> None:
        run_id, key = files.run_id, layout.artifact_key(partition, files.run_id)
        found_before = len(tally.findings)
        for path, damage in history.problems:
            if files.artifact or path != key:  # else what stands there is no file, and was found by its name
                tally.find(damage.kind, path, damage.detail, run_id)
        if files.events or files.links:
            self._check_named(partition, files, history, tally)
        if history.data is None:
            tally.count("runs", files.artifact and not history.is_gone)
            if history.is_gone:
                self._check_remains(partition, files, row, history.events, check_row, tally)
            return
        run, sha256, has_self_digest, damages, _ = history.examined
        tally.counts["runs"] += 1
        tally.counts["unvouched"] += not has_self_digest
        has_twin = bool(damages) and self._check_twin(partition, key, run_id, run, tally)
        state: RunState = "live"
        if history.events or not has_self_digest:
            state = _state(history.events, None if has_self_digest else self._reader.tombstone(run_id, row))
        if state == "erased":
            _find_unfinished(key, partition, history.events, tally)
        elif row is not None or not has_twin:
            is_sound = len(tally.findings) == found_before
            check_row.of_run(files, row, is_whole, Expected(sha256, state, has_self_digest) if is_sound else None)
        if run is not None and (run.attachments or run.advisory_inputs or run.parent_run_id):
            tally.findings.extend(self._references.of_run(key, run))

    def _noting(self, read: ReadObject, tally: Tally) -> ReadObject:
        """Return what reads an object and, where wanted, notes its line of the log."""
        if not self._with_lines:
            return read

        def read_and_note(key: str) -> bytes:
            data = read(key)
            tally.lines.append(make_line(sha256_hex(data), key))
            return data

        return read_and_note

    def _check_named(self, partition: str, files: RunFiles, history: RunHistory, tally: Tally) -> None:
        """Check what the events and links of a run name."""
        tally.count("events", len(files.events))
        for event in history.events:
            key = layout.event_key(partition, files.run_id, event.number)
            tally.findings.extend(self._references.of_event(key, event))
        tally.count("advisory_links", len(files.links))
        for key, advisory in history.links:
            if advisory is None:
                detail = "the advisory link cannot be read, or names another advisory than its name does"
                tally.find("link_unreadable", key, detail, files.run_id)
            else:
                tally.findings.extend(self._references.of_id(key, files.run_id, advisory["advisory_id"]))

    def _check_twin(self, partition: str, key: str, run_id: str, run: RunArtifact | None, tally: Tally) -> bool:
        """Find whether a damaged artifact also stands where it belongs."""
        home = _home(run_id, run)
        has_twin = home not in (None, partition) and has(self._objects, f"{home}/{run_id}.json", if_unknown=False)
        if has_twin:
            tally.find("duplicate", key, f"another run of this id stands in {home}", run_id)
        return has_twin

    def _check_remains(
        self,
        partition: str,
        files: RunFiles,
        row: KnownRun | None,
        events: Sequence[Event],
        check_row: RowCheck,
        tally: Tally,
    ) -> None:
        """Check events, links and a row whose artifact is erased, in quarantine, or gone."""
        run_id, key = files.run_id, layout.artifact_key(partition, files.run_id)
        if len(events) == len(files.events) and events and events[-1].number == len(events) and find_erasure(events):
            tally.count("erased")
            check_row.of_erased(run_id, row, events[-1].number)
        elif has(self._objects, f"{QUARANTINE}/{key}", if_unknown=False):
            check_row.of_quarantined(run_id, row)
        else:
            detail = "the run's artifact is not there"
            if files.events:
                tally.find("event_without_run", layout.event_key(partition, run_id, files.events[0]), detail, run_id)
            for name in files.links:
                tally.find("link_without_run", f"{partition}/{name}", detail, run_id)
            if row is not None:
                tally.find("missing", key, "the index has a row, the artifact is gone", run_id)


def _home(run_id: str, run: RunArtifact | None) -> str | None:
    """Return the partition that a damaged artifact belongs in, by its own date, else by the id in its name."""
    try:
        return ids.partition_of(ids.parse_utc(run.created_at_utc)) if run else layout.home_partition(run_id)
    except (ValueError, OverflowError):
        return layout.home_partition(run_id)


def _find_unfinished(key: str, partition: str, events: Sequence[Event], tally: Tally) -> None:
    """Find what it is that an artifact stands though its hard delete is durable."""
    run_id = events[0].record_id
    if find_erasure(events):
        detail = "the run's hard delete is durable, and the artifact still stands"
        tally.find("delete_unfinished", key, detail, run_id)
    else:
        path = layout.event_key(partition, run_id, events[-1].number)
        tally.find("event_chain_broken", path, "the hard delete names the digest of other bytes", run_id)


def _state(events: Sequence[Event], tombstone: Deletion | None) -> RunState:
    deletion = tombstone
    for event in events:
        deletion = fold_deletion(event, deletion)
    if deletion is None:
        return "live"
    return "erased" if deletion.mode == "hard" else "deleted"
