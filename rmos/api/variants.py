"""`/api/rmos/runs/{id}/advisory/variants`: the drawings of a run, reviewed, rejected and promoted by operators."""

from typing import Final

from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.files import AttachmentNotFound
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.workflow import VariantBlocked
from rmos.http.json_body import read_object
from rmos.http.responses import respond_json
from rmos.http.routes import READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.variants import (
    ActedSchema,
    BulkSchema,
    RejectSchema,
    ResultsSchema,
    ReviewSchema,
    VariantsSchema,
    dump_acted,
    dump_results,
    dump_variants,
    load_bulk,
    load_reject,
    load_review,
)
from rmos.services.files.variants import Act, act, change_variants

bp = Blueprint(
    "variants",
    __name__,
    url_prefix="/api/rmos/runs/<run_id>/advisory/variants",
    description="Variants: drawings reviewed, rejected and promoted",
)

_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)
_ACTING: Final[Problems] = (AttachmentNotFound, VersionConflict, *_OF_A_RUN, *WRITES)
_VARIANT: Final[dict[int, ResponseSpec]] = {
    200: ResponseSpec("The variant as it stands now.", ActedSchema, ("Cache-Control",), "variants.variant")
}


@bp.get("")
@operation(
    responses={200: ResponseSpec("The variants.", VariantsSchema, ("Cache-Control",), "variants.list")},
    problems=_OF_A_RUN,
)
@requires("viewer")
def list_variants(run_id: str) -> Response:
    """Return the drawings of a run with what was done with them."""
    body = dump_variants(current_rmos().store.runs.record(run_id))
    return respond_json(body)


@bp.post("/<sha256>/review")
@operation(responses=_VARIANT, problems=_ACTING, body=ReviewSchema, example="variants.review")
@requires("operator")
def review_variant(run_id: str, sha256: str) -> Response:
    """Rate a variant from 1 to 5, with notes."""
    return _perform(run_id, load_review(sha256, read_object()))


@bp.post("/<sha256>/reject")
@operation(responses=_VARIANT, problems=_ACTING, body=RejectSchema, example="variants.reject")
@requires("operator")
def reject_variant(run_id: str, sha256: str) -> Response:
    """Reject a variant, for a reason; it stays where it is."""
    return _perform(run_id, load_reject(sha256, read_object()))


@bp.post("/<sha256>/unreject")
@operation(responses=_VARIANT, problems=_ACTING)
@requires("operator")
def unreject_variant(run_id: str, sha256: str) -> Response:
    """Undo a rejection; a variant that is not rejected stays as it is."""
    return _perform(run_id, Act(action="unreject", sha256=sha256))


@bp.post("/<sha256>/promote")
@operation(responses=_VARIANT, problems=(VariantBlocked, *_ACTING))
@requires("operator")
def promote_variant(run_id: str, sha256: str) -> Response:
    """Promote a variant: the decision on its run is OK, it is not rejected, whole, and harmless to look at."""
    return _perform(run_id, Act(action="promote", sha256=sha256))


def _perform(run_id: str, variant_act: Act) -> Response:
    now_us, rmos = ids.now_us(), current_rmos()
    acted = act(rmos.store, run_id, variant_act, actor=current_actor(), us=now_us)
    return respond_json(dump_acted(acted))


@bp.post("/bulk")
@operation(
    responses={200: ResponseSpec("The result of each.", ResultsSchema, ("Cache-Control",), "variants.results")},
    problems=(*_OF_A_RUN, *WRITES),
    body=BulkSchema,
    example="variants.bulk",
)
@requires("operator")
def act_on_variants(run_id: str) -> Response:
    """Do the same with 1 to 100 variants; each stands for itself, and the response has the result of each."""
    now_us, rmos = ids.now_us(), current_rmos()
    acts = load_bulk(read_object())
    results = change_variants(rmos.store, run_id, acts, actor=current_actor(), us=now_us)
    return respond_json(dump_results(results))
