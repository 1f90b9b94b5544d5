"""An object that is read where it is, in blocks: for a host whose spool has no room for it.

    opened = OpenRanges(client, "shop/_attachments/ab/cd/<sha256>")
    opened.read_at(0, 64 * 1024)                    # asks for the block around it

Slower than a file, and better than nothing: a full spool turns away uploads, not readers. An object that was made anew
meanwhile has another ETag, and is not read as if it were the same.
"""

from datetime import datetime
from typing import Final

from rmos.objects.s3_client import S3Client

_BLOCK_BYTES: Final = 4 * 1024 * 1024


class OpenRanges:
    """An object of a bucket, open for reading by one thread at a time."""

    def __init__(self, client: S3Client, path: str) -> None:
        """Ask for the object's size.

        Raises:
            ObjectMissing, ObjectUnreadable, StorageUnavailable.
        """
        meta = client.read(lambda deadline: client.get(path, lambda result: result.meta, deadline))
        self.size: int = meta["size"]
        self._e_tag: str | None = meta["e_tag"]
        self._made = meta["last_modified"]
        self._client = client
        self._path = path
        self._block = (-1, b"")
        """The block that was asked for last, and where it begins."""

    def stamp(self) -> tuple[str, str | None, datetime]:
        """Return what differs when the object is another one."""
        return self._path, self._e_tag, self._made

    def read_at(self, offset: int, length: int) -> bytes:
        """Return bytes from an offset on, fewer only at the end.

        Raises:
            ObjectMissing, StorageUnavailable: it is not there any more, or is another one.
        """
        pieces = []
        end = min(offset + length, self.size)
        while offset < end:
            start = offset - offset % _BLOCK_BYTES
            piece = self._read_block(start)[offset - start : end - start]
            pieces.append(piece)
            offset += len(piece)
        return b"".join(pieces)

    def _read_block(self, start: int) -> bytes:
        if self._block[0] != start:
            end = min(start + _BLOCK_BYTES, self.size)
            data = self._client.read(
                lambda deadline: self._client.get_range(self._path, start, end, self._e_tag, deadline),
                size=end - start,
            )
            self._block = (start, data)
        return self._block[1]

    def close(self) -> None:
        """Forget the block."""
        self._block = (-1, b"")
