"""Conditional requests, ranges and how long an answer may be kept (RFC 9110, 9111, 7240).

return conditional(Response(data), etag)                   # 304, 412
return conditional(Response(data), etag, ranges=True)      # also 206, 416
require_match(etag)                                        # before a change: 412 PRECONDITION_FAILED
"""

import re
from typing import Final

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_etags, parse_if_range_header

from rmos import digest
from rmos.errors.http import PreconditionFailed

PRIVATE: Final = "private, no-cache"
"""Records and lists: the caller may keep them and asks each time whether they are still so."""
IMMUTABLE: Final = "private, max-age=31536000, immutable"
"""Bytes under a URL that has their digest: they can never change (RFC 8246; a year is for ever)."""
NO_STORE: Final = "no-store"
"""Errors, and whatever holds for this moment only."""
MINIMAL: Final = "return=minimal"
_ONE_RANGE: Final = re.compile(r"bytes=(?=.*[0-9])([0-9]{0,18})-([0-9]{0,18})")


def conditional(answer: Response, etag: str, *, ranges: bool = False) -> Response:
    """Give an answer its ETag and make it what the request's conditions ask for.

    They count in the order of RFC 9110, section 13.2.2: If-Match, If-None-Match, then If-Range and Range. One range is
    cut out; several, and units that are not bytes, are answered with the whole, as the standard allows.

    Raises:
        PreconditionFailed: If-Match names other states of the record.
        RequestedRangeNotSatisfiable: the range lies outside.
    """
    environ = request.environ
    answer.headers["ETag"] = f'"{etag}"'
    if "HTTP_IF_MATCH" in environ:
        require_match(etag)
    if "HTTP_IF_NONE_MATCH" in environ and parse_etags(environ["HTTP_IF_NONE_MATCH"]).contains_weak(etag):
        answer.status_code = 304
    elif ranges:
        answer.headers["Accept-Ranges"] = "bytes"
        if "HTTP_RANGE" in environ and environ["REQUEST_METHOD"] == "GET":
            _cut(answer, etag)
    return answer


def require_match(etag: str) -> None:
    """Refuse the request when its If-Match does not name this state of the record.

    Raises:
        PreconditionFailed: it names only others; the detail says which is the present one.
    """
    sent = request.environ.get("HTTP_IF_MATCH")
    if sent is None:
        return
    tags = parse_etags(sent)
    if not tags.star_tag and not tags.is_strong(etag):
        raise PreconditionFailed(f'If-Match does not name the present state, which is "{etag}".')


def asked_range(size: int, etag: str) -> tuple[int, int] | None:
    """Return the range of so many bytes that the request asks for, its end not included (RFC 9110, section 14).

    None is the whole: nothing was asked for, or what was is malformed or holds for another state of the record, or
    there is nothing of which a part could be given.

    Raises:
        RequestedRangeNotSatisfiable: nothing of it is there.
    """
    environ = request.environ
    if "HTTP_RANGE" not in environ or environ["REQUEST_METHOD"] != "GET" or size == 0:
        return None
    asked = _ONE_RANGE.fullmatch(environ["HTTP_RANGE"].strip().lower())
    if_range = parse_if_range_header(environ.get("HTTP_IF_RANGE"))
    if asked is None or if_range.date is not None or if_range.etag not in (None, etag):
        return None
    first, last = asked.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= size:
        raise RequestedRangeNotSatisfiable(size)
    return (start, end) if start < end else None  # else its end lies before its start


def _cut(answer: Response, etag: str) -> None:
    """Leave of an answer the range that was asked for.

    Raises:
        RequestedRangeNotSatisfiable: nothing of it is there.
    """
    data = answer.get_data()
    asked = asked_range(len(data), etag)
    if asked is None:
        return
    start, end = asked
    answer.status_code = 206
    answer.set_data(data[start:end])
    answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    if "Content-Digest" in answer.headers:
        answer.headers["Repr-Digest"] = answer.headers["Content-Digest"]
        answer.headers["Content-Digest"] = digest.content_digest(digest.sha256_hex(data[start:end]))


def wants_minimal() -> bool:
    """Tell whether the request prefers an answer without a body: `Prefer: return=minimal`."""
    sent = request.environ.get("HTTP_PREFER")
    return sent is not None and _preferred(sent) == "minimal"


def _preferred(sent: str) -> str | None:
    """Return the value of the preference `return`, of which the first counts (RFC 7240, section 2)."""
    for preference in sent.split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "return":
            return value.strip().strip('"').lower()
    return None
