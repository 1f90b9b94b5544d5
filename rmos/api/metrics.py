"""`/metrics`: what the service counts and times, over all of its workers, for Prometheus."""

from flask import Response

from rmos.auth.roles import OPEN_ON_LOOPBACK, requires
from rmos.context import current_rmos
from rmos.http.conditions import NO_STORE
from rmos.http.operations import Answer, Blueprint, operation
from rmos.metrics import CONTENT_TYPE

bp = Blueprint("metrics", __name__, description="What the service counts and times")

_EXAMPLE = 'rmos_decisions_total{risk_level="GREEN"} 42.0\n'


@bp.get("/metrics")
@operation(
    answers={
        200: Answer(
            "The figures, in the text format of Prometheus.",
            {"type": "string"},
            ("Cache-Control",),
            _EXAMPLE,
            CONTENT_TYPE,
        )
    }
)
@requires(OPEN_ON_LOOPBACK)
def metrics() -> Response:
    """Return what the service counts and times, over all of its workers."""
    figures = current_rmos().metrics.exposition()
    return Response(figures, headers={"Cache-Control": NO_STORE}, content_type=CONTENT_TYPE)
