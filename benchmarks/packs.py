"""Operator packs: what it costs to put one together, for the first time and again. All of it is CPU time.

The program is a slot with its own picture, which a process draws, and a rosette with a channel and its soundhole, whose
drawing is that of its spec. CPU of that process is counted.
"""

import functools
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from flask.testing import FlaskClient

from benchmarks.failures import CannotMeasure
from benchmarks.figures import AtMost, Figure, measured
from benchmarks.stores import Say
from rmos import create_app
from rmos.config import Settings

_TARGET_S: Final = 0.2
_PROMPT: Final = "classical rosette with herringbone in maple and walnut, 90 mm hole"
_SLOT: Final = (
    "G21 G90 G17 G94\nM3 S16000\nG4 P3\nG0 Z6\nG0 X0 Y0\nG1 Z-0.75 F900\nG1 X40 F2600\n"
    "G1 Z-1.5 F900\nG1 X0 F2600\nG0 Z6\nM5\nM30\n"
)
_CUT: Final[dict[str, Any]] = {
    "operation": "channel", "feed_mm_min": 2600, "plunge_feed_mm_min": 900, "spindle_rpm": 16000,
    "axial_depth_mm": 0.8, "radial_engagement_mm": 3.175, "total_depth_mm": 1.5, "feature_width_mm": 6.0,
    "floor_thickness_mm": 1.5,
}  # fmt: skip
_CONTEXT: Final[dict[str, Any]] = {"material_id": "sitka_spruce", "stock": {"thickness_mm": 3.0}}


def figures(below: Path, rounds: int, say: Say) -> list[Figure]:
    """Measure packs of a store of their own."""
    say("packs")
    app = create_app(Settings(instance_path=below / "packs", runs_dir=below / "packs" / "runs", log_level="ERROR"))
    client = app.test_client()
    try:
        slots = [_store_slot(client) for _ in range(rounds)]
        rosettes = [_make_rosette(client) for _ in range(rounds)]
        target = AtMost(_TARGET_S)
        return [
            measured("pack: of a slot, first, CPU", _take_all(client, slots), "s", target=target),
            measured("pack: of a rosette, first, CPU", _take_all(client, rosettes), "s", target=target),
            measured("pack: of a rosette, again, CPU", _take_all(client, rosettes), "s", target=target),
        ]
    finally:
        app.extensions["rmos"].close()


def _take_all(client: FlaskClient, run_ids: list[str]) -> list[float]:
    return [_measure_cpu_s(functools.partial(_take, client, run_id)) for run_id in run_ids]


def _take(client: FlaskClient, run_id: str) -> None:
    answer = client.get(f"/api/rmos/runs/{run_id}/operator-pack")
    if answer.status_code != 200:
        raise CannotMeasure(f"A pack was answered {answer.status_code}.")


def _measure_cpu_s(work: Callable[[], None]) -> float:
    before = _count_cpu_s()
    work()
    return _count_cpu_s() - before


def _count_cpu_s() -> float:
    """Return the CPU that this process and those that it waited for have taken."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _store_slot(client: FlaskClient) -> str:
    session = _begin(client, {"design": _CUT, "context": _CONTEXT})
    _approve(client, session, {"mode": "router", "tool_id": "em-3175-2f"})
    return str(_act(client, session, "store_toolpaths", {"outputs": {"gcode_text": _SLOT}})["run_id"])


def _make_rosette(client: FlaskClient) -> str:
    made = client.post("/api/rmos/rosettes", json={"prompt": _PROMPT, "seed": 7, "cut_soundhole": True})
    session = _begin(client, {"machine_id": "rigid_router"})
    _act(client, session, "set_design", {"from_run_id": made.json["run_id"]} if made.json else {})
    _approve(client, session, {"mode": "cam"})
    return str(_act(client, session, "make_toolpaths", {"post_processor_id": "grbl"})["run_id"])


def _begin(client: FlaskClient, fields: dict[str, Any]) -> str:
    made = client.post("/api/workflow-sessions", json=fields)
    return str((made.json or {})["session_id"])


def _approve(client: FlaskClient, session: str, how: dict[str, Any]) -> None:
    for action, body in (("request_feasibility", how), ("approve", {}), ("request_toolpaths", {})):
        _act(client, session, action, body)


def _act(client: FlaskClient, session: str, action: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/workflow-sessions/{session}/actions/{action}", json=body)
    if answer.status_code != 200 or answer.json is None:
        raise CannotMeasure(f"{action} was answered {answer.status_code}: {answer.text[:200]}")
    return dict(answer.json)
