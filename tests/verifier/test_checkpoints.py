"""Keys and checkpoints as the verifier reads them: a vector, and every text that is spelt otherwise."""

import base64
import hashlib

import pytest

from rmos.tlog.note import Note, NoteSignature
from rmos.verifier.rmos_verify import DoesNotHold, climb, is_signed, number_name, parse_checkpoint, parse_key, sha256
from tests.helpers.bundles import KEY, ORIGIN, OTHER_KEY, OTHER_RUN_ID, PARTITION, RUN_ID, START

VKEY = "shop.example/evidence+78430b55+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
ROOT = "AHVYuYjzLO8RpZTwuGE6hXecR1vPGd38DzOddaZQJ8Y="
TEXT = f"{ORIGIN}\n3\n{ROOT}\n"
SIGNATURE = f"— {ORIGIN} eEMLVbRSFJXcQ3hUTOQPozg6G5pwGA8s6wHj0hOZ6Oo5iqqqD6s0w9u85jASaYsd7gkbi1pywbzWUjY5jLK4m5VImg8=\n"
NOTE = f"{TEXT}\n{SIGNATURE}"
LINES = [
    f"{digest}  {key}\n".encode()
    for digest, key in {
        "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806": f"{PARTITION}/{RUN_ID}.json",
        "27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a": f"{PARTITION}/{OTHER_RUN_ID}.json",
        "f6936912184481f5edd4c304ce27c5a1a827804fc7f329f43d273b8621870776": START,
    }.items()
]
ANOTHER = "— somebody.else/witness " + base64.b64encode(bytes(68)).decode() + "\n"


def test_the_vector_is_read_and_its_signature_holds() -> None:
    checkpoint, key = parse_checkpoint(NOTE.encode()), parse_key(VKEY)
    assert (checkpoint.origin, checkpoint.size, checkpoint.text) == (ORIGIN, 3, TEXT)
    assert is_signed(checkpoint, key)
    one, two, three = (sha256(b"\0", line) for line in LINES)
    assert (one.hex()[:8], two.hex()[-4:], three.hex()[:8]) == ("9142748e", "bee5", "39ad4392")
    assert climb(one, 0, 3, [two, three]) == climb(two, 1, 3, [one, three]) == checkpoint.root
    assert climb(three, 2, 3, [sha256(b"\1", one, two)]) == checkpoint.root


def test_the_signature_is_found_by_name_and_id_wherever_it_stands() -> None:
    for rest in (SIGNATURE + ANOTHER, ANOTHER * 99 + SIGNATURE):
        assert is_signed(parse_checkpoint(f"{TEXT}\n{rest}".encode()), parse_key(VKEY))
    assert not is_signed(parse_checkpoint(f"{TEXT}\n{ANOTHER}".encode()), parse_key(VKEY))


@pytest.mark.parametrize(
    "note",
    [
        f"{TEXT}\n{SIGNATURE}{ANOTHER * 100}",
        f"{TEXT}\n{SIGNATURE}a line that is no signature\n",
        f"{TEXT}\n{ANOTHER}{SIGNATURE}"[:-1],
        f"{TEXT}\n{ANOTHER}{SIGNATURE}".replace("somebody", "some\x01body"),
        f"{TEXT}\n",
        TEXT,
        f"{TEXT}{SIGNATURE}",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("\n3\n", "\n3\r\n"),
        NOTE.replace("\n3\n", "\n03\n"),
        NOTE.replace("\n3\n", "\n-3\n"),
        NOTE.replace("\n3\n", "\n٣\n"),
        NOTE.replace("\n3\n", "\n3\x1b\n"),
        NOTE.replace("shop", "sh\x7fop"),
        NOTE.replace("shop", "sh\u00a0op"),
        f"{TEXT}an extension\n\n{SIGNATURE}",
        NOTE.removesuffix("\n"),
        NOTE + "\n",
        NOTE.replace("QJ8Y=", "QJ8Z="),  # 2 bits more than 32 bytes have
        NOTE.replace("QJ8Y=", "QJ8Y"),
        NOTE.replace("Img8=", "Img9="),
        NOTE.replace("Img8=", "Img8"),
        NOTE.replace("Img8=", "Im g8="),
        NOTE.replace("— ", "- "),
        f"{TEXT}\n— {ORIGIN} AAAA\n",
    ],
)
def test_a_checkpoint_that_is_spelt_in_another_way_is_refused(note: str) -> None:
    with pytest.raises(DoesNotHold, match="checkpoint is damaged"):
        parse_checkpoint(note.encode())


def test_a_checkpoint_that_is_no_text_or_too_large_is_refused() -> None:
    unreadable = f"{TEXT}\n{ANOTHER}{SIGNATURE}".encode().replace(b"somebody", b"some\xffbody")
    for data in (unreadable, NOTE.encode() + b"\xff", b"\xff" + NOTE.encode(), b"x\n" * 500_000 + NOTE.encode(), b""):
        with pytest.raises(DoesNotHold):
            parse_checkpoint(data)


@pytest.mark.parametrize("change", [("\n3\n", "\n4\n"), ("AHVY", "AHVZ"), ("eEML", "eEMM"), ("VbRS", "VbRT")])
def test_a_changed_checkpoint_is_not_signed(change: tuple[str, str]) -> None:
    assert NOTE.count(change[0]) == 1
    assert not is_signed(parse_checkpoint(NOTE.replace(*change).encode()), parse_key(VKEY))


def test_a_key_of_the_same_name_and_one_with_the_same_id_vouch_for_nothing() -> None:
    mine, theirs = KEY.sign(TEXT), OTHER_KEY.sign(TEXT)
    claimed = NoteSignature(mine.name, mine.key_id, theirs.signature)
    for signatures in ((theirs,), (claimed,), (mine, claimed), (mine, mine)):
        assert not is_signed(parse_checkpoint(Note(TEXT, signatures).encode()), parse_key(VKEY))
    assert is_signed(parse_checkpoint(Note(TEXT, (theirs, mine)).encode()), parse_key(VKEY))


def test_a_key_vouches_for_the_log_of_its_own_name_alone() -> None:
    text = TEXT.replace("shop.", "shed.")
    assert not is_signed(parse_checkpoint(Note(text, (KEY.sign(text),)).encode()), parse_key(VKEY))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop.example/evidence",
        VKEY[:-1],
        VKEY + "=",
        VKEY.replace("78430b55", "78430b56"),
        VKEY.replace("78430b55", "78430B55"),
        VKEY.replace("VTG4", "VTG5"),
        VKEY.replace("shop", "shed"),
        VKEY.replace("+AQ", "+Ag"),
        VKEY.replace("+", " "),
    ],
)
def test_a_mistyped_key_is_refused(text: str) -> None:
    with pytest.raises(DoesNotHold, match="mistyped"):
        parse_key(text)


@pytest.mark.parametrize("data", [b"\2" + bytes(32), b"\1" + bytes(31), b"\1" + bytes(33), b""])
def test_a_key_of_another_kind_or_length_is_refused_though_its_id_is_right(data: bytes) -> None:
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + data).hexdigest()[:8]
    with pytest.raises(DoesNotHold, match="mistyped"):
        parse_key(f"{ORIGIN}+{key_id}+{base64.b64encode(data).decode()}")


@pytest.mark.parametrize(("number", "name"), [(1, "001"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067")])
def test_numbers_are_named_in_groups_of_three_digits(number: int, name: str) -> None:
    assert number_name(number) == name
