"""What was advised on a run, `…/attach-advisory` and `…/advisories`, and why, in words: `…/suggest-and-attach`."""

from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.files import AttachmentNotFound
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.request import PayloadTooLarge
from rmos.http.json_body import read_object
from rmos.http.responses import respond_json
from rmos.http.routes import READS, WRITES, Blueprint, ResponseSpec, operation
from rmos.schemas.advisories import (
    AdvisoriesSchema,
    AdvisoryAttachedSchema,
    AdvisoryRequestSchema,
    dump_advisories,
    dump_advisory,
    load_advisory,
)
from rmos.schemas.explanations import SuggestedSchema, SuggestionSchema, dump_suggested, load_suggestion
from rmos.services.explanations.by_model import choose_explanation_model
from rmos.services.explanations.suggestions import suggest
from rmos.services.files.attachments import attach_advisory

bp = Blueprint("advisories", __name__, url_prefix="/api/rmos/runs", description="Advisories: what was advised on a run")
explanations_bp = Blueprint(
    "explanations", __name__, url_prefix="/api/rmos/runs", description="Explanations: why, in words"
)


@bp.post("/<run_id>/attach-advisory")
@operation(
    responses={
        200: ResponseSpec("The run names it.", AdvisoryAttachedSchema, ("Cache-Control",), "advisories.attached")
    },
    problems=(RunNotFound, RunDeleted, AttachmentNotFound, PayloadTooLarge, VersionConflict, *READS, *WRITES),
    body=AdvisoryRequestSchema,
    example="advisories.advisory",
)
@requires("recorder")
def attach_advisory_to_run(run_id: str) -> Response:
    """Let a run name an advisory: a blob that is there, by its digest, or something elsewhere.

    Attaching the same again is a success and writes nothing.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    advisory = load_advisory(read_object())
    attached = attach_advisory(rmos.store, run_id, advisory, actor=current_actor(), us=now_us)
    return respond_json(dump_advisory(attached))


@bp.get("/<run_id>/advisories")
@operation(
    responses={200: ResponseSpec("The advisories.", AdvisoriesSchema, ("Cache-Control",), "advisories.list")},
    problems=(RunNotFound, RunDeleted, *READS),
)
@requires("viewer")
def list_advisories(run_id: str) -> Response:
    """Return what was advised on a run, in the order in which it was attached."""
    view = current_rmos().store.runs.record(run_id).view()
    return respond_json(dump_advisories(view))


@explanations_bp.post("/<run_id>/suggest-and-attach")
@operation(
    responses={201: ResponseSpec("How it stands now.", SuggestedSchema, ("Cache-Control",), "advisories.explained")},
    problems=(RunNotFound, RunDeleted, PayloadTooLarge, VersionConflict, *READS, *WRITES),
    body=SuggestionSchema,
    example="advisories.explain",
)
@requires("recorder")
def suggest_and_attach(run_id: str) -> Response:
    """Attach an explanation to a run: a text or JSON value that is given, or one generated from its recorded checks.

    What is generated says so. Unless the service was set up with a model, it is made by rules and the same each time.
    When a model fails, the run says ERROR and why. Suggesting the same again writes nothing.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    suggestion = load_suggestion(read_object())
    model = choose_explanation_model(rmos.settings) if suggestion.generate else None
    suggested = suggest(rmos.store, run_id, suggestion, model, actor=current_actor(), us=now_us)
    return respond_json(dump_suggested(suggested), status=201)
