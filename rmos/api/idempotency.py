"""The header Idempotency-Key, by which a client may send a request again without doing its work twice."""

import re
from typing import Any, Final

from flask import request

from rmos import digest
from rmos.errors import BadHeader
from rmos.services import Idempotency

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
