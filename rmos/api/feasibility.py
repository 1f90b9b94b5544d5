"""`POST /api/rmos/feasibility`: what would be decided on cuts, without a record."""

from flask import Response

from rmos.auth.roles import requires
from rmos.context import current_rmos, require_request_id
from rmos.errors.records import EngineNotFound
from rmos.http.json_body import read_object
from rmos.http.responses import respond_json
from rmos.http.routes import Blueprint, ResponseSpec, operation
from rmos.schemas.workflow import DryRunResultsSchema, DryRunSchema, dump_dry_run, load_dry_run
from rmos.services.feasibility import evaluate_cuts

bp = Blueprint(
    "feasibility", __name__, url_prefix="/api/rmos/feasibility", description="Feasibility: evaluated without a record"
)


@bp.post("")
@operation(
    responses={200: ResponseSpec("The results.", DryRunResultsSchema, ("Cache-Control",), "feasibility.results")},
    problems=(EngineNotFound,),
    body=DryRunSchema,
    example="feasibility.request",
)
@requires("viewer")
def judge_without_record() -> Response:
    """Evaluate up to 500 cuts without recording anything.

    For programs that ask while somebody turns a knob. A run of the same cut gets the same decision; only a
    run is a record, and only a run satisfies a gate.
    """
    rmos = current_rmos()
    cuts = load_dry_run(read_object())
    results = evaluate_cuts(
        rmos.engines, cuts, request_id=require_request_id(), engine_timeout_ms=rmos.settings.engine_timeout_ms
    )
    return respond_json(dump_dry_run(results))
