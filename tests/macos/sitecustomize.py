"""What Python on macOS does not have is taken away from this one, before anything else is imported.

Python imports a module of this name by itself when it starts and finds the folder on its path; `tests/as_on_macos.py`
sees to that. Whatever has been imported by then and looked for something that goes is told.
"""

import contextlib
import importlib
import os
import sys
from typing import Final

ABSENT: Final = {
    "os": (
        *("O_TMPFILE", "O_PATH", "O_DIRECT", "O_NOATIME", "O_RSYNC", "O_LARGEFILE"),
        *("sched_getaffinity", "sched_setaffinity", "posix_fallocate", "posix_fadvise", "fdatasync"),
        *("POSIX_FADV_DONTNEED", "POSIX_FADV_NORMAL", "POSIX_FADV_SEQUENTIAL", "POSIX_FADV_WILLNEED"),
        *("memfd_create", "eventfd", "pidfd_open", "copy_file_range", "splice", "getrandom", "pipe2"),
        *("waitid", "P_PID", "P_ALL", "P_PGID", "WEXITED", "WNOWAIT", "WSTOPPED"),  # they came with Python 3.13
        *("getresuid", "getresgid", "setresuid", "setresgid", "setns", "unshare"),
    ),
    "fcntl": ("F_SETSIG", "F_GETSIG", "F_SETLEASE", "F_GETLEASE", "F_NOTIFY", "F_SETPIPE_SZ", "F_GETPIPE_SZ"),
    "resource": ("prlimit", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_SIGPENDING"),
    "signal": ("SIGPOLL", "SIGPWR", "SIGSTKFLT", "SIGRTMIN", "SIGRTMAX", "sigtimedwait", "sigwaitinfo"),
    "socket": (
        *("TCP_INFO", "TCP_CORK", "TCP_QUICKACK", "TCP_USER_TIMEOUT", "TCP_DEFER_ACCEPT"),
        *("SO_PEERCRED", "SO_BINDTODEVICE", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"),
    ),
}
"""By module, as its documentation says ("Availability")."""


def take_away() -> None:
    """Remove all of it from the modules of this process."""
    for module, names in ABSENT.items():
        for name in names:
            with contextlib.suppress(AttributeError):
                delattr(importlib.import_module(module), name)
    if hasattr(os, "process_cpu_count"):
        os.process_cpu_count = os.cpu_count  # it would ask for the affinity
    if "tempfile" in sys.modules:
        sys.modules["tempfile"]._O_TMPFILE_WORKS = False


take_away()
