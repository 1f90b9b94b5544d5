"""A program that is written from `/api/openapi.json` alone creates, lists, pages and reads runs of a real service."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import ROOT
from tests.api.program_writer import written


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A service under gunicorn, on a socket that this test has bound."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RMOS_")}
    environment["RMOS_RUNS_DIR"] = str(tmp_path / "runs")
    with socket.socket() as listener, (tmp_path / "log").open("wb") as log:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "gunicorn.conf.py",
            "-b",
            f"fd://{listener.fileno()}",
            "wsgi:app",
        ]
        fds = (listener.fileno(),)
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, pass_fds=fds)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.terminate()
            server.wait(timeout=30)


def fetched(url: str) -> bytes:
    """Return what stands at a URL once the service that was just started answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                data: bytes = answer.read()
                return data
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_a_program_written_from_the_document_alone_works(address: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(written(json.loads(fetched(f"{address}/api/openapi.json"))), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", program, address], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    made = [run["run_id"] for run in told["made"]]
    assert len(set(made)) == 7
    assert [run["run_id"] for run in told["listed"]] == made[::-1]
    assert told["pages"] == 3
    assert [run["run_id"] for run in told["read"]] == made
    assert all(run["decision"]["risk_level"] == "GREEN" for run in told["read"])
    assert told["first"]["run_id"] == made[-1]


def test_the_program_knows_no_url_that_the_document_does_not_name() -> None:
    text = (ROOT / "tests" / "api" / "program_writer.py").read_text(encoding="utf-8")
    document = json.loads((ROOT / "docs" / "openapi.json").read_bytes())
    assert not [path for path in document["paths"] if path in text]
