"""Notes, keys, checkpoints and proofs as text: one spelling each, read back as written; vectors of other people."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.digest import hash_bytes
from rmos.errors.evidence import EvidenceMalformed
from rmos.tlog.keys import is_signed, make_signing_key, parse_signing_key, verify_signature
from rmos.tlog.note import (
    Checkpoint,
    Note,
    NoteSignature,
    decode_base64,
    find_signatures,
    make_verifier_key,
    parse_checkpoint,
    parse_note,
    parse_verifier_key,
)
from rmos.tlog.proof import LogProof, parse_log_proof
from tests.trying import tries

ORIGIN = "shop.example/evidence"
KEY = make_signing_key(ORIGIN, bytes(range(32)))
VKEY = "shop.example/evidence+78430b55+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
TEXT = f"{ORIGIN}\n3\nAHVYuYjzLO8RpZTwuGE6hXecR1vPGd38DzOddaZQJ8Y=\n"
LINE = f"— {ORIGIN} eEMLVbRSFJXcQ3hUTOQPozg6G5pwGA8s6wHj0hOZ6Oo5iqqqD6s0w9u85jASaYsd7gkbi1pywbzWUjY5jLK4m5VImg8=\n"
NOTE = f"{TEXT}\n{LINE}"

# The example of the package golang.org/x/mod/sumdb/note.
GO_KEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="+"), min_size=1, max_size=40)
HASHES = st.binary(min_size=32, max_size=32)
SIGNATURES = st.builds(NoteSignature, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"], include_characters="\n")).map(
    lambda text: text + "\n"
)


def test_the_vector_of_the_specification() -> None:
    assert KEY.verifier_key.text() == VKEY
    assert KEY.sign(TEXT).line() + "\n" == LINE
    note = parse_note(NOTE.encode())
    assert is_signed(note, parse_verifier_key(VKEY))
    assert parse_checkpoint(note.text).text() == TEXT


def test_the_example_of_go_is_read_and_written() -> None:
    key, note = parse_signing_key(GO_KEY), parse_note(f"{GO_TEXT}\n{GO_LINE}".encode())
    assert is_signed(note, parse_verifier_key(GO_VKEY))
    assert (key.verifier_key.text(), key.sign(GO_TEXT).line() + "\n", key.text()) == (GO_VKEY, GO_LINE, GO_KEY)


@given(TEXTS, st.lists(SIGNATURES, min_size=1, max_size=5))
@settings(max_examples=tries(200))
def test_a_note_comes_back_as_it_was_written(text: str, signatures: list[NoteSignature]) -> None:
    note = Note(text, tuple(signatures))
    assert parse_note(note.encode()) == note


@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from(["a", "\n", "— a ", "AAAAAAA=", "\x00", "é"])).map("".join).map(str.encode)
)
@settings(max_examples=tries(300))
def test_whatever_is_read_as_a_note_is_written_so(data: bytes) -> None:
    try:
        note = parse_note(data)
    except EvidenceMalformed:
        return
    assert note.encode() == data


@given(NAMES, HASHES)
def test_a_verifier_key_comes_back_as_it_was_written(name: str, public: bytes) -> None:
    key = make_verifier_key(name, public)
    assert parse_verifier_key(key.text()) == key


@given(NAMES, HASHES)
@settings(max_examples=tries(40))
def test_a_signing_key_comes_back_as_it_was_written_and_signs(name: str, seed: bytes) -> None:
    key = make_signing_key(name, seed)
    assert parse_signing_key(key.text()) == key
    assert verify_signature(key.verifier_key, "text\n", key.sign("text\n").signature)
    assert key.text() not in repr(key)


@given(NAMES, st.integers(0, 2**63 - 1), HASHES)
def test_a_checkpoint_comes_back_as_it_was_written(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert parse_checkpoint(checkpoint.text()) == checkpoint


@given(st.integers(0, 2**63 - 2), st.lists(HASHES, max_size=63), st.binary(max_size=50))
def test_a_proof_comes_back_as_it_was_written(place: int, path: list[bytes], checkpoint: bytes) -> None:
    proof = LogProof(place, tuple(path), checkpoint)
    assert parse_log_proof(proof.encode()) == proof


@given(st.text("ABab+/=\n -_", max_size=12))
@settings(max_examples=tries(300))
def test_base64_that_is_read_is_written_so(text: str) -> None:
    data = decode_base64(text)
    assert data is None or base64.b64encode(data).decode() == text


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\r", "\x0b", "\x85", "\u00a0", "\u2003", "\u2028", "\u3000", "+"])
def test_a_name_with_a_blank_or_a_plus_is_none(blank: str) -> None:
    key = make_verifier_key(f"shop{blank}example", bytes(32))
    with pytest.raises(EvidenceMalformed):
        parse_verifier_key(key.text())
    line = NoteSignature(key.name, key.key_id, bytes(64)).line()
    with pytest.raises(EvidenceMalformed):
        parse_note(f"{TEXT}\n{line}\n".encode())


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}{LINE}",
        f"{TEXT}\n{LINE}"[:-1],
        f"{TEXT}\n{LINE}\n",
        f"{TEXT}\n{LINE * 101}",
        f"{TEXT}\n\r\n{LINE}",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("3", "3\x00"),
        NOTE.replace("— ", "—"),
        NOTE.replace("— ", "- "),
        NOTE.replace("Img8=", "Img9="),
        NOTE.replace("Img8=", "Img8"),
        f"{TEXT}\n— {ORIGIN} AAAAAA==\n",
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(EvidenceMalformed):
        parse_note(note.encode())


def test_a_note_may_have_a_hundred_signatures_and_must_be_text_of_some_size() -> None:
    assert len(parse_note(f"{TEXT}\n{LINE * 100}".encode()).signatures) == 100
    for data in (NOTE.encode() + b"\xff", b"x" * 1_000_000 + b"\n" + NOTE.encode()):
        with pytest.raises(EvidenceMalformed):
            parse_note(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n3\n", "\n03\n"), ("\n3\n", "\n-3\n"), ("\n3\n", "\n\n"), ("\n3\n", f"\n{2**63}\n"), ("J8Y=\n", "J8Z=\n"),
     ("J8Y=\n", "J8Y\n"), ("J8Y=\n", "J8Y="), ("J8Y=\n", "J8Y=\nmore\n"), (ORIGIN, ""), ("\n3\n", "\n٣\n")],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(EvidenceMalformed):
        parse_checkpoint(TEXT.replace(old, new))


PROOF = LogProof(2, (bytes(32), bytes(range(32))), NOTE.encode()).encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"proof@v1", b"proof@v2"), (b"index 2", b"index 02"), (b"index 2", b"index -1"), (b"index 2", b"Index 2"),
     (b"index 2", f"index {2**63 - 1}".encode()), (b"index 2\n", b"extra AAAA\nindex 2\n"), (b"AAA=\n", b"AAA=\r\n"),
     (b"AAA=\n", b"AAB=\n"), (b"AAA=\n", b"AAA\n"), (b"AAA=\n", b"AAA=\n" * 63), (b"\n\n", b"\n"), (b"index 2\n", b""),
     (b"AAA=\n", b"AAA=\n\xff\n")],
)  # fmt: skip
def test_what_is_no_proof_is_refused(old: bytes, new: bytes) -> None:
    data = PROOF.replace(old, new) if old == b"\n\n" else PROOF.replace(old, new, 1)
    assert data != PROOF
    with pytest.raises(EvidenceMalformed):
        parse_log_proof(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [("78430b55", "78430b56"), ("78430b55", "78430B55"), ("+AQ", "+Ag"), ("VTG4", "VTG5"), ("shop", "shed"),
     (VKEY, ""), (VKEY, "a+b"), ("VTG4", "VTG"), ("VTG4", "VTG4\n")],
)  # fmt: skip
def test_a_mistyped_verifier_key_is_refused(old: str, new: str) -> None:
    with pytest.raises(EvidenceMalformed):
        parse_verifier_key(VKEY.replace(old, new))


@pytest.mark.parametrize("data", [b"\2" + bytes(32), b"\1" + bytes(31), b"\1" + bytes(33), b""])
def test_a_key_of_another_kind_or_length_is_refused_though_its_id_is_right(data: bytes) -> None:
    key_id = hash_bytes(ORIGIN.encode() + b"\n" + data)[:4].hex()
    with pytest.raises(EvidenceMalformed):
        parse_verifier_key(f"{ORIGIN}+{key_id}+{base64.b64encode(data).decode()}")


@pytest.mark.parametrize(
    ("old", "new"), [("c74f20a3", "c74f20a4"), ("PRIVATE+KEY+", ""), ("KDFz", "KDF"), ("+AY", "+Ag"), ("Peter", "Paul")]
)
def test_a_private_key_that_was_changed_is_refused_and_the_error_does_not_hold_it(old: str, new: str) -> None:
    with pytest.raises(EvidenceMalformed) as caught:
        parse_signing_key(GO_KEY.replace(old, new))
    assert "EKFALVFGyN" not in repr(caught.value)


def test_a_signature_is_looked_for_by_name_and_id_and_counts_once() -> None:
    key, other = KEY.verifier_key, make_signing_key(ORIGIN, bytes(32))
    mine, theirs = KEY.sign(TEXT), other.sign(TEXT)
    claimed = NoteSignature(ORIGIN, mine.key_id, theirs.signature)
    renamed = NoteSignature("another", mine.key_id, mine.signature)
    assert find_signatures(Note(TEXT, (theirs, renamed, mine)), key) == [mine.signature]
    assert is_signed(Note(TEXT, (theirs, renamed, mine)), key)
    for signatures in ((theirs,), (renamed,), (claimed,), (mine, claimed), (claimed, mine), (mine, mine)):
        assert not is_signed(Note(TEXT, signatures), key)
    assert not is_signed(Note(TEXT.replace("3", "4"), (mine,)), key)


def test_a_key_that_is_no_point_verifies_nothing() -> None:
    assert not verify_signature(make_verifier_key(ORIGIN, b"\x02" + bytes(31)), TEXT, bytes(64))
    assert not verify_signature(KEY.verifier_key, TEXT, bytes(63))
