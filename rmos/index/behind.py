"""The mark by which all processes know that an object has no row: the time of the lock file beside the record.

Touching it takes no space on a full disk, and no index that can be written. The index keeps the mark up to which it was
completed; as long as that is another one, it is not complete. The mark is a number that grows and reads no clock: one
that was set back, or a filesystem that counts in seconds, could give the mark of before once more.
"""

import logging
import os
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

_STEP_NS: Final = 2_000_000_000
"""A filesystem keeps times to two seconds, or better (FAT)."""


class BehindMark:
    """The mark of one store."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def read(self) -> str:
        """Return the mark as it is now."""
        try:
            return str(os.stat(self._path).st_mtime_ns)
        except OSError:
            return ""

    def move(self) -> None:
        """Change the mark; where that cannot be, nobody can be told, and the log says so."""
        try:
            mark = os.stat(self._path).st_mtime_ns + _STEP_NS
            os.utime(self._path, ns=(mark, mark))
        except OSError as error:
            log.warning("index: nobody can be told that it is behind: %s", os.strerror(error.errno or 0))
