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
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from flask import Response, copy_current_request_context

from rmos.context import current_rmos
from rmos.errors.base import RmosError
from rmos.http.problems import respond_error
from rmos.row_models import Page
from rmos.schemas.lists import ListRequest
from rmos.schemas.runs import list_columns
from rmos.store import Store
from rmos.transfer.exporting import BOM, csv_row

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
BATCH: Final = 500
"""Runs that are read at once: some 400 KB, and one query."""
ERROR_MARK: Final = "#ERROR"
_CONTENT_TYPES: Final = {CSV: "text/csv; charset=utf-8; header=present", NDJSON: NDJSON}
_decode: Final[Callable[[str], dict[str, Any]]] = msgspec.json.Decoder(dict[str, Any]).decode

Pages = Iterator[Page]
Respond = Callable[[RmosError], Response]
"""Logs an error and makes it a problem."""


def stream_runs(request: ListRequest, media_type: str) -> Response:
    """Return the response that brings all runs of a filter, or as many as the request limits them to.

    Raises:
        BadCursor, IndexRebuilding, IndexUnavailable: before anything was sent.
    """
    store = current_rmos().store
    pages = walk_pages(store, request)
    first = next(pages)
    headers = {}
    respond = copy_current_request_context(respond_error)
    if request.page.include_total:
        headers["X-Total-Count"] = str(store.runs.count(request.query))
    if media_type == CSV:
        headers["Content-Disposition"] = 'attachment; filename="runs.csv"'
        body = _write_csv(first, pages, respond, bom=request.bom)
    else:
        body = _write_ndjson(first, pages, respond)
    return Response(body, headers=headers, content_type=_CONTENT_TYPES[media_type])


def walk_pages(store: Store, request: ListRequest) -> Pages:
    """Yield the pages of a list one after the other, at least one."""
    limit, cursor, offset = request.page.limit if request.limited else BATCH, request.page.cursor, request.page.offset
    while True:
        page = store.runs.page(request.query, limit=limit, cursor=cursor, offset=offset)
        yield page
        if request.limited or page.next_cursor is None:
            return
        cursor, offset = page.next_cursor, 0


def _write_ndjson(first: Page, pages: Pages, respond: Respond) -> Iterator[bytes]:
    page = first
    try:
        while True:
            if page.text:
                # Each item is one line; only between two of them a comma stands at the end of one.
                yield (page.text.replace(",\n", "\n") + "\n").encode()
            page = next(pages)
    except StopIteration:
        return
    except RmosError as error:
        yield respond(error).get_data() + b"\n"
        raise


def _write_csv(first: Page, pages: Pages, respond: Respond, *, bom: bool) -> Iterator[bytes]:
    page, columns = first, list_columns()
    yield (BOM.encode() if bom else b"") + _write_rows([columns])
    try:
        while True:
            if page.text:
                yield _write_rows([csv_row(_decode(item), columns) for item in page.items])
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
