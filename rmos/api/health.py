"""`/healthz`: the process is alive. `/readyz`: it can record, and answer in full."""

from typing import Final

import msgspec
from flask import Response

from rmos.auth.roles import OPEN, OPEN_ON_LOOPBACK, requires
from rmos.context import Rmos, current_rmos
from rmos.errors.base import RmosError
from rmos.http.conditions import NO_STORE
from rmos.http.operations import Answer, Blueprint, operation
from rmos.schemas.health import AliveSchema, ReadySchema
from rmos.store import Store

bp = Blueprint("health", __name__, description="Is the service alive, is it ready")

_OK: Final = "ok"
_KEPT: Final = ("Cache-Control",)
SPACE_NEEDED: Final = 64 * 1024 * 1024
"""Free bytes below which a store is not ready (RMOS policy): the index and a burst of records still fit."""
SPACE_WANTED: Final = 1024 * 1024 * 1024
"""Free bytes below which it is ready but degraded (RMOS policy): time to make room."""
_READY: Final = {"status": "ok", "checks": {"store": "ok", "index": "ok", "space": "ok"}}
_NOT_READY: Final = {
    "status": "degraded",
    "checks": {"store": "ok", "index": "being filled from the record", "space": "ok"},
}


@bp.get("/healthz")
@operation(answers={200: Answer("It does.", AliveSchema, _KEPT, {"status": "ok"})})
@requires(OPEN)
def healthz() -> Response:
    """Say that the process answers."""
    return _now(b'{"status":"ok"}', 200)


@bp.get("/readyz")
@operation(
    answers={
        200: Answer("It can do all of its work; `degraded` asks for attention.", ReadySchema, _KEPT, _READY),
        503: Answer("It cannot write, or cannot answer lists in full.", ReadySchema, _KEPT, _NOT_READY),
    }
)
@requires(OPEN_ON_LOOPBACK)
def readyz() -> Response:
    """Say whether the store takes records and lists are complete."""
    checks, ready = look(current_rmos())
    status = _OK if all(found == _OK for found in checks.values()) else "degraded"
    body = msgspec.json.encode({"status": status, "checks": checks})
    return _now(body, 200 if ready else 503)


def _now(body: bytes, status: int) -> Response:
    answer = Response(body, status=status, content_type="application/json")
    answer.headers["Cache-Control"] = NO_STORE
    return answer


def look(rmos: Rmos) -> tuple[dict[str, str], bool]:
    """Return what each check found, and whether the service can do all of its work."""
    try:
        store = rmos.store
    except RmosError as error:
        return {"store": error.detail, "index": "not looked at", "space": "not looked at"}, False
    writable, listable, free = store.objects.writable(), store.is_listable(), _free_bytes(store)
    checks = {
        "store": _OK if writable else "no writes are taken until a restart: the disk reported an error",
        "index": _OK if listable else "being filled from the record",
        "space": _OK if free >= SPACE_WANTED else f"{free // (1024 * 1024)} MiB free",
    }
    return checks, writable and listable and free >= SPACE_NEEDED


def _free_bytes(store: Store) -> int:
    try:
        free = store.objects.free_bytes()
    except RmosError:
        return 0
    return SPACE_WANTED if free is None else free
