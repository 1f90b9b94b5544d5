"""Objects in a local folder, durable and write-once.

Creating is: a nameless file (`O_TMPFILE`, elsewhere `.tmp-<random>`) → write → fsync → mode 0444 → link to the final
name, which fails when it exists → fsync of the folder. A crash before the link leaves nothing, or a `.tmp-` file; a
crash between the link and the folder's fsync leaves an object that was not acknowledged, whole or not at all. No final
path is ever opened for writing and no name is ever replaced.

After a failed fsync the kernel may have dropped the dirty pages and a second fsync would lie, so the process refuses
writes until it is restarted; reads, which are in `local_reading`, go on.
"""

import contextlib
import errno
import os
import secrets
import stat
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from rmos.digest import Sha256Beside
from rmos.errors.objects import ObjectExists, ObjectMissing, ObjectUnreadable
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import StorageFailed, StoreReadOnly, StoreUnusable
from rmos.objects.base import (
    ATTACHMENTS,
    QUARANTINE,
    TEMPORARY_MAX_AGE_S,
    TEMPORARY_PREFIX,
    Accept,
    NewBlob,
    accept_all,
    check_key,
)
from rmos.objects.local_reading import LocalReading
from rmos.objects.refusals import NO_SPACE, translated, translating

_WRITERS: Final = 4
"""Writers of one process inside `create` at once; more make each other slower (measured)."""
_BEGIN_BYTES: Final = 8 * 1024 * 1024
_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NO_TMPFILE: Final = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)


