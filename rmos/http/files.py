"""Blobs as answers: whole or a range, in pieces, with headers that let no browser do anything with them.

    return answer_blob(store.blobs.open(sha256), mime="image/png", filename="top.png")

The ETag is the digest. A file is handed over to be saved; only a drawing that the gate has let through is shown
(`inline`), and even that in a sandbox that loads and runs nothing.
"""

import re
from typing import Final
from urllib.parse import quote

from flask import Response, request

from rmos import digest
from rmos.http.conditions import PRIVATE, asked_range, conditional
from rmos.http.operations import Answer
from rmos.services.files.filenames import safe_name
from rmos.services.files.media_types import UNKNOWN, media_type
from rmos.store.blobs import OpenBlob

CSP: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
"""Of every answer that is a stored file: no script, no form, no other origin, nothing loaded."""
FILE_HEADERS: Final = (
    "ETag",
    "Cache-Control",
    "Content-Digest",
    "Content-Disposition",
    "Content-Security-Policy",
    "Accept-Ranges",
)
RANGE_HEADERS: Final = ("Content-Range", "Repr-Digest", *FILE_HEADERS)
BYTES: Final[dict[int, Answer]] = {
    200: Answer("The bytes.", {}, FILE_HEADERS, content_type="*/*"),
    206: Answer("A range of the bytes.", {}, RANGE_HEADERS, content_type="*/*"),
    304: Answer("The caller has them already.", headers=("ETag", "Cache-Control")),
}
"""What a route that hands a file over answers."""
CONDITIONS: Final = ("If-None-Match", "If-Match", "Range", "If-Range")
_AT_ONCE: Final = 64 * 1024
"""Up to this size a file is read before the answer begins."""
_ACTIVE: Final = re.compile(
    r"text/html|application/(xhtml\+xml|.*script|x-shockwave-flash|xml)|text/(xml|.*script|xsl)"
)
"""Types that a browser might run; handed out as bytes of any kind, should the other headers be lost on the way."""
_ATTR_CHARS: Final = "!#$&+-.^_`|~"
"""What stands for itself in an extended parameter, beside letters and digits (RFC 8187, section 3.2.1)."""


def answer_blob(
    blob: OpenBlob, *, mime: str | None, filename: str | None, inline: bool = False, keep: str = PRIVATE
) -> Response:
    """Return the answer that brings a blob, or what the request's conditions leave of it.

    Raises:
        PreconditionFailed, RequestedRangeNotSatisfiable.
    """
    try:
        answer = Response(content_type=_shown_type(mime))
        answer.headers["Cache-Control"] = keep
        answer.headers["Content-Security-Policy"] = CSP
        answer.headers["Content-Disposition"] = disposition(
            "inline" if inline else "attachment", safe_name(filename, blob.sha256)
        )
        answer.headers["Accept-Ranges"] = "bytes"
        conditional(answer, blob.sha256)
        asked = asked_range(blob.size, blob.sha256)
        _describe(answer, blob, asked)
        start, end = asked or (0, blob.size)
        if request.method == "HEAD" or answer.status_code == 304:
            blob.close()
        elif end - start <= _AT_ONCE:
            answer.set_data(b"".join(blob.blocks(start, end)))
        else:
            answer.response = blob.blocks(start, end)
        answer.headers["Content-Length"] = str(end - start)
    except BaseException:  # whatever it is: nobody else closes the file any more
        blob.close()
        raise
    return answer


def _describe(answer: Response, blob: OpenBlob, asked: tuple[int, int] | None) -> None:
    """Say which bytes these are; the digest of a range would cost hashing it for every reader."""
    if asked is not None and answer.status_code == 200:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {asked[0]}-{asked[1] - 1}/{blob.size}"
    if blob.exact:
        name = "Repr-Digest" if answer.status_code == 206 else "Content-Digest"
        answer.headers[name] = digest.content_digest(blob.sha256)


def _shown_type(mime: str | None) -> str:
    known = media_type(mime)
    return UNKNOWN if known is None or _ACTIVE.fullmatch(known) else known


def disposition(how: str, name: str) -> str:
    """Return a Content-Disposition with a name for old and new readers (RFC 6266, RFC 8187)."""
    plain = "".join(sign if sign.isascii() and sign not in '"\\%' else "_" for sign in name)
    if plain == name:
        return f'{how}; filename="{plain}"'
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"
