"""`DELETE /api/rmos/runs/{id}` and `POST /api/rmos/runs/{id}/restore`: nothing disappears without a trace."""

from typing import Final

from flask import Response

from rmos import ids
from rmos.api import examples
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import Forbidden, HardDeleteDisabled, RateLimited
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.http.conditions import NO_STORE
from rmos.http.operations import READS, WRITES, Answer, Blueprint, Problems, operation
from rmos.http.query import read_lists
from rmos.schemas.deletes import DeletedSchema, DeleteQuerySchema, RestoreQuerySchema, dump_deleted, load_delete
from rmos.services.deletes import Deleted, DeletePolicy, delete_run, restore_run

bp = Blueprint(
    "deletes", __name__, url_prefix="/api/rmos/runs", description="Deletes: who took a run away, when and why"
)

_REFUSALS: Final[Problems] = (Forbidden, RunNotFound, RateLimited, *READS, *WRITES)
_delete_query = DeleteQuerySchema()
_restore_query = RestoreQuerySchema()


@bp.delete("/<run:run_id>")
@operation(
    answers={200: Answer("The run is deleted.", DeletedSchema, ("Cache-Control",), examples.DELETED)},
    problems=(HardDeleteDisabled, *_REFUSALS),
    query=DeleteQuerySchema,
)
@requires("operator", refused_by_view=True)
def delete_run_by_id(run_id: str) -> Response:
    """Delete a run: softly, so that it can be restored, or for good.

    Doing the same again answers with what is there. Each attempt that is turned down is written down.
    """
    us, rmos = ids.now_us(), current_rmos()
    asked = load_delete(run_id, read_lists(), _delete_query)
    return _answer(delete_run(rmos.store, DeletePolicy.of(rmos.settings), asked, actor=current_actor(), us=us))


@bp.post("/<run_id>/restore")
@operation(
    answers={200: Answer("The run stands.", DeletedSchema, ("Cache-Control",), examples.RESTORED)},
    problems=(RunDeleted, *_REFUSALS),
    query=RestoreQuerySchema,
)
@requires("operator", refused_by_view=True)
def restore_run_by_id(run_id: str) -> Response:
    """Undo a soft delete; a run that stands stays as it is."""
    us, rmos = ids.now_us(), current_rmos()
    asked = load_delete(run_id, read_lists(), _restore_query)
    return _answer(restore_run(rmos.store, DeletePolicy.of(rmos.settings), asked, actor=current_actor(), us=us))


def _answer(deleted: Deleted) -> Response:
    return Response(dump_deleted(deleted), headers={"Cache-Control": NO_STORE}, content_type="application/json")
