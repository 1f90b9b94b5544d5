"""The HTTP figures: the service beside a hello-world, each started anew in every round, stores of each size in turn.

One round starts each service once; rounds go through the services in alternating order, so that a machine that gets
slower does so for all of them.
"""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import cuts, stores
from benchmarks.figures import AtLeast, AtMost, Figure, measured, number, ratio
from benchmarks.load import write_gets, write_posts
from benchmarks.samples import HELLO, Sample, cpu_us, rates, share, take
from benchmarks.servers import served
from benchmarks.stores import Say

_RUNS: Final = "/api/rmos/runs"
_IDS: Final = 50_000
"""Different runs that are asked for at most."""
SMALL: Final = 1_000
FLAT_AT: Final = 100_000

GET: Final = "GET one run"
PAGE: Final = "GET a page of 50 summaries"
POST: Final = "durable POST"
HEALTH: Final = "GET /healthz: request id, guard, headers, metrics"
DRY_RUN: Final = "dry run of one cut: + body, validation, engine"
LAYERS: Final = (HEALTH, DRY_RUN)
"""What lies between a hello-world and a recorded run, layer by layer."""
TARGETS: Final = {GET: 0.70, PAGE: 0.60, POST: 0.27}
"""Shares of hello-world."""
FLAT: Final = 1.2
"""Most that a request may cost at `FLAT_AT` runs, as a multiple of its cost at `SMALL`."""


Samples = dict[tuple[str, int], list[Sample]]


class Subject(NamedTuple):
    """One service to measure: a hello-world (0 runs) or RMOS on a store."""

    runs: int
    store: Path | None
    scripts: dict[str, Path]


def figures(below: Path, kept: Path, sizes: Sequence[int], *, starts: int, seconds: int, say: Say) -> list[Figure]:
    """Measure every case at every size.

    Args:
        below: a temporary folder, for working copies, scripts and logs.
        kept: where the stores are that `stores.ready_store` makes.
    """
    hello = Subject(0, None, {HELLO: write_gets(below / "hello.lua", ["/"])})
    subjects = [hello, *(_subject(below, stores.ready_store(kept, size, say), size) for size in sizes)]
    samples: Samples = {}
    for start in range(starts):
        for subject in subjects if start % 2 == 0 else subjects[::-1]:
            say(f"http: start {start + 1} of {starts}, {f'{subject.runs} runs' if subject.runs else HELLO}")
            _measure(below, subject, start, seconds, samples)
    return summed_up(samples, sizes)


def _subject(below: Path, store: Path, size: int) -> Subject:
    paths = [f"{_RUNS}/{run_id}" for run_id in stores.run_ids(store)]
    step = max(1, len(paths) // _IDS)
    bodies = [json.dumps(cuts.body(place)) for place in range(cuts.VARIANTS)]
    scripts = {
        HEALTH: write_gets(below / f"health-{size}.lua", ["/healthz"]),
        DRY_RUN: write_posts(below / f"dry-{size}.lua", "/api/rmos/feasibility", [_dry(body) for body in bodies]),
        GET: write_gets(below / f"get-{size}.lua", paths[::step]),
        PAGE: write_gets(below / f"page-{size}.lua", [f"{_RUNS}?limit=50"]),
        POST: write_posts(below / f"post-{size}.lua", _RUNS, bodies),
    }
    return Subject(size, store, scripts)


def _dry(body: str) -> str:
    """Return the body of a dry run of the cut that a POST records."""
    cut = json.loads(body)
    return json.dumps({"items": [{name: cut[name] for name in ("mode", "tool_id", "design", "context")}]})


def _measure(below: Path, subject: Subject, start: int, seconds: int, samples: Samples) -> None:
    """Start a service once and measure its cases; the writing one comes last."""
    log = below / "gunicorn.log"
    if subject.store is None:
        application, ready, environment = "benchmarks.hello:app", "/", stores.environment_of(below / "none")
    else:
        # What is posted would soon outnumber the runs of a small store; a large one grows by a few per cent. Nothing is
        # deleted between two rounds: see `stores.spread`.
        copy = below / (f"served-{subject.runs}-{start}" if subject.runs <= SMALL else f"served-{subject.runs}")
        if not copy.exists():
            stores.working_copy(subject.store, copy)
        application, ready, environment = "wsgi:app", "/readyz", stores.environment_of(copy)
    with served(application, environment, ready=ready, log=log) as service:
        for case, script in subject.scripts.items():
            samples.setdefault((case, subject.runs), []).append(take(service, script, seconds))


def summed_up(samples: Samples, sizes: Sequence[int]) -> list[Figure]:
    """Return the figures: speed of each case, its share of hello-world, and how flat it is."""
    hello = samples[HELLO, 0]
    told = [_speed(HELLO, hello, None)]
    told += [share(case, samples[case, SMALL], hello, runs=SMALL) for case in LAYERS]
    for case, least in TARGETS.items():
        for size in sizes:
            found = samples[case, size]
            told.append(_speed(case, found, size))
            told.append(share(case, found, hello, runs=size, target=AtLeast(least)))
        told += [_flatness(case, samples, size) for size in sizes if size > SMALL]
    return told


def _flatness(case: str, samples: Samples, size: int) -> Figure:
    small, large = rates(samples[case, SMALL]), rates(samples[case, size])
    target = AtMost(FLAT) if size == FLAT_AT else None
    return ratio(f"{case}, cost against {number(SMALL)} runs", small, large, runs=size, target=target)


def _speed(case: str, samples: Sequence[Sample], size: int | None) -> Figure:
    besides = {
        "p50 ms": statistics.median(sample.load.p50_ms for sample in samples),
        "p99 ms": statistics.median(sample.load.p99_ms for sample in samples),
        "CPU µs": cpu_us(samples),
    }
    return measured(case, rates(samples), "requests/s", runs=size, besides=besides)
