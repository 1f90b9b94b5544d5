"""The design of a session that a recorded rosette becomes: with all of its cuts, each with its tool and its stock.

    made = make_rosette_design(store, engines, run_id, request_id=None, engine_timeout_ms=5000)
    made.design["cuts"], made.context, made.tool_id

The cuts follow from the rosette as the shop's tables are today; they are evaluated when the session is.
"""

from typing import Any, NamedTuple

import msgspec

from rmos.engines.registry import Registry
from rmos.errors.records import RosetteNotFound
from rmos.errors.request import ValidationFailed
from rmos.rosette.spec import decode_spec
from rmos.services.design_cuts import CUTS, WORST_CUT
from rmos.services.evaluated_cuts import EvaluatedCut
from rmos.services.rosettes.cuts import NOTHING_CUT, CutEvaluator, EvaluatedRosette
from rmos.services.rosettes.records import read_rosette
from rmos.store import Store


class RosetteDesign(NamedTuple):
    """What a session takes over of a rosette."""

    design: dict[str, Any]
    context: dict[str, Any]
    """Material and stock of the worst cut, for a session that has no context yet."""
    tool_id: str
    machine_id: str | None


def make_rosette_design(
    store: Store, engines: Registry, run_id: str, *, request_id: str | None, engine_timeout_ms: float
) -> RosetteDesign:
    """Return the design that the rosette of a run becomes.

    Raises:
        RunNotFound, RunDeleted, Damage: as for any run.
        RosetteNotFound: the run is no rosette, or nothing of it is cut.
    """
    run = store.runs.record(run_id).view().artifact
    try:
        recorded = read_rosette(run)
        spec = decode_spec(recorded.spec)
    except (msgspec.MsgspecError, ValidationFailed):
        raise RosetteNotFound(f"The run {run_id} is no rosette, so no session can cut it.", run_id=run_id) from None
    tool_id, machine_id = (_text(recorded.request.get(name)) for name in ("tool", "machine"))
    evaluator = CutEvaluator(
        engines, tool_id=tool_id, machine_id=machine_id, request_id=request_id or "-", timeout_ms=engine_timeout_ms
    )
    evaluated = evaluator.evaluate_rosette(spec, cut_soundhole=recorded.request.get("cut_soundhole") is True)
    worst = evaluated.worst
    if worst.operation == NOTHING_CUT:
        raise RosetteNotFound(f"Nothing of the rosette of the run {run_id} is cut.", run_id=run_id)
    design = {**dump_rosette_design(evaluated, msgspec.to_builtins(recorded)), "rosette_run_id": run_id}
    return RosetteDesign(design, dict(worst.given), worst.tool_id, machine_id)


def dump_rosette_design(evaluated: EvaluatedRosette, rosette: dict[str, Any]) -> dict[str, Any]:
    """Return the design that a rosette becomes: the members of its worst cut, all of its cuts, and itself."""
    worst = evaluated.worst
    return {
        **worst.design,
        CUTS: [_dump_cut(cut) for cut in evaluated.cuts],
        WORST_CUT: next(place for place, cut in enumerate(evaluated.cuts) if cut is worst),
        "rosette": rosette,
    }


def _dump_cut(cut: EvaluatedCut) -> dict[str, Any]:
    return {
        "operation": cut.operation,
        "ring": cut.ring,
        "tool_id": cut.tool_id,
        "design": cut.design,
        "context": {"units": "mm", **cut.given},
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
