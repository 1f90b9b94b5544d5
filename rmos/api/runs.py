"""`/api/rmos/runs`: record a run, list runs, read one, its exact bytes and its events."""

import functools
from typing import Any, Final

from flask import Response, request

from rmos import digest, ids
from rmos.api import examples
from rmos.api.lists import LIST_ANSWER, LIST_PROBLEMS, answer_list
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.http import PreconditionFailed, RangeNotSatisfiable
from rmos.errors.records import EngineNotFound, RunDeleted, RunNotFound
from rmos.errors.request import BadHeader, IdempotencyKeyReused
from rmos.errors.store import RecordDamaged
from rmos.errors.workflow import SessionDeleted, SessionNotFound
from rmos.http.conditions import MINIMAL, PRIVATE, conditional, wants_minimal
from rmos.http.idempotency import answer_recorded, read_idempotency
from rmos.http.json_body import read_object
from rmos.http.operations import READS, WRITES, Answer, Blueprint, Problems, operation
from rmos.http.query import read_lists
from rmos.schemas.lists import ListRequest, RunListSchema, load_list
from rmos.schemas.records import ArtifactSchema, EventsSchema, RunSchema
from rmos.schemas.requests import RunRequestSchema
from rmos.schemas.runs import RunCreatedSchema, dump_created, dump_events, dump_run
from rmos.services.artifact import RunRequest
from rmos.services.runs import Recorded, record_run
from rmos.store.run_records import RunRecord

bp = Blueprint("runs", __name__, url_prefix="/api/rmos/runs", description="Runs: record, list and read them")

_JSON: Final = "application/json"
_CLIENTS_DECISION: Final = ("feasibility", "decision", "hashes", "status")
"""What clients of the earlier system sent and were believed; dropped, and the run says so."""
_run_request = RunRequestSchema()
_FILE_HEADERS: Final = ("ETag", "Cache-Control", "Content-Digest", "Content-Disposition", "Accept-Ranges")
_RANGE_HEADERS: Final = ("Content-Range", "Repr-Digest", *_FILE_HEADERS)
_TO_RUN: Final = {name: {"run_id": "$response.body#/run_id"} for name in ("get_run", "download_run", "get_events")}
_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)


@bp.post("")
@operation(
    answers={
        201: Answer(
            "The run was recorded.",
            RunCreatedSchema,
            ("Location", "Preference-Applied"),
            examples.CREATED,
            links=_TO_RUN,
        ),
        200: Answer(
            "The run that an earlier request with this Idempotency-Key made.",
            RunCreatedSchema,
            ("Location", "Idempotency-Replayed", "Preference-Applied"),
            examples.CREATED,
            links=_TO_RUN,
        ),
    },
    problems=(BadHeader, IdempotencyKeyReused, SessionNotFound, EngineNotFound, SessionDeleted, RecordDamaged, *WRITES),
    body=RunRequestSchema,
    example=examples.CUT,
    headers=("Idempotency-Key", "Prefer"),
)
@requires("recorder")
def create_run() -> Response:
    """Evaluate a cut and record the run, whatever the outcome.

    A RED run is recorded as well as a GREEN one, and so is the attempt to use an engine that is not there (404). The
    server alone decides: `feasibility`, `decision`, `hashes` and `status` of a client are dropped, and the run says so.
    """
    us = ids.now_us()
    body = read_object()
    idempotency = read_idempotency(body)
    run_request = _parsed(body)
    rmos = current_rmos()
    recorded = record_run(
        rmos.store,
        rmos.engines,
        run_request,
        actor=current_actor(),
        us=us,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        idempotency=idempotency,
    )
    return _created(recorded)


def _created(recorded: Recorded) -> Response:
    minimal = wants_minimal()
    answer = answer_recorded(dump_created(recorded, minimal=minimal), recorded.run_id, replayed=recorded.replayed)
    if minimal:
        answer.headers["Preference-Applied"] = MINIMAL
    return answer


def _parsed(body: dict[str, Any]) -> RunRequest:
    stripped = [name for name in _CLIENTS_DECISION if name in body]
    for name in stripped:
        del body[name]
    return RunRequest(**_run_request.load(body), stripped=bool(stripped))


@bp.get("")
@operation(
    answers={200: LIST_ANSWER},
    problems=LIST_PROBLEMS,
    query=RunListSchema,
)
@requires("viewer")
def list_runs() -> Response:
    """Return a page of summaries, newest first.

    Follow `next_cursor`, or the header Link, until it is null: the walk shows each run that matched throughout exactly
    once, also while runs are added and deleted. Give either a cursor or an offset. With `Accept: text/csv` or
    `application/x-ndjson` all runs that match are streamed, or as many as `limit` says; a stream that had to end too
    early says so in its last line and is broken off.
    """
    return answer_list(_asked(request.query_string))


@functools.lru_cache(maxsize=512)
def _asked(query_string: bytes) -> ListRequest:
    """Return what a query string asks for; clients ask for the same few lists again and again."""
    return load_list(read_lists())


@bp.get("/<run_id>")
@operation(
    answers={
        200: Answer("The run.", RunSchema, ("ETag", "Cache-Control", "Content-Digest"), examples.RUN),
        304: Answer("The caller has it already.", headers=("ETag", "Cache-Control")),
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
    return conditional(_kept(body, digest.sha256_hex(body)), _etag(record, session_deleted))


def _kept(body: bytes, sha256: str) -> Response:
    """Return an answer that its reader may keep and can check."""
    answer = Response(body, content_type=_JSON)
    answer.headers["Cache-Control"] = PRIVATE
    answer.headers["Content-Digest"] = digest.content_digest(sha256)
    return answer


def _etag(record: RunRecord, session_deleted: bool | None) -> str:
    """Return the validator of what is shown of a run: that changes with its session, though the run does not."""
    if session_deleted is False:
        return record.etag
    return f"{record.etag}.{'session-deleted' if session_deleted else 'session-damaged'}"


@bp.get("/<run_id>/download")
@operation(
    answers={
        200: Answer("The bytes.", ArtifactSchema, _FILE_HEADERS, examples.ARTIFACT),
        206: Answer("A range of the bytes.", {}, _RANGE_HEADERS),
        304: Answer("The caller has them already.", headers=("ETag", "Cache-Control")),
    },
    problems=(PreconditionFailed, RangeNotSatisfiable, *_OF_A_RUN),
    headers=("If-None-Match", "If-Match", "Range", "If-Range"),
)
@requires("viewer")
def download_run(run_id: str) -> Response:
    """Return the artifact's exact bytes."""
    data = current_rmos().store.runs.record(run_id).data
    sha256 = digest.sha256_hex(data)
    answer = _kept(data, sha256)
    answer.headers["Content-Disposition"] = f'attachment; filename="{run_id}.json"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return conditional(answer, sha256, ranges=True)


@bp.get("/<run_id>/events")
@operation(answers={200: Answer("The events.", EventsSchema, ("Cache-Control",), examples.EVENTS)}, problems=_OF_A_RUN)
@requires("viewer")
def get_events(run_id: str) -> Response:
    """Return what happened to a run after it was made, in order."""
    body = dump_events(current_rmos().store.runs.record(run_id))
    return Response(body, headers={"Cache-Control": PRIVATE}, content_type=_JSON)
