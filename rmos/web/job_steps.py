"""`/sessions/<id>/<step>`: what is done with a job: each on a page of its own, which says what it does.

A form says which version of the job it was made for. Whoever loses a race for it is shown what has changed meanwhile;
a form that was sent twice has done its work once, and leads to the job as if it had been sent once.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import Blueprint, Response
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import ids, workflow
from rmos.auth.guard import current_caller
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import Forbidden
from rmos.errors.http import PreconditionFailed, RouteNotFound
from rmos.errors.installation import ExtraMissing
from rmos.errors.records import EngineNotFound, VersionConflict
from rmos.errors.request import ValidationFailed
from rmos.errors.toolpaths import (
    NoEntry,
    OutsideStock,
    OutsideTravel,
    ShapeUnknown,
    TabsTooLong,
    ToolDoesNotFit,
    TooManyMoves,
)
from rmos.errors.workflow import ApprovalBlocked, SessionDeleted, SessionHasRuns, TransitionBlocked
from rmos.row_models import RunQuery
from rmos.schemas.sessions import MAX_REASON, load_fields
from rmos.schemas.workflow import load_action
from rmos.services.action_inputs import ActionRequest
from rmos.services.actions import perform_action
from rmos.services.sessions import delete_session, patch_session, restore_session
from rmos.services.standing import read_standing
from rmos.store.session_records import SessionRecord
from rmos.web.form import find_refusal, read_form, read_problem, read_version, take_single
from rmos.web.job import TITLES, list_changes, make_gate_policy
from rmos.web.job_fields import GCODE, list_step_fields, make_body, make_job_body
from rmos.web.jobs import STATES, title_job
from rmos.web.shell import render_page, send_to

bp = Blueprint("job_steps", __name__)

_OPERATORS: Final = (*workflow.DECIDING, "delete", "restore")
_FINAL: Final = ("reject", "archive", "delete")
"""Steps whose button is not to be taken for another one."""
_LOST: Final = (PreconditionFailed, VersionConflict, TransitionBlocked, SessionDeleted)
_REFUSED: Final = (
    *_LOST,
    *(ShapeUnknown, ToolDoesNotFit, NoEntry, TabsTooLong, OutsideStock, OutsideTravel, TooManyMoves, ExtraMissing),
    ApprovalBlocked,
    SessionHasRuns,
    Forbidden,
    EngineNotFound,
    ValidationFailed,
    ValidationError,
)
_ABOUT: Final[Mapping[str, str]] = {
    "set_design": "What is to be cut. It is judged when you ask for it.",
    "set_context": "Tool, material, machine, stock and how it is held.",
    "request_feasibility": "The server judges design and context as they are, and records a run, whatever comes of it.",
    "require_revision": "Design and context may be changed again; what was judged and approved counts no more.",
    "approve": "You answer for it that this may be cut. It is judged once more, and the run is recorded.",
    "reject": "The job is turned down as it is; a revision can follow. An approval is taken back.",
    "request_toolpaths": "Just the inputs that were approved may get toolpaths.",
    "make_toolpaths": "The programs of every cut are made of what was approved, measured, and recorded with a run.",
    "store_toolpaths": "They are recorded with a run that names the approval.",
    "archive": "The job is finished or given up. Nothing leads out of the archive.",
    "change": "What the job is called, and the rules that it is approved by.",
    "delete": "The job is marked as deleted. Its record stays, and it can be restored.",
    "restore": "The job is shown again as it was, and with it the runs that went along.",
}


@bp.get("/sessions/<session_id>/<step>")
@requires("recorder")
def ask_for_step(session_id: str, step: str) -> WerkzeugResponse:
    """Show the form of a step."""
    _require_step(step)
    refusal = find_refusal("operator", current_caller().role) if step in _OPERATORS else ""
    if refusal:
        raise Forbidden(f"To {TITLES[step].lower()} {refusal}.", role_needed="operator", role=current_caller().role)
    record = current_rmos().store.sessions.record(session_id)
    return _show_form(record, step)


@bp.post("/sessions/<session_id>/<step>")
@requires("recorder")
def take_step(session_id: str, step: str) -> WerkzeugResponse:
    """Take an action on a job, or change its own fields."""
    _require_step(step)
    if step in ("delete", "restore"):  # have routes of their own, which take an operator
        raise RouteNotFound("There is nothing here.")
    return _do_step(session_id, step)


@bp.post("/sessions/<session_id>/delete")
@requires("operator")
def delete_job(session_id: str) -> WerkzeugResponse:
    """Mark a job as deleted."""
    return _do_step(session_id, "delete")


@bp.post("/sessions/<session_id>/restore")
@requires("operator")
def restore_job(session_id: str) -> WerkzeugResponse:
    """Undo the deletion of a job."""
    return _do_step(session_id, "restore")


def _require_step(step: str) -> None:
    if step not in TITLES:
        raise RouteNotFound("Nothing of this name is done with a job.")


def _do_step(session_id: str, step: str) -> WerkzeugResponse:
    form = take_single(read_form(), verbatim=(GCODE,))
    version = read_version(form)
    try:
        _perform(session_id, step, form, version)
    except _REFUSED as refusal:
        record = current_rmos().store.sessions.record(session_id, fresh=True)
        if record.version == version or not isinstance(refusal, _LOST):
            return _show_form(record, step, form, refusal)
        if not _is_done_already(record, version, step, form):
            return _show_changes(record, version, form, refusal)
    return send_to(f"/sessions/{session_id}")


def _perform(session_id: str, step: str, form: Mapping[str, str], version: int) -> None:
    """Have the services do what the form says.

    Raises:
        RmosError, ValidationError: it was not done.
    """
    rmos, us, actor = current_rmos(), ids.now_us(), current_actor()
    if step == "change":
        fields = load_fields(make_job_body(form))
        patch_session(rmos.store, session_id, fields, actor=actor, us=us, version=version)
    elif step == "delete":
        delete_session(
            rmos.store,
            session_id,
            force=form.get("force") == "yes",
            cascade=form.get("cascade") == "yes",
            reason=form.get("reason", "")[:MAX_REASON] or None,
            actor=actor,
            us=us,
            version=version,
        )
    elif step == "restore":
        restore_session(rmos.store, session_id, actor=actor, us=us, version=version)
    else:
        request = ActionRequest(
            session_id=session_id,
            action=step,  # type: ignore[arg-type]  # load_action refuses others
            fields=load_action(step, make_body(step, form)),
            version=version,
        )
        perform_action(rmos.store, rmos.engines, request, make_gate_policy(rmos), actor=actor, us=us)


def _is_done_already(record: SessionRecord, version: int, step: str, form: Mapping[str, str]) -> bool:
    """Tell whether all that has happened since is what this very form asks for: it was sent twice."""
    later = [event for event in record.events if event.number > version]
    if len(later) != 1 or later[0].actor != current_caller().name:
        return False
    event, kind = later[0], "update" if step == "change" else step
    return event.kind == kind and _says_same(event.data, step, form)


def _says_same(data: Mapping[str, Any], step: str, form: Mapping[str, str]) -> bool:
    """Tell whether an event says what a form says, as far as the event repeats it."""
    if any((data.get(name) or "") != form.get(name, "") for name in ("reason", "note")):
        return False
    evaluated = data.get("judged") or {}
    if any(evaluated.get(name) != form.get(name) for name in ("tool_id", "mode") if evaluated):
        return False
    state = data.get("state") or {}
    body = make_job_body(form) if step == "change" else make_body(step, form)
    stated = {name: value for name, value in body.items() if name in state and not evaluated}
    return all(_holds(state[name], value) for name, value in stated.items())


def _holds(value: Any, stated: Any) -> bool:
    if isinstance(value, dict) and isinstance(stated, dict):
        return all(_holds(value.get(name), inner) for name, inner in stated.items())
    return bool(value == stated)


def _show_form(
    record: SessionRecord, step: str, form: Mapping[str, str] | None = None, refusal: Exception | None = None
) -> Response:
    """Return the page of a step, with what was entered before and why it was not taken, if it was sent before."""
    rmos, session = current_rmos(), record.session
    fields = list_step_fields(step, session, rmos.engines)
    if form is not None:
        fields = [msgspec.structs.replace(field, value=form.get(field.name, "")) for field in fields]
    problem = None if refusal is None else read_problem(refusal)
    return render_page(
        "job_step.html",
        here="jobs",
        keeps=False,
        status=200 if problem is None else problem.status,
        session=session,
        title=title_job(msgspec.to_builtins(session)),
        step=step,
        step_title=TITLES[step],
        about=_ABOUT[step],
        fields=fields,
        problem=problem,
        closed=find_closed(record, step),
        is_final=step in _FINAL,
        linked=rmos.store.runs.count(RunQuery(workflow_session_id=session.session_id)) if step == "delete" else 0,
    )


def find_closed(record: SessionRecord, step: str) -> str:
    """Return why nobody can take a step just now, empty when somebody can."""
    session = record.session
    if step == "restore":
        return "" if session.status == "DELETED" else "This job is not deleted."
    if session.status == "DELETED":
        return "This job is deleted; restore it first."
    if step in workflow.ACTIONS and step not in workflow.allowed_actions(read_standing(record)):
        return f"This job is {STATES[session.state]}, which does not allow it."
    return ""


def _show_changes(record: SessionRecord, version: int, form: Mapping[str, str], lost: Exception) -> Response:
    """Return the page for whoever lost a race: what has changed, and what they had written."""
    return render_page(
        "job_changed.html",
        here="jobs",
        keeps=False,
        status=read_problem(lost).status,
        session=record.session,
        title=title_job(msgspec.to_builtins(record.session)),
        changes=list_changes(record, version),
        states=STATES,
        written=[form[name] for name in ("reason", "note", "design", "context") if form.get(name)],
    )
