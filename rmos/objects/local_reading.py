"""Objects in a local folder, as they are read and listed: the half of `local` that changes nothing.

    objects = LocalReading(Path("/srv/rmos/runs"))
    objects.read("2025-12-23/run_0123456789abcdef0123456789abcdef.json")

Whatever stands in the folder may be hostile: a link, a pipe, a folder or a giant is refused and never followed, and a
name that cannot be read is told apart from one that is not there.
"""

import errno
import os
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rmos.digest import Sha256
from rmos.errors.store import ObjectUnavailable, ObjectUnreadable, RecordUnavailable
from rmos.objects.base import (
    ATTACHMENTS,
    MAX_OBJECT_BYTES,
    EntryKind,
    FolderEntry,
    ReadResult,
    WorksWith,
    check_key,
    read_or_error,
)
from rmos.objects.opened import OpenFile, Reading, reason, refuse_links

YOUNG_NS: Final = 2_000_000_000
"""A folder that changed this recently may change again without another time, so its listing is not relied on."""
_BLOCK_BYTES: Final = 256 * 1024
_ABSENT: Final = "absent"


class LocalReading:
    """The objects under one folder; blobs may live under another (`attachments`)."""

    works_with: WorksWith = "processes"

    def __init__(self, root: Path, *, attachments: Path | None = None) -> None:
        self._root = str(root.absolute())
        self._attachments = str(attachments.absolute()) if attachments else f"{self._root}/{ATTACHMENTS}"

    @property
    def root(self) -> str:
        """The folder's path."""
        return self._root

    def exists(self) -> bool:
        """Tell whether the root is there."""
        return os.path.isdir(self._root)

    def read(self, key: str) -> bytes:
        """Return an object's bytes; links, pipes, folders and giants are refused, not followed."""
        with self._open_file(key) as (fd, size):
            if size > MAX_OBJECT_BYTES:
                raise ObjectUnreadable("The file is too large to be a record.")
            # A size may be older than the bytes (FUSE, NFS), and a short read is legal: only nothing is the end.
            data = os.read(fd, size + 1)
            while more := os.read(fd, _BLOCK_BYTES):
                data += more
                if len(data) > MAX_OBJECT_BYTES:
                    raise ObjectUnreadable("The file is too large to be a record.")
            return data

    def read_all(self, keys: Sequence[str]) -> list[ReadResult]:
        """Read one object after the other."""
        return [read_or_error(self.read, key) for key in keys]

    def digest(self, key: str) -> tuple[str, int]:
        """Return the SHA-256 and the size of an object of any size."""
        hashing, total = Sha256(), 0
        with self._open_file(key) as (fd, _):
            while block := os.read(fd, _BLOCK_BYTES):
                hashing.update(block)
                total += len(block)
        return hashing.hexdigest(), total

    def open(self, key: str) -> OpenFile:
        """Open an object, to be read piece by piece."""
        check_key(key)
        return OpenFile(self._path(key))

    def _open_file(self, key: str) -> Reading:
        check_key(key)
        return Reading(self._path(key))

    def has(self, key: str) -> bool:
        """Tell whether anything stands under the key."""
        check_key(key)
        return self._status(key) is not None

    def age_s(self, key: str) -> float | None:
        """Return the seconds since the object was last modified."""
        check_key(key)
        status = self._status(key)
        return None if status is None else time.time() - status.st_mtime

    def _status(self, key: str) -> os.stat_result | None:
        try:
            return os.lstat(self._path(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None  # nothing can stand under such a name
            raise RecordUnavailable(f"The store cannot be read: {reason(error)}.") from None

    # Listing

    def entries(self, folder: str) -> Iterator[FolderEntry]:
        """Yield the names in a folder with their kinds."""
        try:
            with os.scandir(self._path(folder)) as found:
                for entry in found:
                    yield FolderEntry(entry.name, _kind(entry))
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise ObjectUnavailable(f"The folder cannot be listed: {reason(error)}.") from None

    def names(self, folder: str, beginning: str = "") -> list[str]:
        """Return the names in a folder that begin so."""
        try:
            names = os.listdir(self._path(folder))
            return [name for name in names if name.startswith(beginning)] if beginning else names
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise ObjectUnavailable(f"The folder cannot be listed: {reason(error)}.") from None

    def changed_since(self, key: str, token: str | None) -> str | None:
        """Compare the modification time with the one in the token; a folder's is that of its list of names.

        The time of a folder that changed just now may stay the same when it changes again (one tick of a filesystem's
        clock takes up to two seconds, on FAT), and one from the future says that the clock was set. Such a time goes
        into a token that equals none.
        """
        status = self._status(key)
        now = _ABSENT if status is None else f"{status.st_mtime_ns}"
        if status is not None and stat.S_ISDIR(status.st_mode) and time.time_ns() - status.st_mtime_ns < YOUNG_NS:
            return f"{now} young"
        return None if now == token else now

    def free_bytes(self) -> int | None:
        """Return the bytes that an ordinary user may still write."""
        try:
            return shutil.disk_usage(self._root).free
        except OSError as error:
            raise RecordUnavailable(f"The store cannot be read: {reason(error)}.") from None

    def _path(self, key: str) -> str:
        if key == ATTACHMENTS:
            return self._attachments
        if key.startswith(ATTACHMENTS + "/"):
            below = key[len(ATTACHMENTS) + 1 :]
            refuse_links(self._attachments, below)
            return f"{self._attachments}/{below}"
        return f"{self._root}/{key}" if key else self._root


def _kind(entry: os.DirEntry[str]) -> EntryKind:
    if entry.is_symlink():
        return "link"
    if entry.is_file(follow_symlinks=False):
        return "file"
    return "directory" if entry.is_dir(follow_symlinks=False) else "other"
