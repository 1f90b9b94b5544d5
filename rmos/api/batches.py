"""`/api/rmos/batches`: the runs that have a label or a session, and what was made of them."""

from flask import Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.http.query import load_list_query
from rmos.http.responses import respond_json
from rmos.http.routes import LISTS, Blueprint, ResponseSpec, operation
from rmos.schemas.batches import BatchRequestSchema, BatchSchema, dump_batch, load_batch

bp = Blueprint("batches", __name__, url_prefix="/api/rmos/batches", description="Batches: runs that belong together")


@bp.get("")
@operation(
    responses={200: ResponseSpec("The batch.", BatchSchema, ("Cache-Control",), "batches.tree")},
    problems=LISTS,
    query=BatchRequestSchema,
)
@requires("viewer")
def get_batch() -> Response:
    """Return a batch: what its runs amount to, or their tree, what happened when, or how far each root came.

    With a label also those runs belong to it that were made of its runs and have no label of their own. Runs that were
    deleted are left out. A parent that is not among the runs makes a run a root; circles, and parents that are absent,
    deleted or damaged, stand in `broken`. Of more than 5000 runs the oldest are shown, and `more` says how many
    are left; such a batch is never COMPLETED, and neither is one without runs.
    """
    asked = load_list_query(load_batch)
    return respond_json(dump_batch(current_rmos().store.batches.read(asked.query), asked.view))
