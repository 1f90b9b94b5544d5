"""Files that are the same for everybody go out compressed to whoever takes that, and are compressed once.

    respond_compressed(asset.data, content_type=asset.content_type, etag="0123456789abcdef")

Nothing else is compressed here: what holds a caller's own words beside a secret would tell of the secret by its length,
and the rest is left to the proxy.
"""

import functools
import gzip

from flask import Response, request

from rmos.http.conditions import apply_conditions

_LEVEL = 9


def respond_compressed(data: bytes, *, content_type: str, etag: str) -> Response:
    """Return the response with a file, compressed when the request accepts gzip; the ETag says which it is.

    Raises:
        PreconditionFailed: If-Match names another one.
    """
    is_taken = request.accept_encodings.quality("gzip") > 0
    response = Response(_compress(data) if is_taken else data, content_type=content_type)
    response.vary.add("Accept-Encoding")
    if is_taken:
        response.content_encoding = "gzip"
    return apply_conditions(response, f"{etag}-gzip" if is_taken else etag)


@functools.lru_cache(maxsize=64)
def _compress(data: bytes) -> bytes:
    return gzip.compress(data, _LEVEL, mtime=0)
