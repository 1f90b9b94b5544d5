"""`POST …/{id}/actions/{action}`: a workflow session moves on, and the server alone decides."""

from typing import Final

from flask import Response

from rmos import ids
from rmos.api.sessions import read_if_match, respond_session
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import Forbidden
from rmos.errors.files import AttachmentNotFound
from rmos.errors.http import PreconditionFailed
from rmos.errors.installation import ExtraMissing
from rmos.errors.programs import NotCovered
from rmos.errors.records import EngineNotFound, RosetteNotFound, RunDeleted, RunNotFound, VersionConflict
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import RecordDamaged
from rmos.errors.toolpaths import (
    NoEntry,
    OutsideStock,
    OutsideTravel,
    ShapeUnknown,
    TabsTooLong,
    ToolDoesNotFit,
    TooManyMoves,
)
from rmos.errors.workflow import ApprovalBlocked, SessionDeleted, SessionNotFound, TransitionBlocked
from rmos.http.json_body import read_object
from rmos.http.routes import WRITES, Blueprint, ResponseSpec, operation
from rmos.schemas.workflow import ActionSchema, SessionActedSchema, dump_session_acted, load_action
from rmos.services.action_inputs import ActionRequest
from rmos.services.actions import perform_action
from rmos.services.gates import GatePolicy

PREFIXES: Final = {"actions": "/api/workflow-sessions", "workflow_actions": "/api/workflow/sessions"}
"""The URLs, by the name under which the blueprint stands there."""
bp = Blueprint("actions", __name__, description="Actions: how a workflow session moves on")


@bp.post("/<session_id>/actions/<action>")
@operation(
    responses={
        200: ResponseSpec(
            "The session as it stands now.", SessionActedSchema, ("ETag", "Cache-Control"), "sessions.acted"
        )
    },
    problems=(
        TransitionBlocked,
        ApprovalBlocked,
        NotCovered,
        SessionDeleted,
        VersionConflict,
        PreconditionFailed,
        Forbidden,
        SessionNotFound,
        EngineNotFound,
        AttachmentNotFound,
        PayloadTooLarge,
        RecordDamaged,
        *(RosetteNotFound, RunNotFound, RunDeleted, ExtraMissing),
        *(ShapeUnknown, ToolDoesNotFit, NoEntry, TabsTooLong, OutsideStock, OutsideTravel, TooManyMoves),
        *WRITES,
    ),
    body=ActionSchema,
    example="sessions.action",
    headers=("If-Match",),
)
@requires("recorder")
def act_on_session(session_id: str, action: str) -> Response:
    """Take an action on a session; each evaluated attempt leaves a run.

    Illegal ones are answered 409 TRANSITION_BLOCKED with the actions that the state allows. `approve` and `reject` take
    an operator, and never a model. What stands before an approval or before toolpaths is answered 409 APPROVAL_BLOCKED.
    `make_toolpaths` makes the programs of a rosette that was set by its run; what has no room for its tool, its stock
    or its tabs is answered 422 with the number that is too large and what would fit.
    A program that does more than was approved, or that nobody understands, is answered 409 NOT_COVERED with each excess
    and its line; its run stands, BLOCKED, and the session stays as it is.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    fields = load_action(action, read_object())
    version = read_if_match(session_id)
    policy = GatePolicy.of(rmos.settings)
    request = ActionRequest(session_id=session_id, action=action, fields=fields, version=version)  # type: ignore[arg-type]
    done = perform_action(rmos.store, rmos.engines, request, policy, actor=current_actor(), us=now_us)
    return respond_session(done.stored.session, dump_session_acted(done))
