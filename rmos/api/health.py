"""What machines ask every few seconds: `/healthz` (alive), `/readyz` (can record, and list in full), `/metrics`."""

from typing import Final, NamedTuple

import msgspec
from flask import Response

from rmos.auth.roles import OPEN, OPEN_ON_LOOPBACK, requires
from rmos.context import Rmos, current_rmos
from rmos.errors.base import RmosError
from rmos.http.responses import NO_STORE, respond_json
from rmos.http.routes import Blueprint, ResponseSpec, operation
from rmos.metrics import CONTENT_TYPE
from rmos.schemas.service import AliveSchema, ReadySchema
from rmos.store import Store
from rmos.store.reconcile import Reach

bp = Blueprint("health", __name__, description="Is the service alive, is it ready")
metrics_bp = Blueprint("metrics", __name__, description="What the service counts and times")

SPACE_NEEDED: Final = 64 * 1024 * 1024
"""Free bytes below which a store is not ready (RMOS policy): the index and a burst of records still fit."""
SPACE_WANTED: Final = 1024 * 1024 * 1024
"""Free bytes below which it is ready but degraded (RMOS policy): time to make room."""
_OK: Final = "ok"
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
    status = _OK if all(result == _OK for result in health.checks.values()) else "degraded"
    index = {"lists": health.lists, **(msgspec.structs.asdict(health.reach) if health.reach else {})}
    body = msgspec.json.encode({"status": status, "checks": health.checks, "index": index})
    return respond_json(body, cache=NO_STORE, status=200 if health.is_ready else 503)


class Health(NamedTuple):
    """How the service is."""

    checks: dict[str, str]
    is_ready: bool
    """Whether it can do all of its work."""
    lists: bool
    """Whether lists are answered."""
    reach: Reach | None = None
    """How far the index is, while it is being filled."""


def check_health(rmos: Rmos) -> Health:
    """Return the result of each check; nothing is waited for."""
    try:
        store = rmos.store
    except RmosError as error:
        return Health({"store": error.detail, "index": "not looked at", "space": "not looked at"}, False, False)
    writable, listable, free = store.objects.writable(), store.is_listable(), _free_bytes(store)
    reach = None if listable else store.measure_index()
    checks = {
        "store": _OK if writable else "no writes are taken until a restart: the disk reported an error",
        "index": _OK if listable else _describe_filling(reach),
        "space": _OK if free >= SPACE_WANTED else f"{free // (1024 * 1024)} MiB free",
    }
    return Health(checks, writable and listable and free >= SPACE_NEEDED, listable, reach)


def _describe_filling(reach: Reach | None) -> str:
    if reach is None:
        return "being filled from the record"
    return f"being filled from the record: {reach.folders_done} of {reach.folders} folders are done"


def _free_bytes(store: Store) -> int:
    try:
        free = store.objects.free_bytes()
    except RmosError:
        return 0
    return SPACE_WANTED if free is None else free


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
