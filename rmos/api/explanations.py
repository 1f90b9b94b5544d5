"""`/api/rmos/runs/{id}/suggest-and-attach`: why a cut was decided as it was, in words."""

from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.request import PayloadTooLarge
from rmos.http.json_body import read_object
from rmos.http.responses import respond_json
from rmos.http.routes import READS, WRITES, Blueprint, ResponseSpec, operation
from rmos.schemas.explanations import SuggestedSchema, SuggestionSchema, dump_suggested, load_suggestion
from rmos.services.explanations.by_model import choose_explanation_model
from rmos.services.explanations.suggestions import suggest

bp = Blueprint("explanations", __name__, url_prefix="/api/rmos/runs", description="Explanations: why, in words")


@bp.post("/<run_id>/suggest-and-attach")
@operation(
    responses={201: ResponseSpec("How it stands now.", SuggestedSchema, ("Cache-Control",), "explanations.suggested")},
    problems=(RunNotFound, RunDeleted, PayloadTooLarge, VersionConflict, *READS, *WRITES),
    body=SuggestionSchema,
    example="explanations.suggestion",
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
