"""`/api/rmos/runs/query/recent`: the list as the earlier system's clients ask for it, without regard to case."""

from flask import Response

from rmos.api.lists import LIST_ANSWER, LIST_PROBLEMS, answer_list
from rmos.auth.roles import requires
from rmos.http.operations import Blueprint, operation
from rmos.http.query import read_lists
from rmos.schemas.lists import RecentRunsSchema, load_recent

bp = Blueprint(
    "recent", __name__, url_prefix="/api/rmos/runs/query", description="The list for clients of the earlier system"
)


@bp.get("/recent")
@operation(answers={200: LIST_ANSWER}, problems=LIST_PROBLEMS, query=RecentRunsSchema)
@requires("viewer")
def list_recent_runs() -> Response:
    """Return runs, newest first, by filters that ignore case.

    The same as the list of runs, with the filter `source` (`meta.source`) besides. In `mode`, `tool_id`, `source`,
    `status` and `risk_level` the letters A to Z are the same as a to z.
    """
    return answer_list(load_recent(read_lists()))
