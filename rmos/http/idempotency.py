"""The header Idempotency-Key: a request may be sent again without doing its work twice, and the answer says so."""

import re
from typing import Any, Final

from flask import Response, request

from rmos import digest
from rmos.errors.request import BadHeader
from rmos.http.conditions import NO_STORE
from rmos.services.artifact import Idempotency

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


def answer_recorded(body: bytes, run_id: str, *, replayed: bool) -> Response:
    """Return the answer to a request that recorded a run, or whose key has recorded it before."""
    headers = {"Location": f"/api/rmos/runs/{run_id}", "Cache-Control": NO_STORE}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(body, status=200 if replayed else 201, headers=headers, content_type="application/json")
