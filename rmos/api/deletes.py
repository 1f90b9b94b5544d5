"""`DELETE /api/rmos/runs/{id}` and `POST /api/rmos/runs/{id}/restore`: nothing disappears without a trace."""

from flask import Blueprint, Response, request

from rmos import ids
from rmos.context import current_actor, current_rmos
from rmos.schemas import DeleteQuerySchema, RestoreQuerySchema, dump_deleted, load_delete
from rmos.services import Deleted, DeletePolicy, delete_run, restore_run

bp = Blueprint("deletes", __name__, url_prefix="/api/rmos/runs")

_delete_query = DeleteQuerySchema()
_restore_query = RestoreQuerySchema()


@bp.delete("/<run_id>")
def delete(run_id: str) -> Response:
    """Delete a run: softly, so that it can be restored, or for good."""
    us, rmos = ids.now_us(), current_rmos()
    asked = load_delete(run_id, dict(request.args.lists()), _delete_query)
    rmos.keep_up()
    return _answer(delete_run(rmos.store, DeletePolicy.of(rmos.settings), asked, actor=current_actor(), us=us))


@bp.post("/<run_id>/restore")
def restore(run_id: str) -> Response:
    """Undo a soft delete."""
    us, rmos = ids.now_us(), current_rmos()
    asked = load_delete(run_id, dict(request.args.lists()), _restore_query)
    rmos.keep_up()
    return _answer(restore_run(rmos.store, DeletePolicy.of(rmos.settings), asked, actor=current_actor(), us=us))


def _answer(deleted: Deleted) -> Response:
    if not deleted.indexed:
        current_rmos().wake()
    return Response(dump_deleted(deleted), content_type="application/json")
