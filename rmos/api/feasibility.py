"""`POST /api/rmos/feasibility`: what would be decided on cuts, without a record."""

from typing import Any, Final

from flask import Response

from rmos.api import examples
from rmos.auth.roles import requires
from rmos.context import current_rmos, require_request_id
from rmos.errors.records import EngineNotFound
from rmos.http.conditions import NO_STORE
from rmos.http.json_body import read_object
from rmos.http.operations import JSON, Answer, Blueprint, operation
from rmos.schemas.workflow import DryRunResultsSchema, DryRunSchema, dump_dry_run, load_dry_run
from rmos.services.feasibility import evaluate_cuts

bp = Blueprint(
    "feasibility", __name__, url_prefix="/api/rmos/feasibility", description="Feasibility: asked without a record"
)

_ASKED: Final[dict[str, Any]] = {
    "items": [{name: examples.CUT[name] for name in ("mode", "tool_id", "design", "context")}]
}
_FOUND: Final[dict[str, Any]] = {
    "results": [
        {
            "risk_level": examples.CREATED["risk_level"],
            "score": examples.CREATED["score"],
            "block_reason": None,
            "warnings": [],
            "feasibility": {"engine_id": "baseline_v1", "engine_version": "1.0.0", "status": "GREEN"},
        }
    ]
}


@bp.post("")
@operation(
    answers={200: Answer("The results.", DryRunResultsSchema, ("Cache-Control",), _FOUND)},
    problems=(EngineNotFound,),
    body=DryRunSchema,
    example=_ASKED,
)
@requires("viewer")
def judge_without_record() -> Response:
    """Judge up to 500 cuts without recording anything.

    For programs that ask while somebody turns a knob. A run of the same cut gets the same decision; only a
    run is a record, and only a run satisfies a gate.
    """
    rmos = current_rmos()
    asked = load_dry_run(read_object())
    results = evaluate_cuts(
        rmos.engines, asked, request_id=require_request_id(), engine_timeout_ms=rmos.settings.engine_timeout_ms
    )
    return Response(dump_dry_run(results), headers={"Cache-Control": NO_STORE}, content_type=JSON)
