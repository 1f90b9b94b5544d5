"""One command on a whole store, as a process of its own: `python -m benchmarks.child WORK FOLDER WORKERS`.

WORK is verify, rebuild, backtest, ndjson or csv; the last two write what they export to nowhere.

Writes one line of JSON: how many runs, the seconds of the work from opening the store to its end, and the memory
of the largest of its processes.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.stores import settings_of
from rmos.checks.verify import verify_store
from rmos.decisions.backtest import backtest
from rmos.engines.registry import Registry
from rmos.row_models import RunQuery
from rmos.schemas.runs import dump_summary, list_columns
from rmos.store import Store
from rmos.transfer.exporting import csv_text, ndjson

_EXPORTS: Final[dict[str, Callable[[Store, RunQuery], Iterator[str]]]] = {
    "ndjson": ndjson,
    "csv": lambda store, query: csv_text(store, query, list_columns()),
}
_TIMEOUT_MS: Final = 5_000


def main(arguments: list[str]) -> int:
    """Do it and tell of it; 1 when the store is not whole, because then the figure is of something else."""
    work, folder, workers = arguments[0], Path(arguments[1]), int(arguments[2])
    started = time.perf_counter()
    if work == "verify":
        report = verify_store(Store.open(settings_of(folder), write=False), workers=workers)
        runs, ok = report.counts["runs"], report.ok and report.indexed_runs == report.counts["runs"]
    elif work == "backtest":
        engine = Registry().get(None)
        store = Store.open(settings_of(folder), write=False)
        tested = backtest(store, engine, timeout_ms=_TIMEOUT_MS, workers=workers)
        runs, ok = tested.judged, not (tested.damaged or tested.flips)
    elif work in _EXPORTS:
        store = Store.open(settings_of(folder), summarise=dump_summary)
        store.reconcile()
        counted = RunQuery()
        with open(os.devnull, "w", encoding="utf-8", newline="") as nowhere:
            written = sum(map(nowhere.write, _EXPORTS[work](store, counted)))
        runs, ok = store.runs.count(counted), written > 0
    else:
        rebuilt = Store.open(settings_of(folder), summarise=dump_summary).reconcile(full=True, workers=workers)
        runs, ok = rebuilt.indexed, not (rebuilt.damaged or rebuilt.missing)
    print(json.dumps({"runs": runs, "seconds": time.perf_counter() - started, "peak_mb": _peak_mb()}))
    return 0 if ok else 1


def _peak_mb() -> float:
    """Return the largest resident set of this process and of its workers, in MB.

    Its own is taken from /proc: what getrusage tells of a process counts also what its parent had before the exec.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    own_kb = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return max(own_kb, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024 / 1e6


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
