"""Conditional requests and ranges (RFC 9110, sections 13 and 14).

    return apply_conditions(Response(data), etag)                   # 304, 412
    return apply_conditions(Response(data), etag, ranges=True)      # also 206, 416
    require_match(etag)                                        # before a change: 412 PRECONDITION_FAILED

werkzeug parses the headers; what follows from them is decided here (ADR 14): its `make_conditional` answers 412 to
`If-Match: *`, looks at the range before the conditions, cuts a range out for HEAD, and answers 416 where a range is to
be ignored.
"""

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from rmos import digest
from rmos.errors.http import PreconditionFailed


def apply_conditions(response: Response, etag: str, *, ranges: bool = False) -> Response:
    """Give a response its ETag and apply the conditions of the request to it.

    They are evaluated in the order of RFC 9110, section 13.2.2: If-Match, If-None-Match, then If-Range and Range. One
    range is cut out; several, and units that are not bytes, are answered with the whole, as the standard allows.

    Raises:
        PreconditionFailed: If-Match names other states of the record.
        RequestedRangeNotSatisfiable: the range lies outside.
    """
    environ = request.environ
    response.set_etag(etag)
    if "HTTP_IF_MATCH" in environ:
        require_match(etag)
    if "HTTP_IF_NONE_MATCH" in environ and request.if_none_match.contains_weak(etag):
        response.status_code = 304
    elif ranges:
        response.accept_ranges = "bytes"
        _cut_range(response, etag)
    return response


def has_if_match() -> bool:
    """Tell whether the request has an If-Match."""
    return "HTTP_IF_MATCH" in request.environ


def require_match(etag: str, **members: str | int) -> None:
    """Refuse the request when its If-Match does not name this state of the record.

    Args:
        members: further members of the problem.

    Raises:
        PreconditionFailed: it names only others; the detail has the present one.
    """
    if has_if_match() and not (request.if_match.star_tag or request.if_match.is_strong(etag)):
        error = PreconditionFailed(f'If-Match does not name the present state, which is "{etag}".')
        error.members = {**members}
        raise error


def read_range(size: int, etag: str) -> tuple[int, int] | None:
    """Return the range of so many bytes that the request asks for, its end not included.

    None is the whole: there is no Range, or it is malformed or holds for another state of the record, or there is
    nothing of which a part could be given.

    Raises:
        RequestedRangeNotSatisfiable: nothing of it is there.
    """
    environ, whole = request.environ, f'"{etag}"'
    if "HTTP_RANGE" not in environ or environ["REQUEST_METHOD"] != "GET" or size == 0:
        return None
    if environ.get("HTTP_IF_RANGE", whole).strip() != whole:  # a date, a weak ETag or another one
        return None
    requested = request.range
    if requested is None or requested.units != "bytes" or len(requested.ranges) != 1:
        return None
    start, end = requested.ranges[0]
    if start < 0:  # the last bytes, or all when there are fewer: werkzeug's `range_for_length` finds none then
        start = max(size + start, 0)
    if start >= size:
        raise RequestedRangeNotSatisfiable(size)
    return start, size if end is None else min(end, size)


def _cut_range(response: Response, etag: str) -> None:
    """Leave of a response the range that the request asks for.

    Raises:
        RequestedRangeNotSatisfiable: nothing of it is there.
    """
    data = response.get_data()
    requested = read_range(len(data), etag)
    if requested is None:
        return
    start, end = requested
    response.status_code = 206
    response.set_data(data[start:end])
    response.content_range.set(start, end, len(data))
    if "Content-Digest" in response.headers:
        response.headers["Repr-Digest"] = response.headers["Content-Digest"]
        response.headers["Content-Digest"] = digest.content_digest(digest.sha256_hex(data[start:end]))
