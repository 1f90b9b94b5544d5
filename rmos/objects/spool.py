"""Files of this host on their way to a bucket, and blobs that were downloaded from it: nothing that may not be lost.

    spool = Spool(Path("/var/cache/rmos/spool"), max_bytes=4 * 1024**3)
    with spool.new_file() as file:                # without a name: what breaks off leaves nothing
        file.write(chunk)
        upload(file.map())                        # its bytes, in no memory of the process
    with spool.new_file() as file:
        …                                         # downloaded and hashed
        opened = spool.keep(file, sha256)         # from now on `blobs/<sha256>`, for all processes of this host
    spool.find(sha256)                            # the same file, open; None when it is not here

Only bytes that have their digest get a name, but the disk may spoil them, or a power cut: nothing here is fsynced. So a
process hashes what it did not download itself, once, and drops what does not hold. The least recently used go when
there are more than `max_bytes`; whoever has such a file open reads on.
"""

import contextlib
import logging
import mmap
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from rmos.digest import Sha256
from rmos.errors.base import RmosError
from rmos.errors.store import ObjectMissing, ObjectUnreadable, OutOfSpace, StorageFailed
from rmos.objects.local_files import TEMPORARY_PREFIX, sweep
from rmos.objects.opened import OpenFile, reason
from rmos.objects.system_errors import NO_SPACE
from rmos.systems import fcntl

log = logging.getLogger(__name__)

DEFAULT_MAX_BYTES: Final = 4 * 1024**3
_BLOCK_BYTES: Final = 256 * 1024
_REMEMBERED: Final = 4096
_LOOK_AGAIN_S: Final = 0.02
_NAMELESS: Final = getattr(os, "O_TMPFILE", 0) if os.path.exists("/proc/self/fd") else 0
"""A name is given to such a file by way of /proc, which a chroot may lack."""


class SpoolFile:
    """A file that is being written; it is gone when it is closed, unless it was kept."""

    def __init__(self, folder: str, make_room: Callable[[int], bool]) -> None:
        self.size = 0
        self._make_room = make_room
        self._path: str | None = None
        self._fd = self._open(folder)

    def _open(self, folder: str) -> int:
        if _NAMELESS:
            with contextlib.suppress(OSError):  # a filesystem without such files; what else is wrong shows below
                return os.open(folder, _NAMELESS | os.O_RDWR | os.O_CLOEXEC, 0o400)
        path = f"{folder}/{TEMPORARY_PREFIX}{secrets.token_hex(16)}"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o400)
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # so that it is no debris
        self._path = path
        return fd

    def write(self, data: bytes) -> None:
        """Append bytes; when the disk is full, downloaded blobs make room.

        Raises:
            OutOfSpace, StorageFailed.
        """
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except OSError as error:
                if error.errno not in NO_SPACE or not self._make_room(len(rest)):
                    raise translate_spool_error(error) from None
        self.size += len(data)

    def map(self) -> mmap.mmap | bytes:
        """Return the bytes as a mapping of the file: they are in memory only while there is nothing else to keep there.

        Nobody closes the mapping, as a request that was given up may still read from it.
        """
        return mmap.mmap(self._fd, self.size, prot=mmap.PROT_READ) if self.size else b""

    def link(self, path: str) -> None:
        """Give the file a name that nothing has.

        Raises:
            OSError.
        """
        if self._path is None:
            # Both folder arguments: without them Python calls plain link(), which cannot link a nameless file.
            folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                source = f"/proc/self/fd/{self._fd}"
                os.link(source, os.path.basename(path), src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
            finally:
                os.close(folder)
        else:
            os.rename(self._path, path)
            self._path = None

    def close(self) -> None:
        """Close the file; one without a name is gone then."""
        os.close(self._fd)
        if self._path is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._path)


