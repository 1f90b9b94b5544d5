"""The verifier's own Ed25519: other people's vectors, and the library that RMOS signs with as its judge."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.verifier import rmos_verify
from rmos.verifier.rmos_verify import ORDER, DoesNotHold, P, verify_ed25519
from tests.helpers.edge_signatures import is_canonical, make_edge_vectors
from tests.trying import tries

SCRIPT = Path(rmos_verify.__file__)

Vector = tuple[bytes, bytes, bytes]
"""Public key, message and signature."""


def read_vectors(name: str) -> list[Vector]:
    """Read vectors, one a line."""
    lines = (Path(__file__).parent / "data" / name).read_text("ascii").splitlines()
    fields = [list(map(bytes.fromhex, line.split(":"))) for line in lines]
    return [(public, message, signature) for public, message, signature in fields]


VECTORS = read_vectors("ed25519_sign_input.txt")
"""32 of the 1024 that ed25519.cr.yp.to gives out as sign.input."""
RFC_8032 = read_vectors("ed25519_rfc8032.txt")
"""Section 7.1, tests 1 to 3."""


def judge(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the library accepts a signature."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_the_vectors_of_rfc_8032_are_accepted() -> None:
    assert [verify_ed25519(*vector) for vector in RFC_8032] == [True] * 3


def test_published_vectors_are_accepted_and_with_another_message_refused() -> None:
    assert len(VECTORS) == 32
    for public, message, signature in VECTORS:
        assert verify_ed25519(public, message, signature)
        assert not verify_ed25519(public, message + b"\0", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511), st.booleans())
@settings(max_examples=tries(60))
def test_one_flipped_bit_of_a_signature_is_judged_as_the_library_does(
    seed: bytes, message: bytes, bit: int, is_flipped: bool
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    signature[bit // 8] ^= is_flipped << bit % 8
    assert verify_ed25519(public, message, bytes(signature)) is judge(public, message, bytes(signature))
    assert verify_ed25519(public, message, bytes(signature)) is not is_flipped


def test_a_second_form_of_the_same_signature_is_refused() -> None:
    public, message, signature = VECTORS[3]
    second = signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    assert not verify_ed25519(public, message, second)
    assert not judge(public, message, second)


@pytest.mark.parametrize("length", [0, 31, 63, 65])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    public, message, signature = VECTORS[0]
    assert not verify_ed25519(public, message, (signature + b"\0")[:length])


@pytest.mark.parametrize("y", [2, P, P + 1, 1 | 1 << 255])
def test_a_key_that_is_no_point_or_has_a_second_form_is_refused(y: int) -> None:
    with pytest.raises(DoesNotHold, match="curve"):
        verify_ed25519(y.to_bytes(32, "little"), b"", bytes(64))


def test_signatures_at_the_edges_are_judged_as_the_library_does() -> None:
    vectors = {name: vector for name, vector in make_edge_vectors().items() if is_canonical(vector[0])}
    judged = {name: judge(*vector) for name, vector in vectors.items()}
    assert {name: verify_ed25519(*vector) for name, vector in vectors.items()} == judged
    assert judged["as it should be"]
    assert not any(judged[name] for name in judged if "S + " in name or "S = L" in name)
    assert 5 < sum(judged.values()) < len(judged) - 50


def test_a_key_that_is_spelt_otherwise_is_refused_whatever_it_signs() -> None:
    others = {name: vector for name, vector in make_edge_vectors().items() if not is_canonical(vector[0])}
    assert len(others) > 20
    for vector in others.values():
        with pytest.raises(DoesNotHold, match="curve"):
            verify_ed25519(*vector)


MUTATIONS = {
    "S beyond the order": (" and s < ORDER", ""),
    "y beyond p": ("y < P and ", ""),
    "x of zero with a sign": (" and (x or not sign)", ""),
    "a signature of another length": ("len(signature) == 64 and ", ""),
    "the commitment's sign": ("(y | (x & 1) << 255)", "y"),
}
"""A line of the verifier with a part taken out, by what it would let through."""


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_each_refusal_of_the_verifier_is_one_that_a_vector_needs(mutation: str) -> None:
    source, (old, new) = SCRIPT.read_text("utf-8"), MUTATIONS[mutation]
    assert source.count(old) == 1
    mutant = ModuleType("mutant")
    exec(compile(source.replace(old, new), "mutant", "exec"), mutant.__dict__)

    def verify(verifier: Any, vector: Vector) -> bool:
        try:
            return bool(verifier.verify_ed25519(*vector))
        except ValueError:
            return False

    public, message, signature = VECTORS[0]
    vectors = [(public, message, signature + b"\0"), *VECTORS[:8], *make_edge_vectors().values()]
    assert any(verify(mutant, vector) is not verify(rmos_verify, vector) for vector in vectors)
