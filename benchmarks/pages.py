"""The pages for people: CPU time of whole requests through the application, and what a page weighs.

The index of the store is asked anew each time: a cached answer would say nothing of the first person in the morning.
"""

import contextlib
import time
from pathlib import Path
from typing import Any, Final

from flask import Flask

from benchmarks import stores
from benchmarks.figures import AtMost, Figure, measured
from benchmarks.index_rows import make_indexed_store
from benchmarks.operations import environ_of, quiet
from benchmarks.stores import Say
from rmos import create_app, ids
from rmos.engines.registry import Registry
from rmos.services.artifact import RunRequest
from rmos.services.cut_maps import make_axis, make_cut_map
from rmos.web.assets import read_assets

_BATCHES: Final = 7
_BATCH: Final = 20
TODAY_US: Final = 50_000
RUNS_US: Final = 5_000
MAP_US: Final[dict[tuple[int, int], int]] = {(20, 12): 40_000, (40, 24): 150_000}
"""Columns and rows of a map → what it may cost: while a hand moves, and when it rests."""
_MAPPED: Final = RunRequest(
    mode="router",
    tool_id="em-3175-2f",
    material_id="hard_maple",
    machine_id="light_desktop",
    design={
        "operation": "channel",
        "feed_mm_min": 1400,
        "plunge_feed_mm_min": 560,
        "spindle_rpm": 18_000,
        "axial_depth_mm": 1.5,
        "total_depth_mm": 1.5,
        "feature_width_mm": 6,
    },
    context={"stock": {"thickness_mm": 3}},
)
"""The cut of a form that nobody has filled in."""
PAGE_KB: Final = 60
FIRST_LOAD_KB: Final = 150
"""What a page, and the first page with all that it is made of, may weigh uncompressed."""


def figures(below: Path, kept: Path, size: int, say: Say) -> list[Figure]:
    """Measure the pages over a store of `size` runs."""
    say(f"pages over {size} runs")
    copy = stores.working_copy(stores.ready_store(kept, size, say), below / f"pages-{size}")
    known = stores.run_ids(copy)
    pages = {
        "Today": ("/", "", AtMost(TODAY_US)),
        "runs": ("/runs", "", AtMost(RUNS_US)),
        "runs of a colour": ("/runs", "risk_level=GREEN", AtMost(RUNS_US)),
        "one run": (f"/runs/{known[len(known) // 2]}", "", None),
        "a job sheet": (f"/runs/{known[len(known) // 2]}/sheet", "", None),
        "the jobs": ("/sessions", "", None),
        "the record": ("/record", "", None),
        "a cut that is tried": ("/try", "", None),
    }
    told = []
    with quiet():
        app = create_app(stores.settings_of(copy))
        for name, (path, query, target) in pages.items():
            samples = _cpu_us(app, path, query)
            told.append(measured(f"page: {name}, CPU", samples, "µs", runs=size, target=target))
            weight = len(_ask(app, path, query)) / 1000
            told.append(measured(f"page: {name}, bytes", [weight], "kB", runs=size, target=AtMost(PAGE_KB)))
        assets = sum(len(asset.data) for asset in read_assets().values())
        first = (len(_ask(app, "/", "")) + assets) / 1000
        told.append(measured("page: the first one with its files", [first], "kB", target=AtMost(FIRST_LOAD_KB)))
        app.extensions["rmos"].close()
    return told + [
        measured(f"page: a map of {columns} × {rows} places, CPU", _map_us(columns, rows), "µs", target=AtMost(most))
        for (columns, rows), most in MAP_US.items()
    ]


COMMON_QUERIES: Final = {
    "a tool": "tool_id=em-07",
    "a wood": "material_id=wood_07",
    "a machine": "machine_id=machine_2",
    "a person": "created_by=person+3",
    "a rule": "rule=HEAT",
    "a mode": "mode=saw",
    "a colour": "risk_level=RED",
    "a status": "status=BLOCKED",
    "a batch": "batch_label=batch+77",
    "a day": "created_from={day}&created_to={day}",
    "a rule since a week": "rule=HEAT&created_from={week}",
    "a colour and a person": "risk_level=RED&created_by=person+3",
    "a colour, a tool and a wood": "risk_level=RED&tool_id=em-07&material_id=wood_07",
    "a colour of a day": "risk_level=RED&created_from={day}&created_to={day}",
    "that wait for a second person": "override=asked",
    "whose override is over": "override=expired",
    "blocked and never overridden": "status=BLOCKED&override=none",
    "a tool with an override": "tool_id=em-07&override=granted",
    "of no tool that there is": "tool_id=nothing",
}
"""What people ask the list of runs for."""


def index_figures(below: Path, size: int, say: Say) -> list[Figure]:
    """Measure the pages that read the index alone over one of `size` rows."""
    folder = below / f"rows-{size}"
    make_indexed_store(folder, size, say)
    today_us = ids.now_us() - 2 * 86_400_000_000
    days = {"day": ids.partition_of(today_us), "week": ids.partition_of(today_us - 6 * 86_400_000_000)}
    pages = {"Today": ("/", "", AtMost(TODAY_US)), "runs": ("/runs", "", AtMost(RUNS_US))}
    pages |= {
        f"runs, {what}": ("/runs", query.format(**days), AtMost(RUNS_US)) for what, query in COMMON_QUERIES.items()
    }
    told = []
    with quiet():
        app = create_app(stores.settings_of(folder))
        for name, (path, query, target) in pages.items():
            samples = _cpu_us(app, path, query)
            told.append(measured(f"page: {name}, CPU", samples, "µs", runs=size, target=target))
        app.extensions["rmos"].close()
    return told


def _map_us(columns: int, rows: int) -> list[float]:
    engines, samples = Registry(), []
    x = make_axis("design.feed_mm_min", 1400, low=175, high=11_200, steps=columns)
    y = make_axis("design.spindle_rpm", 18_000, low=8000, high=33_000, steps=rows)
    for _ in range(_BATCHES):
        started = time.process_time_ns()
        make_cut_map(engines, _MAPPED, x, y, engine_timeout_ms=60_000)
        samples.append((time.process_time_ns() - started) / 1000)
    return samples


def _cpu_us(app: Flask, path: str, query: str) -> list[float]:
    samples = []
    for _ in range(_BATCHES + 1):
        spent = 0
        for _ in range(_BATCH):
            app.extensions["rmos"].store.index.close()  # and with it what its connection has cached
            app.extensions["rmos"].store.index.state()
            started = time.process_time_ns()
            _ask(app, path, query)
            spent += time.process_time_ns() - started
        samples.append(spent / _BATCH / 1000)
    return samples[1:]  # the first batch opens the store and compiles the templates


def _ask(app: Flask, path: str, query: str) -> bytes:
    environ: dict[str, Any] = environ_of("GET", path, query=query) | {"HTTP_ACCEPT": "text/html"}
    statuses: list[str] = []
    with contextlib.closing(app.wsgi_app(environ, lambda status, headers, *more: statuses.append(status))) as parts:  # type: ignore[type-var,arg-type]
        body = b"".join(parts)
    assert statuses[0].startswith("200"), f"{path} answered {statuses[0]}"
    return body
