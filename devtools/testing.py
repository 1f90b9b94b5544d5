"""`dev.py test`: the tests on several processes, without the long ones and without those that this machine cannot run.

What is left out is counted by a plug-in of pytest, `devtools.left_out`, and said at the end.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from devtools import venv

PROGRAMS: Final = {
    "strace": "strace",
    "curl": "curl",
    "nginx": "nginx-light",
    "chromium": "chromium",
    "inkscape": "inkscape python3-lxml python3-numpy python3-cssselect",
    "bindfs": "bindfs",
    "rs274": "linuxcnc-uspace, or let .ci/run take it apart",
    "go": "golang-go golang-golang-x-mod-dev",
}
"""Programs that some tests need, which bear their name as a marker, and the Debian packages that bring them."""
CEPH: Final = ("ceph-mon", "ceph-osd", "radosgw", "ceph")
"""Programs of the real object storage that tests start."""
CEPH_PACKAGES: Final = "ceph-mon ceph-osd radosgw ceph-common"
GO_PACKAGE: Final = Path("/usr/share/gocode/src/golang.org/x/mod")
"""Where Debian has what the Go programs of the tests import."""
POSTGRES: Final = Path("/usr/lib/postgresql/15/bin")
"""Where Debian has a server; another one, of a Python package, is there in any case."""
MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of one's own is made in it)
ROOM: Final = 2 << 30
"""Bytes that must be free in `MEMORY` before a plain test run works there; it needs a quarter of them."""
MOST_PROCESSES: Final = 8
_CAP_NET_ADMIN: Final = 12
_CAP_SYS_ADMIN: Final = 21


def test(arguments: Sequence[str]) -> int:
    """Run the tests, all but the long ones; further arguments go to pytest, and its exit status comes back."""
    venv.set_up(venv.DEV)
    with quick_folder():
        return run_pytest(arguments, {"long": "`python3 dev.py check` runs them", **find_absent()})


def run_pytest(arguments: Sequence[str], left_out: dict[str, str], *options: str) -> int:
    """Run pytest on several processes without the markers `left_out`, each with what it would take to run them.

    Args:
        arguments: what the user typed; with a choice of markers among it, that holds alone.
        options: what this script adds.
    """
    chosen: list[str] = []
    if left_out and "-m" not in arguments:
        chosen = ["-m", " and ".join(f"not {marker}" for marker in left_out)]
        chosen += [f"--left-out={marker}={remedy}" for marker, remedy in left_out.items()]
    # More processes than there are cores: many tests wait, for disks and for processes of their own, the long ones most
    # of all. Each takes neighbouring tests, so that what a module makes once is made once.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    processes = min(cores + (1 if "long" in left_out else 2), MOST_PROCESSES)
    shared = ["-p", "devtools.left_out", "-n", str(processes), "--dist", "worksteal"]
    return venv.run(venv.python("-m", "pytest", *shared, *chosen, *options, *arguments))


def find_absent() -> dict[str, str]:
    """Return the pytest markers whose tests cannot run on this machine, each with what it would take."""
    sbin = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    lacking = {}
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=sbin) is None:
            lacking[program] = f"install the Debian package {package}"
    if "bindfs" not in lacking and not os.access("/dev/fuse", os.R_OK | os.W_OK):
        lacking["bindfs"] = "run where /dev/fuse may be opened"
    if "go" not in lacking and not GO_PACKAGE.is_dir():
        lacking["go"] = "install the Debian package golang-golang-x-mod-dev"
    if not POSTGRES.is_dir():
        lacking["postgres"] = "install the Debian package postgresql-15"
    if any(shutil.which(program, path=sbin) is None for program in CEPH):
        lacking["ceph"] = f"install the Debian packages {CEPH_PACKAGES}"
    if shutil.which("ip", path=sbin) is None:
        lacking["netns"] = "install the Debian package iproute2"
    elif not (has_right(_CAP_NET_ADMIN) and has_right(_CAP_SYS_ADMIN)):
        lacking["netns"] = "run as root where network namespaces may be made"
    if not may_mount():
        lacking["root"] = "run as root on a machine with loop devices"
    elif shutil.which("mkfs.ext4", path=sbin) is None:
        lacking["root"] = "install the Debian package e2fsprogs"
    return lacking


def may_mount() -> bool:
    """Tell whether this process may mount a loop device: root in a container often may not."""
    return has_right(_CAP_SYS_ADMIN) and Path("/dev/loop-control").exists()


def has_right(number: int) -> bool:
    """Tell whether this process has a capability of Linux."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    rights = [line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")]
    return bool(rights) and int(rights[0], 16) >> number & 1 == 1


@contextlib.contextmanager
def quick_folder() -> Iterator[None]:
    """Let a plain run keep its stores in memory where there is room: most of its time went into waiting for the disk.

    `check` works on the disk, as a shop does, and so does whoever says by PYTEST_DEBUG_TEMPROOT where to.
    """
    if "PYTEST_DEBUG_TEMPROOT" in os.environ or free_memory() < ROOM:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="rmos-tests-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        try:
            yield
        finally:
            del os.environ["PYTEST_DEBUG_TEMPROOT"]


def free_memory() -> int:
    """Return how many bytes fit into `MEMORY`, 0 where it is no file system in memory."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
        known = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        available = int(known["MemAvailable"].split()[0]) * 1024
        in_memory = any(line.split()[1:3] == [str(MEMORY), "tmpfs"] for line in mounts)
        return min(shutil.disk_usage(MEMORY).free, available) if in_memory and os.access(MEMORY, os.W_OK) else 0
    except (OSError, KeyError, ValueError):
        return 0