class LocalObjects(LocalReading):
    """The objects under one folder; blobs may live under another (`attachments`)."""

    def __init__(self, root: Path, *, attachments: Path | None = None) -> None:
        super().__init__(root, attachments=attachments)
        self._writers = threading.Semaphore(_WRITERS)
        self._durable_folders: set[str] = set()
        self._nameless = True
        self._write_fault: str | None = None

    # Opening

    def prepare(self) -> None:
        """Make the root and try what `create` needs: a nameless or temporary file and a hard link."""
        name = f"{TEMPORARY_PREFIX}probe-{secrets.token_hex(8)}"
        try:
            folder = self._durable_folder(self._root)
            with self._open_folder(folder) as folder_fd:
                self._link_new(folder, folder_fd, name, b"")
                os.unlink(name, dir_fd=folder_fd)
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
                raise StoreUnusable("The filesystem of the store has no hard links; choose another folder.") from None
            raise translated(error) from None

    # Creating

    def create(self, key: str, data: bytes) -> bool:
        """Make an object durable under a new name (see the module)."""
        check_key(key)
        path = self._path(key)
        folder, _, name = path.rpartition("/")
        with self._writers:
            self._refuse_after_fault()
            with self._in_folders():
                self._durable_folder(folder)
                with self._open_folder(folder) as folder_fd:
                    created = self._link_new(folder, folder_fd, name, data)
                    if not created and not self._stands(key, data):
                        raise ObjectExists("Another object has this name already.")
                    # Also when it was there: whoever linked it may have died before this fsync.
                    self._fsync(folder_fd)
            self._refuse_after_fault()  # another writer's fsync may have taken our pages with it
        return created

    def create_blob(self, chunks: Iterable[bytes], *, max_bytes: int, accept: Accept = accept_all) -> NewBlob:
        """Make bytes durable under their SHA-256; only the end, not the waiting for chunks, takes a writer's turn."""
        size = begun = 0
        self._refuse_after_fault()
        with self._new_file() as (fd, temporary, folder_fd), Sha256Beside() as judge:
            for chunk in chunks:
                size += len(chunk)
                if size > max_bytes:
                    raise PayloadTooLarge(f"The file is above the limit of {max_bytes} bytes.", limit_bytes=max_bytes)
                judge.update(chunk)
                with translating():
                    _write_all(fd, chunk)
                    begun += _begin_writing(fd, begun, size)
            sha256 = judge.hexdigest()
            accept(sha256, size)
            key = f"{ATTACHMENTS}/{sha256[:2]}/{sha256[2:4]}/{sha256}"
            with self._writers, self._in_folders():
                self._refuse_after_fault()
                target = os.path.dirname(self._path(key))
                unsettled = self._make_folder(target)
                with self._open_folder(target) as target_fd:
                    created = self._publish(fd, temporary, folder_fd, target_fd, sha256)
                    while not created and not self._is_renewed(key, sha256, target_fd):
                        created = self._publish(fd, temporary, folder_fd, target_fd, sha256)
                    self._fsync(target_fd)
                # Most blobs have a folder of their own: settled after the blob, it takes no commit of its own.
                self._settle_folders(unsettled)
                self._refuse_after_fault()
        return NewBlob(sha256, size, created)

    def _is_renewed(self, key: str, sha256: str, folder_fd: int) -> bool:
        """Make a blob that stands there young again, so that nobody clears it away; False when somebody just has."""
        try:
            with contextlib.suppress(PermissionError):  # it belongs to somebody else, who may not clear it either
                os.utime(sha256, dir_fd=folder_fd, follow_symlinks=False)
            if self.digest(key)[0] != sha256:
                raise ObjectExists("The attachment that stands under this digest is damaged.")
        except (FileNotFoundError, ObjectMissing):
            return False
        return True

    @contextlib.contextmanager
    def _new_file(self) -> Iterator[tuple[int, str | None, int]]:
        """Give a file without a final name among the attachments, and their folder; unnamed, it vanishes afterwards."""
        with contextlib.ExitStack() as cleaning:
            with self._in_folders():
                folder = self._durable_folder(self._attachments)
                folder_fd = os.open(folder, _FOLDER_FLAGS)
                cleaning.callback(translating()(os.close), folder_fd)
                fd, temporary = self._open_new(folder, folder_fd)
            cleaning.callback(translating()(_discard), fd, temporary, folder_fd)
            yield fd, temporary, folder_fd

    def settle(self, key: str) -> None:
        """Make the name of an object durable, whoever gave it."""
        check_key(key)
        self._refuse_after_fault()
        folder = os.path.dirname(self._path(key))
        try:
            with self._open_folder(self._durable_folder(folder)) as folder_fd:
                self._fsync(folder_fd)
        except OSError as error:
            raise translated(error) from None

    def _stands(self, key: str, data: bytes) -> bool:
        try:
            return self.read(key) == data
        except ObjectMissing:
            return False  # moved aside just now
        except ObjectUnreadable as error:
            status = os.lstat(self._path(key))
            if stat.S_ISREG(status.st_mode) and status.st_size == len(data):
                raise StorageFailed(error.detail) from None  # these may well be the same bytes
            return False  # a folder, a pipe, a link

    def _link_new(self, folder: str, folder_fd: int, name: str, data: bytes) -> bool:
        """Write a file without a final name, then give it one; False when the name is taken."""
        fd, temporary = self._open_new(folder, folder_fd)
        try:
            _write_all(fd, data)
            return self._publish(fd, temporary, folder_fd, folder_fd, name)
        finally:
            _discard(fd, temporary, folder_fd)

    def _publish(self, fd: int, temporary: str | None, folder_fd: int, target_fd: int, name: str) -> bool:
        """Make a written file durable and give it its final name; False when the name is taken."""
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno not in NO_SPACE:  # a nameless file without space is dropped whole: nothing lies
                self._write_fault = "fsync of an object failed"
            raise
        os.fchmod(fd, 0o444)
        source = temporary or f"/proc/self/fd/{fd}"
        try:
            # Both folder arguments: without them Python calls plain link(), which cannot link a nameless file.
            os.link(source, name, src_dir_fd=folder_fd, dst_dir_fd=target_fd, follow_symlinks=temporary is None)
        except FileExistsError:
            return False
        return True

    def _open_new(self, folder: str, folder_fd: int) -> tuple[int, str | None]:
        if self._nameless:
            try:
                return os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600), None
            except OSError as error:
                if error.errno not in _NO_TMPFILE:
                    raise
                self._nameless = False
        name = TEMPORARY_PREFIX + secrets.token_hex(16)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, 0o600, dir_fd=folder_fd), name

    def _durable_folder(self, folder: str) -> str:
        """Make a folder and its parents, durable."""
        self._settle_folders(self._make_folder(folder))
        return folder

    def _make_folder(self, folder: str) -> list[str]:
        """Make a folder and its parents; return those whose names are still to be settled, the uppermost first."""
        if folder in self._durable_folders:
            return []
        parent = os.path.dirname(folder)
        # Above the store only what is not there yet is made, and made durable: the rest may not even be readable.
        inside = folder.startswith((self._root + "/", self._attachments + "/"))
        unsettled = self._make_folder(parent) if inside or not os.path.isdir(parent) else []
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder)
        if not stat.S_ISDIR(os.lstat(folder).st_mode) and folder not in (self._root, self._attachments):
            raise StorageFailed("Something that is not a folder stands where the store keeps one; run `rmos verify`.")
        return [*unsettled, folder]

    @contextlib.contextmanager
    def _in_folders(self) -> Iterator[None]:
        """Translate what goes wrong meanwhile; a folder that was taken away is made again for the next object.

        Not so where the store begins: a disk that is not mounted must not be written beside.
        """
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOENT:
                inside = self._attachments.startswith(self._root + "/")
                self._durable_folders.intersection_update((self._root, "" if inside else self._attachments))
            raise translated(error) from None

    def _settle_folders(self, folders: Iterable[str]) -> None:
        """Make the names of folders durable: an fsync of each parent, once per process, also when they were there."""
        for folder in folders:
            with self._open_folder(os.path.dirname(folder)) as parent_fd:
                self._fsync(parent_fd)
            self._durable_folders.add(folder)

    def _fsync(self, fd: int) -> None:
        try:
            os.fsync(fd)
        except OSError:
            self._write_fault = "fsync of a folder failed"
            raise

    def _refuse_after_fault(self) -> None:
        if self._write_fault:
            raise StoreReadOnly(f"The disk reported an error ({self._write_fault}); restart once it is mended.")

    # Healing

    def quarantine(self, key: str) -> str:
        """Move what stands under the key to `_quarantine/<key>`, atomically, and make both folders durable."""
        check_key(key)
        self._refuse_after_fault()
        target = f"{QUARANTINE}/{key}"
        attempt = 1
        while self.has(target):
            attempt += 1
            target = f"{QUARANTINE}/{key}~{attempt}"
        source_path, target_path = self._path(key), self._path(target)
        try:
            target_folder = self._durable_folder(os.path.dirname(target_path))
            os.rename(source_path, target_path)
            for folder in (target_folder, os.path.dirname(source_path)):
                with self._open_folder(folder) as folder_fd:
                    self._fsync(folder_fd)
        except OSError as error:
            raise translated(error) from None
        return target

    def erase(self, key: str) -> bool:
        """Unlink an object and fsync its folder, also when it was gone: whoever unlinked it may have died before."""
        check_key(key)
        self._refuse_after_fault()
        folder, _, name = self._path(key).rpartition("/")
        try:
            with self._open_folder(folder) as folder_fd:
                try:
                    os.unlink(name, dir_fd=folder_fd)
                    stood = True
                except FileNotFoundError:
                    stood = False
                self._fsync(folder_fd)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise translated(error) from None
        return stood

    def sweep(self, folder: str) -> int:
        """Unlink temporary files that no writer can still need."""
        swept = 0
        for name in self.names(folder):
            if name.startswith(TEMPORARY_PREFIX):
                key = f"{folder}/{name}" if folder else name
                age = self.age_s(key)
                if age is not None and age > TEMPORARY_MAX_AGE_S:
                    with contextlib.suppress(OSError):
                        os.unlink(self._path(key))
                        swept += 1
        return swept

    # State

    def writable(self) -> bool:
        """Tell whether writes are taken."""
        return self._write_fault is None and os.access(self._root, os.W_OK)

    @staticmethod
    @contextlib.contextmanager
    def _open_folder(folder: str) -> Iterator[int]:
        fd = os.open(folder, _FOLDER_FLAGS)
        try:
            yield fd
        finally:
            os.close(fd)


def _discard(fd: int, temporary: str | None, folder_fd: int) -> None:
    os.close(fd)
    if temporary:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder_fd)


def _begin_writing(fd: int, begun: int, size: int) -> int:
    """Have the disk begin with what was written since `begun`, once it is worth it; return how much that is.

    The fsync at the end then waits 5 ms for 64 MiB instead of 45 (measured): Linux begins to write pages that it is
    advised to drop, and keeps those that are not written yet.
    """
    if size - begun < _BEGIN_BYTES:
        return 0
    with contextlib.suppress(OSError):  # it is only advice
        os.posix_fadvise(fd, begun, size - begun, os.POSIX_FADV_DONTNEED)
    return size - begun


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
