"""Zips whose bytes follow from their members alone: stored, without a clock, in the order in which they are written.

    make_zip({"record.json": …, "SHA256SUMS": …})                      # in memory, in the order of the names
    pipe = ZipPipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as zipped:     # piece by piece, in constant memory
        with zipped.open(make_entry("photo.png", size), "w") as entry: …
        yield pipe.take()

What a library compresses changes with its version, and drawings, photos and digests gain little.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any, Final

SUMS: Final = "SHA256SUMS"
"""The member that `sha256sum -c` reads."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip knows."""
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16


class ZipPipe(io.RawIOBase):
    """Takes what the zip library writes, until it is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        """Tell that it can be written; it cannot be sought in."""
        return True

    def write(self, data: Any) -> int:
        """Keep what is written."""
        self._written += data
        return len(data)

    def take(self) -> bytes:
        """Return what was written since it was last asked."""
        data = bytes(self._written)
        self._written.clear()
        return data


def make_entry(name: str, size: int = 0) -> zipfile.ZipInfo:
    """Return the head of a member: a file that its owner may change and everybody read.

    Args:
        size: of the member, in bytes, where it is written piece by piece.
    """
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system, entry.external_attr, entry.file_size = _UNIX, _MODE, size
    return entry


def make_zip(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of members, in the order of their names."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(make_entry(name), members[name])
    return target.getvalue()


def make_sums(digests: Mapping[str, str]) -> bytes:
    """Return the lines of `SHA256SUMS`, by the names of the members, each with the digest of its bytes."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode("ascii")
