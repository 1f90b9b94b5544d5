"""How gunicorn runs the service: its end, its workers' turns, its limits, and who may reach it."""

import contextlib
import logging
import os
import re
import resource
import runpy
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.sock import create_sockets

from tests.faults.service import RUNS, make_body
from tests.helpers.processes import Process
from tests.helpers.waiting import PATIENCE_S, wait_until
from tests.serving import Raw, Served, read_answer

ROOT = Path(__file__).resolve().parents[1]
SLOW = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Slow(Served):
    """The service with the routes of tests/slow_app.py."""

    application = "tests.slow_app:app"


class OneSlow(Slow):
    """The same with one worker, which gets every request."""

    workers = 1


class One(Served):
    """The service with one worker."""

    workers = 1


@pytest.fixture(scope="module")
def conf() -> dict[str, Any]:
    """What gunicorn.conf.py says."""
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


def post(served: Served) -> int:
    """Post a run on a connection of its own and return the status."""
    with served.connect() as connection:
        return connection.ask("POST", RUNS, make_body("x")).status


def opened_by(pid: int) -> list[Path]:
    """Return what a process has open; what it closes meanwhile is left out."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(path.readlink())
    return found


# The end


@pytest.mark.long
def test_requests_under_way_are_answered_when_the_service_is_told_to_end(tmp_path: Path) -> None:
    with Slow(tmp_path) as served:
        served.wait_for("/readyz")
        answers: list[Raw] = []
        threads = [threading.Thread(target=lambda: answers.append(served.send(SLOW))) for _ in range(6)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(list(tmp_path.glob("begun-*"))) == 6, "all requests to be under way")
        served.signal(signal.SIGTERM)
        served.wait_for_log("Handling signal: term")
        (tmp_path / "go").touch()
        assert served.stop() == 0
        for thread in threads:
            thread.join()
        assert [answer.status for answer in answers] == [200] * 6
        assert "Traceback" not in served.log()
        assert "upkeep" not in served.log()


@pytest.mark.long
def test_neither_half_a_request_nor_a_silent_client_keeps_the_service_from_ending(tmp_path: Path) -> None:
    # Told to wait as long as that for what is under way, it would not end before the test does.
    with One(tmp_path, "--graceful-timeout=600", "--keep-alive=600") as served:
        served.wait_for("/readyz")
        with served.open() as half, served.open() as kept, served.open():
            half.sendall(b"GET /healthz HTTP/1.1\r\nX-Ha")
            for _ in range(7):  # gunicorn leaves the silent one alone after 5 s
                kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert read_answer(kept).status == 200
                time.sleep(1)
            assert served.stop() == 0


@pytest.mark.long
def test_the_folder_of_the_metrics_goes_with_the_service(tmp_path: Path) -> None:
    with One(tmp_path, PROMETHEUS_MULTIPROC_DIR="") as served:
        served.wait_for("/readyz")
        opened = opened_by(served.pids()[0])
        (folder,) = {path.parent for path in opened if path.name.startswith("histogram_")}
        assert folder.name.startswith("rmos-metrics-")
        served.signal(signal.SIGHUP)
        served.wait_for_log("Hang up")
        served.wait_for("/readyz")
        assert folder.exists()
        assert served.stop() == 0
        assert not folder.exists()


# The workers' turns


@pytest.mark.long
def test_workers_take_turns_without_losing_a_request(tmp_path: Path) -> None:
    with Served(tmp_path, "--max-requests=10", "--max-requests-jitter=5") as served:
        served.wait_for("/readyz")
        first = set(served.pids())
        assert {post(served) for _ in range(60)} == {201}
        assert not first & set(served.pids())
        served.wait_for("/readyz")
        with served.connect() as connection:
            counted = connection.ask("GET", "/metrics").body.decode()
        assert 'rmos_decisions_total{risk_level="' in counted
        assert re.search(r"^rmos_put_duration_seconds_count 60\.0$", counted, re.MULTILINE)


@pytest.mark.long
def test_a_worker_that_refuses_writes_stays_until_a_person_restarts_it(tmp_path: Path) -> None:
    with OneSlow(tmp_path, "--max-requests=20", "--max-requests-jitter=0") as served:
        served.wait_for("/readyz")
        assert post(served) == 201
        broken = served.send(SLOW.replace(b"slow", b"break")).body
        assert {post(served) for _ in range(30)} == {503}
        (tmp_path / "go").touch()
        assert served.send(SLOW).body == broken
        with served.connect() as connection:
            answer = connection.ask("GET", "/readyz")
        assert (answer.status, "restart" in answer.json()["checks"]["store"]) == (503, True)
        # Whoever restarts it has looked at the disk.
        served.signal(signal.SIGHUP)
        served.wait_for("/readyz")
        assert post(served) == 201


def test_the_worker_is_recycled_now_and_then_and_not_all_at_once(conf: dict[str, Any]) -> None:
    assert conf["max_requests"] > 100_000
    assert conf["max_requests_jitter"] >= conf["max_requests"] // 10


# Limits and logs


def test_limits_are_set_and_connections_leave_room_for_files(conf: dict[str, Any]) -> None:
    assert (conf["limit_request_line"], conf["limit_request_fields"], conf["limit_request_field_size"]) == (
        8190,
        64,
        8190,
    )
    assert conf["threads"] < conf["worker_connections"] <= 512


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        (256, resource.RLIM_INFINITY, [1024]),
        (256, 512, [512]),
        (4096, 4096, []),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, []),
    ],
)
def test_the_workers_may_open_as_many_files_as_their_connections_need(
    conf: dict[str, Any], monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: list[int]
) -> None:
    limits: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, values: limits.append(values[0]))
    conf["raise_file_limit"]()
    assert limits == raised


def test_a_client_that_takes_none_of_an_answer_gives_its_thread_back(
    conf: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    when_ready = conf["when_ready"]
    monkeypatch.setitem(when_ready.__globals__, "refuse_strangers", list)
    config = Config()
    config.set("bind", "127.0.0.1:0")
    listeners = create_sockets(config, logging.getLogger("gunicorn.error"))
    when_ready(SimpleNamespace(LISTENERS=listeners))
    with contextlib.closing(listeners[0]), socket.create_connection(listeners[0].getsockname()):
        accepted, _ = listeners[0].accept()
        with accepted:
            limit = struct.unpack("@ll", accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, 16))
    assert limit == (conf["SEND_S"], 0)


@pytest.mark.long
def test_what_gunicorn_says_has_the_form_of_all_other_lines(tmp_path: Path) -> None:
    with Served(tmp_path, RMOS_LOG_FORMAT="json", RMOS_LOG_LEVEL="INFO") as served:
        served.wait_for("/readyz")
        assert post(served) == 201
        served.stop()
        lines = served.log_lines()
    assert {line["logger"] for line in lines} >= {"gunicorn.error", "rmos.access", "rmos.upkeep"}
    (line,) = [line for line in lines if line["logger"] == "rmos.access" and line["status"] == 201]
    assert (line["method"], line["route"], line["path"]) == ("POST", RUNS, RUNS)


@pytest.mark.long
def test_a_wrong_log_format_ends_the_start_in_one_line(tmp_path: Path) -> None:
    environment = {**Served(tmp_path).environment(), "RMOS_LOG_FORMAT": "xml"}
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "wsgi:app"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert [line for line in done.stderr.splitlines() if "gunicorn.error" not in line] == [
        "rmos: RMOS_LOG_FORMAT is 'xml'; it must be one of text, json."
    ]


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True), ("localhost", True), ("::1", True),
        ("0.0.0.0", False), ("", False), ("::", False), ("192.0.2.1", False), ("no.such.host.invalid", False),
    ],
)  # fmt: skip
def test_an_address_is_local_when_only_this_machine_can_reach_it(conf: dict[str, Any], host: str, local: bool) -> None:
    assert conf["is_local"]((host, 80)) is local


@pytest.mark.long
def test_gunicorn_refuses_an_address_that_other_machines_can_reach() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--log-level", "warning", "--bind", "0.0.0.0:0", "wsgi:app"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("RMOS does not listen on ")
    assert done.stderr.count("\n") == 1


@pytest.mark.long
def test_gunicorn_listens_on_loopback_with_our_settings(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(
        "class App:\n"
        "    extensions = {}\n"
        "    def __call__(self, environ, start_response):\n"
        "        start_response('200 OK', [])\n"
        "        return [environ['wsgi.url_scheme'].encode()]\n"
        "class Upkeep:\n"
        "    def start_upkeep(self, wait_s):\n"
        "        print('upkeep', wait_s, flush=True)\n"
        "app = App()\n"
        "app.extensions['rmos'] = Upkeep()\n"
    )
    options = ["--config", str(ROOT / "gunicorn.conf.py"), "--bind", "localhost:0", "--workers", "1"]
    server = Process(
        [sys.executable, "-m", "gunicorn", *options, "--chdir", str(tmp_path), "tiny:app"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == "upkeep 5\n"
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=PATIENCE_S) == 0
    assert {path.name for path in tmp_path.iterdir()} <= {"tiny.py", "__pycache__"}


@pytest.mark.long
def test_trap_45_a_client_does_not_move_the_service_by_a_header(tmp_path: Path) -> None:
    asked = b"GET /api/rmos/runs?limit=1 HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    with Served(tmp_path) as served:
        for header in (b"SCRIPT_NAME: /elsewhere", b"SCRIPT_NAME: /api", b"Script-Name: /api", b"PATH_INFO: /healthz"):
            answer = served.send(asked % (header + b"\r\n"))
            assert (answer.status, "items" in answer.json()) == (200, True), header
