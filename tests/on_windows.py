"""A Python without what Python on Windows does not have, which runs commands of RMOS one after the other.

    python tests/on_windows.py '[["rules"], ["show", "@latest"]]'       # prints [[exit code, output, error], …]

Modules cannot be imported and functions are not there; the rest of the system is the one that it is.
"""

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from pkgutil import resolve_name

MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "gunicorn")
"""gunicorn itself needs the first."""
ABSENT = {
    os: (
        *("O_DIRECTORY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_TMPFILE", "O_SYNC", "O_ASYNC"),
        *("fork", "forkpty", "getuid", "geteuid", "getgid", "getpgrp", "killpg", "setsid", "statvfs", "fchmod"),
        *("pread", "pwrite", "posix_fadvise", "sched_getaffinity", "waitid", "mkfifo", "chown", "getloadavg"),
    ),
    signal: ("SIGKILL", "SIGHUP", "SIGUSR1", "SIGALRM", "pthread_sigmask"),
    socket: ("AF_UNIX", "TCP_INFO"),
}


def take_away() -> None:
    """Remove what Windows does not have from this process."""
    # Windows tells the free space otherwise.
    usage = shutil.disk_usage(tempfile.gettempdir())
    shutil.disk_usage = lambda path: usage
    for module in MODULES:
        sys.modules[module] = None
    for place, names in ABSENT.items():
        for name in names:
            if hasattr(place, name):
                delattr(place, name)


def run(commands: list[list[str]]) -> list[tuple[int, str, str]]:
    """Run each command as the console script does."""
    runner, group = resolve_name("click.testing:CliRunner")(), resolve_name("rmos.cli:rmos_group")
    ends = []
    for command in commands:
        result = runner.invoke(group, command, prog_name="rmos")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        ends.append((result.exit_code, result.stdout, result.stderr))
    return ends


if __name__ == "__main__":
    take_away()
    resolve_name("rmos.client:Client")
    sys.stdout.write(json.dumps(run(json.loads(sys.argv[1]))))
