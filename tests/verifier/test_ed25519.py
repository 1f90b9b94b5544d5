"""The verifier's own Ed25519: other people's vectors, and the library that RMOS signs with as its judge."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.verifier.rmos_verify import ORDER, DoesNotHold, P, verify_ed25519
from tests.trying import tries

VECTORS = [
    tuple(map(bytes.fromhex, line.split(":")))
    for line in (Path(__file__).parent / "data" / "ed25519_sign_input.txt").read_text("ascii").splitlines()
]
"""Public key, message and signature: 32 of the 1024 that ed25519.cr.yp.to gives out as sign.input."""
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
        "5141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0"
        "0d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc0"
        "27beceea1ec40a",
    ),
]
"""Section 7.1, tests 1 to 3."""


def judge(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the library accepts a signature."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_are_accepted(public: str, message: str, signature: str) -> None:
    assert verify_ed25519(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


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
