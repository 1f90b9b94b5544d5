"""What one start of a service gave, and how it compares with a hello-world: by rate, and by what it cost the processor.

By rate a machine that does something else besides shows in either of the two; by CPU time it hardly does.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.figures import AtLeast, Figure, ratio
from benchmarks.load import Load, drive
from benchmarks.servers import Served

HELLO: Final = "hello-world"
_WARM_UP_S: Final = 1


class Sample(NamedTuple):
    """One case in one start."""

    load: Load
    cpu_us: float
    """CPU time of the workers for one request."""


def take(service: Served, script: Path, seconds: int) -> Sample:
    """Load a service that was warmed up."""
    drive(service.url, script, seconds=_WARM_UP_S)
    before = service.cpu_s()
    load = drive(service.url, script, seconds=seconds)
    return Sample(load, (service.cpu_s() - before) / load.requests * 1e6)


def rates(samples: Sequence[Sample]) -> list[float]:
    """Return the requests per second of each."""
    return [sample.load.requests_per_s for sample in samples]


def cpu_us(samples: Sequence[Sample]) -> float:
    """Return the median CPU time of a request."""
    return statistics.median(sample.cpu_us for sample in samples)


def share(
    case: str, found: Sequence[Sample], hello: Sequence[Sample], *, runs: int | None, target: AtLeast | None = None
) -> Figure:
    """Return the throughput of a case as a share of that of hello-world."""
    by_cpu = {"by CPU time": cpu_us(hello) / cpu_us(found)}
    return ratio(f"{case}, share of {HELLO}", rates(found), rates(hello), runs=runs, target=target, besides=by_cpu)
