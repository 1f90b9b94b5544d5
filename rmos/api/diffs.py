"""`/api/rmos/runs/diff`: how two runs differ. The word `diff` is no run id, and the router prefers it to one."""

import msgspec
from flask import Blueprint, Response, request

from rmos.context import current_rmos
from rmos.schemas import diff_records, load_diff

bp = Blueprint("diffs", __name__, url_prefix="/api/rmos/runs")


@bp.get("/diff")
def diff() -> Response:
    """Return what differs between two runs as they stand now, and how much it matters."""
    runs = current_rmos().store.runs
    one, other = (runs.record(run_id) for run_id in load_diff(dict(request.args.lists())))
    return Response(
        msgspec.json.encode(diff_records(one, other)),
        headers={"Cache-Control": "private, no-cache"},
        content_type="application/json",
    )
