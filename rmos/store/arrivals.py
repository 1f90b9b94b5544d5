"""Runs as they come, whatever the clock says: told by the names of their files, never by their times.

    arrivals = Arrivals(store.objects, store.reader)
    arrivals.find(index)          # the ids of runs that came since, and that the index knows by now, with their places

A run that a clock ahead has made would otherwise stand before all that come until the clock is there again.
"""

from rmos.index.base import Index
from rmos.objects.base import Objects
from rmos.row_models import RunRow
from rmos.store import layout
from rmos.store.reading import RunReader


class Arrivals:
    """The runs of one store, and which of them were seen."""

    def __init__(self, objects: Objects, reader: RunReader) -> None:
        """Note all runs that are there."""
        self._objects = objects
        self._reader = reader
        self._tokens: dict[str, str] = {}
        self._seen: set[str] = set()
        self._waiting: dict[str, str] = {}
        """Runs whose file was seen, and whose row was not yet, with their partitions."""
        self._look()
        self._waiting.clear()

    def find(self, index: Index) -> list[RunRow]:
        """Return the rows of the runs that came since the last call, oldest first; one without a row comes later.

        Raises:
            IndexBroken, IndexUnavailable, StoreUnusable: nothing is lost, the next call returns them.
        """
        self._look()
        rows: list[RunRow] = []
        for run_id, partition in self._waiting.items():
            rows += [row for row, _ in index.runs.rows(partition, run_id, run_id)]
        for row in rows:
            del self._waiting[row.run_id]
        return sorted(rows, key=lambda row: (row.created_us, row.run_id))

    def _look(self) -> None:
        """List the folders that changed."""
        for partition in self._reader.partitions():
            token = self._objects.changed_since(partition, self._tokens.get(partition))
            if token is None:
                continue
            for run_id, files in layout.sort_out(self._objects.names(partition)).runs.items():
                if files.artifact and run_id not in self._seen:
                    self._seen.add(run_id)
                    self._waiting[run_id] = partition
            self._tokens[partition] = token
