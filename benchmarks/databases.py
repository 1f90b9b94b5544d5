"""A durable POST beside what a user would write instead: a bare view that inserts a row into PostgreSQL or SQLite.

All three are served by the same gunicorn.conf.py, get the same bodies, and are loaded in turn; each has its data on the
same disk and answers when they are durable there.
"""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import cuts, stores
from benchmarks.bare_insert import DATABASE, ROW_BYTES, connect
from benchmarks.failures import CannotMeasure
from benchmarks.figures import AtLeast, AtMost, Figure, measured, ratio
from benchmarks.load import write_posts
from benchmarks.samples import Sample, cpu_us, rates, take
from benchmarks.servers import served
from benchmarks.stores import Say
from tests.helpers.postgres import DEBIAN, PostgresServer

RATE: Final = 0.9
"""Of the rows that PostgreSQL takes."""
LATENCY: Final = 1.2
"""Times the 99th percentile of PostgreSQL."""
_RUNS: Final = 1_000
_POST: Final = "durable POST"


def figures(below: Path, kept: Path, *, starts: int, seconds: int, say: Say) -> list[Figure]:
    """Measure a POST of a run, and an insert into each database.

    Raises:
        CannotMeasure: PostgreSQL is not there.
    """
    if not (DEBIAN / "postgres").exists():
        raise CannotMeasure("PostgreSQL 15 is not installed: install the Debian package `postgresql-15`.")
    below.mkdir(parents=True)
    store = stores.working_copy(stores.ready_store(kept, _RUNS, say), below / "store")
    script = write_posts(
        below / "post.lua", "/api/rmos/runs", [json.dumps(cuts.body(place)) for place in range(cuts.VARIANTS)]
    )
    server = PostgresServer(15, folder=_made(below / "postgres")).start(
        fsync="on", full_page_writes="on", synchronous_commit="on", shared_buffers="256MB"
    )
    try:
        databases = {"PostgreSQL 15": server.dsn, "SQLite": str(below / "bare.sqlite")}
        services = {_POST: ("wsgi:app", stores.environment_of(store), "/readyz")}
        for name, database in databases.items():
            connect(database).close()
            environment = stores.environment_of(below / "none") | {DATABASE: database}
            services[name] = ("benchmarks.bare_insert:app", environment, "/")
        samples: dict[str, list[Sample]] = {name: [] for name in services}
        for start in range(starts):
            for name in list(services)[:: 1 if start % 2 == 0 else -1]:
                say(f"databases: start {start + 1} of {starts}, {name}")
                application, environment, ready = services[name]
                with served(application, environment, ready=ready, log=below / "gunicorn.log") as service:
                    samples[name].append(take(service, script, seconds))
    finally:
        server.close()
    return _sum_up(samples)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _sum_up(samples: dict[str, list[Sample]]) -> list[Figure]:
    posted = samples.pop(_POST)
    told = [_speed(_POST, posted)]
    for name, found in samples.items():
        has_targets = name.startswith("PostgreSQL")
        rate, latency = (AtLeast(RATE), AtMost(LATENCY)) if has_targets else (None, None)
        told += [
            _speed(f"a bare insert of {ROW_BYTES} bytes into {name}", found),
            ratio(f"{_POST}, rate against {name}", rates(posted), rates(found), target=rate),
            ratio(f"{_POST}, p99 against {name}", _p99(posted), _p99(found), target=latency),
        ]
    return told


def _p99(samples: Sequence[Sample]) -> list[float]:
    return [sample.load.p99_ms for sample in samples]


def _speed(name: str, samples: Sequence[Sample]) -> Figure:
    besides = {
        "p50 ms": statistics.median(sample.load.p50_ms for sample in samples),
        "p99 ms": statistics.median(_p99(samples)),
        "CPU µs": cpu_us(samples),
    }
    return measured(name, rates(samples), "requests/s", besides=besides)
