"""The one place that hashes and that writes canonical JSON (RFC 8785).

    data = encode_record({"schema": "rmos.run/1", "run_id": "run_…"})   # b'{"_sha256":"<64 hex>","run_id":…}\\n'
    verify_self_digest(data)                                   # the 64 digits when they hold, else None

A sealed object vouches for itself: `_sha256` is the SHA-256 of the file's bytes with these 64 digits written as `0`.
RFC 8785 sorts members by UTF-16 code units and `_` sorts before every lower-case letter, so in a record, whose members
all begin with one, the digits stand at a fixed offset and can be checked without parsing.
"""

import binascii
import functools
import hashlib
import math
import queue
import threading
from collections.abc import Mapping
from typing import Any, Final

import msgspec

SELF_DIGEST_PREFIX: Final = b'{"_sha256":"'
_DIGITS_END: Final = len(SELF_DIGEST_PREFIX) + 64
_BLANK_HEAD: Final = SELF_DIGEST_PREFIX + b"0" * 64
SHA256: Final = hashlib.sha256
"""For libraries that are told what to hash with."""
NO_DIGEST: Final = "0" * 64
"""What the completeness guard writes where there is no digest."""

MAX_DEPTH: Final = 64
"""Levels of nesting that a record may have; RMOS policy, far above any real design."""
MAX_INTEGER: Final = 2**53
"""Largest magnitude of an integer: what every JSON reader keeps exactly (RFC 7493, section 2.2)."""

_PLAIN_FROM: Final = 1e-4
_PLAIN_TO: Final = 1e15

_BESIDE_FROM: Final = 1024 * 1024
"""Bytes from which on hashing is worth a thread."""
_WAITING: Final = 8

_encoder = msgspec.json.Encoder()


class NotCanonical(ValueError):
    """The value has no RFC 8785 form: NaN, Infinity, too large an integer, U+0000, a lone surrogate, too deep."""


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value; `msgspec.Raw` members are taken as canonical already.

    Raises:
        NotCanonical: when the value has no such form, naming what is wrong.
    """
    return canonical_struct(_order_members(value, 0))


def canonical_struct(value: Any) -> bytes:
    """Return the bytes of a struct whose fields stand in canonical order and whose numbers are canonical already.

    Raises:
        NotCanonical: a text has no canonical form.
    """
    try:
        data = _encoder.encode(value)
    except UnicodeEncodeError:
        raise NotCanonical("a string holds a lone surrogate") from None
    if b"\\u0000" in data and b"\\u0000" in data.replace(b"\\\\", b""):
        raise NotCanonical("a string holds U+0000")
    return data


def canonical_raw(value: Any) -> msgspec.Raw:
    """Return the canonical bytes ready to be a member of a larger value, so that nothing is encoded twice."""
    return msgspec.Raw(canonical(value))


Sha256 = hashlib.sha256
"""A hash that is fed piece by piece: `update(data)`, `hexdigest()`."""
Md5 = functools.partial(hashlib.md5, usedforsecurity=False)
"""As `Sha256`; what object storage makes ETags of, and good for nothing else."""


class Sha256Beside:
    """A SHA-256 whose larger part is computed on a thread beside the one that reads and writes the bytes.

        with Sha256Beside() as hasher:
            hasher.update(chunk)
            hasher.hexdigest()      # waits for what is left; nothing may be fed after it

    Python lets go of its lock while it hashes, so a second core takes the hashing over. Little is hashed at once: a
    thread would cost more. What waits to be hashed is bounded, `_WAITING` pieces.
    """

    def __init__(self) -> None:
        self._hasher = hashlib.sha256()
        self._size = 0
        self._beside: tuple[threading.Thread, queue.Queue[bytes | None]] | None = None

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._beside is None and self._size < _BESIDE_FROM:
            self._hasher.update(data)
            self._size += len(data)
            return
        if self._beside is None:
            waiting: queue.Queue[bytes | None] = queue.Queue(_WAITING)
            self._beside = threading.Thread(target=self._work, args=(waiting,), name="sha256", daemon=True), waiting
            self._beside[0].start()
        self._beside[1].put(data)

    def hexdigest(self) -> str:
        """Return the digest of all that was fed."""
        self._end()
        return self._hasher.hexdigest()

    def _work(self, waiting: "queue.Queue[bytes | None]") -> None:
        while (data := waiting.get()) is not None:
            self._hasher.update(data)

    def _end(self) -> None:
        beside, self._beside = self._beside, None
        if beside is not None:
            thread, waiting = beside
            waiting.put(None)
            thread.join()

    def __enter__(self) -> "Sha256Beside":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()


def sha256_hex(data: bytes | memoryview | msgspec.Raw) -> str:
    """Return the SHA-256 of the bytes as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def content_digest(sha256: str) -> str:
    """Return a SHA-256, given as hex digits, as the fields Content-Digest and Repr-Digest have it (RFC 9530)."""
    return f"sha-256=:{binascii.b2a_base64(bytes.fromhex(sha256), newline=False).decode()}:"


def canonical_sha256(value: Any) -> str:
    """Return the SHA-256 of the canonical bytes of a JSON value."""
    return sha256_hex(canonical(value))


