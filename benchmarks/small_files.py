"""Small files of runs through the real service, up and down, as shares of a hello-world.

Every upload is of bytes that are not there yet, spread over many runs: a run with more files costs more to read.
"""

from pathlib import Path
from typing import Final

from benchmarks import stores
from benchmarks.figures import AtLeast, Figure, measured, ratio
from benchmarks.load import drive, write_forms, write_gets
from benchmarks.servers import served
from benchmarks.stores import Say
from rmos.schemas import dump_summary
from rmos.store import Store

SIZE: Final = 2_000
_RUNS: Final = 1_000
_BLOBS: Final = 500
_WARM_UP_S: Final = 1
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
    return [
        figure
        for name, script in ((f"GET a file of {SIZE} bytes", down), (f"upload of {SIZE} bytes, durable", up))
        for figure in (
            measured(name, rates[script], "requests/s"),
            ratio(f"{name}, share of hello-world", rates[script], rates[hello], target=AtLeast(SHARE)),
        )
    ]
