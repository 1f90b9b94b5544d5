"""Making one system call of a process fail, or be its last, with strace; and counting the calls there are.

with PutServer(log) as server:
    calls = record_calls(server, [store, "2"], store, trace)
    outcome = server.run([store, "2"], tracer=at(calls[17], "error=EIO", trace))
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple

from tests.faults import records

ROOT: Final = Path(__file__).resolve().parents[2]
WRITES: Final = frozenset(
    {
        *("openat", "write", "pwrite64", "fsync", "fdatasync", "link", "linkat", "unlink", "unlinkat", "fchmod"),
        *("mkdir", "mkdirat", "rename", "renameat", "renameat2", "ftruncate", "fallocate", "close"),
    }
)
"""Calls that change something, or whose failure says that an earlier change was lost."""
READS: Final = frozenset(
    {
        *("read", "pread64", "newfstatat", "fstat", "stat", "lstat", "statx", "access", "faccessat", "faccessat2"),
        *("fcntl", "flock", "mmap", "getdents64"),
    }
)
_CALL: Final = re.compile(r"(\w+)\((.*)")


class Call(NamedTuple):
    """One system call of a recorded put: the `nth` of its name in the process, the `place`th of them on the store."""

    name: str
    nth: int
    place: int
    text: str

    @property
    def on_index(self) -> bool:
        """Tell whether it concerns the index or its lock, which are not the record.

        The folder itself SQLite opens without O_DIRECTORY and syncs by fdatasync; RMOS does neither.
        """
        of_sqlite = self.name == "fdatasync" or "O_RDONLY|O_CLOEXEC)" in self.text
        return of_sqlite or "_index." in self.text

    @property
    def changed_nothing(self) -> bool:
        """Tell whether it only looked, or failed in the undisturbed put too."""
        looked = self.name in READS or (self.name == "openat" and not re.search("O_CREAT|O_TMPFILE", self.text))
        return looked or " = -1 E" in self.text


class Outcome(NamedTuple):
    """What a process said, how it ended (negative: the signal), and what it wrote to stderr."""

    said: list[str]
    status: int
    errors: str

    def acknowledged(self, number: int) -> bool:
        """Tell whether it said that run no. `number` is durable."""
        return any(line.split()[:2] == ["ACK", records.run_id(number)] for line in self.said)

    @property
    def refusals(self) -> list[str]:
        """The codes that it refused with."""
        return [line.split()[1] for line in self.said if line.startswith("REFUSED")]


class Tracer(NamedTuple):
    """How strace is attached: what it does to which calls, and where it writes what it saw."""

    options: Sequence[str]
    trace: Path


class PutServer:
    """A process that forks for each put: see `one_put --serve`."""

    def __init__(self, log: Path) -> None:
        command = [sys.executable, "-m", "tests.faults.one_put", "--serve"]
        self.log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, bufsize=1
            )

    def __enter__(self) -> "PutServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, arguments: Sequence[str | Path], tracer: Tracer | None = None) -> Outcome:
        """Do one put in a process of its own, traced from its first call on."""
        assert self._process.stdin is not None
        logged = self.log.stat().st_size
        self._process.stdin.write(" ".join(str(argument) for argument in arguments) + "\n")
        pid = int(self._line().removeprefix("READY "))
        with contextlib.ExitStack() as tracing:
            if tracer is not None:
                tracing.enter_context(_attached(pid, tracer))
            os.kill(pid, signal.SIGUSR1)
            said = []
            while not (line := self._line()).startswith("ENDED "):
                said.append(line)
        return Outcome(said, int(line.split()[1]), self.log.read_bytes()[logged:].decode())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that forks for each put is gone")
        return line.rstrip("\n")


@contextlib.contextmanager
def _attached(pid: int, tracer: Tracer) -> Iterator[None]:
    """Trace a process until it ends; strace says that it is attached before the process may go on."""
    command = ["strace", "-y", "-s", "0", "-o", str(tracer.trace), *tracer.options, "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        first = strace.stderr.readline()
        if "attached" not in first:
            raise RuntimeError(f"strace cannot be attached: {first}")
        yield


def record_calls(server: PutServer, arguments: Sequence[str | Path], folder: Path, trace: Path) -> list[Call]:
    """Trace an undisturbed put and return its calls on `folder` and what is in it, in order."""
    names = ",".join(f"?{name}" for name in sorted(WRITES | READS))
    outcome = server.run(arguments, Tracer(["-e", f"trace={names}"], trace))
    assert outcome.status == 0, outcome
    calls, seen, on_store = [], Counter[str](), Counter[str]()
    for line in trace.read_text().splitlines():
        if match := _CALL.match(line):
            seen[match[1]] += 1
            if str(folder) in match[2] and "F_UNLCK" not in match[2]:  # giving a lock back cannot fail
                on_store[match[1]] += 1
                calls.append(Call(match[1], seen[match[1]], on_store[match[1]], match[2]))
    return calls


def at(call: Call, fault: str, trace: Path) -> Tracer:
    """Return the tracer that does `fault` to just this call."""
    return Tracer(["-e", f"trace={call.name}", "-e", f"inject={call.name}:{fault}:when={call.nth}"], trace)
