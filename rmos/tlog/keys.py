"""Sign checkpoints and verify signatures with Ed25519 (RFC 8032): the one module that imports `cryptography`.

    key = make_signing_key("shop.example/evidence")
    signature = key.sign(checkpoint.text())
    verify_signature(key.verifier_key, checkpoint.text(), signature.signature)
    parse_signing_key(key.text())                   # the line of the key file

The library is imported when it is first needed: 85 ms and 9 MB that no worker pays on its way to its first answer.

A key's file holds `PRIVATE+KEY+<name>+<8 hex>+<base64(0x01 ‖ 32-byte seed)>`, the form that Go's `note` package writes.
"""

import base64
import re
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

from rmos.errors.evidence import EvidenceMalformed
from rmos.tlog.note import (
    ED25519,
    Note,
    NoteSignature,
    VerifierKey,
    decode_base64,
    find_signatures,
    make_verifier_key,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED: Final = 32
_PRIVATE: Final = re.compile(r"PRIVATE\+KEY\+([^ +]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


class SigningKey(NamedTuple):
    """A private Ed25519 key and the name that it signs for. Never printed: its text is the secret."""

    verifier_key: VerifierKey
    seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier_key.text()!r})"

    def text(self) -> str:
        """Return the line of the key's file."""
        key = self.verifier_key
        return f"PRIVATE+KEY+{key.name}+{key.key_id.hex()}+{base64.b64encode(ED25519 + self.seed).decode()}"

    def sign(self, text: str) -> NoteSignature:
        """Return the signature of a note's text; Ed25519 always makes the same one."""
        signature = _open_private(self.seed).sign(text.encode())
        return NoteSignature(self.verifier_key.name, self.verifier_key.key_id, signature)


def make_signing_key(name: str, seed: bytes | None = None) -> SigningKey:
    """Make a key for a name, from a seed of 32 bytes or at random."""
    seed = secrets.token_bytes(SEED) if seed is None else seed
    public = _open_private(seed).public_key().public_bytes_raw()
    return SigningKey(make_verifier_key(name, public), seed)


def parse_signing_key(text: str) -> SigningKey:
    """Read the line of a key's file.

    Raises:
        EvidenceMalformed: it is none, or its id is that of another key. The error holds nothing of the line.
    """
    match = _PRIVATE.fullmatch(text)
    data = None if match is None else decode_base64(match[3])
    if match is None or data is None or len(data) != 1 + SEED or data[:1] != ED25519:
        raise EvidenceMalformed("The file holds no private key: it is one line that begins with PRIVATE+KEY+.")
    key = make_signing_key(match[1], data[1:])
    if key.verifier_key.key_id.hex() != match[2]:
        raise EvidenceMalformed("The private key does not have the id that it names; was the file changed?")
    return key


def verify_signature(key: VerifierKey, text: str, signature: bytes) -> bool:
    """Tell whether a signature of a text is by a key."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _open_private(seed: bytes) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - see above

    return Ed25519PrivateKey.from_private_bytes(seed)


def is_signed(note: Note, key: VerifierKey) -> bool:
    """Tell whether a note is signed by a key: exactly one line is by it, and holds."""
    signatures = find_signatures(note, key)
    return len(signatures) == 1 and verify_signature(key, note.text, signatures[0])
