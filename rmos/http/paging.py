"""Pages of lists over HTTP: asking an index that may be incomplete, the body, the link to the next page."""

import functools
from typing import TypeVar
from urllib.parse import quote, urlencode

from flask import request

from rmos.models import Page

T = TypeVar("T")


def page_text(page: Page) -> str:
    """Return a page's body; the items are finished texts and a cursor needs no escaping."""
    cursor = "null" if page.next_cursor is None else f'"{page.next_cursor}"'
    total = "" if page.total is None else f',"total":{page.total}'
    return f'{{"items":[{page.text}],"next_cursor":{cursor}{total}}}'


def next_link(next_cursor: str | None) -> dict[str, str]:
    """Return the header that names the next page of the running request; a cursor needs no escaping."""
    if next_cursor is None:
        return {}
    return {"Link": f'<{_escaped(request.path)}?{_filters(request.query_string)}cursor={next_cursor}>; rel="next"'}


@functools.lru_cache(maxsize=512)
def _escaped(path: str) -> str:
    """Return a path as it stands in a URL: a session of the earlier system may have any name."""
    return quote(path)


@functools.lru_cache(maxsize=512)
def _filters(query_string: bytes) -> str:
    """Return what a query string asks for besides a place in the list, as the beginning of another one."""
    kept = [(name, value) for name, value in request.args.items() if name not in ("cursor", "offset")]
    return f"{urlencode(kept)}&" if kept else ""
