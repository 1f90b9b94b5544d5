"""The runs of a store a few at a time, as processes are given them: from names alone.

for part in list_slices(store, since="2026-11-01", size=500):
    part.partition, part.runs[0].run_id
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from rmos.store import Store, layout
from rmos.store.layout import RunFiles


class RunSlice(NamedTuple):
    """Some runs of one partition, by their ids."""

    partition: str
    runs: list[RunFiles]


def list_slices(
    store: Store, *, since: str | None, size: int, wanted: Callable[[RunFiles], object] = lambda _: True
) -> Iterator[RunSlice]:
    """Yield the runs that have an artifact, the earliest partition first.

    Args:
        since: only partitions from this date (YYYY-MM-DD) on.
        size: the most runs of a slice.
        wanted: tells by its files whether a run is to be read.
    """
    for partition in store.reader.partitions():
        if since is not None and partition < since:
            continue
        of_folder = layout.sort_out(store.objects.names(partition)).runs.values()
        runs = sorted((run for run in of_folder if run.artifact and wanted(run)), key=lambda run: run.run_id)
        for start in range(0, len(runs), size):
            yield RunSlice(partition, runs[start : start + size])
