"""Lists of runs, the same for every route that gives them: pages of JSON, or streams of CSV or NDJSON.

return answer_list(load_recent(read_lists()))
"""

from typing import Final
from urllib.parse import urlencode

from flask import Response, request

from rmos.api.accept import CSV, NDJSON, wanted
from rmos.api.conditions import PRIVATE
from rmos.api.examples import PAGE
from rmos.api.operations import JSON, LISTS, Answer, Problems
from rmos.api.streams import streamed
from rmos.context import Rmos, current_rmos
from rmos.errors import BadCursor, IndexBroken, IndexRebuilding, NotAcceptable
from rmos.models import Page
from rmos.schemas import ListRequest, RunAdvisorySummarySchema, RunPageSchema

_ONWARD: Final = {
    "list_runs": {"cursor": "$response.body#/next_cursor"},
    "get_run": {"run_id": "$response.body#/items/0/run_id"},
}
LIST_ANSWER: Final = Answer(
    "A page of JSON; as CSV or NDJSON all runs that match, or as many as `limit` says.",
    RunPageSchema,
    ("Link", "Cache-Control", "Vary", "X-Total-Count"),
    PAGE,
    also={CSV: {"type": "string"}, NDJSON: RunAdvisorySummarySchema},
    links=_ONWARD,
)
LIST_PROBLEMS: Final[Problems] = (BadCursor, NotAcceptable, *LISTS)


def answer_list(asked: ListRequest) -> Response:
    """Return the list that is asked for in the form that is wanted.

    Raises:
        NotAcceptable, BadCursor, IndexRebuilding, IndexUnavailable.
    """
    form = wanted()
    rmos = current_rmos()
    rmos.keep_up()
    answer = _page(rmos, asked) if form == JSON else streamed(asked, form)
    answer.headers["Cache-Control"] = PRIVATE
    answer.headers["Vary"] = "Accept"
    return answer


def _page(rmos: Rmos, asked: ListRequest) -> Response:
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
    return Response(_page_text(page), headers=_next_link(page), content_type=JSON)


def _page_text(page: Page) -> str:
    """Return the page's body; the items are finished texts and a cursor needs no escaping."""
    cursor = "null" if page.next_cursor is None else f'"{page.next_cursor}"'
    total = "" if page.total is None else f',"total":{page.total}'
    return f'{{"items":[{page.text}],"next_cursor":{cursor}{total}}}'


def _next_link(page: Page) -> dict[str, str]:
    if page.next_cursor is None:
        return {}
    kept = [(name, value) for name, value in request.args.items() if name not in ("cursor", "offset")]
    target = f"{request.path}?{urlencode([*kept, ('cursor', page.next_cursor)])}"
    return {"Link": f'<{target}>; rel="next"'}
