"""Lists over HTTP: the body of a page, the link to the next one, and the media type in which a list of runs goes out.

return respond_page(store.session_lists.page(…))          # JSON, with Link
return respond_runs(load_list(read_query()))              # JSON, CSV or NDJSON, as Accept says
"""

import functools
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from flask import Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from rmos.context import current_rmos
from rmos.errors.http import NotAcceptable
from rmos.errors.request import BadCursor
from rmos.http.query import parse_query
from rmos.http.responses import JSON, prefix_path, respond_json
from rmos.http.routes import LISTS, Problems, ResponseSpec
from rmos.http.streams import CSV, NDJSON, stream_runs
from rmos.row_models import Page
from rmos.schemas.lists import ListRequest
from rmos.schemas.runs import RunAdvisorySummarySchema, RunPageSchema

OFFERED: Final = (JSON, NDJSON, CSV)
"""In this order where a client likes several as much."""
_BY_FORMAT: Final = {"json": JSON, "ndjson": NDJSON, "csv": CSV}
RUNS: Final = ResponseSpec(
    "A page of JSON; as CSV or NDJSON all runs that match, or as many as `limit` says.",
    RunPageSchema,
    ("Link", "Cache-Control", "Vary", "X-Total-Count"),
    "runs.page",
    alternatives={CSV: {"type": "string"}, NDJSON: RunAdvisorySummarySchema},
    links={
        "list_runs": {"cursor": "$response.body#/next_cursor"},
        "get_run": {"run_id": "$response.body#/items/0/run_id"},
    },
)
"""The response of each route that lists runs."""
RUNS_PROBLEMS: Final[Problems] = (BadCursor, NotAcceptable, *LISTS)


def respond_runs(list_request: ListRequest) -> Response:
    """Return a list of runs in the media type that the request accepts most.

    Raises:
        NotAcceptable, BadCursor, IndexRebuilding, IndexUnavailable.
    """
    if list_request.format is not None:
        media_type = _BY_FORMAT[list_request.format]
    else:
        media_type = choose_media_type(request.environ.get("HTTP_ACCEPT", ""))
    if media_type == JSON:
        page = msgspec.structs.asdict(list_request.page)
        response = respond_page(current_rmos().store.runs.page(list_request.query, **page))
    else:
        response = stream_runs(list_request, media_type)
    response.headers["Vary"] = "Accept"
    return response


@functools.lru_cache(maxsize=256)  # 15 % of a list (ADR 15)
def choose_media_type(accept: str, offered: tuple[str, ...] = OFFERED, what: str = "Lists come") -> str:
    """Return the media type that the header Accept prefers (RFC 9110, section 12.5.1), the first when it is empty.

    Args:
        offered: those that there are, the first one where a client likes several as much.
        what: begins the refusal.

    Raises:
        NotAcceptable: it accepts none of those that there are.
    """
    if not accept:
        return offered[0]
    # Parameters are taken off: with them werkzeug finds `application/json; charset=utf-8` to accept no JSON of ours.
    ranges = [(media.partition(";")[0].rstrip(), quality) for media, quality in parse_accept_header(accept, MIMEAccept)]
    best = MIMEAccept(ranges).best_match(offered)
    if best is None:
        raise NotAcceptable(f"{what} as {', '.join(offered[:-1])} or {offered[-1]}; Accept names none of these.")
    return best


def respond_page(page: Page) -> Response:
    """Return the response with a page; the items are finished texts and a cursor needs no escaping."""
    cursor = "null" if page.next_cursor is None else f'"{page.next_cursor}"'
    total = "" if page.total is None else f',"total":{page.total}'
    body = f'{{"items":[{page.text}],"next_cursor":{cursor}{total}}}'
    return respond_json(body, headers=link_next(page.next_cursor))


def link_next(next_cursor: str | None) -> dict[str, str]:
    """Return the header that names the next page of the running request; a cursor needs no escaping."""
    if next_cursor is None:
        return {}
    # A session of a legacy store may have any name, so the path is escaped.
    path = quote(prefix_path(request.path))
    return {"Link": f'<{path}?{_encode_filters(request.query_string)}cursor={next_cursor}>; rel="next"'}


@functools.lru_cache(maxsize=512)  # 40 % of a list, together with what the query loads as (ADR 15)
def _encode_filters(query_string: bytes) -> str:
    """Return the filters in a query string, without the place in the list, as the beginning of another one."""
    filters = {name: values for name, values in parse_query(query_string).items() if name not in ("cursor", "offset")}
    return f"{urlencode(filters, doseq=True)}&" if filters else ""
