"""The run log and batches: rows a second of a whole log, and what the tree of 5 000 runs costs, from the index alone.

Each is a whole request through the application, without gunicorn and network, in CPU time of one thread.
"""

import contextlib
import random
import time
from pathlib import Path
from typing import Final

import msgspec
from flask import Flask

from benchmarks import stores
from benchmarks.figures import AtLeast, AtMost, Figure, measured
from benchmarks.index_rows import make_indexed_store
from benchmarks.operations import environ_of, quiet
from benchmarks.stores import Say
from rmos import create_app
from rmos.row_models import RunRow
from rmos.schemas.runs import dump_summary
from rmos.store import Store

ROWS: Final = 100_000
NODES: Final = 5_000
_LABEL: Final = "a large batch"
_SEED: Final = 20_251_223
LOG_ROWS: Final = 100_000
"""Rows a second."""
TREE_MS: Final = 300


def figures(below: Path, rounds: int, say: Say) -> list[Figure]:
    """Measure the log and a large batch over an index without the files of its runs."""
    say(f"the run log of {ROWS} runs and a batch of {NODES}")
    folder = below / "run-log"
    make_indexed_store(folder, ROWS, say)
    _join_batch(folder)
    told = []
    with quiet():
        app = create_app(stores.settings_of(folder))
        for form in ("csv", "ndjson"):
            seconds = [_ask(app, f"/api/rmos/run-logs/export.{form}", "") for _ in range(rounds)]
            rates = [ROWS / spent for spent in seconds]
            told.append(measured(f"run log: {form}, CPU", rates, "rows/s", runs=ROWS, target=AtLeast(LOG_ROWS)))
        samples = [_ask(app, "/api/rmos/run-logs/summary", "") * 1000 for _ in range(rounds)]
        told.append(measured("run log: its summary, CPU", samples, "ms", runs=ROWS))
        for view in ("tree", "progress"):
            query = f"label={_LABEL.replace(' ', '+')}&view={view}"
            samples = [_ask(app, "/api/rmos/batches", query) * 1000 for _ in range(rounds)]
            told.append(measured(f"batch of {NODES}: {view}, CPU", samples, "ms", runs=ROWS, target=AtMost(TREE_MS)))
        samples = [_ask(app, "/batches", f"label={_LABEL.replace(' ', '+')}") * 1000 for _ in range(rounds)]
        told.append(measured(f"batch of {NODES}: its page, CPU", samples, "ms", runs=ROWS))
        app.extensions["rmos"].close()
    return told


def _join_batch(folder: Path) -> None:
    """Give the oldest runs one label, and each but a few a parent among those before it."""
    store, chance = Store.open(stores.settings_of(folder), summarise=dump_summary), random.Random(_SEED)
    found: list[RunRow] = []
    for day in store.index.runs.partitions():
        found += [row for row, _ in store.index.runs.rows(day)]
        if len(found) >= NODES:
            break
    rows = found[:NODES]
    joined = [
        msgspec.structs.replace(
            row, batch_label=_LABEL, parent_run_id=chance.choice(rows[:place]).run_id if place % 100 else None
        )
        for place, row in enumerate(rows)
    ]
    store.index.runs.upsert(joined)
    store.index.close()


def _ask(app: Flask, path: str, query: str) -> float:
    """Return the CPU time of a request, s."""
    environ = environ_of("GET", path, query=query) | {"HTTP_ACCEPT": "*/*" if path.startswith("/api") else "text/html"}
    statuses: list[str] = []
    app.extensions["rmos"].store.index.close()  # and with it what its connection has cached
    started = time.process_time()
    with contextlib.closing(app.wsgi_app(environ, lambda status, headers, *more: statuses.append(status))) as parts:  # type: ignore[type-var,arg-type]
        for part in parts:
            assert part
    spent = time.process_time() - started
    assert statuses[0].startswith("200"), f"{path} answered {statuses[0]}"
    return spent
