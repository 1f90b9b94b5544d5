"""The batches of a store: runs that have a label or a session, from the index alone and in full or not at all.

batch = batches.read(BatchQuery(batch_label="om-spruce-rosettes-05"))
batch.lineage.roots, batch.more
batches.list_labels(limit=100)
"""

from typing import Final, NamedTuple

from rmos.index.base import Index
from rmos.lineage import Lineage, LineageRun, build_lineage
from rmos.log_rows import BatchQuery, BatchRun, RunLogCells
from rmos.store.complete import CompleteAnswers
from rmos.store.run_log import read_run_log

MAX_RUNS: Final = 5_000
"""Of a batch, that are looked at: the oldest ones. Of more than these the rest is counted."""


class ReadBatch(NamedTuple):
    """The runs of a batch and the tree that they are."""

    query: BatchQuery
    rows: dict[str, BatchRun]
    """By their ids, the oldest first."""
    cells: dict[str, RunLogCells | None]
    """What the run log says of each."""
    lineage: Lineage
    more: int
    """How many runs it has beyond these."""

    @property
    def completed(self) -> bool:
        """Whether a good part came of every root; nobody knows that where there are more runs."""
        return not self.more and self.lineage.completed

    @property
    def state(self) -> str | None:
        """COMPLETED, else the worst status of its runs; None where it has none."""
        return "COMPLETED" if self.completed else self.lineage.rollup


class RunBatches:
    """The batches of one store, from its index."""

    def __init__(self, index: Index, answers: CompleteAnswers) -> None:
        self._index = index
        self._answers = answers

    def read(self, query: BatchQuery, *, limit: int = MAX_RUNS) -> ReadBatch:
        """Return a batch with its tree.

        Raises:
            IndexRebuilding: the index is not complete; no batch is ever silently short.
        """
        found = self._answers.ask(lambda: self._index.runs.batch(query, limit=limit + 1))
        more = 0
        if len(found) > limit:
            more = max(1, self._answers.ask(lambda: self._index.runs.count_batch(query)) - limit)
        rows = {row.run_id: row for row in found[:limit]}
        cells = {run_id: read_run_log(row.run_log) for run_id, row in rows.items()}
        lineage = build_lineage([_as_lineage_run(row, cells[run_id]) for run_id, row in rows.items()])
        return ReadBatch(query, rows, cells, lineage, more)

    def list_labels(self, *, limit: int) -> list[str]:
        """Return the labels of runs, folded, in order, the first so many.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        return self._answers.ask(lambda: self._index.runs.values("batch_label", limit=limit))


def _as_lineage_run(row: BatchRun, cells: RunLogCells | None) -> LineageRun:
    return LineageRun(
        run_id=row.run_id,
        created_us=row.created_us,
        status=row.status,
        parent_run_id=row.parent_run_id,
        parent_state=row.parent_state,
        event_type=row.event_type,
        released=cells is not None and cells.released_at_utc is not None,
        outcome=row.outcome,
        good_parts=0 if cells is None else cells.good_parts,
        scrap_parts=0 if cells is None else cells.scrap_parts,
    )
