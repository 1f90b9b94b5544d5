"""The real service under gunicorn with settings of the test's choice, and raw connections to it.

with Served(tmp_path, RMOS_LOG_FORMAT="json") as served:
    answer = served.send(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    served.stop()                    # SIGTERM, and the exit status
"""

import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.service import Service
from tests.helpers.waiting import PATIENCE_S


class Raw(NamedTuple):
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as a JSON value."""
        return json.loads(self.body)


class Served(Service):
    """gunicorn as it is run, in the environment that the test adds to."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        super().__init__(folder / "runs", folder / "log")
        self._options = options
        self._added = environment

    def __enter__(self) -> "Served":
        self.start()
        return self

    def environment(self) -> dict[str, str]:
        """Return the environment of the service; `GUNICORN_CMD_ARGS` carries the options."""
        options = {"GUNICORN_CMD_ARGS": " ".join(self._options)} if self._options else {}
        return {**super().environment(), **options, **self._added}

    def open(self, *, timeout_s: float = PATIENCE_S) -> socket.socket:
        """Return a connection of one's own; the caller closes it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s)

    def send(self, data: bytes) -> Raw:
        """Send bytes on a connection and return the first answer."""
        with self.open() as sock:
            sock.sendall(data)
            return read_answer(sock)

    def pids(self) -> list[int]:
        """Return the pids of the workers."""
        assert self._master is not None
        pid = self._master.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def signal(self, number: signal.Signals) -> None:
        """Send the master a signal."""
        assert self._master is not None
        os.kill(self._master.pid, number)

    def stop(self) -> int:
        """End the service as an operator does, and return its exit status."""
        assert self._master is not None
        self.signal(signal.SIGTERM)
        return self._master.wait(timeout=60)

    def log_lines(self) -> list[dict[str, Any]]:
        """Return the log, which must be in JSON lines."""
        return [json.loads(line) for line in self.log().splitlines()]

    def wait_for_log(self, text: str, *, wait_s: float = PATIENCE_S) -> str:
        """Return the log once it holds a text."""
        deadline = time.monotonic() + wait_s
        while text not in (log := self.log()):
            assert time.monotonic() < deadline, f"{text!r} is not in the log:\n{log[-3000:]}"
            time.sleep(0.05)
        return log


def read_answer(sock: socket.socket) -> Raw:
    """Read one answer that says how long it is."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(sock, data)
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in rest)}
    while len(body) < int(headers["content-length"]):
        body += _more(sock, data)
    return Raw(int(line.split()[1]), headers, body[: int(headers["content-length"])])


def _more(sock: socket.socket, so_far: bytes) -> bytes:
    data = sock.recv(65536)
    assert data, f"the connection ended after {so_far!r}"
    return data
