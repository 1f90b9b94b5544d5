"""`/sessions/new`: begin a job, from nothing or from what a run was made of (`?run=…`); sent twice it begins one."""

from typing import Any, Final

import msgspec
from flask import Blueprint, Response, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import Forbidden
from rmos.errors.request import IdempotencyKeyReused, ValidationFailed
from rmos.models import Session
from rmos.schemas.sessions import load_fields
from rmos.services.sessions import create_session
from rmos.web.form import KEY, make_form_key, read_form, read_form_idempotency, read_problem, take_single
from rmos.web.job_fields import StepField, list_job_fields, make_job_body
from rmos.web.members import write_members
from rmos.web.run import decode_members, object_of
from rmos.web.shell import render_page, send_to

bp = Blueprint("job_new", __name__)

_EMPTY: Final = Session(session_id="", created_at_utc="", updated_at_utc="", version=0)
_REFUSED: Final = (ValidationError, ValidationFailed, Forbidden, IdempotencyKeyReused)
_LINES: Final = "A line for each member, such as `feed_mm_min = 1800`; JSON is taken too. Both may come later."


@bp.get("/sessions/new")
@requires("recorder")
def ask_for_job() -> Response:
    """Show the form of a new job."""
    run_id = request.args.get("run")
    return _show_form(_EMPTY if run_id is None else _read_run(run_id), run_id)


@bp.post("/sessions")
@requires("recorder")
def begin_job() -> WerkzeugResponse:
    """Begin a job; the key of the form makes it one however often it is sent."""
    us, fields = ids.now_us(), read_form()
    form = take_single(fields)
    try:
        idempotency = read_form_idempotency(fields)
        body = {name: value for name, value in make_job_body(form).items() if value is not None}
        stored = create_session(
            current_rmos().store, load_fields(body), actor=current_actor(), us=us, idempotency=idempotency
        )
    except _REFUSED as refusal:
        return _show_form(_EMPTY, None, form, refusal)
    return send_to(f"/sessions/{stored.session.session_id}")


def _read_run(run_id: str) -> Session:
    """Return an empty session with what a run was made of."""
    record = current_rmos().store.runs.record(run_id)
    artifact = record.view().artifact
    inputs = object_of(decode_members(record.data).get("inputs"))
    return msgspec.structs.replace(
        _EMPTY,
        design=object_of(inputs.get("design")),
        context=object_of(inputs.get("context")),
        tool_id=artifact.tool_id,
        material_id=artifact.material_id,
        machine_id=artifact.machine_id,
    )


def _show_form(
    session: Session, run_id: str | None, form: dict[str, str] | None = None, refusal: Exception | None = None
) -> Response:
    fields = _list_fields(session)
    if form is not None:
        fields = [msgspec.structs.replace(field, value=form.get(field.name, "")) for field in fields]
    problem = None if refusal is None else read_problem(refusal)
    # A form that was refused has done nothing, so its key is good for what comes of it; one that was used is not.
    key = None if form is None or isinstance(refusal, IdempotencyKeyReused) else form.get(KEY)
    return render_page(
        "job_new.html",
        here="jobs",
        keeps=False,
        status=200 if problem is None else problem.status,
        fields=fields,
        run_id=run_id,
        key=key or make_form_key(),
        problem=problem,
    )


def _list_fields(session: Session) -> list[StepField]:
    engines = current_rmos().engines
    tool: Any = StepField(
        "tool_id", "Tool", value=session.tool_id or "", choices=[entry.id for entry in engines.shop.tables["tools"]]
    )
    title, *others = list_job_fields(session, engines)
    inputs = [
        StepField(name, name.capitalize(), "members", write_members(value) if value else "", _LINES)
        for name, value in (("design", session.design), ("context", session.context))
    ]
    return [title, tool, *others[:3], *inputs, *others[3:]]
