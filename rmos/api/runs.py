"""`/api/rmos/runs`: record a run, list runs, read one, its exact bytes and its events; how two of them differ."""

from typing import Final

import msgspec
from flask import Response

from rmos import digest, ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.http import PreconditionFailed, RangeNotSatisfiable
from rmos.errors.records import EngineNotFound, RunDeleted, RunNotFound
from rmos.errors.request import BadHeader, IdempotencyKeyReused
from rmos.errors.store import RecordDamaged
from rmos.errors.workflow import SessionDeleted, SessionNotFound
from rmos.http.conditions import apply_conditions
from rmos.http.json_body import read_object
from rmos.http.paging import RUNS, RUNS_PROBLEMS, respond_runs
from rmos.http.query import load_list_query, load_query
from rmos.http.recording import MINIMAL, prefers_minimal, read_idempotency, respond_recorded
from rmos.http.responses import respond_json
from rmos.http.routes import READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.diffs import RunDiffRequestSchema, RunDiffSchema, diff_records
from rmos.schemas.lists import RecentRunsSchema, RunListSchema, load_list, load_recent
from rmos.schemas.records import ArtifactSchema, EventsSchema, RunSchema
from rmos.schemas.requests import RunRequestSchema, load_run_request
from rmos.schemas.runs import RunCreatedSchema, dump_created, dump_events, dump_run
from rmos.services.runs import record_run
from rmos.store.run_records import RunRecord

_PREFIX: Final = "/api/rmos/runs"
bp = Blueprint("runs", __name__, url_prefix=_PREFIX, description="Runs: record, list and read them")
recent_bp = Blueprint(
    "recent", __name__, url_prefix=f"{_PREFIX}/query", description="The list for clients of the legacy system"
)
diffs_bp = Blueprint("diffs", __name__, url_prefix=_PREFIX, description="How two runs differ")

_FILE_HEADERS: Final = ("ETag", "Cache-Control", "Content-Digest", "Content-Disposition", "Accept-Ranges")
_RANGE_HEADERS: Final = ("Content-Range", "Repr-Digest", *_FILE_HEADERS)
_TO_RUN: Final = {name: {"run_id": "$response.body#/run_id"} for name in ("get_run", "download_run", "get_events")}
_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)
_diff_request = RunDiffRequestSchema()


@bp.post("")
@operation(
    responses={
        201: ResponseSpec(
            "The run was recorded.",
            RunCreatedSchema,
            ("Location", "Preference-Applied"),
            "runs.created",
            links=_TO_RUN,
        ),
        200: ResponseSpec(
            "The run that an earlier request with this Idempotency-Key made.",
            RunCreatedSchema,
            ("Location", "Idempotency-Replayed", "Preference-Applied"),
            "runs.created",
            links=_TO_RUN,
        ),
    },
    problems=(BadHeader, IdempotencyKeyReused, SessionNotFound, EngineNotFound, SessionDeleted, RecordDamaged, *WRITES),
    body=RunRequestSchema,
    example="runs.cut",
    headers=("Idempotency-Key", "Prefer"),
)
@requires("recorder")
def create_run() -> Response:
    """Evaluate a cut and record the run, whatever the outcome.

    A RED run is recorded as well as a GREEN one, and so is the attempt to use an engine that is not there (404). The
    server alone decides: `feasibility`, `decision`, `hashes` and `status` of a client are dropped, and the run says so.
    An id of a tool, a machine or a material that the shop does not know and the context does not describe is UNKNOWN.
    """
    now_us = ids.now_us()
    body = read_object()
    idempotency = read_idempotency(body)
    run_request = load_run_request(body)
    rmos = current_rmos()
    recorded = record_run(
        rmos.store,
        rmos.engines,
        run_request,
        actor=current_actor(),
        us=now_us,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        idempotency=idempotency,
    )
    minimal = prefers_minimal()
    response = respond_recorded(dump_created(recorded, minimal=minimal), recorded.run_id, replayed=recorded.replayed)
    if minimal:
        response.headers["Preference-Applied"] = MINIMAL
    return response


