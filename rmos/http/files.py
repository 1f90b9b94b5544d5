"""Blobs as responses: whole or a range, in blocks, with headers that let no browser do anything with them.

    return respond_blob(store.blobs.open(sha256), mime="image/png", filename="top.png")

The ETag is the digest. A file is handed over to be saved; only a drawing that the gate has let through is shown
(`inline`), and even that in a sandbox that loads and runs nothing.
"""

import re
from typing import Final
from urllib.parse import quote

from flask import Response, request

from rmos import digest
from rmos.http.conditions import apply_conditions, read_range
from rmos.http.responses import NO_STORE
from rmos.http.routes import ResponseSpec
from rmos.services.files.filenames import safe_name
from rmos.services.files.media_types import UNKNOWN, media_type
from rmos.store.blobs import OpenBlob

ZIP: Final = "application/zip"
CSP: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
"""Of every response that is a stored file: no script, no form, no other origin, nothing loaded."""
FILE_HEADERS: Final = (
    "ETag",
    "Cache-Control",
    "Content-Digest",
    "Content-Disposition",
    "Content-Security-Policy",
    "Accept-Ranges",
)
RANGE_HEADERS: Final = ("Content-Range", "Repr-Digest", *FILE_HEADERS)
BYTES: Final[dict[int, ResponseSpec]] = {
    200: ResponseSpec("The bytes.", {}, FILE_HEADERS, content_type="*/*"),
    206: ResponseSpec("A range of the bytes.", {}, RANGE_HEADERS, content_type="*/*"),
    304: ResponseSpec("The caller has them already.", headers=("ETag", "Cache-Control")),
}
"""The responses of a route that returns a file."""
CONDITIONS: Final = ("If-None-Match", "If-Match", "Range", "If-Range")
_AT_ONCE: Final = 64 * 1024
"""Up to this size a file is read before the response begins."""
_ACTIVE: Final = re.compile(
    r"text/html|application/(xhtml\+xml|.*script|x-shockwave-flash|xml)|text/(xml|.*script|xsl)"
)
"""Types that a browser might run; handed out as bytes of any kind, should the other headers be lost on the way."""
_ATTR_CHARS: Final = "!#$&+-.^_`|~"
"""What stands for itself in an extended parameter, beside letters and digits (RFC 8187, section 3.2.1)."""


def respond_blob(
    blob: OpenBlob, *, mime: str | None, filename: str | None, inline: bool = False, cache: str | None = None
) -> Response:
    """Return the response that brings a blob, or what the request's conditions leave of it.

    Args:
        cache: as in `json_response`.

    Raises:
        PreconditionFailed, RequestedRangeNotSatisfiable.
    """
    try:
        response = Response(content_type=_harmless_type(mime))
        if cache is not None:
            response.headers["Cache-Control"] = cache
        response.headers["Content-Security-Policy"] = CSP
        response.headers["Content-Disposition"] = make_disposition(
            "inline" if inline else "attachment", safe_name(filename, blob.sha256)
        )
        response.accept_ranges = "bytes"
        apply_conditions(response, blob.sha256)
        requested = None if response.status_code == 304 else read_range(blob.size, blob.sha256)
        _describe_bytes(response, blob, requested)
        start, end = requested or (0, blob.size)
        if request.method == "HEAD" or response.status_code == 304:
            blob.close()
        elif end - start <= _AT_ONCE:
            response.set_data(b"".join(blob.blocks(start, end)))
        else:
            response.response = blob.blocks(start, end)
        response.content_length = end - start
    except BaseException:  # nothing else closes the file any more
        blob.close()
        raise
    return response


def respond_zip(data: bytes, *, filename: str, sha256: str, ranges: bool = False) -> Response:
    """Return the response that brings a zip made for this caller at this moment.

    Args:
        sha256: of the zip, which is its ETag.
        ranges: whether a part of it may be asked for.

    Raises:
        PreconditionFailed, RangeNotSatisfiable.
    """
    response = Response(data, content_type=ZIP)
    response.headers["Cache-Control"] = NO_STORE
    response.headers["Content-Security-Policy"] = CSP
    response.headers["Content-Disposition"] = make_disposition("attachment", filename)
    response.headers["Content-Digest"] = digest.content_digest(sha256)
    return apply_conditions(response, sha256, ranges=ranges)


def _describe_bytes(response: Response, blob: OpenBlob, requested: tuple[int, int] | None) -> None:
    """Add the headers that describe the bytes; the digest of a range would cost hashing it for every reader."""
    if requested is not None:
        response.status_code = 206
        response.content_range.set(*requested, blob.size)
    if blob.exact:
        name = "Content-Digest" if requested is None else "Repr-Digest"
        response.headers[name] = digest.content_digest(blob.sha256)


def _harmless_type(mime: str | None) -> str:
    known = media_type(mime)
    return UNKNOWN if known is None or _ACTIVE.fullmatch(known) else known


def make_disposition(kind: str, name: str) -> str:
    """Return a Content-Disposition with a name for old and new readers (RFC 6266, RFC 8187)."""
    plain = "".join(sign if sign.isascii() and sign not in '"\\%' else "_" for sign in name)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"
