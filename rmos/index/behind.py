"""The mark by which all processes know that an object has no row: the time of the lock file beside the record.

Touching it takes no space on a full disk, and no index that can be written. The index keeps the mark up to which it was
completed; as long as that is another one, it is not complete.
"""

import logging
import os
import time
from pathlib import Path

log = logging.getLogger(__name__)


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
        now = time.time_ns()
        try:
            os.utime(self._path, ns=(now, now))
        except OSError as error:
            log.warning("index: nobody can be told that it is behind: %s", os.strerror(error.errno or 0))
