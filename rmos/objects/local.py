"""Objects in a local folder, durable and write-once.

Creating is: a nameless file (`O_TMPFILE`, elsewhere `.tmp-<random>`) → write → fsync → mode 0444 → link to the final
name, which fails when it exists → fsync of the folder. A crash before the link leaves nothing, or a `.tmp-` file; a
crash between the link and the folder's fsync leaves an object that was not acknowledged, whole or not at all. No final
path is ever opened for writing and no name is ever replaced.

`local_files` makes the files, `local_folders` the folders, `fsyncs` holds what a failed fsync means, and what changes
nothing is in `local_reading`.
"""

import contextlib
import errno
import os
import secrets
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from rmos.digest import Sha256Beside
from rmos.errors.base import RmosError
from rmos.errors.installation import StoreUnusable
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectExists, ObjectMissing, ObjectUnreadable, StorageUnavailable
from rmos.objects.base import (
    QUARANTINE,
    Accept,
    CreateResult,
    NameBlob,
    NewBlob,
    NewObject,
    accept_all,
    check_key,
    key_of_digest,
)
from rmos.objects.fsyncs import FOLDER_FLAGS, Fsyncs
from rmos.objects.local_files import (
    TEMPORARY_PREFIX,
    LocalFiles,
    NewFile,
    begin_writing,
    discard,
    has_name,
    sweep,
    write_all,
)
from rmos.objects.local_folders import LocalFolders
from rmos.objects.local_many import ManyFiles, NewName
from rmos.objects.local_reading import LocalReading
from rmos.objects.system_errors import translate_errors, translate_write_error
from rmos.systems import require_posix

_WRITERS: Final = 4
"""Writers of one process inside `create` at once; more make each other slower (measured)."""


