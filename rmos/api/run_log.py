"""`/api/rmos/run-logs`: a line for each run, for a spreadsheet or another program, and what all of them amount to."""

from typing import Final

from flask import Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.errors.request import BadCursor
from rmos.http.paging import respond_page
from rmos.http.query import load_list_query
from rmos.http.responses import respond_json
from rmos.http.routes import LISTS, Blueprint, Problems, ResponseSpec, operation
from rmos.http.streams import CSV, NDJSON, stream_run_log
from rmos.schemas.run_log import (
    RunLogCsvSchema,
    RunLogEntrySchema,
    RunLogListSchema,
    RunLogPageSchema,
    RunLogSpanSchema,
    RunLogSummarySchema,
    dump_log_totals,
    load_run_log,
    load_run_log_csv,
    load_span,
    show_log_page,
)

bp = Blueprint("run_log", __name__, url_prefix="/api/rmos/run-logs", description="The run log: a line for each run")

_PROBLEMS: Final[Problems] = (BadCursor, *LISTS)


@bp.get("/export.csv")
@operation(
    responses={
        200: ResponseSpec(
            "The log, or as much of it as `limit` says.",
            {"type": "string"},
            ("Content-Disposition", "Cache-Control"),
            content_type=CSV,
        )
    },
    problems=_PROBLEMS,
    query=RunLogCsvSchema,
)
@requires("viewer")
def export_run_log_csv() -> Response:
    """Return the run log as CSV, the latest run first: its columns first, ours last.

    The first 24 columns are those of the legacy system's log, in its order. No cell begins a formula, and what nobody
    knows is empty. `bom=true` lets Excel read its letters. A stream that had to end too early says so in its last row
    and is broken off.
    """
    return stream_run_log(load_list_query(load_run_log_csv), CSV)


@bp.get("/export.ndjson")
@operation(
    responses={
        200: ResponseSpec(
            "The log, or as much of it as `limit` says.",
            RunLogEntrySchema,
            ("Cache-Control",),
            content_type=NDJSON,
        )
    },
    problems=_PROBLEMS,
    query=RunLogListSchema,
)
@requires("viewer")
def export_run_log_ndjson() -> Response:
    """Return the run log as lines of JSON, the latest run first."""
    return stream_run_log(load_list_query(load_run_log), NDJSON)


@bp.get("/latest")
@operation(
    responses={
        200: ResponseSpec("A page of the log.", RunLogPageSchema, ("Link", "Cache-Control"), "run_log.page"),
    },
    problems=_PROBLEMS,
    query=RunLogListSchema,
)
@requires("viewer")
def list_run_log() -> Response:
    """Return the latest lines of the run log; `next_cursor` leads to those before them."""
    asked = load_list_query(load_run_log)
    page = current_rmos().store.run_log.page(asked.query, limit=asked.page.limit, cursor=asked.page.cursor)
    return respond_page(show_log_page(page))


@bp.get("/summary")
@operation(
    responses={200: ResponseSpec("The counts.", RunLogSummarySchema, ("Cache-Control",), "run_log.summary")},
    problems=LISTS,
    query=RunLogSpanSchema,
)
@requires("viewer")
def get_run_log_summary() -> Response:
    """Return how many runs were made in a time, and of them how many of each status, risk, machine and so on."""
    span = load_list_query(load_span)
    return respond_json(dump_log_totals(current_rmos().store.run_log.add_up(**span)))
