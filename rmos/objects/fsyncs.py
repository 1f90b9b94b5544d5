"""The fsyncs of one process, and the latch that ends its writes once one of them has failed.

After a failed fsync the kernel may have dropped the dirty pages, and a second fsync would report success for bytes that
are on no disk. So the process refuses writes until it is restarted; reads go on.
"""

import os
from collections.abc import Iterable
from typing import Final

from rmos.errors.store import StoreReadOnly
from rmos.objects.system_errors import NO_SPACE

FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


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
            os.fsync(fd)
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
            os.fsync(fd)
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