class LocalObjects(LocalReading):
    """The objects under one folder; blobs may live under another (`attachments`)."""

    def __init__(self, root: Path, *, attachments: Path | None = None) -> None:
        super().__init__(root, attachments=attachments)
        self._writers = threading.Semaphore(_WRITERS)
        self._fsyncs = Fsyncs()
        self._folders = LocalFolders(self._root, self._attachments, self._fsyncs)
        self._files = LocalFiles(self._fsyncs)
        self._many = ManyFiles(self._folders, self._files, self._fsyncs)

    def prepare(self) -> None:
        """Make the root and try what `create` needs: a nameless or temporary file and a hard link."""
        require_posix("Writing a record")
        name = f"{TEMPORARY_PREFIX}probe-{secrets.token_hex(8)}"
        try:
            folder = self._folders.ensure_durable(self._root)
            with self._folders.opened(folder) as folder_fd:
                self._files.create(folder, folder_fd, name, b"")
                os.unlink(name, dir_fd=folder_fd)
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
                raise StoreUnusable("The filesystem of the store has no hard links; choose another folder.") from None
            raise translate_write_error(error) from None

    def writable(self) -> bool:
        """Tell whether writes are taken."""
        return not self._fsyncs.failed and os.access(self._root, os.W_OK)

    # Creating

    def create(self, key: str, data: bytes) -> bool:
        """Make an object durable under a new name (see the module)."""
        check_key(key)
        path = self._path(key)
        folder, _, name = path.rpartition("/")
        with self._writers:
            self._fsyncs.refuse_after_failure()
            with self._folders.translating():
                self._folders.ensure_durable(folder)
                with self._folders.opened(folder) as folder_fd:
                    # A name that is taken is found without the fsync of a file that will not get it.
                    created = not has_name(folder_fd, name) and self._files.create(folder, folder_fd, name, data)
                    if not created and not self._has_bytes(key, data):
                        raise ObjectExists("Another object has this name already.")
                    # Also when it was there: whoever linked it may have died before this fsync.
                    self._fsyncs.fsync_folder(folder_fd)
            self._fsyncs.refuse_after_failure()  # another writer's fsync may have taken our pages with it
        return created

    def create_many(self, new: Sequence[NewObject]) -> list[CreateResult]:
        """Make many objects durable with one fsync of each folder (see `local_many`)."""
        results: list[CreateResult] = [False] * len(new)
        with self._writers:
            try:
                self._fsyncs.refuse_after_failure()
                self._create_named(new, results)
                self._fsyncs.refuse_after_failure()  # an fsync that failed may have taken the pages of others with it
            except RmosError as failed:
                return [result if isinstance(result, RmosError) else failed for result in results]
        return results

    def _create_named(self, new: Sequence[NewObject], results: list[CreateResult]) -> None:
        """Create objects and fsync their folders; a failure that concerns all of them is raised."""
        names = {}
        for place, one in enumerate(new):
            try:
                check_key(one.key)
                folder, _, name = self._path(one.key).rpartition("/")
                names[place] = NewName(folder, name, one.data)
            except RmosError as error:
                results[place] = error
        for place, made in zip(names, self._many.create(list(names.values())), strict=True):
            results[place] = made
            if made is False:
                results[place] = self._compare(new[place])
        touched = [names[place].folder for place in names if not isinstance(results[place], RmosError)]
        with translate_errors():
            # Also of those that were there: whoever linked them may have died before this fsync.
            self._many.fsync_folders(list(dict.fromkeys(touched)))

    def _compare(self, new: NewObject) -> CreateResult:
        """Return False when an object whose name is taken stands there with these bytes, else the error."""
        try:
            return False if self._has_bytes(*new) else ObjectExists("Another object has this name already.")
        except RmosError as error:
            return error

    def _has_bytes(self, key: str, data: bytes) -> bool:
        try:
            return self.read(key) == data
        except ObjectMissing:
            return False  # moved aside just now
        except ObjectUnreadable as error:
            status = os.lstat(self._path(key))
            if stat.S_ISREG(status.st_mode) and status.st_size == len(data):
                raise StorageUnavailable(error.detail) from None  # these may well be the same bytes
            return False  # a folder, a pipe, a link

    def create_blob(
        self,
        chunks: Iterable[bytes],
        *,
        max_bytes: int,
        accept: Accept = accept_all,
        name: NameBlob | None = None,
    ) -> NewBlob:
        """Make bytes durable under their SHA-256; only the end, not the waiting for chunks, takes a writer's turn."""
        size = begun = 0
        self._fsyncs.refuse_after_failure()
        # A name is given on the disk on which the bytes lie, and blobs may have one of their own.
        base = self._attachments if name is None else self._root
        with self._new_blob(base) as new, Sha256Beside() as hashing:
            for chunk in chunks:
                size += len(chunk)
                if size > max_bytes:
                    raise PayloadTooLarge(f"The file is above the limit of {max_bytes} bytes.", limit_bytes=max_bytes)
                hashing.update(chunk)
                with translate_errors():
                    write_all(new.fd, chunk)
                    begun += begin_writing(new.fd, begun, size)
            sha256 = hashing.hexdigest()
            accept(sha256, size)
            return NewBlob(sha256, size, self._publish_blob(new, sha256, (name or key_of_digest)(sha256)))

    @contextlib.contextmanager
    def _new_blob(self, base: str) -> Iterator[NewFile]:
        """Yield a file without a final name in a folder; unless it is published, it vanishes afterwards."""
        with contextlib.ExitStack() as cleaning:
            with self._folders.translating():
                folder = self._folders.ensure_durable(base)
                folder_fd = os.open(folder, FOLDER_FLAGS)
                cleaning.callback(translate_errors()(os.close), folder_fd)
                new = self._files.open_new(folder, folder_fd)
            cleaning.callback(translate_errors()(discard), new)
            yield new

    def _publish_blob(self, new: NewFile, sha256: str, key: str) -> bool:
        """Give a written file its name; False when these bytes stand there, which are young again then."""
        check_key(key)
        target, name = os.path.split(self._path(key))
        with self._writers, self._folders.translating():
            self._fsyncs.refuse_after_failure()
            not_durable = self._folders.make(target)
            with self._folders.opened(target) as target_fd:
                created = self._files.publish(new, target_fd, name)
                while not created and not self._renew(key, name, sha256, target_fd):
                    created = self._files.publish(new, target_fd, name)
                self._fsyncs.fsync_folder(target_fd)
            # Most blobs have a folder of their own: fsynced after the blob, it takes no commit of its own.
            self._folders.fsync_names(not_durable)
            self._fsyncs.refuse_after_failure()
        return created

    def _renew(self, key: str, name: str, sha256: str, folder_fd: int) -> bool:
        """Make a blob that stands there young again, so that nobody clears it away; False when somebody just has."""
        try:
            with contextlib.suppress(PermissionError):  # it belongs to somebody else, who may not clear it either
                os.utime(name, dir_fd=folder_fd, follow_symlinks=False)
            if self.digest(key)[0] != sha256:
                raise ObjectExists("The attachment that stands under this digest is corrupt.")
        except (FileNotFoundError, ObjectMissing):
            return False
        return True

    def ensure_durable(self, key: str) -> None:
        """Fsync the folder that has the object's name, whoever gave it."""
        check_key(key)
        self._fsyncs.refuse_after_failure()
        with translate_errors():
            self._fsyncs.fsync_folders([self._folders.ensure_durable(os.path.dirname(self._path(key)))])

    def ensure_folder_durable(self, folder: str) -> None:
        """Fsync the folder."""
        self._fsyncs.refuse_after_failure()
        with translate_errors():
            self._fsyncs.fsync_folders([self._folders.ensure_durable(self._path(folder))])

    # Moving aside and removing

    def quarantine(self, key: str) -> str:
        """Move what stands under the key to `_quarantine/<key>`, atomically, and fsync both folders."""
        check_key(key)
        self._fsyncs.refuse_after_failure()
        target = f"{QUARANTINE}/{key}"
        attempt = 1
        while self.has(target):
            attempt += 1
            target = f"{QUARANTINE}/{key}~{attempt}"
        source_path, target_path = self._path(key), self._path(target)
        with translate_errors():
            target_folder = self._folders.ensure_durable(os.path.dirname(target_path))
            try:
                # A crash between the rename and the fsyncs leaves it in either place, whole.
                os.rename(source_path, target_path)
            except FileNotFoundError:
                if not self.has(key):
                    raise ObjectMissing("There is no such object.") from None
                raise
            self._fsyncs.fsync_folders([target_folder, os.path.dirname(source_path)])
        return target

    def erase(self, key: str) -> bool:
        """Unlink an object and fsync its folder, also when it was gone: whoever unlinked it may have died before."""
        check_key(key)
        self._fsyncs.refuse_after_failure()
        folder, _, name = self._path(key).rpartition("/")
        try:
            with self._folders.opened(folder) as folder_fd:
                try:
                    os.unlink(name, dir_fd=folder_fd)
                    stood = True
                except FileNotFoundError:
                    stood = False
                self._fsyncs.fsync_folder(folder_fd)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise translate_write_error(error) from None
        return stood

    def clear_debris(self, folder: str) -> int:
        """Unlink temporary files that no writer can still need."""
        return sweep(self._path(folder), self.names(folder))
