"""`/api/rmos/runs/{id}/advisory/variants`: the drawings of a run, reviewed, rejected and promoted by operators."""

from typing import Final

from flask import Response

from rmos import ids
from rmos.api import examples
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.files import AttachmentNotFound
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.workflow import VariantBlocked
from rmos.http.conditions import NO_STORE, PRIVATE
from rmos.http.json_body import read_object
from rmos.http.operations import JSON, READS, WRITES, Answer, Blueprint, Problems, operation
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
_ACTED: Final[dict[int, Answer]] = {
    200: Answer("The variant as it stands now.", ActedSchema, ("Cache-Control",), examples.ACTED)
}


@bp.get("")
@operation(
    answers={200: Answer("The variants.", VariantsSchema, ("Cache-Control",), examples.VARIANTS)}, problems=_OF_A_RUN
)
@requires("viewer")
def list_variants(run_id: str) -> Response:
    """Return the drawings of a run with what was done with them."""
    body = dump_variants(current_rmos().store.runs.record(run_id))
    return Response(body, headers={"Cache-Control": PRIVATE}, content_type=JSON)


@bp.post("/<sha256>/review")
@operation(answers=_ACTED, problems=_ACTING, body=ReviewSchema, example=examples.REVIEW)
@requires("operator")
def review_variant(run_id: str, sha256: str) -> Response:
    """Rate a variant from 1 to 5, with notes."""
    return _acted(run_id, load_review(sha256, read_object()))


@bp.post("/<sha256>/reject")
@operation(answers=_ACTED, problems=_ACTING, body=RejectSchema, example=examples.REJECT)
@requires("operator")
def reject_variant(run_id: str, sha256: str) -> Response:
    """Reject a variant, for a reason; it stays where it is."""
    return _acted(run_id, load_reject(sha256, read_object()))


@bp.post("/<sha256>/unreject")
@operation(answers=_ACTED, problems=_ACTING)
@requires("operator")
def unreject_variant(run_id: str, sha256: str) -> Response:
    """Undo a rejection; a variant that is not rejected stays as it is."""
    return _acted(run_id, Act(action="unreject", sha256=sha256))


@bp.post("/<sha256>/promote")
@operation(answers=_ACTED, problems=(VariantBlocked, *_ACTING))
@requires("operator")
def promote_variant(run_id: str, sha256: str) -> Response:
    """Promote a variant: its run was judged OK, it is not rejected, whole, and harmless to look at."""
    return _acted(run_id, Act(action="promote", sha256=sha256))


def _acted(run_id: str, asked: Act) -> Response:
    us, rmos = ids.now_us(), current_rmos()
    acted = act(rmos.store, run_id, asked, actor=current_actor(), us=us)
    return Response(dump_acted(acted), headers={"Cache-Control": NO_STORE}, content_type=JSON)


@bp.post("/bulk")
@operation(
    answers={200: Answer("What came of each.", ResultsSchema, ("Cache-Control",), examples.RESULTS)},
    problems=(*_OF_A_RUN, *WRITES),
    body=BulkSchema,
    example=examples.BULK,
)
@requires("operator")
def act_on_variants(run_id: str) -> Response:
    """Do the same with 1 to 100 variants; each stands for itself, and the answer says what came of it."""
    us, rmos = ids.now_us(), current_rmos()
    acts = load_bulk(read_object())
    results = change_variants(rmos.store, run_id, acts, actor=current_actor(), us=us)
    return Response(dump_results(results), headers={"Cache-Control": NO_STORE}, content_type=JSON)
