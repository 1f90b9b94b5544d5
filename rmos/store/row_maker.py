"""From the files of runs to their rows, a chunk at a time: what reconcile and rebuild do in worker processes.

maker = RowMaker(objects, summarise)
maker.make_rows(Chunk("2025-12-23", runs, last=True)).rows
"""

import logging
from typing import NamedTuple

from rmos import ids
from rmos.index.base import KnownRun
from rmos.models import RunState
from rmos.objects.base import QUARANTINE, Objects
from rmos.row_models import RunRow
from rmos.store import layout
from rmos.store.folding import fold
from rmos.store.history import RunHistory, read_run
from rmos.store.layout import RunFiles, event_key
from rmos.store.read_ahead import read_runs_ahead
from rmos.store.reading import RunReader, find_erasure, is_altered
from rmos.store.rows import Summarise, make_damaged_row, make_erased_row, make_row

log = logging.getLogger(__name__)


class Chunk(NamedTuple):
    """Some runs of a partition: their names and what the index knew of them."""

    partition: str
    runs: list[tuple[RunFiles, KnownRun | None]]
    last: bool


class ChunkRows(NamedTuple):
    """What became of a chunk."""

    partition: str
    rows: list[RunRow]
    last: bool
    unavailable: int
    """Runs that the storage did not give whole: the folder is to be looked at again, though nothing changes."""


class RowMaker:
    """Folds runs into rows; holds what worker processes need and nothing that a fork would break."""

    def __init__(self, objects: Objects, summarise: Summarise) -> None:
        self._objects = objects
        self._reader = RunReader(objects)
        self.summarise = summarise
        self.trusts_changes = True
        """Whether an artifact of the legacy system is taken as it is, though the index knows it as another."""

    def make_rows(self, chunk: Chunk) -> ChunkRows:
        """Return the rows of some runs; damage becomes a row that says so."""
        rows: list[RunRow] = []
        unavailable = 0
        reads = read_runs_ahead(self._objects, chunk.partition, (files for files, _ in chunk.runs))
        for (files, known), (_, read) in zip(chunk.runs, reads, strict=True):
            row = self._gone_row(chunk.partition, files, known)
            if row is None:
                history = read_run(read, chunk.partition, files)
                unavailable += history.is_unavailable
                row = self._row(chunk.partition, files, known, history)
            if row is not None:
                rows.append(row)
        return ChunkRows(chunk.partition, rows, chunk.last, unavailable)

    def _gone_row(self, partition: str, files: RunFiles, known: KnownRun | None) -> RunRow | None:
        """Return the row of a run of which an event was indexed that is gone; None when there is none."""
        run_id, version = files.run_id, _last(files)
        if not known or known.version <= version or self._objects.has(event_key(partition, run_id, version + 1)):
            return None
        log.warning("damaged record run_id=%s: event %d was indexed and is gone", run_id, version + 1)
        state: RunState = "damaged" if files.artifact else "missing"
        return make_damaged_row(run_id, partition, known.version, state, self.summarise)

    def _row(self, partition: str, files: RunFiles, known: KnownRun | None, history: RunHistory) -> RunRow | None:
        """Return a run's row; None leaves the one that is there."""
        run_id, version = files.run_id, _last(files)
        if history.is_unavailable and known is not None and known.version >= version:
            return None  # nothing is known against what the row says
        if history.is_gone:
            return self._row_without_artifact(partition, files, history)
        artifact = history.artifact
        if history.problems or artifact is None:
            log.warning("damaged record run_id=%s: %s", run_id, history.problems[0].damage.detail)
            return make_damaged_row(run_id, partition, version, "damaged", self.summarise)
        if not artifact.has_self_digest and not self.trusts_changes and is_altered(artifact.sha256, known):
            return None  # only an operator's rebuild takes it as it is now; until then verify names it
        tombstone = None if artifact.has_self_digest else self._reader.tombstone(run_id, known)
        links, now_us = history.advisories, ids.now_us()
        view = fold(artifact, history.events, links=links, tombstone=tombstone, now_us=now_us)
        return make_row(view, partition, self.summarise)

    def _row_without_artifact(self, partition: str, files: RunFiles, history: RunHistory) -> RunRow:
        run_id, version = files.run_id, _last(files)
        if not history.problems and find_erasure(history.events) is not None:
            return make_erased_row(run_id, partition, version, self.summarise)
        moved = self._objects.has(f"{QUARANTINE}/{layout.artifact_key(partition, run_id)}")
        return make_damaged_row(run_id, partition, version, "damaged" if moved else "missing", self.summarise)


def _last(files: RunFiles) -> int:
    return files.events[-1] if files.events else 0
