"""What it takes to start: the CPU time of one command, and the memory of a worker that has answered its first request.

A worker's memory is told twice: `Rss` is all that it has in memory, `Pss` counts what it shares with other processes
(the interpreter, libraries) by its part (proc(5), `smaps_rollup`).
"""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks import stores
from benchmarks.figures import AtMost, Figure, measured
from benchmarks.servers import children, served
from benchmarks.stores import Say

COMMAND_S: Final = 0.25
WORKER_MB: Final = 60
_COMMANDS: Final[dict[str, tuple[list[str], dict[str, str]]]] = {
    "rmos --help": (["--help"], {}),
    "completion of a command": ([], {"_RMOS_COMPLETE": "bash_complete", "COMP_WORDS": "rmos ver", "COMP_CWORD": "1"}),
}


def figures(below: Path, rounds: int, say: Say) -> list[Figure]:
    """Measure commands and a service on an empty store."""
    below.mkdir()
    say("starts")
    environment = stores.environment_of(below / "store")
    told = [
        measured(
            f"{name}, CPU",
            [_cpu_s(arguments, environment | more) for _ in range(rounds)],
            "s",
            target=AtMost(COMMAND_S),
        )
        for name, (arguments, more) in _COMMANDS.items()
    ]
    with served("wsgi:app", environment, ready="/readyz", log=below / "gunicorn.log") as service:
        memory = [_memory_mb(pid) for pid in children(service.pid)]
    shared = {"Rss MB": max(found["Rss"] for found in memory)}
    return [
        *told,
        measured(
            "a worker after its start",
            [found["Pss"] for found in memory],
            "MB",
            target=AtMost(WORKER_MB),
            besides=shared,
        ),
    ]


def _cpu_s(arguments: list[str], environment: Mapping[str, str]) -> float:
    """Return the CPU time of a command with all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(Path(sys.executable).with_name("rmos")), *arguments]
    subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _memory_mb(pid: int) -> dict[str, float]:
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return {name.rstrip(":"): int(kib) * 1024 / 1e6 for name, kib, *_ in lines}
