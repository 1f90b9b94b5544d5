"""`/api/rmos/runs`: record a run, list runs, read one, its exact bytes and its events."""

import re
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request

from rmos import digest, ids
from rmos.api import examples
from rmos.api.bodies import read_object
from rmos.api.operations import LISTS, READS, WRITES, Answer, Blueprint, Problems, operation
from rmos.context import current_actor, current_rmos
from rmos.errors import (
    BadCursor,
    BadHeader,
    EngineNotFound,
    IdempotencyKeyReused,
    IndexBroken,
    IndexRebuilding,
    RangeNotSatisfiable,
    RecordDamaged,
    RunDeleted,
    RunNotFound,
    SessionNotFound,
)
from rmos.models import Page
from rmos.schemas import (
    ArtifactSchema,
    EventsSchema,
    RunCreatedSchema,
    RunListSchema,
    RunPageSchema,
    RunRequestSchema,
    RunSchema,
    dump_created,
    dump_events,
    dump_run,
    load_list,
)
from rmos.services import Idempotency, RunRequest, record_run

bp = Blueprint("runs", __name__, url_prefix="/api/rmos/runs", description="Runs: record, list and read them")

_JSON: Final = "application/json"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_CLIENTS_DECISION: Final = ("feasibility", "decision", "hashes", "status")
"""What clients of the earlier system sent and were believed; dropped, and the run says so."""
_run_request = RunRequestSchema()
_FILE_HEADERS: Final = ("ETag", "Cache-Control", "Content-Disposition", "Accept-Ranges")
_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)


@bp.post("")
@operation(
    answers={
        201: Answer("The run was recorded.", RunCreatedSchema, ("Location",), examples.CREATED),
        200: Answer(
            "The run that an earlier request with this Idempotency-Key made.",
            RunCreatedSchema,
            ("Location", "Idempotency-Replayed"),
            examples.CREATED,
        ),
    },
    problems=(BadHeader, IdempotencyKeyReused, SessionNotFound, EngineNotFound, RecordDamaged, *WRITES),
    body=RunRequestSchema,
    example=examples.CUT,
    headers=("Idempotency-Key",),
)
def create_run() -> Response:
    """Evaluate a cut and record the run, whatever the outcome.

    A RED run is recorded as well as a GREEN one, and so is the attempt to use an engine that is not there (404). The
    server alone decides: `feasibility`, `decision`, `hashes` and `status` of a client are dropped, and the run says so.
    """
    us = ids.now_us()
    body = read_object()
    idempotency = _idempotency(body)
    run_request = _parsed(body)
    rmos = current_rmos()
    rmos.keep_up()
    recorded = record_run(
        rmos.store,
        rmos.engines,
        run_request,
        actor=current_actor(),
        us=us,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        idempotency=idempotency,
    )
    if not recorded.indexed:
        rmos.wake()
    headers = {"Location": f"/api/rmos/runs/{recorded.run_id}"}
    if recorded.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(
        dump_created(recorded), status=200 if recorded.replayed else 201, headers=headers, content_type=_JSON
    )


def _idempotency(body: dict[str, Any]) -> Idempotency | None:
    key = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise BadHeader("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return Idempotency(key=key, request_sha256=digest.canonical_sha256(body))


def _parsed(body: dict[str, Any]) -> RunRequest:
    stripped = [name for name in _CLIENTS_DECISION if name in body]
    for name in stripped:
        del body[name]
    return RunRequest(**_run_request.load(body), stripped=bool(stripped))


@bp.get("")
@operation(
    answers={200: Answer("A page.", RunPageSchema, ("Link",), examples.PAGE)},
    problems=(BadCursor, *LISTS),
    query=RunListSchema,
)
def list_runs() -> Response:
    """Return a page of summaries, newest first.

    Follow `next_cursor`, or the header Link, until it is null: the walk shows each run that matched throughout exactly
    once, also while runs are added and deleted. Give either a cursor or an offset.
    """
    asked = load_list(dict(request.args.lists()))
    rmos = current_rmos()
    rmos.keep_up()
    try:
        page = rmos.store.runs.page(
            asked.query,
            limit=asked.limit,
            cursor=asked.cursor,
            offset=asked.offset,
            include_total=asked.include_total,
        )
    except (IndexRebuilding, IndexBroken):
        rmos.wake()
        raise
    return Response(_page_text(page), headers=_next_link(page), content_type=_JSON)


def _page_text(page: Page) -> str:
    """Return the page's body; the items are finished texts and a cursor needs no escaping."""
    cursor = "null" if page.next_cursor is None else f'"{page.next_cursor}"'
    total = "" if page.total is None else f',"total":{page.total}'
    return f'{{"items":[{",".join(page.items)}],"next_cursor":{cursor}{total}}}'


def _next_link(page: Page) -> dict[str, str]:
    if page.next_cursor is None:
        return {}
    kept = [(name, value) for name, value in request.args.items() if name not in ("cursor", "offset")]
    target = f"/api/rmos/runs?{urlencode([*kept, ('cursor', page.next_cursor)])}"
    return {"Link": f'<{target}>; rel="next"'}


@bp.get("/<run_id>")
@operation(
    answers={
        200: Answer("The run.", RunSchema, ("ETag", "Cache-Control"), examples.RUN),
        304: Answer("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=_OF_A_RUN,
    headers=("If-None-Match",),
)
def get_run(run_id: str) -> Response:
    """Return a run as it stands now."""
    record = current_rmos().store.runs.record(run_id)
    answer = Response(
        dump_run(record),
        headers={"ETag": f'"{record.etag}"', "Cache-Control": "private, no-cache"},
        content_type=_JSON,
    )
    if "HTTP_IF_NONE_MATCH" in request.environ:
        answer.make_conditional(request)
    return answer


@bp.get("/<run_id>/download")
@operation(
    answers={
        200: Answer("The bytes.", ArtifactSchema, _FILE_HEADERS, examples.ARTIFACT),
        206: Answer("A range of the bytes.", {"type": "string"}, ("ETag", "Content-Range")),
        304: Answer("The caller has them already.", headers=("ETag", "Cache-Control")),
    },
    problems=(RangeNotSatisfiable, *_OF_A_RUN),
    headers=("If-None-Match", "Range"),
)
def download_run(run_id: str) -> Response:
    """Return the artifact's exact bytes."""
    data = current_rmos().store.runs.record(run_id).data
    answer = Response(data, content_type=_JSON)
    answer.set_etag(digest.sha256_hex(data))
    answer.headers["Content-Disposition"] = f'attachment; filename="{run_id}.json"'
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.make_conditional(request, accept_ranges=True, complete_length=len(data))
    return answer


@bp.get("/<run_id>/events")
@operation(answers={200: Answer("The events.", EventsSchema, example=examples.EVENTS)}, problems=_OF_A_RUN)
def get_events(run_id: str) -> Response:
    """Return what happened to a run after it was made, in order."""
    return Response(dump_events(current_rmos().store.runs.record(run_id)), content_type=_JSON)