class Spool:
    """The folder of one host; any number of its processes use it."""

    def __init__(self, folder: Path, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._folder = str(folder.absolute())
        self._blobs = f"{self._folder}/blobs"
        self._used = f"{self._folder}/used"
        self._max_bytes = max_bytes
        self._turn = threading.Lock()
        self._unlisted = 0
        """Bytes that came since the folder was listed."""
        self._listed: int | None = None
        """Bytes that were here when the folder was listed; None as long as it never was."""
        self._whole: OrderedDict[str, tuple[int, ...]] = OrderedDict()

    def prepare(self) -> None:
        """Make the folder, and remove what processes that died have left there.

        Raises:
            OutOfSpace, StorageFailed: it cannot be made.
        """
        with _translating():
            self._make_folders()
            sweep(self._folder, os.listdir(self._folder))
            for name in set(os.listdir(self._used)).difference(os.listdir(self._blobs)):
                self._drop(name)  # of a download that failed

    @contextlib.contextmanager
    def new_file(self) -> Iterator[SpoolFile]:
        """Yield a new file, which is gone afterwards unless it was kept.

        Raises:
            OutOfSpace, StorageFailed: it cannot be made.
        """
        with _translating():
            self._make_folders()
            file = SpoolFile(self._folder, self.make_room)
        try:
            yield file
        finally:
            file.close()

    def keep(self, file: SpoolFile, sha256: str) -> OpenFile:
        """Give a file whose bytes have a digest its name, and return it open for reading.

        Raises:
            OutOfSpace, StorageFailed.
        """
        # By way of a name of its own: it takes the place of one that is spoiled, and is open before anybody removes it.
        temporary = f"{self._folder}/{TEMPORARY_PREFIX}{secrets.token_hex(16)}"
        with _translating():
            self._make_folders()
            file.link(temporary)
            opened = OpenFile(temporary)
            os.replace(temporary, f"{self._blobs}/{sha256}")
        self._remember(sha256, opened)
        self._touch(sha256)
        with self._turn:
            self._unlisted += file.size
            full = self._listed is None or self._unlisted > self._max_bytes // 64
        if full:
            self._shrink(self._max_bytes)
        return opened

    def find(self, sha256: str) -> OpenFile | None:
        """Return a blob open for reading, or None when it is not here, or not whole and now gone."""
        path = f"{self._blobs}/{sha256}"
        try:
            opened = OpenFile(path)
        except ObjectMissing:
            return None
        except ObjectUnreadable as error:
            self._drop(sha256, error.detail)
            return None
        try:
            if self._whole.get(sha256) != opened.stamp():
                if _sha256(opened) != sha256:
                    raise ObjectUnreadable("Its bytes are others.")
                self._remember(sha256, opened)
        except ObjectUnreadable as error:
            opened.close()
            self._drop(sha256, error.detail)
            return None
        self._touch(sha256)
        return opened

    @contextlib.contextmanager
    def fetching(self, sha256: str, *, wait_s: float) -> Iterator[None]:
        """Keep others of this host from downloading the same blob, and wait for one that does; not for ever."""
        with contextlib.ExitStack() as cleaning:
            with contextlib.suppress(OSError):  # two downloads are no harm
                self._make_folders()
                fd = os.open(f"{self._used}/{sha256}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                cleaning.callback(os.close, fd)
                _lock(fd, wait_s)
            yield

    def make_room(self, size: int) -> bool:
        """Remove the least recently used blobs, as many as give back some bytes; True if any went."""
        return self._shrink(max(0, self.used_bytes() - size))

    @property
    def held_bytes(self) -> int:
        """How many bytes of blobs were here when it was listed last, and how many this process has brought since."""
        with self._turn:
            return (self._listed or 0) + self._unlisted

    def used_bytes(self) -> int:
        """Return how many bytes of blobs are here."""
        return sum(size for _, _, size in self._list())

    def _shrink(self, limit: int) -> bool:
        """Remove the least recently used blobs once there are more bytes than a limit, and some more; True if any went.

        An eighth of the bound goes at once, so that not every download lists the folder.
        """
        listed = self._list()
        total, went = sum(size for _, _, size in listed), False
        if total > limit:
            for _, sha256, size in sorted(listed):
                if total <= max(0, limit - self._max_bytes // 8):
                    break
                self._drop(sha256)
                total, went = total - size, True
        with self._turn:
            self._listed, self._unlisted = total, 0
        return went

    def _list(self) -> list[tuple[float, str, int]]:
        """Return all blobs: when they were used, their digests, their sizes."""
        listed = []
        with contextlib.suppress(FileNotFoundError), os.scandir(self._blobs) as found:
            for entry in found:
                with contextlib.suppress(OSError):
                    listed.append((self._last_used(entry), entry.name, entry.stat(follow_symlinks=False).st_size))
        return listed

    def _last_used(self, entry: os.DirEntry[str]) -> float:
        try:
            return os.stat(f"{self._used}/{entry.name}").st_mtime
        except OSError:
            return entry.stat(follow_symlinks=False).st_mtime

    def _touch(self, sha256: str) -> None:
        """Note that a blob was used, beside it: its own times are part of its stamp."""
        path = f"{self._used}/{sha256}"
        with contextlib.suppress(OSError):
            try:
                os.utime(path)
            except FileNotFoundError:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _drop(self, sha256: str, why: str = "") -> None:
        if why:
            log.warning("a file of the spool was dropped, its blob will be downloaded again: %s", why)
        self._whole.pop(sha256, None)
        for path in (f"{self._blobs}/{sha256}", f"{self._used}/{sha256}"):
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _remember(self, sha256: str, opened: OpenFile) -> None:
        with self._turn:
            self._whole[sha256] = opened.stamp()
            self._whole.move_to_end(sha256)
            if len(self._whole) > _REMEMBERED:
                self._whole.popitem(last=False)

    def _make_folders(self) -> None:
        for folder in (self._folder, self._blobs, self._used):
            os.makedirs(folder, mode=0o700, exist_ok=True)


def translate_spool_error(error: OSError) -> RmosError:
    """Return what an error of the spool's disk means: no object of the store is touched by it."""
    log.error("the spool failed: %s", reason(error))
    if error.errno in NO_SPACE:
        return OutOfSpace("The spool of this host is full; nothing was recorded.")
    return StorageFailed(f"The spool of this host cannot be used: {reason(error)}.")


@contextlib.contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise translate_spool_error(error) from None


def _lock(fd: int, wait_s: float) -> None:
    """Lock a file, or give up after a time."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                return
            time.sleep(_LOOK_AGAIN_S)


def _sha256(opened: OpenFile) -> str:
    hasher, offset = Sha256(), 0
    while block := opened.read_at(offset, _BLOCK_BYTES):
        hasher.update(block)
        offset += len(block)
    return hasher.hexdigest()
