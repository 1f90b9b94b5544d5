"""A stream under the real server: when the index goes away in its middle, the client cannot take it for whole."""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos.config import Settings
from rmos.index.locks import file_lock
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from tests.faults.service import Service
from tests.helpers.waiting import PATIENCE_S
from tests.makers import US, make_members

RUNS = 520


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose first batch is larger than what the system buffers between server and client."""
    folder: Path = tmp_path_factory.mktemp("streams")
    store = Store.open(Settings(instance_path=folder, runs_dir=folder / "runs"), summarise=dump_summary)
    store.reconcile()
    for number in range(RUNS):
        store.runs.put(make_members(US + number, meta={"pad": "x" * 24_000}))
    store.index.close()
    with Service(folder / "runs", folder / "log") as service:
        service.start()
        yield service


def ask_until_ready(service: Service, accept: str, opened: contextlib.ExitStack) -> http.client.HTTPResponse:
    """Ask for all runs, by a connection that takes little at a time, until a worker answers that has its index."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        narrow = opened.enter_context(socket.socket())
        connection = opened.enter_context(contextlib.closing(http.client.HTTPConnection("", timeout=30)))
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        narrow.settimeout(30)
        narrow.connect(("127.0.0.1", service.port))
        connection.sock = narrow
        connection.request("GET", "/api/rmos/runs", headers={"Accept": accept, "Host": "127.0.0.1"})
        response = connection.getresponse()
        if response.status == 200:
            return response
        assert (response.status, time.monotonic() < deadline) == (503, True)
        time.sleep(0.05)


@pytest.mark.parametrize(("accept", "mark"), [("text/csv", b"#ERROR"), ("application/x-ndjson", b"INDEX_REBUILDING")])
def test_a_stream_that_lost_its_index_breaks_off_without_an_end(service: Service, accept: str, mark: bytes) -> None:
    with contextlib.ExitStack() as opened:
        response = ask_until_ready(service, accept, opened)
        beginning = response.read(1000)
        # Nobody makes the index again meanwhile: then the stream would go on from that one, and rightly.
        with file_lock(service.store / "_index.lock", wait_s=PATIENCE_S):
            (service.store / "_index.sqlite").unlink()
            with pytest.raises(http.client.IncompleteRead) as broken:
                response.read()
    lines = (beginning + broken.value.partial).splitlines()
    assert mark in lines[-1]
    assert 500 <= len(lines) < RUNS
    if accept == "application/x-ndjson":
        assert json.loads(lines[-1])["status"] == 503
