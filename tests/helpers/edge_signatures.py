"""Signatures at the edges of Ed25519, where implementations are known to differ: each with what it is.

    for name, (public, message, signature) in make_edge_vectors().items(): ...

Points of small order in each of their spellings as key and as commitment, numbers S from the group's order on, and
signatures that hold only where a verifier multiplies by the cofactor (RFC 8032, 5.1.7, leaves both open), all computed
here from the equations. A key in another spelling is for nobody's secret: libraries take it or leave it, the verifier
refuses it.
"""

import hashlib
from typing import Final

from rmos.verifier.rmos_verify import ORDER, P, add_points, decode_point, multiply

Vector = tuple[bytes, bytes, bytes]
"""Public key, message and signature."""
Point = tuple[int, ...]

BASE: Final = decode_point(b"\x58" + b"\x66" * 31)
_SECRET: Final = 0x1234567890ABCDEF
_NONCE: Final = 0xFEDCBA0987654321


def encode_point(point: Point, *, sign: int | None = None, more: int = 0) -> bytes:
    """Return the spelling of a point, or another one: with a sign that it has not, or with y + `more`."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y + more | (x & 1 if sign is None else sign) << 255).to_bytes(32, "little")


def encode_number(number: int) -> bytes:
    """Return a number as the second half of a signature."""
    return number.to_bytes(32, "little")


def is_canonical(public: bytes) -> bool:
    """Tell whether a key is spelt in the one way that RFC 8032 has for its point."""
    try:
        return encode_point(decode_point(public)) == public
    except ValueError:
        return False


def make_edge_vectors() -> dict[str, Vector]:
    """Return the vectors by what they are."""
    found = {**_make_small(), **_make_others()}
    assert len(found) > 50
    return found


def _make_torsion() -> list[Point]:
    """Return the eight points whose order divides eight."""
    for seed in range(2, 50):
        try:
            point = multiply(ORDER, decode_point(encode_number(seed)))
        except ValueError:
            continue
        if encode_point(multiply(4, point)) != encode_point(multiply(0, point)):
            return [multiply(times, point) for times in range(8)]
    raise AssertionError("no point of order eight was found")


def _make_small() -> dict[str, Vector]:
    torsion = _make_torsion()
    spelt = {f"{place} of 8": encode_point(point) for place, point in enumerate(torsion)}
    spelt |= {"1, minus": encode_point(torsion[0], sign=1), "y = p + 1": encode_point(torsion[0], more=P)}
    spelt |= {"-1, minus": encode_point(torsion[4], sign=1)}
    at_zero = next(point for point in torsion if encode_point(point)[:31] == bytes(31))
    spelt |= {"y = p": encode_point(at_zero, sign=0, more=P), "y = p, minus": encode_point(at_zero, sign=1, more=P)}
    found = {}
    for key, public in spelt.items():
        for commitment in ("0 of 8", "1 of 8", "y = p + 1", "1, minus"):
            for s in (0, ORDER):
                name = f"key {key}, commitment {commitment}, S = {'L' if s else '0'}"
                found[name] = (public, b"edge", spelt[commitment] + encode_number(s))
        # One that holds: a message is looked for whose hash takes the key's point to where the commitment is.
        for number in range(64):
            message = b"%d" % number
            hashed = hashlib.sha512(spelt["0 of 8"] + public + message).digest()
            if int.from_bytes(hashed, "little") % ORDER % 8 == 0:
                found[f"key {key}, holds by chance"] = (public, message, spelt["0 of 8"] + encode_number(0))
                break
    return found


def _sign(message: bytes, key: Point, commitment: Point) -> Vector:
    public, first = encode_point(key), encode_point(commitment)
    k = int.from_bytes(hashlib.sha512(first + public + message).digest(), "little") % ORDER
    return public, message, first + encode_number((_NONCE + k * _SECRET) % ORDER)


def _make_others() -> dict[str, Vector]:
    message, torsion = b"the same message", _make_torsion()
    key, commitment = multiply(_SECRET, BASE), multiply(_NONCE, BASE)
    public, _, signature = plain = _sign(message, key, commitment)
    s = int.from_bytes(signature[32:], "little")
    found = {"as it should be": plain}
    for times in range(1, 16):
        if s + times * ORDER < 1 << 256:
            found[f"S + {times} L"] = (public, message, signature[:32] + encode_number(s + times * ORDER))
    found["S with its highest bit"] = (public, message, signature[:63] + bytes([signature[63] | 0x80]))
    found["S = 0"] = (public, message, signature[:32] + bytes(32))
    found["the commitment has another sign"] = (public, message, _flip_sign(signature[:32]) + signature[32:])
    found["the key has another sign"] = (_flip_sign(public), message, signature)
    for place in range(1, 8):
        found[f"commitment + {place} of 8"] = _sign(message, key, add_points(commitment, torsion[place]))
        found[f"key + {place} of 8"] = _sign(message, add_points(key, torsion[place]), commitment)
    return found


def _flip_sign(spelt: bytes) -> bytes:
    return spelt[:31] + bytes([spelt[31] ^ 0x80])
