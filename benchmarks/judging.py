"""How fast cuts are judged, one by one, by the hundred without a record, a store's once more; and settings suggested.

All but the backtest are CPU time of one thread, in batches, so that they can be compared also on a machine that does
something else besides; that is the time of a whole process on two cores, from its start to its end.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks import cuts, stores
from benchmarks.figures import AtLeast, AtMost, Figure, measured
from benchmarks.operations import answered, environ_of, quiet
from benchmarks.stores import Say
from benchmarks.whole_store import run_child
from rmos import create_app
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.engines.suggest.best import suggest
from rmos.engines.suggest.drawing import draw_map

_BATCH: Final = 100
_BATCHES: Final = 9
_ITEMS: Final = 500
EVALUATION_MS: Final = {"baseline_v1": 0.2, "baseline_v2": 0.1}
SUGGESTION_MS: Final = 50.0
DRY_RUN_PER_S: Final = 5_000.0
BACKTEST_PER_S: Final = 10_000.0

Members = dict[str, Any]

_MEMBERS: Final[Members] = {
    "feed_mm_min": 1800.0,
    "plunge_feed_mm_min": 600.0,
    "spindle_rpm": 18000.0,
    "axial_depth_mm": 0.75,
    "radial_engagement_mm": 3.175,
    "total_depth_mm": 1.5,
    "feature_width_mm": 6.0,
    "internal_radius_mm": 3.0,
    "wall_thickness_mm": 2.0,
    "floor_thickness_mm": 1.5,
    "used_area_mm2": 900.0,
    "fit_critical": True,
}
_CONTEXT: Final[Members] = {
    "units": "mm",
    "material": {"id": "sitka_spruce"},
    "machine": {"class": "light", "spindle_power_w": 700.0, "max_force_n": 89.0, "max_rpm": 30000.0},
    "stock": {"thickness_mm": 3.0, "area_mm2": 1200.0},
    "hold_down": {"pressure_kpa": 60.0, "area_mm2": 5000.0, "friction": 0.4},
    "coolant": "air",
}
_TOOLS: Final = {
    "saw_slice": {"kind": "saw_blade", "diameter_mm": 150.0, "flutes": 60, "material": "carbide", "max_rpm": 8000.0}
}
_CUTTER: Final[Members] = {
    "kind": "end_mill",
    "diameter_mm": 3.175,
    "flutes": 2,
    "material": "carbide",
    "stickout_mm": 20.0,
    "flute_length_mm": 12.0,
    "max_rpm": 30000.0,
    "centre_cutting": True,
}
_FREE: Final = ("feed_mm_min", "plunge_feed_mm_min", "spindle_rpm", "axial_depth_mm", "radial_engagement_mm")
OPERATIONS: Final = ("channel", "ring_cutout", "inlay_pocket", "inlay_part", "soundhole", "saw_slice")


def figures(kept: Path, size: int, *, rounds: int, below: Path, say: Say) -> list[Figure]:
    """Measure the built-in engines, suggestions, dry runs of `_ITEMS` cuts, a backtest over a store of `size` runs."""
    say("engine")
    told = [*map(evaluations, EVALUATION_MS), suggestions(), dry_runs(below / "asked")]
    store = stores.ready_store(kept, size, say)
    ran = []
    for number in range(rounds):
        say(f"engine: backtest {number + 1} of {rounds}, {size} runs")
        ran.append(run_child("backtest", store, size))
    rates, besides = [one.runs_per_s for one in ran], {"CPU µs": statistics.median(one.cpu_us for one in ran)}
    return [*told, measured("backtest", rates, "runs/s", runs=size, target=AtLeast(BACKTEST_PER_S), besides=besides)]


def complete_cuts() -> dict[str, tuple[Members, Members]]:
    """Return a design and a context for each operation, with everything stated that its checks are judged by."""
    return {
        operation: ({"operation": operation, **_MEMBERS}, {**_CONTEXT, "tool": _TOOLS.get(operation, _CUTTER)})
        for operation in OPERATIONS
    }


def evaluations(engine_id: str) -> Figure:
    """Return what one evaluation with everything stated costs; the samples are the operations."""
    engine = Registry().get(engine_id)
    costs: dict[str, float] = {}
    for operation, (cut, given) in complete_cuts().items():

        def judge(design: Members = cut, context: Members = given) -> object:
            return evaluate(engine, design=design, context=context, request_id="bench", timeout_ms=5000)

        costs[operation] = _cpu_ms(judge)
    besides = {f"{operation} ms": f"{cost:.3f}" for operation, cost in costs.items()}
    return measured(
        f"{engine_id}: evaluation with all checks, CPU",
        list(costs.values()),
        "ms",
        target=AtMost(EVALUATION_MS[engine_id]),
        besides=besides,
    )


def suggestions() -> Figure:
    """Return what a suggested setting costs with its windows and its map; the samples are the operations."""
    engine = Registry().baseline_v2
    costs: dict[str, float] = {}
    for operation, (cut, given) in complete_cuts().items():
        free = {name: value for name, value in cut.items() if name not in _FREE}

        def ask(design: Members = free, context: Members = given) -> object:
            return draw_map(suggest(engine, design, context).feed_map)

        costs[operation] = _cpu_ms(ask, batch=1)
    besides = {f"{operation} ms": f"{cost:.1f}" for operation, cost in costs.items()}
    return measured(
        "suggestion with windows, map and its SVG, CPU",
        list(costs.values()),
        "ms",
        target=AtMost(SUGGESTION_MS),
        besides=besides,
    )


def _cpu_ms(call: Callable[[], object], *, batch: int = _BATCH) -> float:
    samples = []
    for _ in range(_BATCHES):
        started = time.process_time_ns()
        for _ in range(batch):
            call()
        samples.append((time.process_time_ns() - started) / batch / 1e6)
    return statistics.median(samples)


def dry_runs(folder: Path) -> Figure:
    """Return how many cuts a second one thread judges without a record, from the request's bytes to the answer's."""
    wanted = ("mode", "tool_id", "design", "context")
    items = [{name: cuts.body(place)[name] for name in wanted} for place in range(_ITEMS)]
    body = json.dumps({"items": items}).encode()
    rates = []
    with quiet():
        app = create_app(stores.settings_of(folder))
        for _ in range(_BATCHES + 1):
            environ = environ_of("POST", "/api/rmos/feasibility", body=body)
            started = time.process_time_ns()
            answered(app, environ)
            rates.append(_ITEMS / (time.process_time_ns() - started) * 1e9)
        app.extensions["rmos"].close()
    return measured(
        f"dry run of {_ITEMS} cuts, CPU", rates[1:], "evaluations/s", target=AtLeast(DRY_RUN_PER_S)
    )  # the first fills the caches
