import contextlib
import json
import math
import struct
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos import digest
from tests.trying import tries

VECTORS = Path(__file__).parent / "data" / "jcs"

characters = st.characters(min_codepoint=1, exclude_categories=["Cs"])
texts = st.text(characters, max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(1 - digest.MAX_INTEGER, digest.MAX_INTEGER - 1)  # the reference stops one short of 2^53
values = st.recursive(
    st.none() | st.booleans() | texts | numbers | integers,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)


def double(bits: str) -> float:
    number: float = struct.unpack(">d", bytes.fromhex(bits))[0]
    return number


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_vectors_of_rfc_8785_come_out_byte_for_byte(name: str) -> None:
    value = json.loads((VECTORS / f"input-{name}.json").read_bytes())
    assert digest.canonical(value) == (VECTORS / f"output-{name}.json").read_bytes()


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_the_numbers_of_rfc_8785_appendix_b_come_out_as_printed_there(bits: str, text: str) -> None:
    assert digest.canonical(double(bits)) == text.encode()


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=tries(2000))
def test_every_double_is_written_as_the_reference_writes_it_and_reads_back_the_same(bits: int) -> None:
    number = double(f"{bits:016x}")
    if not math.isfinite(number):
        with pytest.raises(digest.NotCanonical):
            digest.number_text(number)
        return
    text = digest.canonical(number)
    assert text == rfc8785.dumps(number)
    assert float(text) == number


@given(values)
@settings(max_examples=tries(300))
def test_every_value_is_written_as_the_reference_writes_it_and_again_from_its_own_text(value: Any) -> None:
    text = digest.canonical(value)
    assert text == rfc8785.dumps(value)
    # A double from 2^53 to 1e21 is written like an integer, so a reader takes integers as doubles to get it back.
    again = json.loads(text, parse_int=float)
    assert again == value
    assert digest.canonical(again) == text


def test_every_control_character_is_written_as_the_reference_writes_it() -> None:
    for code in range(1, 0x2100):
        assert digest.canonical(chr(code)) == rfc8785.dumps(chr(code)), hex(code)


def test_names_are_ordered_by_utf_16_units_not_by_code_points() -> None:
    value = {"\U0001d11e": 1, "\ufb33": 2, "z": 3, "": 4, "\uffff": 5, "_": 6, "A": 7, "é": 8}
    assert list(json.loads(digest.canonical(value))) == ["", "A", "_", "z", "é", "\U0001d11e", "\ufb33", "\uffff"]
    assert digest.canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (math.nan, "finite"),
        ({"a": [math.inf]}, "finite"),
        ([-math.inf], "finite"),
        (2**53 + 1, "2^53"),
        ({"a": -(2**53) - 1}, "2^53"),
        ("a\x00b", "U+0000"),
        ({"a\x00": 1}, "U+0000"),
        ({"é\x00": 1}, "U+0000"),
        ("\ud800", "surrogate"),
        (["\udfff x"], "surrogate"),
        ({"\ud800": 1}, "surrogate"),
        ({1: 1}, "not a string"),
        ({None: 1}, "not a string"),
        (b"bytes", "bytes"),
        ({"a": {1, 2}}, "set"),
        (1j, "complex"),
    ],
)
def test_what_has_no_canonical_form_is_refused_and_named(value: Any, what: str) -> None:
    with pytest.raises(digest.NotCanonical, match=what.replace("^", r"\^").replace("+", r"\+")):
        digest.canonical(value)


@pytest.mark.parametrize("whole", [2**53, -(2**53), 2**53 - 1, 0, True, False, None])
def test_the_largest_integers_and_the_constants_are_taken(whole: Any) -> None:
    assert json.loads(digest.canonical(whole)) == whole


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def test_nesting_is_taken_up_to_the_limit_and_refused_beyond_it() -> None:
    assert digest.canonical(nested(digest.MAX_DEPTH))
    for levels in (digest.MAX_DEPTH + 1, 5000):
        with pytest.raises(digest.NotCanonical, match="nested"):
            digest.canonical(nested(levels))


