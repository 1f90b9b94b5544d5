"""`POST …/{id}/actions/{action}`: a workflow session moves on, with the server as the only judge."""

from typing import Any, Final

from flask import Response

from rmos import ids
from rmos.api import session_examples as examples
from rmos.api.sessions import version_seen
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import Forbidden
from rmos.errors.http import PreconditionFailed
from rmos.errors.records import EngineNotFound, VersionConflict
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import RecordDamaged
from rmos.errors.workflow import ApprovalBlocked, SessionDeleted, SessionNotFound, TransitionBlocked
from rmos.http.conditions import PRIVATE
from rmos.http.json_body import read_object
from rmos.http.openapi_components import RUN_ID
from rmos.http.operations import JSON, WRITES, Answer, Blueprint, operation
from rmos.schemas.workflow import ActionSchema, SessionActedSchema, dump_session_acted, load_action
from rmos.services.actions import ActionRequest, perform_action
from rmos.services.gates import GatePolicy

PREFIXES: Final = {"actions": "/api/workflow-sessions", "workflow_actions": "/api/workflow/sessions"}
"""The URLs, by the name under which the blueprint stands there."""
bp = Blueprint("actions", __name__, description="Actions: how a workflow session moves on")

_ACTED: Final[dict[str, Any]] = {
    **examples.SESSION,
    "version": 4,
    "state": "feasibility_ready",
    "next_step": "Approve it, reject it or ask for a revision.",
    "run_id": RUN_ID,
}


@bp.post("/<session_id>/actions/<action>")
@operation(
    answers={200: Answer("The session as it stands now.", SessionActedSchema, ("ETag", "Cache-Control"), _ACTED)},
    problems=(
        TransitionBlocked,
        ApprovalBlocked,
        SessionDeleted,
        VersionConflict,
        PreconditionFailed,
        Forbidden,
        SessionNotFound,
        EngineNotFound,
        PayloadTooLarge,
        RecordDamaged,
        *WRITES,
    ),
    body=ActionSchema,
    example={"mode": "router", "tool_id": "em-3175-2f"},
    headers=("If-Match",),
)
@requires("recorder")
def act_on_session(session_id: str, action: str) -> Response:
    """Take an action on a session; each attempt that is judged leaves a run.

    Illegal ones are answered 409 TRANSITION_BLOCKED with the actions that the state allows. `approve` and `reject` take
    an operator, and never a model. What stands before an approval or before toolpaths is answered 409 APPROVAL_BLOCKED.
    """
    us, rmos = ids.now_us(), current_rmos()
    fields = load_action(action, read_object())
    store = rmos.store
    version = version_seen(store.sessions.record(session_id).session)
    policy = GatePolicy(
        engine_timeout_ms=rmos.settings.engine_timeout_ms, allow_red_override=rmos.settings.allow_red_override
    )
    asked = ActionRequest(session_id=session_id, action=action, fields=fields, version=version)  # type: ignore[arg-type]
    done = perform_action(store, rmos.engines, asked, policy, actor=current_actor(), us=us)
    headers = {"ETag": f'"{done.stored.session.version}"', "Cache-Control": PRIVATE}
    return Response(dump_session_acted(done), headers=headers, content_type=JSON)
