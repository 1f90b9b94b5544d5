"""The real service under gunicorn, on a port of this machine, to be killed; and the clients that keep it busy.

with Service(store, log) as service, Clients(service, 4) as clients:
    service.start()
    service.kill_workers()
    clients.acknowledged             # what 201 was answered for, as it was answered
"""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from rmos import digest
from tests.faults.tracing import ROOT
from tests.helpers.waiting import PATIENCE_S

RUNS: Final = "/api/rmos/runs"
WORKERS: Final = 2
_DOWN: Final = (OSError, http.client.HTTPException)
"""What a client sees of a service that was killed."""


class Answer(NamedTuple):
    """What came back: the status, the body, and after how many seconds to ask again where it says so."""

    status: int
    body: bytes
    retry_after: str | None

    def json(self) -> Any:
        """Return the body as a JSON value."""
        return json.loads(self.body)


class Connection:
    """A kept-alive connection of one client, opened again whenever it broke."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request and return its whole answer.

        Raises:
            OSError, http.client.HTTPException: the service is not there, or went away before it answered.
        """
        data = None if body is None else json.dumps(body)
        try:
            self._http.request(method, path, data, {"Content-Type": "application/json", **headers})
            response = self._http.getresponse()
            return Answer(response.status, response.read(), response.headers["Retry-After"])
        except _DOWN:
            self._http.close()
            raise

    def close(self) -> None:
        """Hang up."""
        self._http.close()


class Service:
    """gunicorn with two workers on one store; whatever is left of it is killed in the end."""

    application = "wsgi:app"
    workers = WORKERS

    def __init__(self, store: Path, log: Path) -> None:
        self.store = store
        self._log = log
        self._master: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def environment(self) -> dict[str, str]:
        """Return the environment of the service and of commands on its store."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RMOS_")}
        # A service that is killed cannot remove a folder that it made in memory.
        metrics = str(self._log.with_name("metrics"))
        return {
            **kept,
            "RMOS_RUNS_DIR": str(self.store),
            "RMOS_LOG_LEVEL": "WARNING",
            "PROMETHEUS_MULTIPROC_DIR": metrics,
        }

    prefix = ""
    """The path under which the service lives."""

    def start(self) -> None:
        """Start it and wait until it answers whether it is ready."""
        command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--workers", str(self.workers)]
        with self._log.open("ab") as log:
            self._master = subprocess.Popen(
                [*command, "--bind", f"127.0.0.1:{self.port}", self.application],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait_for(f"{self.prefix}/healthz")
        except BaseException:  # whoever starts it on entering is not asked to leave
            self.kill()
            raise

    def wait_for(self, path: str, *, wait_s: float = PATIENCE_S) -> None:
        """Wait until a path answers 200."""
        deadline = time.monotonic() + wait_s
        with self.connect() as connection:
            while time.monotonic() < deadline and (self._master is None or self._master.poll() is None):
                with contextlib.suppress(*_DOWN):
                    if connection.ask("GET", path).status == 200:
                        return
                time.sleep(0.02)
        raise AssertionError(f"{path} does not answer 200; the log ends with\n{self.log()[-3000:]}")

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        """Give a connection of one's own; it does not outlive the service."""
        with contextlib.closing(Connection(self.port)) as connection:
            yield connection

    def log(self) -> str:
        """Return what the service has logged."""
        return self._log.read_text(errors="replace")

    def kill_workers(self) -> None:
        """SIGKILL all workers; the master starts others."""
        assert self._master is not None
        children = Path(f"/proc/{self._master.pid}/task/{self._master.pid}/children").read_text()
        for pid in children.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL the master and all workers at once."""
        if self._master is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._master.pid, signal.SIGKILL)
            self._master.wait(timeout=PATIENCE_S)
            self._master = None

    def verify(self) -> "subprocess.CompletedProcess[str]":
        """Run `rmos verify` on the store."""
        return self.run_command("verify", "--json")

    def run_command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of `rmos` on the store."""
        command = [sys.executable, "-m", "flask", "rmos", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, timeout=120)


class Recorded(NamedTuple):
    """A run that was acknowledged: what the 201 said, and the digest of its bytes if they were fetched at once."""

    answer: dict[str, Any]
    downloaded_sha256: str | None


class Clients:
    """Threads that post runs without a pause; half of them repeat a request that broke off, under its key."""

    def __init__(self, service: Service, count: int) -> None:
        self._service = service
        self._name = os.urandom(4).hex()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(count)]
        self.acknowledged: dict[str, Recorded] = {}
        self.labels: set[str] = set()
        """The labels of the runs that were asked for with a key, until an answer came: each is there just once."""
        self.refusals: list[Answer] = []
        self.broken_off = 0

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _work(self, number: int) -> None:
        with self._service.connect() as connection:
            for turn in self._turns():
                label = f"{self._name}, client {number}, {turn}"
                if number % 2:
                    self._post_until_answered(connection, label)
                else:
                    self._post(connection, label)

    def _turns(self) -> Iterator[int]:
        turn = 0
        while not self._stopped.is_set():
            yield turn
            turn += 1

    def _post_until_answered(self, connection: Connection, label: str) -> None:
        key = digest.sha256_hex(label.encode())
        while not self._post(connection, label, **{"Idempotency-Key": key}):
            if self._stopped.is_set():
                return
        self.labels.add(label)

    def _post(self, connection: Connection, label: str, **headers: str) -> bool:
        try:
            answer = connection.ask("POST", RUNS, make_body(label), **headers)
            if answer.status not in (200, 201):
                self.refusals.append(answer)
                time.sleep(0.02)
                return False
            created = answer.json()
            self.acknowledged[created["run_id"]] = Recorded(created, None)
            if len(self.acknowledged) % 5 == 0:
                data = connection.ask("GET", f"{RUNS}/{created['run_id']}/download")
                assert data.status == 200
                self.acknowledged[created["run_id"]] = Recorded(created, digest.sha256_hex(data.body))
        except _DOWN:
            self.broken_off += 1
            time.sleep(random.uniform(0.01, 0.05))
            return False
        return True


def make_body(label: str) -> dict[str, Any]:
    """Return a cut to be judged, with a label by which it is found again."""
    design = {
        "operation": "channel",
        "feed_mm_min": 900,
        "spindle_rpm": 18000,
        "axial_depth_mm": 1.0,
        "feature_width_mm": 6.0,
        "total_depth_mm": 2.0,
    }
    tool = {"kind": "end_mill", "diameter_mm": 3.0, "flutes": 2, "material": "carbide"}
    return {
        "mode": "router",
        "tool_id": "router_3mm_2f",
        "design": design,
        "context": {"tool": tool, "material": {"id": "spruce"}},
        "meta": {"batch_label": label},
    }


def walk(connection: Connection, *, limit: int = 200, **filters: str) -> list[dict[str, Any]]:
    """Return all summaries, by cursor, newest first; every page must answer 200."""
    path = f"{RUNS}?limit={limit}" + "".join(f"&{name}={value}" for name, value in filters.items())
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = connection.ask("GET", path + cursor)
        assert answer.status == 200, answer
        page = answer.json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"
