"""Files that are attached to runs: pieces of bytes as an upload, and the file of run no. n, known beforehand."""

from collections.abc import Iterator
from typing import Final

from rmos.services.files.attachments import Attached, Declared, FileLimits, attach_file
from rmos.store import Store
from tests.faults import records
from tests.makers import ANNA

_LIMITS: Final = FileLimits(file_bytes=1 << 30, run_bytes=1 << 30)


class Bytes:
    """A file of given pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    def chunks(self) -> Iterator[bytes]:
        """Give the pieces."""
        return iter(self.pieces)

    def declared(self) -> Declared:
        """Say something of them."""
        return Declared(kind="file", filename="top.nc")


def attach(store: Store, number: int, *pieces: bytes) -> Attached:
    """Attach a file to run no. `number`."""
    return attach_file(store, records.run_id(number), Bytes(*pieces), limits=_LIMITS, actor=ANNA, us=1)


def file_of(number: int) -> bytes:
    """Return the bytes of the file of run no. `number`: some are a few lines, some 60 kB."""
    return b"(top no. %d)\n" % number + b"G1 X1 Y2 F900\n" * (number % 9 * 500)
