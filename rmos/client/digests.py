"""Whether bytes arrived as they were sent: by the digests of the response, and by the record's own.

A record of RMOS begins with `{"_sha256":"` and 64 hex digits: the SHA-256 of the whole with these digits as zeros.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping

from rmos.client.errors import DigestMismatch

_HEAD = b'{"_sha256":"'
_DIGITS = 64
_SHA256_FIELD = re.compile(r"(?:^|,)\s*sha-256=:([^:]*):")
_SHA256_TAG = re.compile(r'"([0-9a-f]{64})"')


def check_download(data: bytes, headers: Mapping[str, str]) -> None:
    """Compare the bytes of a record with Content-Digest, the ETag and `_sha256`, as far as each is there.

    Raises:
        DigestMismatch: naming the one that does not hold.
    """
    digest = hashlib.sha256(data)
    field = _SHA256_FIELD.search(headers.get("Content-Digest", ""))
    if field and _decode_base64(field[1]) != digest.digest():
        raise DigestMismatch("The bytes that arrived do not have their Content-Digest; ask again.")
    tag = _SHA256_TAG.fullmatch(headers.get("ETag", ""))
    if tag and tag[1] != digest.hexdigest():
        raise DigestMismatch("The bytes that arrived do not have the digest in the ETag; ask again.")
    if data.startswith(_HEAD) and not has_own_digest(data):
        raise DigestMismatch("The record does not have its own `_sha256`; an operator should run `rmos verify`.")


def has_own_digest(data: bytes) -> bool:
    """Tell whether the bytes of a record have the digest that they begin with."""
    end = len(_HEAD) + _DIGITS
    blank = hashlib.sha256(_HEAD + b"0" * _DIGITS)
    blank.update(memoryview(data)[end:])
    return data[len(_HEAD) : end] == blank.hexdigest().encode()


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
