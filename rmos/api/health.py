"""What machines ask every few seconds: `/healthz` (alive), `/readyz` (can record, and list in full), `/metrics`."""

from typing import Final

import msgspec
from flask import Response

from rmos.auth.roles import OPEN, OPEN_ON_LOOPBACK, requires
from rmos.context import current_rmos
from rmos.http.health_checks import OK, check_health
from rmos.http.responses import NO_STORE, respond_json
from rmos.http.routes import Blueprint, ResponseSpec, operation
from rmos.metrics import CONTENT_TYPE
from rmos.schemas.service import AliveSchema, ReadySchema

bp = Blueprint("health", __name__, description="Is the service alive, is it ready")
metrics_bp = Blueprint("metrics", __name__, description="What the service counts and times")

_HEADERS: Final = ("Cache-Control",)


@bp.get("/healthz")
@operation(responses={200: ResponseSpec("It does.", AliveSchema, _HEADERS, "health.alive")})
@requires(OPEN)
def healthz() -> Response:
    """Say that the process is alive."""
    return respond_json(b'{"status":"ok"}', cache=NO_STORE)


@bp.get("/readyz")
@operation(
    responses={
        200: ResponseSpec(
            "It can do all of its work; `degraded` asks for attention.", ReadySchema, _HEADERS, "health.ready"
        ),
        503: ResponseSpec("It cannot write, or cannot list in full.", ReadySchema, _HEADERS, "health.not_ready"),
    }
)
@requires(OPEN_ON_LOOPBACK)
def readyz() -> Response:
    """Say whether the store takes records and lists are complete; while the index is being filled, how far it is."""
    health = check_health(current_rmos())
    status = OK if all(result == OK for result in health.checks.values()) else "degraded"
    index = {"lists": health.lists, **(msgspec.structs.asdict(health.reach) if health.reach else {})}
    body = msgspec.json.encode({"status": status, "checks": health.checks, "index": index})
    return respond_json(body, cache=NO_STORE, status=200 if health.is_ready else 503)


@metrics_bp.get("/metrics")
@operation(
    responses={
        200: ResponseSpec(
            "The figures, in the text format of Prometheus.",
            {"type": "string"},
            _HEADERS,
            "health.metrics",
            CONTENT_TYPE,
        )
    }
)
@requires(OPEN_ON_LOOPBACK)
def metrics() -> Response:
    """Return what the service counts and times, over all of its workers."""
    figures = current_rmos().metrics.exposition()
    return Response(figures, headers={"Cache-Control": NO_STORE}, content_type=CONTENT_TYPE)
