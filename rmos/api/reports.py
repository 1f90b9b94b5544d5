"""`/api/rmos/reports`: what the record says of the decisions themselves."""

from flask import Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.decisions.calibration import calibrate
from rmos.http.query import load_list_query
from rmos.http.responses import respond_json
from rmos.http.routes import LISTS, Blueprint, ResponseSpec, operation
from rmos.schemas.calibration import CalibrationQuerySchema, CalibrationSchema, dump_calibration, load_calibration

bp = Blueprint("reports", __name__, url_prefix="/api/rmos/reports", description="Reports: decisions beside outcomes")


@bp.get("/calibration")
@operation(
    responses={200: ResponseSpec("The report.", CalibrationSchema, ("Cache-Control",), "reports.calibration")},
    problems=LISTS,
    query=CalibrationQuerySchema,
)
@requires("viewer")
def get_calibration() -> Response:
    """Return what became of cuts beside what was decided on them, from the outcomes that count.

    Shares are of jobs, with their 95 % intervals. GREEN cuts that were scrapped are listed with the check that the
    reason points to and with how near they came to its limit; what was not GREEN and is good as well; and of each
    machine how long jobs took against their estimates. It changes no limit.
    """
    store = current_rmos().store
    report = calibrate(store.outcome_lists, store.runs, load_list_query(load_calibration))
    return respond_json(dump_calibration(report))
