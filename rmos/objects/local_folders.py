"""The folders of a local store: made when they are needed, and durable before the first object in them is acknowledged.

    folders = LocalFolders(root, attachments, Fsyncs())
    folders.ensure_durable(f"{root}/2025-12-23")          # mkdir, then an fsync of each parent, once per process

An mkdir lives in the parent, so a folder is durable once its parents are fsynced. That is done once per process also
for folders that were there: whoever made them may have died before the fsync.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator

from rmos.errors.store import StorageFailed
from rmos.objects.fsyncs import FOLDER_FLAGS, Fsyncs
from rmos.objects.system_errors import translate_write_error


class LocalFolders:
    """The folders below a root; blobs may live under another (`attachments`)."""

    def __init__(self, root: str, attachments: str, fsyncs: Fsyncs) -> None:
        self._root = root
        self._attachments = attachments
        self._fsyncs = fsyncs
        self._durable: set[str] = set()

    def ensure_durable(self, folder: str) -> str:
        """Make a folder and its parents, fsync their names, and return the folder."""
        self.fsync_names(self.make(folder))
        return folder

    def ensure_all_durable(self, folders: Iterable[str]) -> None:
        """Make many folders and their parents, then fsync each parent once."""
        self.fsync_names(dict.fromkeys(made for folder in folders for made in self.make(folder)))

    def make(self, folder: str) -> list[str]:
        """Make a folder and its parents; return those whose names are not known to be durable, the uppermost first.

        Raises:
            StorageFailed: something that is not a folder stands there.
            OSError.
        """
        if folder in self._durable:
            return []
        parent = os.path.dirname(folder)
        # Above the store only what is not there yet is made, and made durable: the rest may not even be readable.
        inside = folder.startswith((self._root + "/", self._attachments + "/"))
        not_durable = self.make(parent) if inside or not os.path.isdir(parent) else []
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder)
        if not stat.S_ISDIR(os.lstat(folder).st_mode) and folder not in (self._root, self._attachments):
            raise StorageFailed("Something that is not a folder stands where the store keeps one; run `rmos verify`.")
        return [*not_durable, folder]

    def fsync_names(self, folders: Iterable[str]) -> None:
        """Make the names of folders, all of them made before, durable by an fsync of each parent."""
        parents: set[str] = set()
        for folder in folders:
            parent = os.path.dirname(folder)
            if parent not in parents:
                self._fsyncs.fsync_folders([parent])
                parents.add(parent)
            self._durable.add(folder)

    @contextlib.contextmanager
    def opened(self, folder: str) -> Iterator[int]:
        """Yield the descriptor of a folder."""
        fd = os.open(folder, FOLDER_FLAGS)
        try:
            yield fd
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def translating(self) -> Iterator[None]:
        """Raise errors of the system as ours; a folder that was taken away is made again for the next object.

        Not so where the store begins: a disk that is not mounted must not be written beside.
        """
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOENT:
                inside = self._attachments.startswith(self._root + "/")
                self._durable.intersection_update((self._root, "" if inside else self._attachments))
            raise translate_write_error(error) from None
