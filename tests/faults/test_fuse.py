"""A store on a FUSE file system: no nameless files, and the kernel keeps for a second what it was told of a file.

Two workers write and read what the other one has just written. Whatever they are told of its size, what is whole
is never called damaged.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from rmos import digest
from tests.faults.disks import mirrored
from tests.faults.service import RUNS, Answer, Connection, Service, make_body
from tests.faults.tracing import ROOT

pytestmark = pytest.mark.bindfs

CLIENTS: Final = 4
ROUNDS: Final = 2
SIZES: Final = (1, 4095, 4097, 70_000, 300_000)
"""Bytes of the files: around a page, and around what is read at once."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give a service whose store is on FUSE."""
    with (
        mirrored(tmp_path / "mounted", tmp_path / "source") as mounted,
        Service(mounted / "runs", tmp_path / "log") as on,
    ):
        on.start()
        on.wait_for("/readyz")
        yield on


def request(connection: Connection, method: str, path: str, body: Any = None) -> Answer:
    """Send a request, which must succeed."""
    answer = connection.ask(method, path, body)
    assert answer.status in (200, 201), f"{method} {path}: {answer.status} {answer.body[:500]!r}"
    return answer


def make_file(label: str, size: int) -> bytes:
    """Make a file that no other client has."""
    return (digest.sha256_hex(label.encode()).encode() * (size // 64 + 1))[:size]


def live(service: Service, client: int) -> None:
    """Record runs, explain each twice, attach files, and read all of it back through whichever worker answers."""
    for number in range(ROUNDS):
        label = f"client {client}, round {number}"
        with service.connect() as connection:
            run = f"{RUNS}/{request(connection, 'POST', RUNS, make_body(label)).json()['run_id']}"
            for size in SIZES:
                data = make_file(f"{label}, {size}", size)
                sha256 = digest.sha256_hex(data)
                upload = {"kind": "file", "filename": "a.bin", "content_type": "application/octet-stream"}
                request(
                    connection,
                    "POST",
                    f"{run}/attachments",
                    {**upload, "sha256": sha256, "b64": base64.b64encode(data).decode()},
                )
                assert request(connection, "GET", f"{run}/attachments/{sha256}").body == data
            for body in ({"generate_explanation": True}, {"advisory_markdown": f"{label}: " + "slower. " * 9000}):
                made = request(connection, "POST", f"{run}/suggest-and-attach", body).json()
                assert made["explanation_status"] == "READY"
                request(connection, "GET", f"{run}/advisory/blobs/{made['advisory_sha256']}/download")
            assert request(connection, "GET", run).json()["explanation_status"] == "READY"
            for what in ("events", "advisory/blobs/download-all.zip"):
                request(connection, "GET", f"{run}/{what}")


def command(service: Service, *arguments: str) -> Any:
    """Run a command on the store while it is served, and return its JSON."""
    words = [sys.executable, "-m", "flask", "rmos", *arguments, "--json"]
    done = subprocess.run(words, cwd=ROOT, env=service.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.long
def test_trap_49_on_fuse_nothing_that_was_just_written_is_called_damaged(service: Service) -> None:
    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(lambda client: live(service, client), range(CLIENTS)))
    report = command(service, "verify")
    assert (report["ok"], report["findings"]) == (True, [])
    blobs = command(service, "attachments", "verify")
    assert blobs["ok"]
    assert blobs["blobs"] >= CLIENTS * ROUNDS * len(SIZES)  # small files are alike
    assert not list(service.store.rglob(".tmp-*"))
    assert "RECORD_DAMAGED" not in service.log()
