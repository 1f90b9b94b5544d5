"""Debian's nginx as an operator runs it: with deploy/nginx.conf, in a folder and on a port of its own."""

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults.service import Answer, Connection
from tests.helpers.waiting import PATIENCE_S, wait_until
from tests.makers import BEARER
from tests.serving import Raw, read_answer

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
AUTHORIZATION = {"Authorization": f"Bearer {BEARER}"}
"""Behind a proxy the service asks every caller for a token."""


class Nginx:
    """Debian's nginx with deploy/nginx.conf, on other ports and in a folder of its own.

    Args:
        sed: the arguments of sed that change the configuration before, as an operator does.
    """

    def __init__(self, folder: Path, upstream: int, *, sed: Sequence[str] = ()) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        paths = "".join(
            f"\n    {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        text = (DEPLOY / "nginx.conf").read_text()
        if sed:
            done = subprocess.run(["sed", *sed], input=text, capture_output=True, text=True, check=True)
            text = done.stdout
        for there, here in {
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
            "listen 127.0.0.1:8080;": f"listen 127.0.0.1:{self.port};",
            "/run/nginx.pid": f"{folder}/nginx.pid",
            "/var/log/nginx/": f"{folder}/",
            "\nhttp {": "\nhttp {" + paths,
            "worker_processes auto;": "worker_processes 1;\ndaemon off;\nuser root;",
        }.items():
            assert there in text, there
            text = text.replace(there, here)
        self.config = folder / "nginx.conf"
        self.config.write_text(text)

    def __enter__(self) -> "Nginx":
        self._process = subprocess.Popen(
            [find_nginx(), "-p", self.folder, "-e", self.folder / "error.log", "-c", self.config],
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(self._answers, "nginx")
        except BaseException:  # who does not enter is not asked to leave
            self.__exit__()
            raise
        return self

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.folder / "error.log").read_text()
        with contextlib.suppress(OSError), self.open():
            return True
        return False

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=PATIENCE_S)

    def open(self) -> socket.socket:
        """Return a connection; the caller closes it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def send(self, data: bytes) -> Raw:
        """Send bytes on a connection and return the first answer."""
        with self.open() as sock:
            sock.sendall(data)
            return read_answer(sock)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request and return its answer."""
        with contextlib.closing(Connection(self.port)) as connection:
            return connection.ask(method, path, body, **AUTHORIZATION, **headers)


def find_nginx() -> str:
    """Return where nginx is; a machine without it fails the test in one line."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    if found is None:
        pytest.fail("nginx is not there: install the Debian package nginx-light", pytrace=False)
    return found
