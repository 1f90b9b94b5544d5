"""`/api/rmos/runs`: record a run, list runs, read one, its exact bytes and its events."""

import functools
import re
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from rmos import digest, ids
from rmos.api.bodies import read_object
from rmos.context import current_actor, current_rmos
from rmos.errors import BadHeader, IndexBroken, IndexRebuilding
from rmos.models import Page
from rmos.schemas import ListRequest, RunRequestSchema, dump_created, dump_events, dump_run, load_list
from rmos.services import Idempotency, RunRequest, record_run

bp = Blueprint("runs", __name__, url_prefix="/api/rmos/runs")

_JSON: Final = "application/json"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_CLIENTS_DECISION: Final = ("feasibility", "decision", "hashes", "status")
"""What clients of the earlier system sent and were believed; dropped, and the run says so."""
_run_request = RunRequestSchema()


@bp.post("")
def create_run() -> Response:
    """Evaluate a cut and record the run, whatever the outcome."""
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
def list_runs() -> Response:
    """Return a page of summaries, newest first."""
    asked = _asked(request.query_string)
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


@functools.lru_cache(maxsize=512)
def _asked(query_string: bytes) -> ListRequest:
    """Return what a query string asks for; clients ask for the same few lists again and again."""
    return load_list(dict(request.args.lists()))


def _page_text(page: Page) -> str:
    """Return the page's body; the items are finished texts and a cursor needs no escaping."""
    cursor = "null" if page.next_cursor is None else f'"{page.next_cursor}"'
    total = "" if page.total is None else f',"total":{page.total}'
    return f'{{"items":[{page.text}],"next_cursor":{cursor}{total}}}'


def _next_link(page: Page) -> dict[str, str]:
    if page.next_cursor is None:
        return {}
    kept = [(name, value) for name, value in request.args.items() if name not in ("cursor", "offset")]
    target = f"/api/rmos/runs?{urlencode([*kept, ('cursor', page.next_cursor)])}"
    return {"Link": f'<{target}>; rel="next"'}


@bp.get("/<run_id>")
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
def get_events(run_id: str) -> Response:
    """Return what happened to a run after it was made, in order."""
    return Response(dump_events(current_rmos().store.runs.record(run_id)), content_type=_JSON)
