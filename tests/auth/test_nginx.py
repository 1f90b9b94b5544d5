"""Debian's nginx before the service: without tokens nobody comes through it; with them, each under the own address."""

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.service import Service
from tests.helpers.nginx import Nginx as Deployed
from tests.helpers.waiting import PATIENCE_S, wait_until
from tests.makers import BEARER, open_store, write_token

pytestmark = [pytest.mark.nginx, pytest.mark.long]

RUNS = "/api/rmos/runs"
CLIENT = "127.0.0.2"
"""Another address than the one by which nginx reaches the service: all of 127.0.0.0/8 is this machine."""
SPOKEN = """
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
"""


class Behind(Service):
    """The service behind a proxy that it trusts."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "RMOS_TRUSTED_PROXIES": "127.0.0.1"}


class Nginx:
    """nginx on two ports: on the first it tells what it knows of a client, on the second it is set up in one line."""

    def __init__(self, folder: Path, upstream: int) -> None:
        self.told, self.bare = _free_port(), _free_port()
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in kinds)
        servers = "\n".join(
            f"    server {{ listen 127.0.0.1:{port}; location / {{ {more} proxy_pass http://127.0.0.1:{upstream}; }} }}"
            for port, more in ((self.told, SPOKEN), (self.bare, ""))
        )
        self._folder = folder
        (folder / "nginx.conf").write_text(
            f"worker_processes 1;\ndaemon off;\nuser root;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
            f"events {{}}\nhttp {{\n    access_log off;\n{paths}\n{servers}\n}}\n"
        )

    def __enter__(self) -> "Nginx":
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self._process = subprocess.Popen(
            [program, "-p", self._folder, "-e", self._folder / "error.log", "-c", self._folder / "nginx.conf"],
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(self._answers, "nginx")
        except BaseException:  # who does not enter is not asked to leave
            self.__exit__()
            raise
        return self

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "error.log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.bare), timeout=PATIENCE_S):
            return True
        return False

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=PATIENCE_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(port: int, path: str = RUNS, method: str = "GET", **headers: str) -> tuple[int, dict[str, object]]:
    """Ask through nginx from another address, and return the status and the JSON body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S, source_address=(CLIENT, 0))
    with contextlib.closing(connection):
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("behind")
    with Behind(folder / "runs", folder / "log") as service:
        service.start()
        service.wait_for("/readyz")
        yield service


@pytest.fixture(scope="module")
def nginx(service: Behind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("nginx"), service.port) as nginx:
        yield nginx


@pytest.mark.long
def test_through_nginx_local_mode_refuses_and_token_mode_knows_each_client(service: Behind, nginx: Nginx) -> None:
    for port in (nginx.told, nginx.bare):
        for headers in ({}, {"Host": "localhost"}, {"X_Forwarded_For": "127.0.0.1"}):
            status, problem = ask(port, **headers)
            assert (status, problem["error"]) == (403, "NOT_LOCAL"), (port, headers)
    write_token(service.store, name="anna", role="operator")
    for port in (nginx.told, nginx.bare):
        # Each worker learns of the token at a moment of its own, and which one answers nobody chooses.
        wait_until(lambda port=port: ask(port)[0] == 401, "a worker to know of the token")
        wait_until(lambda port=port: ask(port, Authorization=f"Bearer {BEARER}")[0] == 200, "a worker to take it")
    wait_until(lambda: ask(nginx.told, "/readyz")[0] == 401, "a worker to keep from strangers how it is")
    assert ask(nginx.told, "/healthz")[0] == 200
    wrong = {"Authorization": "Bearer wrong", "X_Forwarded_For": "198.51.100.66"}
    wait_until(lambda: ask(nginx.told, **wrong)[0] == 401, "a worker to refuse another token")
    assert f"refused a token from {CLIENT}:" in service.log()
    assert "198.51.100.66" not in service.log()


def test_the_clients_address_is_right_in_the_audit_whatever_it_says_itself(
    service: Behind, tmp_path_factory: pytest.TempPathFactory
) -> None:
    write_token(service.store, name="anna", role="operator")
    absent = f"{RUNS}/run_0123456789ab?reason=a%20trial%20cut"
    forged = "198.51.100.66"
    with Deployed(tmp_path_factory.mktemp("deployed"), service.port) as deployed:
        wait_until(lambda: ask(deployed.port)[1]["error"] != "NOT_LOCAL", "the service to know of the token")
        for sent in (
            {},
            {"X_Forwarded_For": forged},
            {"X_Forwarded_For": f"{forged}, 127.0.0.1"},
            {"Forwarded": f"for={forged}"},
        ):
            status, problem = ask(deployed.port, absent, "DELETE", Authorization=f"Bearer {BEARER}", **sent)
            assert (status, problem["error"]) == (404, "RUN_NOT_FOUND")
    audit = open_store(service.store.parent).audit
    records = [record for date in audit.days() for record in audit.day(date)]
    assert [(record.actor, record.address) for record in records] == [("anna", CLIENT)] * 4
    assert forged not in str(records)
