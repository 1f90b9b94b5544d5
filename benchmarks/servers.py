"""gunicorn as RMOS is served, with its own gunicorn.conf.py: started, waited for, measured and ended by its own pid."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.failures import CannotMeasure

ROOT: Final = Path(__file__).resolve().parents[1]
WORKERS: Final = 2
_START_S: Final = 60.0
_STOP_S: Final = 15.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Served(NamedTuple):
    """A running service: its address and its master's pid."""

    url: str
    pid: int

    def cpu_s(self) -> float:
        """Return the CPU seconds that its workers have used so far."""
        return sum(_cpu_s(pid) for pid in children(self.pid))


@contextlib.contextmanager
def served(application: str, environment: Mapping[str, str], *, ready: str, log: Path) -> Iterator[Served]:
    """Start gunicorn on two workers, give its address once `ready` answers 200, and end it afterwards.

    Raises:
        CannotMeasure: it did not come up; the end of its log is told.
    """
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", str(WORKERS)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", application],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        service = Served(f"http://127.0.0.1:{port}", process.pid)
        _wait(service, process, ready, log)
        yield service
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(service: Served, process: "subprocess.Popen[bytes]", ready: str, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        if len(children(service.pid)) == WORKERS and _answers(service.url + ready):
            return
        time.sleep(0.05)
    told = log.read_text(errors="replace").splitlines()[-5:]
    raise CannotMeasure("gunicorn did not come up:\n  " + "\n  ".join(told))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _cpu_s(pid: int) -> float:
    """Return the user and system time of a process with all its threads (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
