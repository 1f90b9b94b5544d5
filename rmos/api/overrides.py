"""`POST /api/rmos/runs/{id}/override` and `GET /api/rmos/runs/{id}/replay`: a decision answered for, computed again."""

from typing import Any, Final

import msgspec
from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.decisions.replay import replay_run
from rmos.errors.callers import RedOverrideDisabled
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.workflow import AcknowledgmentRequired, AlreadyOverridden, NotBlocked
from rmos.http.conditions import NO_STORE
from rmos.http.json_body import read_object
from rmos.http.openapi_components import RUN_ID
from rmos.http.operations import JSON, READS, WRITES, Answer, Blueprint, Problems, operation
from rmos.schemas.workflow import OverrideRequestSchema, OverrideSchema, ReplaySchema, dump_override, load_override
from rmos.services.overrides import override_run

bp = Blueprint("overrides", __name__, url_prefix="/api/rmos/runs", description="Decisions: answered for, and replayed")

_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)
_WRONG: Final[Problems] = (AcknowledgmentRequired, NotBlocked, AlreadyOverridden, RedOverrideDisabled, VersionConflict)
_ASKED: Final[dict[str, Any]] = {
    "scope": "YELLOW",
    "reason": "Offcut of the same board, feed tried yesterday.",
    "acknowledge_risk": True,
    "expires_at_utc": "2099-12-31T18:00:00Z",
}
_EXAMPLE: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "status": "in_force",
    "version": 1,
    "override": {
        **_ASKED,
        "risk_level": "YELLOW",
        "effective": True,
        "role": "operator",
        "by": "anna",
        "created_at_utc": "2025-12-23T10:40:00.123456Z",
        "expires_at_utc": "2099-12-31T18:00:00.000000Z",
    },
}
_DIGEST: Final = "5f0c3b9b9b1d7a0a5f6c44f7d0a4a4a5a2b7ea0a4a30f5b3e8c1a3d0a9c7e6d1"
_REPLAYED: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "reproduced": True,
    "feasibility_sha256_recorded": _DIGEST,
    "feasibility_sha256_now": _DIGEST,
    "changed_paths": [],
    "engine_id": "baseline_v1",
    "engine_version_recorded": "1.0.0",
    "engine_version_now": "1.0.0",
    "note": None,
}


@bp.post("/<run_id>/override")
@operation(
    answers={201: Answer("The override was recorded.", OverrideSchema, ("Cache-Control",), _EXAMPLE)},
    problems=(*_WRONG, *_OF_A_RUN, *WRITES),
    body=OverrideRequestSchema,
    example=_ASKED,
)
@requires("operator")
def override_a_run(run_id: str) -> Response:
    """Answer for a cut that the decision warns of or blocks; the recorded decision stays as it is.

    YELLOW takes an operator. RED, and UNKNOWN, which counts as RED, takes the setting RMOS_ALLOW_RED_OVERRIDE and two
    people: the first is answered `requested`, and only an admin who is somebody else puts it `in_force`.
    """
    us, rmos = ids.now_us(), current_rmos()
    asked = load_override(run_id, read_object(), now_us=us)
    allow_red = rmos.settings.allow_red_override
    overridden = override_run(rmos.store, asked, allow_red=allow_red, actor=current_actor(), us=us)
    return Response(dump_override(overridden), status=201, headers={"Cache-Control": NO_STORE}, content_type=JSON)


@bp.get("/<run_id>/replay")
@operation(
    answers={200: Answer("The decision, computed again.", ReplaySchema, ("Cache-Control",), _REPLAYED)},
    problems=_OF_A_RUN,
)
@requires("viewer")
def replay_a_run(run_id: str) -> Response:
    """Compute a recorded decision again from the recorded inputs, and compare.

    `reproduced` is true only when the recorded engine, in the recorded version, gives the recorded digest. Otherwise
    `note` says why not, and `changed_paths` what differs.
    """
    rmos = current_rmos()
    record = rmos.store.runs.record(run_id)
    replayed = replay_run(record, rmos.engines, timeout_ms=rmos.settings.engine_timeout_ms)
    return Response(msgspec.json.encode(replayed), headers={"Cache-Control": NO_STORE}, content_type=JSON)
