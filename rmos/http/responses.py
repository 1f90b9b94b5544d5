"""Finished responses: a body that is JSON already, and how long it may be kept (RFC 9111).

return respond_json(dump_events(record))
return respond_json(verdict, cache=NO_STORE)
"""

from collections.abc import Mapping
from typing import Final

from flask import Response

JSON: Final = "application/json"
PRIVATE: Final = "private, no-cache"
"""The caller may keep it and validates it each time: what a GET returns, unless its view says otherwise."""
IMMUTABLE: Final = "private, max-age=31536000, immutable"
"""Bytes under a URL that has their digest: they can never change (RFC 8246; a year is for ever)."""
NO_STORE: Final = "no-store"
"""What holds for this moment only: every other response, unless its view says otherwise (`headers`)."""


def respond_json(
    body: bytes | str, *, cache: str | None = None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response of JSON.

    Args:
        cache: its Cache-Control; None is PRIVATE for what a GET returns, NO_STORE for everything else.
    """
    response = Response(body, status=status, content_type=JSON)
    if cache is not None:
        response.headers["Cache-Control"] = cache
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response
