"""The service over real sockets while the disk of its index answers EIO for good: strace fails every look at the file.

What is recorded is recorded without its row, lists are refused, and nothing ends in a 500 or hangs; the record's own
files are on a disk that is well.
"""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.service import RUNS, Connection, make_body, walk
from tests.helpers.waiting import wait_until
from tests.serving import Served

pytestmark = [pytest.mark.long, pytest.mark.strace, pytest.mark.usefixtures("strace")]
SESSIONS = "/api/workflow-sessions"
LOOKS = ("stat", "lstat", "newfstatat", "statx")


class OneWorker(Served):
    """The service with one worker, which is the one that is traced."""

    workers = 1


@contextlib.contextmanager
def failing_looks(pid: int, path: Path, trace: Path) -> Iterator[None]:
    """Let every look of a process at a file fail, on all of its threads, until the block is left."""
    calls = ",".join(f"?{name}" for name in LOOKS)
    options = ["-f", "-P", str(path), "-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO", "-o", str(trace)]
    with subprocess.Popen(["strace", *options, "-p", str(pid)], stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        assert "attached" in strace.stderr.readline()
        try:
            yield
        finally:
            strace.terminate()


def ask(connection: Connection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = connection.ask(method, path, body)
    return answer.status, answer.json()


@pytest.mark.parametrize("name", ["_index.sqlite", pytest.param("_index.lock", marks=pytest.mark.long)])
def test_trap_49_with_an_index_whose_disk_answers_eio_runs_are_recorded_and_lists_refused(
    tmp_path: Path, name: str
) -> None:
    with OneWorker(tmp_path) as served, served.connect() as connection:
        served.wait_for("/readyz")
        before = ask(connection, "POST", RUNS, make_body("before"))[1]["run_id"]
        (pid,) = served.pids()
        with failing_looks(pid, served.store / name, tmp_path / "trace"):
            status, made = ask(connection, "POST", RUNS, make_body("meanwhile"))
            assert (status, made["indexed"]) == (201, name == "_index.lock")
            for path in (f"{RUNS}/{before}", f"{RUNS}/{made['run_id']}", "/healthz"):
                assert ask(connection, "GET", path)[0] == 200, path
            for path in (RUNS, f"{RUNS}?format=csv", SESSIONS):
                status, problem = ask(connection, "GET", path)
                assert status == 503, path
                assert problem["error"] in ("INDEX_UNAVAILABLE", "INDEX_REBUILDING")
            assert ask(connection, "GET", "/readyz")[0] == 503
            assert ask(connection, "DELETE", f"{RUNS}/{before}?reason=a+trial+cut")[0] == 200
        wait_until(lambda: ask(connection, "GET", "/readyz")[0] == 200, "the index")
        assert [item["run_id"] for item in walk(connection)] == [made["run_id"]]
    assert "INTERNAL_ERROR" not in served.log()
    assert "Traceback" not in served.log()
