"""`/api/rmos/runs/diff`: how two runs differ. The word `diff` is no run id, and the router prefers it to one."""

from typing import Final

import msgspec
from flask import Response

from rmos.api import examples
from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.http.conditions import PRIVATE
from rmos.http.operations import JSON, READS, Answer, Blueprint, operation
from rmos.http.query import load_query
from rmos.schemas.diffs import RunDiffRequestSchema, RunDiffSchema, diff_records

bp = Blueprint("diffs", __name__, url_prefix="/api/rmos/runs", description="How two runs differ")

_request: Final = RunDiffRequestSchema()


@bp.get("/diff")
@operation(
    answers={200: Answer("What differs.", RunDiffSchema, ("Cache-Control",), examples.DIFF)},
    problems=(RunNotFound, RunDeleted, *READS),
    query=RunDiffRequestSchema,
)
@requires("viewer")
def diff_two_runs() -> Response:
    """Return what differs between two runs as they stand now, and how much it matters.

    CRITICAL: status, risk level, block reason, the G-code or the toolpaths. WARNING: tool, material, machine, score,
    warnings or what the engine found. INFO: the rest. NONE: nothing. Ids, times and the request are no differences. The
    gravest come first; what was cut to keep the answer small is said in `note`.
    """
    asked = load_query(_request)
    runs = current_rmos().store.runs
    found = diff_records(runs.record(asked["a"]), runs.record(asked["b"]))
    return Response(msgspec.json.encode(found), headers={"Cache-Control": PRIVATE}, content_type=JSON)
