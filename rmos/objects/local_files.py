"""New files on their way to a final name, and what is left of them when their writer dies.

    files = LocalFiles(Fsyncs())
    files.create(folder, folder_fd, "run_….json", data)    # write, fsync, mode 0444, link; False when the name is taken

A new file has no name at all (`O_TMPFILE`); where the system or its disk knows no such files it is called
`.tmp-<random>`. A crash leaves nothing, or that temporary file, which `sweep` removes when no writer can still need it:
its writer holds a lock on it, which the kernel takes back from the dead, so a clock that was set takes no file from
under a writer.
"""

import contextlib
import errno
import os
import secrets
import time
from typing import Final, NamedTuple

from rmos.objects.fsyncs import Fsyncs
from rmos.systems import fcntl

TEMPORARY_PREFIX: Final = ".tmp-"
TEMPORARY_MAX_AGE_S: Final = 3600
"""Only temporary files whose time is further away than this are debris: where locks mean nothing, on a share of other
hosts, nearer ones may belong to a writer at work.
"""
_NO_TMPFILE: Final = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
_BEGIN_BYTES: Final = 8 * 1024 * 1024


class NewFile(NamedTuple):
    """A file that is being written: its descriptor, its temporary name if it needs one, and the folder it is in."""

    fd: int
    temporary: str | None
    folder_fd: int


class LocalFiles:
    """Makes new files and gives them their final names."""

    def __init__(self, fsyncs: Fsyncs) -> None:
        self._fsyncs = fsyncs
        # A name is given to such a file by way of /proc, which a chroot may lack.
        self._nameless = hasattr(os, "O_TMPFILE") and os.path.exists("/proc/self/fd")

    def open_new(self, folder: str, folder_fd: int) -> NewFile:
        """Return a new file in a folder, without a name where that can be."""
        if self._nameless:
            try:
                return NewFile(os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600), None, folder_fd)
            except OSError as error:
                if error.errno not in _NO_TMPFILE:
                    raise
                self._nameless = False
        name = TEMPORARY_PREFIX + secrets.token_hex(16)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(name, flags, 0o600, dir_fd=folder_fd)
        with contextlib.suppress(OSError):  # a filesystem without locks: only its age protects it then
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return NewFile(fd, name, folder_fd)

    def publish(self, new: NewFile, target_fd: int, name: str) -> bool:
        """Make a written file durable and give it its final name; False when the name is taken."""
        self._fsyncs.fsync_file(new.fd)
        return self.give_name(new, target_fd, name)

    def give_name(self, new: NewFile, target_fd: int, name: str) -> bool:
        """Give a file whose bytes are durable its final name; False when the name is taken."""
        os.fchmod(new.fd, 0o444)
        source = new.temporary or f"/proc/self/fd/{new.fd}"
        try:
            # Both folder arguments: without them Python calls plain link(), which cannot link a nameless file.
            os.link(source, name, src_dir_fd=new.folder_fd, dst_dir_fd=target_fd, follow_symlinks=new.temporary is None)
        except FileExistsError:
            return False
        return True

    def create(self, folder: str, folder_fd: int, name: str, data: bytes) -> bool:
        """Make a file durable under a final name, but for the fsync of its folder; False when the name is taken."""
        new = self.open_new(folder, folder_fd)
        try:
            write_all(new.fd, data)
            return self.publish(new, folder_fd, name)
        finally:
            discard(new)


def has_name(folder_fd: int, name: str) -> bool:
    """Tell whether anything stands under a name in a folder, a link that leads nowhere included."""
    try:
        os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def discard(new: NewFile) -> None:
    """Close a new file and remove its temporary name; what was published stays."""
    os.close(new.fd)
    if new.temporary:
        with contextlib.suppress(OSError):
            os.unlink(new.temporary, dir_fd=new.folder_fd)


def sweep(folder: str, names: list[str]) -> int:
    """Unlink temporary files of a folder that no writer can still need, and return how many."""
    swept = 0
    for name in names:
        if name.startswith(TEMPORARY_PREFIX):
            path = f"{folder}/{name}"
            with contextlib.suppress(OSError):
                # Also a time in the future: a clock that was set back since would protect it until it comes there.
                if abs(time.time() - os.lstat(path).st_mtime) > TEMPORARY_MAX_AGE_S and not _has_writer(path):
                    os.unlink(path)
                    swept += 1
    return swept


def _has_writer(path: str) -> bool:
    """Tell whether a process on this machine holds a temporary file."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: NFS gives no other to who only reads
    except OSError as error:
        return error.errno == errno.EWOULDBLOCK
    finally:
        os.close(fd)
    return False


def write_all(fd: int, data: bytes) -> None:
    """Write all of the data; a write may take a part of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def begin_writing(fd: int, begun: int, size: int) -> int:
    """Have the disk begin with what was written since `begun`, once it is worth it; return how much that is.

    The fsync at the end then waits 5 ms for 64 MiB instead of 45 (measured): Linux begins to write pages that it is
    advised to drop, and keeps those that are not written yet.
    """
    if size - begun < _BEGIN_BYTES:
        return 0
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):  # it is only advice
            os.posix_fadvise(fd, begun, size - begun, os.POSIX_FADV_DONTNEED)
    return size - begun
