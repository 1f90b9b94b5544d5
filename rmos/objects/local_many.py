"""Many new files at once: their fsyncs run beside one another, and each folder is fsynced once at the end.

    many = ManyFiles(folders, files, fsyncs)
    many.create([NewName(folder, "run_….json", data), …])   # for each: made now, its name is taken, or the error

An fsync waits for the journal of the filesystem and for the disk to empty its cache; those that wait at the same time
share both. Each file still has an fsync of its own before it gets its name, and nothing is acknowledged before the
fsync of its folder, so a crash leaves what it leaves of files that are made one after the other.
"""

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from rmos.errors.base import RmosError
from rmos.objects.base import CreateResult
from rmos.objects.fsyncs import FOLDER_FLAGS, Fsyncs
from rmos.objects.local_files import LocalFiles, NewFile, discard, has_name, write_all
from rmos.objects.local_folders import LocalFolders

_GROUP: Final = 256
"""Files that are open at once, and folders: a process has 1024 descriptors where nobody asked for more.

Names are given between groups, and the next fsync has to take them along, so small groups are slower (measured).
"""
_THREADS: Final = 16
"""Fsyncs under way at once; more share nothing more (measured)."""


class NewName(NamedTuple):
    """A file to be made."""

    folder: str
    name: str
    data: bytes


class _Opened(NamedTuple):
    """A file that has no name yet."""

    place: int
    file: NewFile


class ManyFiles:
    """Makes many files durable together; several threads may use it."""

    def __init__(self, folders: LocalFolders, files: LocalFiles, fsyncs: Fsyncs) -> None:
        self._folders = folders
        self._files = files
        self._fsyncs = fsyncs
        self._threads: tuple[int, ThreadPoolExecutor] | None = None
        self._turn = threading.Lock()

    def create(self, new: Sequence[NewName]) -> list[CreateResult]:
        """Make files under their final names, but for the fsync of their folders: False where a name is taken."""
        results: list[CreateResult] = [False] * len(new)
        try:
            with self._folders.translating():
                self._folders.ensure_all_durable(dict.fromkeys(one.folder for one in new))
        except RmosError:  # of one folder, perhaps: each file finds out by itself
            for place, one in enumerate(new):
                with self._noting(results, place):
                    self._folders.ensure_durable(one.folder)
        left = [place for place, result in enumerate(results) if result is False]
        with self._turn:
            for first in range(0, len(left), _GROUP):
                self._create_group(new, left[first : first + _GROUP], results)
        return results

    def _create_group(self, new: Sequence[NewName], places: Sequence[int], results: list[CreateResult]) -> None:
        """Make files that are open all at once."""
        opened: list[_Opened] = []
        folder_fds: dict[str, int] = {}
        try:
            for place in places:
                with self._noting(results, place):
                    self._write(new[place], place, folder_fds, opened)
            # One whose write failed is not whole: it is closed and gets no name.
            written = [one for one in opened if results[one.place] is False]
            for (place, file), error in zip(written, self._fsync_files(written), strict=True):
                with self._noting(results, place):
                    if error is not None:
                        raise error
                    # A crash before this line leaves nothing of the file; behind it, one that was not acknowledged.
                    results[place] = self._files.give_name(file, file.folder_fd, new[place].name)
        finally:
            for place, file in opened:
                with self._noting(results, place):
                    discard(file)
            for fd in folder_fds.values():
                with contextlib.suppress(OSError):  # it was only looked through: there is nothing to lose
                    os.close(fd)

    def _write(self, one: NewName, place: int, folder_fds: dict[str, int], opened: list[_Opened]) -> None:
        """Write a file without a name and have the disk begin with it; not where the name is taken."""
        folder_fd = folder_fds.get(one.folder)
        if folder_fd is None:
            folder_fd = folder_fds[one.folder] = os.open(one.folder, FOLDER_FLAGS)
        if has_name(folder_fd, one.name):
            return
        file = self._files.open_new(one.folder, folder_fd)
        opened.append(_Opened(place, file))
        write_all(file.fd, one.data)

    def _fsync_files(self, written: Sequence[_Opened]) -> list[OSError | None]:
        """Make files durable, all of them before this returns: their descriptors are about to be closed."""

        def fsync(one: _Opened) -> OSError | None:
            try:
                self._fsyncs.fsync_file(one.file.fd)
            except OSError as error:
                return error
            return None

        return list(self._pool().map(fsync, written))

    def fsync_folders(self, folders: Sequence[str]) -> None:
        """Make the names in folders durable.

        Raises:
            OSError: of one of them; after that no write is taken.
        """
        if len(folders) == 1:
            self._fsyncs.fsync_folders(folders)
        else:
            list(self._pool().map(lambda folder: self._fsyncs.fsync_folders([folder]), folders))

    @contextlib.contextmanager
    def _noting(self, results: list[CreateResult], place: int) -> Iterator[None]:
        """Note what goes wrong with one file as its result."""
        try:
            with self._folders.translating():
                yield
        except RmosError as error:
            results[place] = error

    def _pool(self) -> ThreadPoolExecutor:
        pid = os.getpid()
        if self._threads is None or self._threads[0] != pid:  # threads do not pass a fork
            self._threads = pid, ThreadPoolExecutor(_THREADS, thread_name_prefix="fsync")
        return self._threads[1]
