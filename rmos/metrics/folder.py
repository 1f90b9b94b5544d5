"""The folder in which the processes of one service keep their figures: made, shared, cleared up.

    folder = make_folder(None)                   # the master, when the service starts
    claimed(folder)                              # a worker, before it opens its files there
    bury(folder, pid)                            # the master, when a worker is gone
    remove_folder(folder)                        # the master, at the end

A file that is mapped into memory grows as it is written, and a page that the disk has no room for would end the process
that writes it: so each file is made as large as it can get, with its room reserved, before it is mapped.
"""

import contextlib
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client.mmap_dict import MmapedDict

log = logging.getLogger(__name__)

_FILE_BYTES: Final = {
    "histogram_http": 2 * 1024 * 1024,  # `MOST_SERIES` of some 3 kB each
    "histogram": 64 * 1024,
    "counter": 64 * 1024,
    "gauge_livesum": 64 * 1024,
    "gauge_mostrecent": 64 * 1024,
}
_BURIED: Final = "dead"
_PREFIX: Final = "rmos-metrics-"
_LOCK: Final = "lock"
UNUSABLE: Final = (OSError, ValueError, RuntimeError)
"""How prometheus_client fails on files that are gone, cut short or no files of its own."""


def make_folder(given: Path | None) -> Path | None:
    """Make the folder of a service that starts, empty, with room for what dead workers leave behind.

    Args:
        given: use this one; otherwise one is made in memory, and those of services that are gone are removed.

    Returns:
        None when there is no such place; each worker then counts for itself.
    """
    try:
        folder = given or _temporary()
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.db"):
            path.unlink()
        (folder / _LOCK).touch()
        for kind in ("histogram_http", "histogram", "counter", "gauge_mostrecent"):
            _reserve(folder / f"{kind}_{_BURIED}.db", _FILE_BYTES[kind])
    except OSError as error:
        log.warning("no folder for metrics, so each worker counts for itself: %s", error.strerror)
        return None
    return folder


def remove_folder(folder: Path) -> None:
    """Remove the folder of a service that ends, unless somebody else chose it."""
    if folder in _held:
        os.close(_held.pop(folder))
        shutil.rmtree(folder, ignore_errors=True)


def bury(folder: Path, pid: int) -> None:
    """Add what a process that is gone had counted to the file of the dead, and remove its files."""
    try:
        with locked(folder, fcntl.LOCK_EX):
            for path in folder.glob(f"*_{pid}.db"):
                kind = path.name.removesuffix(f"_{pid}.db")
                if kind != "gauge_livesum":
                    _add(path, folder / f"{kind}_{_BURIED}.db", latest=kind == "gauge_mostrecent")
                path.unlink()
    except UNUSABLE as error:
        log.warning("the metrics of process %d are lost: %s", pid, type(error).__name__)


def _add(source: Path, target: Path, *, latest: bool) -> None:
    entries = list(MmapedDict.read_all_values_from_file(str(source)))
    if not target.exists():
        _reserve(target, source.stat().st_size)
    with contextlib.closing(MmapedDict(str(target))) as sums:
        for key, value, timestamp, _ in entries:
            before, then = sums.read_value(key)
            if not latest:
                sums.write_value(key, before + value, 0.0)
            elif timestamp > then:
                sums.write_value(key, value, timestamp)


def claimed(folder: Path | None) -> Path | None:
    """Return the folder once this process has room there for all of its files, else None."""
    if folder is None:
        return None
    try:
        for kind, size in _FILE_BYTES.items():
            _reserve(folder / f"{kind}_{os.getpid()}.db", size)
    except OSError as error:
        log.warning("this process counts for itself, its folder for metrics cannot be used: %s", error.strerror)
        for kind in _FILE_BYTES:
            with contextlib.suppress(OSError):
                (folder / f"{kind}_{os.getpid()}.db").unlink(missing_ok=True)
        return None
    return folder


def _reserve(path: Path, size: int) -> None:
    """Make a file of zeros whose room on the disk is its own, unless it is there."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def locked(folder: Path, how: int) -> Iterator[None]:
    """Keep readers from seeing a dead process's figures twice, or not at all."""
    with (folder / _LOCK).open() as lock:
        fcntl.flock(lock, how)
        yield


_held: dict[Path, int] = {}
"""The folder that this process made, and a descriptor whose lock it and its workers hold while one of them lives."""


def _parent() -> Path:
    return Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir())  # noqa: S108


def _temporary() -> Path:
    parent = _parent()
    for leftover in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            _remove_if_abandoned(leftover)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    _held[folder] = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(_held[folder], fcntl.LOCK_SH)
    return folder


def _remove_if_abandoned(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(descriptor)