def is_same_json(one: object, other: object) -> bool:
    """Tell whether two values are the same as JSON, where a whole number may have been written as a float."""
    return canonical(one) == canonical(other)


def encode_record(members: Mapping[str, Any]) -> bytes:
    """Return the bytes of a record: canonical JSON with `_sha256` first, and a newline.

    Raises:
        NotCanonical: when a member has no canonical form.
        ValueError: when a member's name would sort before `_sha256`.
    """
    data = canonical({**members, "_sha256": NO_DIGEST}) + b"\n"
    if not data.startswith(_BLANK_HEAD):
        raise ValueError("a record's members begin with a lower-case letter")
    digest = hashlib.sha256(data).hexdigest()
    return SELF_DIGEST_PREFIX + digest.encode() + data[_DIGITS_END:]


def has_self_digest(data: bytes) -> bool:
    """Tell whether the bytes claim to vouch for themselves (whether they do: `verify_self_digest`)."""
    return data.startswith(SELF_DIGEST_PREFIX)


def read_self_digest(data: bytes) -> str:
    """Return the `_sha256` that sealed bytes carry, without checking it."""
    return data[len(SELF_DIGEST_PREFIX) : _DIGITS_END].decode("ascii")


def verify_self_digest(data: bytes) -> str | None:
    """Return the record's `_sha256` when it holds for exactly these bytes, else None."""
    if not data.startswith(SELF_DIGEST_PREFIX):
        return None
    hasher = hashlib.sha256(_BLANK_HEAD)
    hasher.update(memoryview(data)[_DIGITS_END:])
    digest = hasher.hexdigest()
    return digest if data[len(SELF_DIGEST_PREFIX) : _DIGITS_END] == digest.encode() else None


def number_text(value: float) -> bytes:
    """Return an IEEE 754 double as ECMAScript writes it (RFC 8785, section 3.2.2.3).

    Raises:
        NotCanonical: for NaN and infinities.
    """
    if not math.isfinite(value):
        raise NotCanonical("a number is not finite")
    if value == 0:
        return b"0"  # also for -0.0
    mantissa, _, exponent = f"{value!r}".partition("e")
    sign, digits = ("-", mantissa[1:]) if mantissa[0] == "-" else ("", mantissa)
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + (int(exponent) if exponent else 0)
    significant = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(significant)
    significant = significant.rstrip("0")
    return (sign + _ecmascript(significant, point)).encode()


def _ecmascript(digits: str, point: int) -> str:
    """Lay out `0.digits x 10^point` by the rules of ECMA-262, Number::toString."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    power = f"{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{digits[0]}.{digits[1:]}e{power}" if count > 1 else f"{digits}e{power}"


_AS_IS: Final = frozenset({str, bool, type(None), msgspec.Raw})
"""What the encoder writes canonically by itself."""


def _order_members(value: Any, depth: int) -> Any:
    """Return the value with members in UTF-16 order and numbers in their canonical text."""
    kind = type(value)
    if kind in _AS_IS:
        return value
    if kind is float:
        return canonical_number(value)
    if kind is int:
        if -MAX_INTEGER <= value <= MAX_INTEGER:
            return value
        raise NotCanonical("an integer is beyond 2^53")
    if depth >= MAX_DEPTH:
        raise NotCanonical(f"the value is nested more than {MAX_DEPTH} levels deep")
    if kind is dict or isinstance(value, Mapping):
        # Plain members are looked at here: a call for each of them would double the time of a record.
        ordered = {}
        for name in _names(value):
            item = value[name]
            kind = type(item)
            if kind in _AS_IS:
                ordered[name] = item
            elif kind is float:
                ordered[name] = canonical_number(item)
            else:
                ordered[name] = _order_members(item, depth + 1)
        return ordered
    if isinstance(value, (list, tuple)):
        return [_order_members(item, depth + 1) for item in value]
    raise NotCanonical(f"a {kind.__name__} is not a JSON value")


def canonical_number(value: float) -> Any:
    """Return what the encoder writes as ECMAScript writes the number (RFC 8785).

    Raises:
        NotCanonical: it is not finite.
    """
    if _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        return int(value) if value.is_integer() else value  # the shortest decimal is ECMAScript's here
    return msgspec.Raw(number_text(value))


def _names(value: Mapping[str, Any]) -> list[str]:
    """Return the members' names in the order of RFC 8785, refusing what cannot be one."""
    try:
        ascii_only = "".join(value).isascii()
    except TypeError:
        raise NotCanonical("a member's name is not a string") from None
    if ascii_only:
        return sorted(value)
    try:
        return sorted(value, key=lambda name: name.encode("utf-16-be"))
    except UnicodeEncodeError:
        raise NotCanonical("a member's name holds a lone surrogate") from None


EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962, section 2.1)."""


def hash_bytes(data: bytes) -> bytes:
    """Return the 32 bytes of a SHA-256."""
    return hashlib.sha256(data).digest()


def hash_leaf(entry: bytes) -> bytes:
    """Return the hash of a log's entry (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of a tree's node from those of its two halves (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()
