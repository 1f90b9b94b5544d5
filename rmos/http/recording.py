"""What requests that record a run share: they may be sent twice and do their work once, and may ask for little back.

idempotency = read_idempotency(body)                # of the header Idempotency-Key, or None
respond_recorded(body, run_id, replayed=False)     # 201 with Location; 200 for an earlier request's run
"""

import re
from typing import Any, Final

from flask import Response, request

from rmos import digest
from rmos.errors.request import BadHeader
from rmos.http.responses import prefix_path, respond_json
from rmos.services.artifact import Idempotency

MINIMAL: Final = "return=minimal"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


def read_idempotency(body: dict[str, Any]) -> Idempotency | None:
    """Return the key that the running request bears, with the digest of its body as it was sent.

    Raises:
        BadHeader: it is no key.
    """
    key = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise BadHeader("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return Idempotency(key=key, request_sha256=digest.canonical_sha256(body))


def prefers_minimal() -> bool:
    """Tell whether the request prefers a response with the id alone: `Prefer: return=minimal`."""
    return _find_return(request.environ.get("HTTP_PREFER", "")) == "minimal"


def _find_return(prefer: str) -> str | None:
    """Return the value of the preference `return`, of which the first counts (RFC 7240, section 2)."""
    for preference in prefer.split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "return":
            return value.strip().strip('"').lower()
    return None


def respond_recorded(body: bytes, run_id: str, *, replayed: bool) -> Response:
    """Return the response to a request that recorded a run, or whose key has recorded it before."""
    headers = {"Location": prefix_path(f"/api/rmos/runs/{run_id}")}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return respond_json(body, status=200 if replayed else 201, headers=headers)
