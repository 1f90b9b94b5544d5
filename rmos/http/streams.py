"""Lists that are longer than a page, as CSV or NDJSON: streamed page by page, in constant memory, by the same cursor.

    response = stream_runs(list_request, CSV)

Each page is a query of its own, so a slow reader holds nothing open in the index. Headers go out when the first page is
there; when the index fails after that, the last line is the problem (NDJSON) or begins with `#ERROR` (CSV), and the
connection is broken off before the body is finished: no stream is ever silently short, not even through a proxy that
hides the break.

Nothing of the request is held while a stream lasts: one that is dropped half-way may be closed in the middle of another
request, which would then lose its own context.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from flask import Response, copy_current_request_context

from rmos.context import current_rmos
from rmos.errors.base import RmosError
from rmos.http.problems import respond_error
from rmos.row_models import Page
from rmos.schemas.lists import ListRequest, PageRequest
from rmos.schemas.outcomes import OUTCOME_COLUMNS, OutcomeListRequest
from rmos.schemas.run_log import RUN_LOG_COLUMNS, write_log_lines, write_log_rows
from rmos.schemas.runs import list_columns
from rmos.store import Store
from rmos.store.run_log_lists import RunLogPage
from rmos.transfer.exporting import BOM, csv_row

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
BATCH: Final = 500
"""Runs that are read at once: some 400 KB, and one query."""
ERROR_MARK: Final = "#ERROR"
_CONTENT_TYPES: Final = {CSV: "text/csv; charset=utf-8; header=present", NDJSON: NDJSON}
_decode: Final[Callable[[str], dict[str, Any]]] = msgspec.json.Decoder(dict[str, Any]).decode

T = TypeVar("T")
Pages = Iterator[Page]
Respond = Callable[[RmosError], Response]
"""Logs an error and makes it a problem."""


class Writers(NamedTuple, Generic[T]):
    """How a part of a list is written; nothing of an empty one."""

    lines: Callable[[T], bytes]
    """As NDJSON."""
    rows: Callable[[T], bytes]
    """As CSV."""


def stream_runs(request: ListRequest, media_type: str) -> Response:
    """Return the response that brings all runs of a filter, or as many as the request limits them to.

    Raises:
        BadCursor, IndexRebuilding, IndexUnavailable: before anything was sent.
    """
    store = current_rmos().store
    columns = list_columns()
    response = _stream(
        walk_pages(store, request), columns, media_type, _of_pages(columns), filename="runs.csv", bom=request.bom
    )
    if request.page.include_total:
        response.headers["X-Total-Count"] = str(store.runs.count(request.query))
    return response


def stream_outcomes(request: OutcomeListRequest, media_type: str) -> Response:
    """Return the response that brings all outcomes of a filter, or as many as the request limits them to.

    Raises:
        BadCursor, IndexRebuilding, IndexUnavailable: before anything was sent.
    """
    lists = current_rmos().store.outcome_lists
    pages = _walk(lambda **place: lists.page(request.query, **place), request.page, limited=request.limited)
    writers = _of_pages(OUTCOME_COLUMNS)
    return _stream(pages, OUTCOME_COLUMNS, media_type, writers, filename="outcomes.csv", bom=request.bom)


def stream_run_log(request: ListRequest, media_type: str) -> Response:
    """Return the response that brings all lines of the run log that match, or as many as the request limits them to.

    Raises:
        BadCursor, IndexRebuilding, IndexUnavailable: before anything was sent.
    """
    pages = walk_run_log(current_rmos().store, request)
    return _stream(pages, RUN_LOG_COLUMNS, media_type, _OF_THE_LOG, filename="run_log.csv", bom=request.bom)


def respond_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, filename: str, bom: bool) -> Response:
    """Return the response with a short table as CSV, the header first."""
    body = (BOM.encode() if bom else b"") + _write_rows([tuple(columns), *(csv_row(row, columns) for row in rows)])
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(body, headers=headers, content_type=_CONTENT_TYPES[CSV])


def _stream(
    pages: Iterator[T], columns: Sequence[str], media_type: str, writers: Writers[T], *, filename: str, bom: bool
) -> Response:
    """Return the response that brings all pages; the first is asked for before anything is sent."""
    first = next(pages)
    respond = copy_current_request_context(respond_error)
    if media_type == CSV:
        headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
        body = _write_csv(first, pages, respond, columns, writers.rows, bom=bom)
        return Response(body, headers=headers, content_type=_CONTENT_TYPES[CSV])
    return Response(_write_ndjson(first, pages, respond, writers.lines), content_type=_CONTENT_TYPES[media_type])


def _of_pages(columns: Sequence[str]) -> Writers[Page]:
    """Return how pages of finished texts are written."""

    def write_lines(page: Page) -> bytes:
        # Each item is one line; only between two of them a comma stands at the end of one.
        return (page.text.replace(",\n", "\n") + "\n").encode() if page.text else b""

    def write_rows(page: Page) -> bytes:
        return _write_rows([csv_row(_decode(item), columns) for item in page.items])

    return Writers(write_lines, write_rows)


_OF_THE_LOG: Final = Writers[RunLogPage](
    lambda page: write_log_lines(page.runs), lambda page: write_log_rows(page.runs)
)


def walk_pages(store: Store, request: ListRequest) -> Pages:
    """Yield the pages of a list of runs one after the other, at least one."""
    return _walk(lambda **place: store.runs.page(request.query, **place), request.page, limited=request.limited)


def walk_run_log(store: Store, request: ListRequest) -> Iterator[RunLogPage]:
    """Yield the pages of the run log one after the other, at least one."""
    cursor = request.page.cursor
    while True:
        page = store.run_log.page(request.query, limit=request.page.limit if request.limited else BATCH, cursor=cursor)
        yield page
        cursor = page.next_cursor
        if request.limited or cursor is None:
            return


def _walk(ask: Callable[..., Page], place: PageRequest, *, limited: bool) -> Pages:
    limit, cursor, offset = place.limit if limited else BATCH, place.cursor, place.offset
    while True:
        page = ask(limit=limit, cursor=cursor, offset=offset)
        yield page
        if limited or page.next_cursor is None:
            return
        cursor, offset = page.next_cursor, 0


def _write_ndjson(first: T, pages: Iterator[T], respond: Respond, write_lines: Callable[[T], bytes]) -> Iterator[bytes]:
    page = first
    try:
        while True:
            if lines := write_lines(page):
                yield lines
            page = next(pages)
    except StopIteration:
        return
    except RmosError as error:
        yield respond(error).get_data() + b"\n"
        raise


def _write_csv(
    first: T,
    pages: Iterator[T],
    respond: Respond,
    columns: Sequence[str],
    write_rows: Callable[[T], bytes],
    *,
    bom: bool,
) -> Iterator[bytes]:
    page = first
    yield (BOM.encode() if bom else b"") + _write_rows([tuple(columns)])
    try:
        while True:
            if rows := write_rows(page):
                yield rows
            page = next(pages)
    except StopIteration:
        return
    except RmosError as error:
        respond(error)
        yield _write_rows([(ERROR_MARK, error.code, f"The list ends too early. {error.detail}")])
        raise


def _write_rows(rows: list[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
