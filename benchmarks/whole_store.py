"""Verify and rebuild of a whole store, each in a process of its own.

A rate is that of the work, from opening the store to its end; what Python takes to start is told besides, because it is
the same for a thousand runs and for a million. `sha256sum` is compared with the whole process.
"""

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import stores
from benchmarks.failures import CannotMeasure
from benchmarks.figures import AtLeast, AtMost, Figure, measured, ratio
from benchmarks.servers import ROOT
from benchmarks.stores import Say
from rmos.store import layout

WORKERS: Final = 2
VERIFY_PER_S: Final = 40_000.0
VERIFY_MB: Final = 200.0
REBUILD_PER_S: Final = 20_000.0


class Ran(NamedTuple):
    """One process on a whole store."""

    runs_per_s: float
    peak_mb: float
    cpu_us: float
    """CPU time of all its processes for one run."""
    start_s: float
    """What its whole time is above that of the work."""

    def whole_per_s(self, runs: int) -> float:
        """Return the rate from the start of the process to its end."""
        return runs / (runs / self.runs_per_s + self.start_s)


def verify_figures(kept: Path, size: int, *, repeats: int, say: Say) -> list[Figure]:
    """Measure verify on a warm store, in turn with `sha256sum` over the same files."""
    folder = stores.ready_store(kept, size, say)
    names = _names_of_files(folder)
    _sha256sum_s(names)  # reads every file once, so that both find them in memory
    verified: list[Ran] = []
    summed: list[float] = []
    for repeat in range(repeats):
        say(f"verify: {repeat + 1} of {repeats}, {size} runs")
        verified.append(run_child("verify", folder, size))
        summed.append(names.count(b"\0") / _sha256sum_s(names))
    rates = [ran.runs_per_s for ran in verified]
    whole = [ran.whole_per_s(size) for ran in verified]
    return [
        measured("verify", rates, "runs/s", runs=size, target=AtLeast(VERIFY_PER_S), besides=_besides(verified)),
        measured(
            "verify, largest process", [ran.peak_mb for ran in verified], "MB", runs=size, target=AtMost(VERIFY_MB)
        ),
        measured("xargs -P2 sha256sum, same files", summed, "files/s", runs=size),
        ratio("verify, speed against sha256sum", whole, summed, runs=size, target=AtLeast(0.6)),
    ]


def rebuild_figures(below: Path, kept: Path, size: int, *, repeats: int, say: Say) -> list[Figure]:
    """Measure a rebuild in place and one from a deleted index, on a working copy."""
    copy = stores.working_copy(stores.ready_store(kept, size, say), below / f"rebuilt-{size}")
    in_place: list[Ran] = []
    from_nothing: list[Ran] = []
    for repeat in range(repeats):
        say(f"rebuild: {repeat + 1} of {repeats}, {size} runs")
        in_place.append(run_child("rebuild", copy, size))
        for name in os.listdir(copy):
            if layout.is_index_file(name):
                (copy / name).unlink()
        from_nothing.append(run_child("rebuild", copy, size))
    return [
        measured(
            name,
            [ran.runs_per_s for ran in rans],
            "runs/s",
            runs=size,
            target=AtLeast(REBUILD_PER_S),
            besides={"largest process MB": max(ran.peak_mb for ran in rans), **_besides(rans)},
        )
        for name, rans in (("rebuild in place", in_place), ("rebuild of a deleted index", from_nothing))
    ]


def _besides(rans: Sequence[Ran]) -> dict[str, float]:
    return {
        "CPU µs": statistics.median(ran.cpu_us for ran in rans),
        "start s": statistics.median(ran.start_s for ran in rans),
    }


def run_child(work: str, folder: Path, size: int) -> Ran:
    """Do some work on the store of `size` runs in a folder, in a process of its own.

    Raises:
        CannotMeasure: it failed, or saw fewer runs.
    """
    command = [sys.executable, "-m", "benchmarks.child", work, str(folder), str(WORKERS)]
    started, used_s = time.perf_counter(), _children_s()
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    whole_s, used_s = time.perf_counter() - started, _children_s() - used_s
    told: dict[str, float] = {}
    with contextlib.suppress(ValueError):
        told = json.loads(ran.stdout)
    if ran.returncode != 0 or told.get("runs", 0) < size:
        raise CannotMeasure(f"{work} of {size} runs ended with {ran.returncode}: {(ran.stdout + ran.stderr)[-500:]}")
    runs, seconds = told["runs"], told["seconds"]
    return Ran(runs / seconds, told["peak_mb"], used_s / runs * 1e6, whole_s - seconds)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _names_of_files(folder: Path) -> bytes:
    """Return the paths of all artifacts, each ended by a zero byte: finding them is not part of sha256sum's time."""
    return b"".join(
        os.fsencode(f"{folder}/{layout.artifact_key(partition.name, run_id)}") + b"\0"
        for partition in sorted(folder.iterdir())
        if partition.is_dir()
        for run_id in sorted(path.stem for path in partition.iterdir())
    )


def _sha256sum_s(names: bytes) -> float:
    """Return the seconds that `xargs -P2 sha256sum` takes for these files."""
    started = time.perf_counter()
    subprocess.run(["xargs", "-0", f"-P{WORKERS}", "sha256sum"], input=names, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started
