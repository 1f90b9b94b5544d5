"""Write and read offline proofs that an entry is in a log (C2SP tlog-proof@v1).

data = LogProof(4711, path, checkpoint).encode()
parse_log_proof(data)
"""

import base64
import re
from typing import Final, NamedTuple

from rmos.errors.evidence import EvidenceMalformed
from rmos.tlog.note import MOST_ENTRIES, decode_base64

_HEAD: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile("index (0|[1-9][0-9]{0,18})")
_LONGEST_PATH: Final = 63


class LogProof(NamedTuple):
    """That an entry is in the log of a checkpoint; nothing of it is verified."""

    place: int
    """The index of the entry, from 0."""
    path: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note."""

    def encode(self) -> bytes:
        """Return the bytes of the proof."""
        lines = [_HEAD, f"index {self.place}", *(base64.b64encode(hashed).decode() for hashed in self.path), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def parse_log_proof(data: bytes) -> LogProof:
    """Read a proof; one with a line `extra` is refused, RMOS writes none.

    Raises:
        EvidenceMalformed: it is none.
    """
    head, empty, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        lines = []
    match = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
    path = [decode_base64(line) for line in lines[2:]]
    hashes = tuple(hashed for hashed in path if hashed is not None and len(hashed) == 32)
    if not empty or match is None or lines[0] != _HEAD or len(hashes) != len(path) or len(path) > _LONGEST_PATH:
        raise EvidenceMalformed("This is no proof of the form c2sp.org/tlog-proof@v1 with an index and hashes.")
    if int(match[1]) >= MOST_ENTRIES:
        raise EvidenceMalformed("The proof names an index that no log can have.")
    return LogProof(int(match[1]), hashes, checkpoint)
