"""Finished responses: a body that is JSON already, and how long it may be kept (RFC 9111).

return json_response(dump_deleted(deleted), cache=NO_STORE)
"""

from collections.abc import Mapping
from typing import Final

from flask import Response

JSON: Final = "application/json"
PRIVATE: Final = "private, no-cache"
"""Records and lists: the caller may keep them and asks each time whether they are still so."""
IMMUTABLE: Final = "private, max-age=31536000, immutable"
"""Bytes under a URL that has their digest: they can never change (RFC 8246; a year is for ever)."""
NO_STORE: Final = "no-store"
"""Errors, and whatever holds for this moment only."""


def json_response(
    body: bytes | str, *, cache: str | None = None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response of JSON.

    Args:
        cache: its Cache-Control; None leaves it to the headers that every response bears (`headers`).
    """
    response = Response(body, status=status, headers=headers, content_type=JSON)
    if cache is not None:
        response.headers["Cache-Control"] = cache
    return response
