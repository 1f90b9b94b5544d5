"""Making one system call of a process fail, or be its last, with strace; and counting the calls there are.

    with PutServer(folder / "log") as server:
        points = record_calls(server, [folder, "2"], folder, trace)
        outcome = server.run([folder, "2"], tracer=Tracer(points[17], "error=EIO", trace))
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple

from tests.faults import records

ROOT: Final = Path(__file__).resolve().parents[2]
WRITES: Final = frozenset(
    "openat write pwrite64 fsync fdatasync link linkat fchmod unlink unlinkat mkdir mkdirat rename renameat renameat2 "
    "ftruncate fallocate close".split()
)
"""Calls that change something, or whose failure says that an earlier change was lost."""
READS: Final = frozenset(
    "read pread64 newfstatat fstat stat lstat statx access faccessat faccessat2 fcntl flock mmap getdents64".split()
)
_CALL: Final = re.compile(r"(\w+)\((.*)")


class Call(NamedTuple):
    """One system call of a recorded put: the `nth` of its name, and what it was called with."""

    name: str
    nth: int
    text: str

    @property
    def on_index(self) -> bool:
        """Tell whether it concerns the index or its lock, which are not the record."""
        return "_index." in self.text


class Outcome(NamedTuple):
    """What a process said, and how it ended (negative: the signal)."""

    said: list[str]
    status: int

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
        self._process.stdin.write(" ".join(str(argument) for argument in arguments) + "\n")
        pid = self._line().removeprefix("READY ")
        strace = None if tracer is None else _attach(pid, tracer)
        self._process.stdin.write("\n")
        said = []
        while not (line := self._line()).startswith("ENDED "):
            said.append(line)
        if strace is not None:
            strace.communicate(timeout=20)
        return Outcome(said, int(line.split()[1]))

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that forks for each put is gone"
        return line.rstrip("\n")


def _attach(pid: str, tracer: Tracer) -> "subprocess.Popen[str]":
    strace = subprocess.Popen(
        ["strace", "-y", "-s", "0", "-o", str(tracer.trace), *tracer.options, "-p", pid],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert strace.stderr is not None
    first = strace.stderr.readline()
    assert "attached" in first, f"strace: {first}"
    return strace


def record_calls(server: PutServer, arguments: Sequence[str | Path], folder: Path, trace: Path) -> list[Call]:
    """Trace an undisturbed put and return its calls on `folder` and what is in it, in order."""
    names = ",".join(f"?{name}" for name in sorted(WRITES | READS))
    outcome = server.run(arguments, Tracer(["-e", f"trace={names}"], trace))
    assert outcome.status == 0, outcome
    calls, seen = [], Counter[str]()
    for line in trace.read_text().splitlines():
        if match := _CALL.match(line):
            seen[match[1]] += 1
            if str(folder) in match[2]:
                calls.append(Call(match[1], seen[match[1]], match[2]))
    return calls


def at(call: Call, fault: str, trace: Path) -> Tracer:
    """Return the tracer that does `fault` to just this call."""
    return Tracer(["-e", f"trace={call.name}", "-e", f"inject={call.name}:{fault}:when={call.nth}"], trace)
