"""The lock of reconcile, rebuild and repair: one file, `flock`ed, released by the kernel when its holder dies."""

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rmos.errors.store import IndexUnavailable, StoreLocked
from rmos.systems import fcntl

_POLL_S: Final = 0.05


@contextlib.contextmanager
def file_lock(path: Path, *, wait_s: float) -> Iterator[None]:
    """Hold an exclusive lock on a file, made when it is absent; wait at most `wait_s` seconds for it.

    Raises:
        StoreLocked: another process, or another thread of this one, kept the lock.
        IndexUnavailable: the lock file cannot be opened or locked (a read-only folder, a disk that fails).
    """
    deadline = time.monotonic() + wait_s
    fd = _take_lock(path, deadline)
    try:
        # A lock file that was removed meanwhile, with the index, excludes nobody: lock the one that stands there now.
        while not _is_in_place(fd, path):
            _close(fd)
            fd = _take_lock(path, deadline)
        yield
    finally:
        _close(fd)


def _take_lock(path: Path, deadline: float) -> int:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise _translate(error) from None
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return fd
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise _translate(error) from None
            if time.monotonic() >= deadline:
                raise StoreLocked("Another process is working on the index. Wait for it, then try again.")
            time.sleep(_POLL_S)
    except BaseException:  # also an interruption must not leave the file open, and with it the lock held
        _close(fd)
        raise


def _is_in_place(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _translate(error) from None


def _translate(error: OSError) -> IndexUnavailable:
    """Return what a lock is to the index that its disk does not give: the record goes on without its rows."""
    return IndexUnavailable(f"The lock of the index cannot be taken: {os.strerror(error.errno or 0)}.")


def _close(fd: int) -> None:
    with contextlib.suppress(OSError):  # the kernel has let go of the lock also when close says otherwise
        os.close(fd)
