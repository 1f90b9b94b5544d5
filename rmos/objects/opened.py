"""Files opened for reading as objects: links, pipes and folders are refused, not followed."""

import errno
import os
import stat
from typing import Final

from rmos.errors.base import RmosError
from rmos.errors.store import ObjectMissing, ObjectUnavailable, ObjectUnreadable

_READ_FLAGS = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # Windows knows the last one alone
    _READ_FLAGS |= getattr(os, _flag, 0)

_NO_FILE: Final = (errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG)
"""What opening says of a link, a socket and a name that no file can have: that does not pass by itself."""


class Reading:
    """An object open for reading: its descriptor and its size, closed in any case. (A generator costs twice that.)"""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1

    def __enter__(self) -> tuple[int, int]:
        try:
            self._fd = os.open(self._path, _READ_FLAGS)
            status = os.fstat(self._fd)
        except OSError as error:
            self.close()
            raise translate_read_error(error) from None
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise ObjectUnreadable("It is not a regular file.")
        return self._fd, status.st_size

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self.close()
        if isinstance(error, OSError):
            raise translate_read_error(error) from None

    def close(self) -> None:
        """Close the descriptor, once. A file that was only read has nothing to lose when that fails."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            try:  # noqa: SIM105 (a third of what every read costs would go into suppress)
                os.close(fd)
            except OSError:
                pass


def refuse_links(folder: str, below: str) -> None:
    """Refuse a path whose first two folders below another are links: what is opened has to lie where it seems to.

    Raises:
        ObjectUnreadable.
    """
    for part in below.split("/")[:2]:
        folder = f"{folder}/{part}"
        try:
            linked = stat.S_ISLNK(os.lstat(folder).st_mode)
        except OSError:
            return  # opening it says why it cannot be
        if linked:
            raise ObjectUnreadable("A link stands where a folder of attachments should be.")


def translate_read_error(error: OSError) -> RmosError:
    """Return what an object that cannot be opened or read is to the store."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return ObjectMissing("There is no such object.")
    kind = ObjectUnreadable if error.errno in _NO_FILE else ObjectUnavailable
    return kind(f"It cannot be read: {reason(error)}.")


class OpenFile:
    """A file that stays open until it is closed or forgotten."""

    def __init__(self, path: str) -> None:
        reading = Reading(path)
        self._fd, self.size = reading.__enter__()
        self._reading = reading

    def stamp(self) -> tuple[int, ...]:
        """Return the file's identity, size and times: no write leaves the change time as it was."""
        try:
            status = os.fstat(self._fd)
        except OSError as error:
            raise translate_read_error(error) from None
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns

    def read_at(self, offset: int, length: int) -> bytes:
        """Return bytes from an offset on, wherever others read."""
        try:
            data = os.pread(self._fd, length, offset)
            while len(data) < length and (more := os.pread(self._fd, length - len(data), offset + len(data))):
                data += more
            return data
        except OSError as error:
            raise translate_read_error(error) from None

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._reading.close()

    def __del__(self) -> None:
        """Close what was forgotten: an answer whose client went away may never be read to its end."""
        if hasattr(self, "_reading"):
            self._reading.close()


def reason(error: OSError) -> str:
    """Return what went wrong without the path, which is the server's own business."""
    return os.strerror(error.errno).lower() if error.errno else "unknown error"
