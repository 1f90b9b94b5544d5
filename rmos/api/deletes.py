"""`DELETE /api/rmos/runs/{id}` and `POST /api/rmos/runs/{id}/restore`: nothing disappears without a trace."""

from typing import Final

from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import Forbidden, HardDeleteDisabled, RateLimited
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.http.query import read_query
from rmos.http.responses import respond_json
from rmos.http.routes import READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.deletes import DeletedSchema, DeleteQuerySchema, RestoreQuerySchema, dump_deleted, load_delete
from rmos.services.deletes import DeletePolicy, delete_run, restore_run

bp = Blueprint(
    "deletes", __name__, url_prefix="/api/rmos/runs", description="Deletes: who took a run away, when and why"
)

_REFUSALS: Final[Problems] = (Forbidden, RunNotFound, RateLimited, *READS, *WRITES)
_delete_query = DeleteQuerySchema()
_restore_query = RestoreQuerySchema()


@bp.delete("/<run:run_id>")
@operation(
    responses={200: ResponseSpec("The run is deleted.", DeletedSchema, ("Cache-Control",), "deletes.deleted")},
    problems=(HardDeleteDisabled, *_REFUSALS),
    query=DeleteQuerySchema,
)
@requires("operator", refused_by_view=True)
def delete_run_by_id(run_id: str) -> Response:
    """Delete a run: softly, so that it can be restored, or for good.

    Doing the same again answers with what is there. Each refused attempt is recorded.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    request = load_delete(run_id, read_query(), _delete_query)
    deleted = delete_run(rmos.store, DeletePolicy.of(rmos.settings), request, actor=current_actor(), us=now_us)
    return respond_json(dump_deleted(deleted))


@bp.post("/<run_id>/restore")
@operation(
    responses={200: ResponseSpec("The run stands.", DeletedSchema, ("Cache-Control",), "deletes.restored")},
    problems=(RunDeleted, *_REFUSALS),
    query=RestoreQuerySchema,
)
@requires("operator", refused_by_view=True)
def restore_run_by_id(run_id: str) -> Response:
    """Undo a soft delete; a run that stands stays as it is."""
    now_us, rmos = ids.now_us(), current_rmos()
    request = load_delete(run_id, read_query(), _restore_query)
    deleted = restore_run(rmos.store, DeletePolicy.of(rmos.settings), request, actor=current_actor(), us=now_us)
    return respond_json(dump_deleted(deleted))
