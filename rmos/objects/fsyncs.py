"""The fsyncs of one process, and the latch that ends its writes once one of them has failed.

After a failed fsync the kernel may have dropped the dirty pages, and a second fsync would report success for bytes that
are on no disk. So the process refuses writes until it is restarted; reads go on.
"""

import errno
import os
from collections.abc import Iterable
from typing import Final

from rmos.errors.store import StoreReadOnly
from rmos.objects.system_errors import NO_SPACE
from rmos.systems import fcntl

FOLDER_FLAGS: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
"""Windows has neither, and folders that cannot be opened."""
_NOT_HERE: Final = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY)
"""How a disk says that it knows no `F_FULLFSYNC`."""


def flush(fd: int) -> None:
    """Bring a file, or the names in a folder, to the disk itself.

    On macOS fsync leaves them in the drive's own cache, where a power cut takes them; `F_FULLFSYNC` empties that.

    Raises:
        OSError: they are not on the disk.
    """
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        try:
            fcntl.fcntl(fd, full)
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
        else:
            return
    os.fsync(fd)


class Fsyncs:
    """Makes files and folders durable; latched by the first failure."""

    def __init__(self) -> None:
        self._failure: str | None = None

    @property
    def failed(self) -> bool:
        """Whether an fsync has failed, so that no write is taken any more."""
        return self._failure is not None

    def fsync_file(self, fd: int) -> None:
        """Make a file's bytes durable.

        Raises:
            OSError: they are not.
        """
        try:
            flush(fd)
        except OSError as error:
            if error.errno not in NO_SPACE:  # a file without a final name and without space is dropped whole
                self._failure = "fsync of an object failed"
            raise

    def fsync_folder(self, fd: int) -> None:
        """Make the names in an open folder durable.

        Raises:
            OSError: they are not.
        """
        try:
            flush(fd)
        except OSError:
            self._failure = "fsync of a folder failed"
            raise

    def fsync_folders(self, folders: Iterable[str]) -> None:
        """Make the names in folders durable, one after the other.

        Raises:
            OSError: they are not, or a folder cannot be opened.
        """
        for folder in folders:
            fd = os.open(folder, FOLDER_FLAGS)
            try:
                self.fsync_folder(fd)
            finally:
                os.close(fd)

    def refuse_after_failure(self) -> None:
        """Refuse a write after a failed fsync, of whichever thread.

        Raises:
            StoreReadOnly.
        """
        if self._failure is not None:
            raise StoreReadOnly(f"The disk reported an error ({self._failure}); restart once it is mended.")