def test_raw_members_are_taken_as_they_are_so_that_their_digest_is_that_of_their_slice() -> None:
    raw = digest.canonical_raw({"b": 1e-7, "a": [1.0]})
    whole = digest.canonical({"x": raw, "a": 0})
    assert whole == b'{"a":0,"x":{"a":[1],"b":1e-7}}'
    assert digest.sha256_hex(bytes(raw)) == digest.canonical_sha256({"a": [1], "b": 1e-7})


MEMBERS = {"schema": "rmos.run/1", "run_id": "run_1", "é": [1.5, None], "zz": {"a": "b"}}


def test_a_sealed_record_is_canonical_with_its_digest_at_a_fixed_place() -> None:
    data = digest.encode_record(MEMBERS)
    assert data.endswith(b"}\n")
    found = json.loads(data)
    assert data == rfc8785.dumps(found) + b"\n"
    assert {name: found[name] for name in MEMBERS} == MEMBERS
    blanked = data[:12] + b"0" * 64 + data[76:]
    assert digest.verify_self_digest(data) == found["_sha256"] == digest.sha256_hex(blanked) == data[12:76].decode()
    assert digest.has_self_digest(data)


def test_every_flipped_bit_of_a_sealed_record_is_noticed() -> None:
    data = digest.encode_record(MEMBERS)
    for place in range(len(data)):
        for bit in range(8):
            broken = bytearray(data)
            broken[place] ^= 1 << bit
            assert digest.verify_self_digest(bytes(broken)) is None, (place, bit)


def test_every_truncation_and_every_addition_to_a_sealed_record_is_noticed() -> None:
    data = digest.encode_record(MEMBERS)
    for end in range(len(data)):
        assert digest.verify_self_digest(data[:end]) is None, end
    for more in (b"\n", b"\x00", b" ", data):
        assert digest.verify_self_digest(data + more) is None


@pytest.mark.parametrize("digits", [b"0" * 64, b"f" * 64])
def test_a_digest_that_is_not_that_of_the_bytes_is_noticed(digits: bytes) -> None:
    data = digest.encode_record(MEMBERS)
    assert digest.verify_self_digest(data[:12] + digits + data[76:]) is None


def test_a_digest_in_upper_case_is_not_taken_for_the_same() -> None:
    data = digest.encode_record(MEMBERS)
    assert digest.verify_self_digest(data[:12] + data[12:76].upper() + data[76:]) is None


@pytest.mark.parametrize("name", ["", "A", "0", "_a", "_s", "^"])
def test_a_member_that_would_stand_before_the_digest_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        digest.encode_record({name: 1, "schema": "x"})


def test_a_member_called_as_the_digest_cannot_smuggle_one_in() -> None:
    assert digest.encode_record({"a": 1, "_sha256": "f" * 64}) == digest.encode_record({"a": 1})


def test_what_was_sealed_once_is_sealed_to_the_same_bytes_again() -> None:
    data = digest.encode_record(MEMBERS)
    members = msgspec.json.decode(data)
    assert digest.encode_record(members) == data


# Hashing beside


@pytest.mark.parametrize(
    "sizes", [[], [0], [5, 0, 7], [1 << 20], [(1 << 20) + 1, 1], [300_001] * 12, [1 << 19] * 40, [3 << 20, 1, 3 << 20]]
)
def test_what_is_hashed_on_a_thread_beside_has_the_digest_of_all_the_bytes(sizes: list[int]) -> None:
    pieces = [bytes([place % 251]) * size for place, size in enumerate(sizes)]
    with digest.Sha256Beside() as judge:
        for piece in pieces:
            judge.update(piece)
        assert judge.hexdigest() == digest.sha256_hex(b"".join(pieces))


def test_the_thread_beside_ends_also_when_nobody_asks_for_the_digest() -> None:
    before = threading.active_count()
    with contextlib.suppress(KeyError), digest.Sha256Beside() as judge:
        for _ in range(20):
            judge.update(bytes(1 << 19))
        assert threading.active_count() == before + 1
        raise KeyError
    assert threading.active_count() == before


def test_the_same_json_is_the_same_however_its_numbers_and_members_are_written() -> None:
    assert digest.is_same_json({"a": 3, "b": [1.5]}, {"b": [1.5], "a": 3.0})
    assert not digest.is_same_json({"a": 3}, {"a": "3"})
