"""Lists of runs, the same for every route that gives them: pages of JSON, or streams of CSV or NDJSON.

return answer_list(load_recent(read_lists()))
"""

from typing import Final

from flask import Response

from rmos.api.examples import PAGE
from rmos.context import current_rmos
from rmos.errors.http import NotAcceptable
from rmos.errors.request import BadCursor
from rmos.http.accept import CSV, NDJSON, wanted
from rmos.http.conditions import PRIVATE
from rmos.http.operations import JSON, LISTS, Answer, Problems
from rmos.http.paging import next_link, page_text
from rmos.http.streams import streamed
from rmos.schemas.lists import ListRequest
from rmos.schemas.runs import RunAdvisorySummarySchema, RunPageSchema

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
    if form == JSON:
        answer = _page(asked)
    else:
        answer = streamed(asked, form)
    answer.headers["Cache-Control"] = PRIVATE
    answer.headers["Vary"] = "Accept"
    return answer


def _page(asked: ListRequest) -> Response:
    runs = current_rmos().store.runs
    page = runs.page(
        asked.query,
        limit=asked.limit,
        cursor=asked.cursor,
        offset=asked.offset,
        include_total=asked.include_total,
    )
    return Response(page_text(page), headers=next_link(page.next_cursor), content_type=JSON)
