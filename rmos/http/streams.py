"""Lists that are longer than a page, as CSV or NDJSON: streamed page by page, in constant memory, by the same cursor.

    response = streamed(asked, CSV)

Each page is a question of its own to the index, so a slow reader holds nothing open there. Headers go out when the
first page is there; when the index fails after that, the last line is the problem (NDJSON) or begins with `#ERROR`
(CSV), and the connection is broken off before the body is finished: no stream is ever silently short, not even through
a proxy that hides the break.

Nothing of the request is held while a stream lasts: one that is dropped half-way may be closed in the middle of another
request, which would then lose its own context.
"""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from flask import Response, copy_current_request_context, g

from rmos.context import current_rmos
from rmos.errors.base import RmosError
from rmos.http import problems
from rmos.http.accept import CSV, NDJSON
from rmos.models import Page
from rmos.schemas.lists import ListRequest
from rmos.store import Store
from rmos.transfer.exporting import COLUMNS, csv_row

BATCH: Final = 500
"""Runs that are read at once: some 400 KB, and one question to the index."""
ERROR_MARK: Final = "#ERROR"
_CONTENT_TYPES: Final = {CSV: "text/csv; charset=utf-8; header=present", NDJSON: NDJSON}
_decode: Final[Callable[[str], dict[str, Any]]] = msgspec.json.Decoder(dict[str, Any]).decode

Pages = Iterator[Page]
Tell = Callable[[RmosError], Response]
"""Logs an error and makes it a problem."""


def streamed(asked: ListRequest, form: str) -> Response:
    """Return the answer that brings all runs of a filter, or as many as were asked for.

    Raises:
        BadCursor, IndexRebuilding, IndexUnavailable: before anything was sent.
    """
    store = current_rmos().store
    pages = walk(store, asked)
    first = next(pages)
    headers = {}
    if asked.include_total:
        headers["X-Total-Count"] = str(store.runs.count(asked.query))
    if form == CSV:
        headers["Content-Disposition"] = 'attachment; filename="runs.csv"'
    body = (_csv if form == CSV else _ndjson)(first, pages, _teller())
    return Response(body, headers=headers, content_type=_CONTENT_TYPES[form])


def _teller() -> Tell:
    """Return what tells an error of the running request after its view has returned, under the request's id."""
    known = {name: g.get(name) for name in g}

    @copy_current_request_context
    def tell(error: RmosError) -> Response:
        for name, value in known.items():  # a copied context begins with an empty `g`
            setattr(g, name, value)
        return problems.answer(error)

    return tell


def walk(store: Store, asked: ListRequest) -> Pages:
    """Give the pages of a list one after the other, at least one."""
    limit, cursor, offset = asked.limit if asked.limited else BATCH, asked.cursor, asked.offset
    while True:
        page = store.runs.page(asked.query, limit=limit, cursor=cursor, offset=offset)
        yield page
        if asked.limited or page.next_cursor is None:
            return
        cursor, offset = page.next_cursor, 0


def _ndjson(first: Page, pages: Pages, tell: Tell) -> Iterator[bytes]:
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
        yield tell(error).get_data() + b"\n"
        raise


def _csv(first: Page, pages: Pages, tell: Tell) -> Iterator[bytes]:
    page = first
    yield _rows([COLUMNS])
    try:
        while True:
            if page.text:
                yield _rows([csv_row(_decode(item)) for item in page.items])
            page = next(pages)
    except StopIteration:
        return
    except RmosError as error:
        tell(error)
        yield _rows([(ERROR_MARK, error.code, f"The list ends too early. {error.detail}")])
        raise


def _rows(rows: list[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
