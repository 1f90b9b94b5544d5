"""Filesystems to be filled up and cut off: a tmpfs, and ext4 or XFS in a file behind a loop device; and one in FUSE.

    with mounted(folder, image=Image("ext4", file)) as root:
        cut_power(root)                        # what was not flushed is gone
    with mirrored(folder, source) as root:     # bindfs: no O_TMPFILE, and attributes that the kernel keeps for a second
        ...

Every mount is undone when its block is left, lazily if it must be, and its loop device goes with it.
"""

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.helpers.waiting import PATIENCE_S, wait_until

_SHUTDOWN: Final = 0x8004587D
"""EXT4_IOC_SHUTDOWN, which is XFS_IOC_GOINGDOWN: `_IOR('X', 125, __u32)`."""
_WITHOUT_LOG_FLUSH: Final = 2
_BLOCK: Final = 4096
_SBIN: Final = ("/usr/sbin", "/sbin")
_IMAGE_BYTES: Final = {"ext4": 64 << 20, "xfs": 320 << 20}
# Blocks as large as a page: with smaller ones a full ext4 ends SQLite with SIGBUS in its mapped -shm file.
_MAKE: Final = {"ext4": ("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096"), "xfs": ("mkfs.xfs", "-q", "-f")}


class Image(NamedTuple):
    """A filesystem in a file."""

    kind: str
    path: Path


def find_program(name: str) -> str | None:
    """Return where a program of the system's administrator is, in or out of the PATH of whoever runs the tests."""
    return shutil.which(name) or next((path for folder in _SBIN if (path := shutil.which(name, path=folder))), None)


def _run(*command: str) -> None:
    program = find_program(command[0])
    if program is None:
        pytest.fail(f"{command[0]} is not there: install the Debian packages e2fsprogs and mount", pytrace=False)
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, timeout=60)
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        pytest.fail(f"{command[0]} failed: {said}; run as root where loop devices may be mounted", pytrace=False)


def make_image(kind: str, path: Path) -> Image:
    """Make an empty filesystem in a sparse file."""
    with path.open("xb") as file:
        file.truncate(_IMAGE_BYTES[kind])
    _run(*_MAKE[kind], str(path))
    return Image(kind, path)


@contextlib.contextmanager
def mounted(folder: Path, *, image: Image | None = None, tmpfs_bytes: int = 4 << 20) -> Iterator[Path]:
    """Mount an image, or a tmpfs where there is none, and undo it in the end."""
    if os.geteuid() != 0:
        pytest.fail("only root may mount: run these tests as root", pytrace=False)
    folder.mkdir(exist_ok=True)
    if image is None:
        _run("mount", "-t", "tmpfs", "-o", f"size={tmpfs_bytes}", "rmos-test", str(folder))
    else:
        # A process in a mount namespace of its own holds a copy of what was mounted when it began; as long as that is
        # there, the file would be mounted as it was shut down.
        path = image.path
        wait_until(lambda: not _has_loop(path), "the filesystem to be let go by all who saw it mounted")
        _run("mount", "-t", image.kind, "-o", "loop", str(path), str(folder))
    try:
        yield folder
    finally:
        _unmount(folder)


def _has_loop(path: Path) -> bool:
    """Tell whether a loop device stands on a file."""
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        with contextlib.suppress(OSError):  # it went meanwhile
            if backing.read_text().strip() == str(path):
                return True
    return False


@contextlib.contextmanager
def mirrored(folder: Path, source: Path) -> Iterator[Path]:
    """Mount a folder at another one through FUSE, and undo it in the end."""
    folder.mkdir()
    source.mkdir()
    with subprocess.Popen([find_program("bindfs") or "bindfs", "-f", str(source), str(folder)]) as bindfs:
        try:
            wait_until(lambda: os.path.ismount(folder) or bindfs.poll() is not None, "bindfs")
            if bindfs.poll() is not None:
                pytest.fail("bindfs does not mount: run where /dev/fuse may be opened", pytrace=False)
            yield folder
        finally:
            if bindfs.poll() is None:
                _unmount(folder)


def _unmount(folder: Path) -> None:
    """Unmount a folder, waiting for those who are leaving it; whatever still holds it then keeps only a name."""
    umount = find_program("umount") or "umount"
    deadline = time.monotonic() + PATIENCE_S
    while subprocess.run([umount, str(folder)], capture_output=True, timeout=60).returncode:
        if time.monotonic() > deadline:
            subprocess.run([umount, "--lazy", str(folder)], capture_output=True, timeout=60)
            raise RuntimeError(f"something still works in {folder.name}")
        time.sleep(0.05)


def cut_power(folder: Path) -> None:
    """Shut a filesystem down as a power cut does: from now on all fails, and its log is not flushed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _WITHOUT_LOG_FLUSH))
    finally:
        os.close(descriptor)


def fill(folder: Path, *, leave_blocks: int = 0) -> Path:
    """Fill a filesystem up but for so many blocks of 4 KiB, and return the file that does it."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        descriptor = file.fileno()
        size = _free_bytes(folder)
        while size > 0:
            try:
                os.posix_fallocate(descriptor, 0, size)
            except OSError:  # a filesystem needs some for its own books
                size -= _BLOCK
            else:
                break
        while _free_bytes(folder) // _BLOCK < leave_blocks and size > 0:
            size -= _BLOCK
            os.ftruncate(descriptor, size)
        os.fsync(descriptor)
    return filler


def _free_bytes(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize // _BLOCK * _BLOCK
