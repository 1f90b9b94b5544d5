"""Small files of runs through the real service, up and down, as shares of a hello-world.

Every upload is of bytes that are not there yet, spread over many runs: a run with more files costs more to read. What
the durable part of an upload reaches by itself, a blob and an event made by the same code, shows what is left for the
rest.
"""

import secrets
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from benchmarks import stores
from benchmarks.figures import AtLeast, Figure, measured, ratio
from benchmarks.load import drive, write_forms, write_gets
from benchmarks.servers import served
from benchmarks.stores import Say
from rmos.objects import open_objects
from rmos.objects.base import Objects
from rmos.schemas.runs import dump_summary
from rmos.store import Store, layout

SIZE: Final = 2_000
_EVENT_BYTES: Final = 800
_RUNS: Final = 10_000
_BLOBS: Final = 500
_WARM_UP_S: Final = 1
_PROCESSES: Final = 2
"""As many as gunicorn has workers."""
_THREADS: Final = 4
"""More make each other slower."""
SHARE: Final = 0.25
"""Of hello-world."""


def figures(below: Path, kept: Path, *, starts: int, seconds: int, say: Say) -> list[Figure]:
    """Measure files of 2 kB, up and down, beside a hello-world that is started in turn with the service."""
    folder = stores.working_copy(stores.ready_store(kept, _RUNS, say), below / "small-files")
    store = Store.open(stores.settings_of(folder), summarise=dump_summary)
    blobs = [store.blobs.put_bytes(f"{place:08d}".encode() * (SIZE // 8)).sha256 for place in range(_BLOBS)]
    hello = write_gets(below / "small-hello.lua", ["/"])
    down = write_gets(below / "small-down.lua", [f"/api/rmos/attachments/{sha256}" for sha256 in blobs])
    places = [f"/api/rmos/runs/{run_id}/attachments" for run_id in stores.run_ids(folder)]
    up = write_forms(below / "small-up.lua", places, SIZE)
    rates: dict[Path, list[float]] = {hello: [], down: [], up: []}
    durable = []
    services = [
        ("benchmarks.hello:app", stores.environment_of(below / "none"), "/", [hello]),
        ("wsgi:app", stores.environment_of(folder), "/readyz", [down, up]),
    ]
    for start in range(starts):
        say(f"files of {SIZE} bytes: start {start + 1} of {starts}")
        for application, environment, ready, scripts in services if start % 2 == 0 else services[::-1]:
            with served(application, environment, ready=ready, log=below / "small-files.log") as service:
                for script in scripts:
                    drive(service.url, script, seconds=_WARM_UP_S)
                    rates[script].append(drive(service.url, script, seconds=seconds).requests_per_s)
        durable.append(durable_parts_per_s(below / f"small-durable-{start}", seconds))
    told = [
        figure
        for name, script in ((f"GET a file of {SIZE} bytes", down), (f"upload of {SIZE} bytes, durable", up))
        for figure in (
            measured(name, rates[script], "requests/s"),
            ratio(f"{name}, share of hello-world", rates[script], rates[hello], target=AtLeast(SHARE)),
        )
    ]
    return [*told, ratio("its durable part alone, without HTTP, share of hello-world", durable, rates[hello])]


def durable_parts_per_s(folder: Path, seconds: float) -> float:
    """Return how often a second a blob and the event that names it are made durable, with nothing around them."""
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn")) as processes:
        for _ in processes.map(_begun, range(_PROCESSES)):
            pass
        made = sum(processes.map(_make_parts, [folder] * _PROCESSES, [seconds] * _PROCESSES))
    return made / seconds


def _begun(number: int) -> int:
    """Return the number of a process that has started, which takes a while."""
    time.sleep(0.1)
    return number


def _make_parts(folder: Path, seconds: float) -> int:
    objects = open_objects(folder)
    objects.prepare()
    ends_s = time.perf_counter() + seconds
    with ThreadPoolExecutor(_THREADS) as threads:
        return sum(threads.map(lambda _: _make_until(objects, ends_s), range(_THREADS)))


def _make_until(objects: Objects, ends_s: float) -> int:
    made = 0
    while time.perf_counter() < ends_s:
        data = secrets.token_bytes(SIZE)
        objects.create_blob([data], max_bytes=SIZE)
        objects.create(layout.event_key("2026-01-02", f"run_{data[:16].hex()}", 1), data[:_EVENT_BYTES])
        made += 1
    return made
