"""Write and read signed notes, verifier keys and checkpoints (C2SP signed-note and tlog-checkpoint).

    key = parse_verifier_key("shop.example/evidence+78430b55+AQOhB7/z…")
    note = parse_note(data)
    find_signatures(note, key)                      # by name and id, never by position
    Checkpoint("shop.example/evidence", 3, root).text()

A note is a text, an empty line, and a line for each signature: `— <name> <base64(key id ‖ signature)>`.
"""

import base64
import binascii
import re
from typing import Final, NamedTuple

from rmos.digest import hash_bytes
from rmos.errors.evidence import EvidenceMalformed

ED25519: Final = b"\x01"
"""The type of an Ed25519 key and signature (C2SP signed-note)."""
MOST_SIGNATURES: Final = 100
"""How many signatures a note may have: C2SP asks verifiers for a limit."""
MAX_NOTE_BYTES: Final = 1_000_000
_SIGNATURE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_KEY: Final = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_SIZE: Final = re.compile("0|[1-9][0-9]{0,18}")
MOST_ENTRIES: Final = 2**63 - 1
"""What a log may hold: other people's readers keep sizes in 64 bits with a sign."""


class VerifierKey(NamedTuple):
    """A public Ed25519 key and the name that it signs for."""

    name: str
    key_id: bytes
    """Four bytes."""
    public: bytes
    """32 bytes."""

    def text(self) -> str:
        """Return the key as the line of text that people keep."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"


class NoteSignature(NamedTuple):
    """One line of signature."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line without its end."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}"


class Note(NamedTuple):
    """A text with its signatures, none of them verified."""

    text: str
    """Ends in a newline."""
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """Return the bytes of the note."""
        return (self.text + "\n" + "".join(f"{signature.line()}\n" for signature in self.signatures)).encode()


class Checkpoint(NamedTuple):
    """How large a log is, and its root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def make_key_id(name: str, public: bytes) -> bytes:
    """Return the id of an Ed25519 key: the first four bytes of SHA-256(name ‖ LF ‖ type ‖ key)."""
    return hash_bytes(name.encode() + b"\n" + ED25519 + public)[:4]


def make_verifier_key(name: str, public: bytes) -> VerifierKey:
    """Return the verifier key of a public key."""
    return VerifierKey(name, make_key_id(name, public), public)


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a verifier key.

    Raises:
        EvidenceMalformed: it is none, or no Ed25519 key, or its id is that of another key.
    """
    match = _KEY.fullmatch(text)
    data = b"" if match is None else decode_base64(match[3])
    if match is None or data is None or len(data) != 33 or data[:1] != ED25519:
        raise EvidenceMalformed("This is no verifier key: it has the form <name>+<8 hex>+<base64 of an Ed25519 key>.")
    key = make_verifier_key(match[1], data[1:])
    if key.key_id.hex() != match[2]:
        raise EvidenceMalformed("The verifier key does not have the id that it names; was a digit mistyped?")
    return key


def parse_note(data: bytes) -> Note:
    """Read a signed note.

    Raises:
        EvidenceMalformed: it is none.
    """
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise EvidenceMalformed("The note is not UTF-8.") from None
    if len(data) > MAX_NOTE_BYTES or any(sign < " " and sign != "\n" for sign in whole):
        raise EvidenceMalformed("The note is too large or holds control characters.")
    text, empty, rest = whole.rpartition("\n\n")
    lines = rest.split("\n")
    if not empty or lines.pop() != "" or not 1 <= len(lines) <= MOST_SIGNATURES:
        raise EvidenceMalformed(f"The note does not end in 1 to {MOST_SIGNATURES} lines of signatures.")
    return Note(text + "\n", tuple(map(_parse_signature, lines)))


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint; extension lines are refused, RMOS writes none.

    Raises:
        EvidenceMalformed: it is none.
    """
    lines = text.split("\n")
    root = decode_base64(lines[2]) if len(lines) == 4 else None
    if len(lines) != 4 or not lines[0] or lines[3] or not _SIZE.fullmatch(lines[1]) or root is None or len(root) != 32:
        raise EvidenceMalformed("This is no checkpoint: it has three lines, the origin, the size and the root.")
    if int(lines[1]) > MOST_ENTRIES:
        raise EvidenceMalformed("The checkpoint names a size that no log can have.")
    return Checkpoint(lines[0], int(lines[1]), root)


def find_signatures(note: Note, key: VerifierKey) -> list[bytes]:
    """Return the signatures that a note says are by a key."""
    return [line.signature for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id)]


def decode_base64(text: str) -> bytes | None:
    """Return the bytes of canonical base64, or None when it is none: other bits would be another text of one value."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def _parse_signature(line: str) -> NoteSignature:
    match = _SIGNATURE.fullmatch(line)
    data = None if match is None else decode_base64(match[2])
    if match is None or data is None or len(data) < 5:
        raise EvidenceMalformed("A line of signature has the form — <name> <base64>.")
    return NoteSignature(match[1], data[:4], data[4:])
