"""`/runs/<id>/candidates`: what of a run may be made, and the form by which an operator decides on each.

The same list stands on the page of the run; a decision leads back there. A form that is sent twice is one decision.
"""

from typing import Final

from flask import Blueprint, Response
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.request import ValidationFailed
from rmos.errors.workflow import AboveDecision, CandidateNotFound
from rmos.schemas.candidates import load_decision
from rmos.services.candidates import decide_candidate
from rmos.store.run_records import RunRecord
from rmos.web.candidate_part import make_candidate_part
from rmos.web.form import read_form, read_problem, take_single
from rmos.web.run import decode_members, object_of, title_run
from rmos.web.shell import render_page, send_to

bp = Blueprint("candidate_page", __name__)

_LARGEST_FORM: Final = 32 * 1024
"""Bytes (RMOS policy): a note of 2000 signs, percent-encoded, is 24 kB."""
_REFUSED: Final = (ValidationError, ValidationFailed, AboveDecision, CandidateNotFound)
_WITHDRAWN: Final = "none"
"""The value of the field that withdraws a decision."""


@bp.get("/runs/<run_id>/candidates")
@requires("viewer")
def show_candidates(run_id: str) -> Response:
    """Show the candidates of a run, with a form for each for whoever may decide."""
    return _show_list(current_rmos().store.runs.record(run_id))


@bp.post("/runs/<run_id>/candidates/<candidate_id>")
@requires("operator")
def decide_on_page(run_id: str, candidate_id: str) -> WerkzeugResponse:
    """Decide on a candidate, and lead back to the run."""
    us, rmos = ids.now_us(), current_rmos()
    try:
        form = take_single(read_form(_LARGEST_FORM))
        body = {**form, "decision": None if form.get("decision") == _WITHDRAWN else form.get("decision", "")}
        decide_candidate(rmos.store, run_id, load_decision(candidate_id, body), actor=current_actor(), us=us)
    except _REFUSED as refusal:
        return _show_list(rmos.store.runs.record(run_id), refusal)
    return send_to(f"/runs/{run_id}#candidates")


def _show_list(record: RunRecord, refusal: Exception | None = None) -> Response:
    view = record.view()
    problem = None if refusal is None else read_problem(refusal)
    return render_page(
        "candidates.html",
        status=200 if problem is None else problem.status,
        here="runs",
        run=view.artifact,
        title=title_run(view, object_of(decode_members(record.data).get("inputs"))),
        part=make_candidate_part(record),
        problem=problem,
    )
