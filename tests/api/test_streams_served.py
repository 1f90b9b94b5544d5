"""A stream under the real server: when the index goes away in its middle, the client cannot take it for whole."""

import http.client
import json
import socket
from pathlib import Path

import pytest

from rmos.config import Settings
from rmos.schemas import dump_summary
from rmos.store import Store
from tests.faults.service import Service
from tests.makers import US, make_members

RUNS = 560


@pytest.mark.parametrize(("accept", "mark"), [("text/csv", b"#ERROR"), ("application/x-ndjson", b"INDEX_REBUILDING")])
def test_a_stream_that_lost_its_index_breaks_off_without_an_end(tmp_path: Path, accept: str, mark: bytes) -> None:
    store = Store.open(Settings(instance_path=tmp_path, runs_dir=tmp_path / "runs"), summarise=dump_summary)
    store.reconcile()
    for number in range(RUNS):  # the first batch is larger than what the system buffers between server and client
        store.runs.put(make_members(US + number, meta={"pad": "x" * 24_000}))
    store.index.close()
    with Service(tmp_path / "runs", tmp_path / "log") as service:
        service.start()
        service.wait_for("/readyz")
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        connection.sock = socket.socket()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.sock.connect(("127.0.0.1", service.port))
        connection.request("GET", "/api/rmos/runs", headers={"Accept": accept})
        answer = connection.getresponse()
        assert answer.status == 200
        beginning = answer.read(1000)
        (tmp_path / "runs" / "_index.sqlite").unlink()
        with pytest.raises(http.client.IncompleteRead) as broken:
            answer.read()
        connection.close()
    lines = (beginning + broken.value.partial).splitlines()
    assert mark in lines[-1]
    assert 500 <= len(lines) < RUNS
    if accept == "application/x-ndjson":
        assert json.loads(lines[-1])["status"] == 503
