"""`/sessions/new`: begin a job, from nothing or from what a run was made of (`?run=…`); sent twice it begins one."""

import contextlib
from typing import Any, Final

import msgspec
from flask import Blueprint, Response, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import Forbidden
from rmos.errors.records import RosetteNotFound
from rmos.errors.request import IdempotencyKeyReused, ValidationFailed
from rmos.models import Session
from rmos.schemas.sessions import load_fields
from rmos.services.design_cuts import DesignCut, read_design_cuts
from rmos.services.rosettes.designs import RosetteDesign, make_rosette_design
from rmos.services.sessions import create_session
from rmos.web.form import KEY, make_form_key, read_form, read_form_idempotency, read_problem, take_single
from rmos.web.job_fields import StepField, list_job_fields, make_job_body
from rmos.web.members import write_members
from rmos.web.run import decode_members, object_of
from rmos.web.shell import render_page, send_to

bp = Blueprint("job_new", __name__)

_EMPTY: Final = Session(session_id="", created_at_utc="", updated_at_utc="", version=0)
_REFUSED: Final = (ValidationError, ValidationFailed, Forbidden, IdempotencyKeyReused)
ROSETTE: Final = "rosette_run_id"
"""Field of the form that names the rosette whose cuts are the job's design."""
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
        if form.get(ROSETTE):
            made = _make_design(form[ROSETTE])
            body |= {"design": made.design, "tool_id": made.tool_id}
            body = {"context": made.context, **body}
        stored = create_session(
            current_rmos().store, load_fields(body), actor=current_actor(), us=us, idempotency=idempotency
        )
    except _REFUSED as refusal:
        run_id = form.get(ROSETTE)
        return _show_form(_read_run(run_id) if run_id else _EMPTY, run_id, form, refusal)
    return send_to(f"/sessions/{stored.session.session_id}")


def _make_design(run_id: str) -> RosetteDesign:
    rmos = current_rmos()
    return make_rosette_design(
        rmos.store,
        rmos.engines,
        run_id,
        request_id=current_actor().request_id,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
    )


def _read_run(run_id: str) -> Session:
    """Return an empty session with what a run was made of; of a rosette that is each of its cuts."""
    record = current_rmos().store.runs.record(run_id)
    artifact = record.view().artifact
    inputs = object_of(decode_members(record.data).get("inputs"))
    with contextlib.suppress(RosetteNotFound):  # of most runs, and of a rosette that nothing is cut of
        made = _make_design(run_id)
        return msgspec.structs.replace(_EMPTY, design=made.design, context=made.context, machine_id=made.machine_id)
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
    cuts = _list_cuts(session)
    fields = [field for field in _list_fields(session) if not cuts or field.name not in ("design", "tool_id")]
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
        cuts=cuts,
        run_id=run_id,
        key=key or make_form_key(),
        problem=problem,
    )


def _list_cuts(session: Session) -> tuple[DesignCut, ...]:
    found = read_design_cuts(session.design)
    return () if found is None else found.cuts


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
