"""Single steps in this process, in microseconds: what a request is made of, layer by layer, without a network.

The first figures are wall-clock time of one call. Those that begin with `WSGI` are CPU time of a whole request through
the application, in batches, so that they can be compared also on a machine that does something else besides.
"""

import contextlib
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from flask import Flask

from benchmarks import cuts, hello, stores
from benchmarks.figures import Figure, measured
from benchmarks.stores import Say
from rmos import create_app, digest, ids
from rmos.engines.registry import Registry
from rmos.row_models import RunQuery
from rmos.schemas.runs import dump_summary
from rmos.store import Store

_CALLS: Final = 500
_BATCHES: Final = 7
_BATCH: Final = 150
_RUNS: Final = "/api/rmos/runs"

Call = Callable[[int], object]


def figures(below: Path, kept: Path, size: int, say: Say) -> list[Figure]:
    """Measure each step on a store of `size` runs."""
    say("operations")
    copy = stores.working_copy(stores.ready_store(kept, size, say), below / "operated")
    known = stores.run_ids(copy)
    return [*_steps(copy, known, size), *_requests(copy, known, size)]


def _steps(folder: Path, known: list[str], size: int) -> list[Figure]:
    store = Store.open(stores.settings_of(folder), summarise=dump_summary)
    store.reconcile()
    engines = Registry()
    made = [cuts.members(engines, place, ids.now_us()) for place in range(_CALLS)]
    stored = store.runs.put(made.pop())
    steps: dict[str, Call] = {
        "evaluate (baseline_v2)": lambda place: cuts.judged(engines, place),
        "artifact members, from evaluated": lambda place: cuts.members(engines, place, ids.now_us()),
        "seal (canonical JSON, SHA-256)": lambda place: digest.encode_record(made[place % len(made)]),
        "summary": lambda place: dump_summary(stored.view),
        "put (durable, indexed)": lambda place: store.runs.put(made[place]),
        "record (by id)": lambda place: store.runs.record(known[place * 7 % len(known)]),
        "page of 50": lambda place: store.runs.page(RunQuery(), limit=50),
    }
    besides = {"record bytes": len(stored.data)}
    told = [
        measured(name, _wall_us(call), "µs", runs=size, besides=besides if name.startswith("put") else None)
        for name, call in steps.items()
    ]
    store.index.close()
    return told


def _wall_us(call: Call) -> list[float]:
    samples = []
    for place in range(_CALLS - 1):
        started = time.perf_counter_ns()
        call(place)
        samples.append((time.perf_counter_ns() - started) / 1000)
    return samples


def _requests(folder: Path, known: list[str], size: int) -> list[Figure]:
    """Measure whole requests through the applications: the differences are the layers."""
    with quiet():
        app = create_app(stores.settings_of(folder))
        bodies = [json.dumps(cuts.body(place)).encode() for place in range(cuts.VARIANTS)]
        requests: dict[str, tuple[Flask, Callable[[int], dict[str, Any]]]] = {
            "WSGI hello-world": (hello.app, lambda place: environ_of("GET", "/")),
            "WSGI GET /healthz": (app, lambda place: environ_of("GET", "/healthz")),
            "WSGI GET one run": (app, lambda place: environ_of("GET", f"{_RUNS}/{known[place * 7 % len(known)]}")),
            "WSGI GET a page of 50": (app, lambda place: environ_of("GET", _RUNS, query="limit=50")),
            "WSGI POST": (app, lambda place: environ_of("POST", _RUNS, body=bodies[place % len(bodies)])),
        }
        told = [
            measured(f"{name}, CPU", _cpu_us(wsgi, make), "µs", runs=None if wsgi is hello.app else size)
            for name, (wsgi, make) in requests.items()
        ]
        app.extensions["rmos"].close()
    return told


def _cpu_us(app: Flask, make: Callable[[int], dict[str, Any]]) -> list[float]:
    samples = []
    for batch in range(_BATCHES + 1):
        environs = [make(batch * _BATCH + place) for place in range(_BATCH)]
        started = time.process_time_ns()
        for environ in environs:
            answered(app, environ)
        samples.append((time.process_time_ns() - started) / _BATCH / 1000)
    return samples[1:]  # the first batch opens the store and fills the caches


def answered(app: Flask, environ: dict[str, Any]) -> None:
    """Have an application answer, and make sure that it did what it was asked."""
    statuses: list[str] = []

    def start_response(status: str, headers: object, exc_info: object = None) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda data: None

    for _ in app.wsgi_app(environ, start_response):
        pass
    assert statuses[0][0] == "2", f"{environ['PATH_INFO']} answered {statuses[0]}"


def environ_of(method: str, path: str, *, query: str = "", body: bytes = b"") -> dict[str, Any]:
    """Return what gunicorn hands to an application for a small client."""
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    return environ | ({"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))} if body else {})


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let the service's log be written as ever, but to nowhere."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        yield
