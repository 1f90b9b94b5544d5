"""One command on a whole store, as a process of its own: `python -m benchmarks.child verify|rebuild FOLDER WORKERS`.

Writes one line of JSON: how many runs, and the memory of the largest of its processes.
"""

import json
import resource
import sys
from pathlib import Path

from benchmarks.stores import settings_of
from rmos.checks.verify import verify_store
from rmos.schemas import dump_summary
from rmos.store import Store


def main(arguments: list[str]) -> int:
    """Do it and tell of it; 1 when the store is not whole, because then the figure is of something else."""
    work, folder, workers = arguments[0], Path(arguments[1]), int(arguments[2])
    if work == "verify":
        report = verify_store(Store.open(settings_of(folder), write=False), workers=workers)
        runs, ok = report.counts["runs"], report.ok and report.indexed_runs == report.counts["runs"]
    else:
        rebuilt = Store.open(settings_of(folder), summarise=dump_summary).reconcile(full=True, workers=workers)
        runs, ok = rebuilt.indexed, not (rebuilt.damaged or rebuilt.missing)
    print(json.dumps({"runs": runs, "peak_mb": _peak_mb()}))
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
