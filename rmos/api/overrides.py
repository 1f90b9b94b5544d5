"""`POST /api/rmos/runs/{id}/override` and `GET /api/rmos/runs/{id}/replay`: a decision answered for, computed again."""

from typing import Final

import msgspec
from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.decisions.replay import replay_run
from rmos.errors.callers import RedOverrideDisabled
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.workflow import AcknowledgmentRequired, AlreadyOverridden, NotBlocked
from rmos.http.json_body import read_object
from rmos.http.responses import NO_STORE, respond_json
from rmos.http.routes import READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.workflow import OverrideRequestSchema, OverrideSchema, ReplaySchema, dump_override, load_override
from rmos.services.overrides import override_run

bp = Blueprint("overrides", __name__, url_prefix="/api/rmos/runs", description="Decisions: answered for, and replayed")

_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)
_WRONG: Final[Problems] = (AcknowledgmentRequired, NotBlocked, AlreadyOverridden, RedOverrideDisabled, VersionConflict)


@bp.post("/<run_id>/override")
@operation(
    responses={
        201: ResponseSpec("The override was recorded.", OverrideSchema, ("Cache-Control",), "overrides.override")
    },
    problems=(*_WRONG, *_OF_A_RUN, *WRITES),
    body=OverrideRequestSchema,
    example="overrides.request",
)
@requires("operator")
def override_a_run(run_id: str) -> Response:
    """Answer for a cut that the decision warns of or blocks; the recorded decision stays as it is.

    YELLOW takes an operator. RED, and UNKNOWN, which counts as RED, takes the setting RMOS_ALLOW_RED_OVERRIDE and two
    people: the first is answered `requested`, and only an admin who is somebody else puts it `in_force`.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    request = load_override(run_id, read_object(), now_us=now_us)
    allow_red = rmos.settings.allow_red_override
    overridden = override_run(rmos.store, request, allow_red=allow_red, actor=current_actor(), us=now_us)
    return respond_json(dump_override(overridden), status=201)


@bp.get("/<run_id>/replay")
@operation(
    responses={
        200: ResponseSpec("The decision, computed again.", ReplaySchema, ("Cache-Control",), "overrides.replay")
    },
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
    return respond_json(msgspec.json.encode(replayed), cache=NO_STORE)