@bp.get("")
@operation(responses={200: RUNS}, problems=RUNS_PROBLEMS, query=RunListSchema)
@requires("viewer")
def list_runs() -> Response:
    """Return a page of summaries, newest first. Filters take any case.

    Follow `next_cursor`, or the header Link, until it is null: the walk shows each run that matched throughout exactly
    once, also while runs are added and deleted. Give either a cursor or an offset. With `Accept: text/csv` or
    `application/x-ndjson` all runs that match are streamed, or as many as `limit` says; a stream that had to end too
    early says so in its last line and is broken off.
    """
    return respond_runs(load_list_query(load_list))


@recent_bp.get("/recent")
@operation(responses={200: RUNS}, problems=RUNS_PROBLEMS, query=RecentRunsSchema)
@requires("viewer")
def list_recent_runs() -> Response:
    """Return runs, newest first.

    The same as the list of runs, with the filter `source` (`meta.source`) besides.
    """
    return respond_runs(load_list_query(load_recent))


@bp.get("/<run:run_id>")
@operation(
    responses={
        200: ResponseSpec("The run.", RunSchema, ("ETag", "Cache-Control", "Content-Digest"), "runs.run"),
        304: ResponseSpec("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=(PreconditionFailed, *_OF_A_RUN),
    headers=("If-None-Match", "If-Match"),
)
@requires("viewer")
def get_run(run_id: str) -> Response:
    """Return a run as it stands now."""
    store = current_rmos().store
    record = store.runs.record(run_id)
    session_deleted = store.is_deleted_with_session(record)
    body = dump_run(record, session_deleted)
    headers = {"Content-Digest": digest.content_digest(digest.sha256_hex(body))}
    return apply_conditions(respond_json(body, headers=headers), _make_etag(record, session_deleted))


def _make_etag(record: RunRecord, session_deleted: bool | None) -> str:
    """Return the validator of what is shown of a run: that changes with its session, though the run does not."""
    if session_deleted is False:
        return record.etag
    return f"{record.etag}.{'session-deleted' if session_deleted else 'session-damaged'}"


@bp.get("/<run_id>/download")
@operation(
    responses={
        200: ResponseSpec("The bytes.", ArtifactSchema, _FILE_HEADERS, "runs.artifact"),
        206: ResponseSpec("A range of the bytes.", {}, _RANGE_HEADERS),
        304: ResponseSpec("The caller has them already.", headers=("ETag", "Cache-Control")),
    },
    problems=(PreconditionFailed, RangeNotSatisfiable, *_OF_A_RUN),
    headers=("If-None-Match", "If-Match", "Range", "If-Range"),
)
@requires("viewer")
def download_run(run_id: str) -> Response:
    """Return the artifact's exact bytes."""
    data = current_rmos().store.runs.record(run_id).data
    sha256 = digest.sha256_hex(data)
    headers = {
        "Content-Digest": digest.content_digest(sha256),
        "Content-Disposition": f'attachment; filename="{run_id}.json"',
        "X-Content-Type-Options": "nosniff",
    }
    return apply_conditions(respond_json(data, headers=headers), sha256, ranges=True)


@bp.get("/<run_id>/events")
@operation(
    responses={200: ResponseSpec("The events.", EventsSchema, ("Cache-Control",), "runs.events")}, problems=_OF_A_RUN
)
@requires("viewer")
def get_events(run_id: str) -> Response:
    """Return what happened to a run after it was made, in order."""
    return respond_json(dump_events(current_rmos().store.runs.record(run_id)))


@diffs_bp.get("/diff")  # no run id: the router prefers the word to one
@operation(
    responses={200: ResponseSpec("What differs.", RunDiffSchema, ("Cache-Control",), "runs.diff")},
    problems=(RunNotFound, RunDeleted, *READS),
    query=RunDiffRequestSchema,
)
@requires("viewer")
def diff_two_runs() -> Response:
    """Return what differs between two runs as they stand now, and how much it matters.

    CRITICAL: status, risk level, block reason, the G-code or the toolpaths. WARNING: tool, material, machine, score,
    warnings or what the engine found. INFO: the rest. NONE: nothing. Ids, times and the request are no differences. The
    gravest come first; `note` says what was cut to keep the response small.
    """
    members = load_query(_diff_request)
    runs = current_rmos().store.runs
    diff = diff_records(runs.record(members["a"]), runs.record(members["b"]))
    return respond_json(msgspec.json.encode(diff))
