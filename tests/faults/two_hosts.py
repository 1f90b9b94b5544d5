"""Two hosts that record into one bucket and one database, each in a network of its own, and clients that never give up.

    with Shop(folder) as shop:
        shop.one.start()
        with shop.one.network.cut_off("db"):
            shop.record(500)                  # returns once so many more runs were acknowledged
        shop.check()                          # nothing is lost, nothing is there twice

Ceph and PostgreSQL are real, and so is the service under gunicorn. What a client was told stands in a file of its own.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.faults.service import RUNS, make_body
from tests.faults.tracing import ROOT
from tests.helpers.ceph import ACCESS_KEY, SECRET_KEY, Ceph
from tests.helpers.namespaces import PORT, HostNetwork
from tests.helpers.postgres import PostgresServer
from tests.helpers.s3_requests import make_bucket

WEB_PORT: Final = 8000
PATIENCE_S: Final = 120.0
RECORDING_S: Final = 900.0
CLIENTS: Final = 4
_BUCKET: Final = "record"
_SECRET: Final = 64 * "5"

# It records run after run, each under a key of its own, and repeats a request under its key until it is acknowledged.
_CLIENT: Final = """
import http.client, json, sys, threading, time
name, clients, body = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def work(number):
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=30)
    turn = 0
    while True:
        key = f"{name}-{number}-{turn}"
        try:
            headers = {"Content-Type": "application/json", "Idempotency-Key": key}
            connection.request("POST", "/api/rmos/runs", body.replace("LABEL", key), headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            time.sleep(0.05)
            continue
        if response.status in (200, 201):
            said = json.loads(answer)
            sys.stdout.write(f"{key} {said['run_id']} {int(said['indexed'])}\\n")
            sys.stdout.flush()
            turn += 1
        else:
            if response.status != 503:
                sys.stdout.write(f"{key} refused {response.status}\\n")
                sys.stdout.flush()
            time.sleep(0.05)
threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(clients)]
for thread in threads:
    thread.start()
sys.stdin.read()
"""


class RecordingHost:
    """One host: gunicorn and its clients in a network of their own."""

    def __init__(self, shop: "Shop", number: int) -> None:
        servers = {"s3": f"127.0.0.1:{shop.ceph.port}", "db": f"{shop.postgres.folder}/.s.PGSQL.5432"}
        self.network = HostNetwork(number, servers)
        self._folder = shop.folder / f"host-{number}"
        self._folder.mkdir()
        self._name = f"host{number}"
        self._acknowledged = self._folder / "acknowledged"
        self._acknowledged.touch()
        self._service: subprocess.Popen[bytes] | None = None
        self._clients: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RMOS_")}
        metrics = self._folder / "metrics"
        return {
            **kept,
            "RMOS_INSTANCE_DIR": str(self._folder / "instance"),
            "RMOS_RUNS_DIR": f"s3://{_BUCKET}/shop",
            "RMOS_S3_ENDPOINT": f"http://{self.network.address('s3')}:{PORT}",
            "RMOS_S3_REGION": "us-east-1",
            "RMOS_S3_PLAIN": "true",
            "RMOS_DATABASE_URL": f"postgresql://rmos@{self.network.address('db')}:{PORT}/postgres?sslmode=disable",
            "RMOS_SECRET_KEY": _SECRET,
            "RMOS_LOG_LEVEL": "WARNING",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        }

    def start(self) -> None:
        """Start the service and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--workers", "2"]
        with (self._folder / "log").open("ab") as log:
            self._service = subprocess.Popen(
                [*self.network.within(), *command, "--bind", f"127.0.0.1:{WEB_PORT}", "wsgi:app"],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(lambda: self.get("/healthz") is not None, "the service")

    def kill(self) -> None:
        """SIGKILL the master and all workers."""
        assert self._service is not None
        os.killpg(self._service.pid, signal.SIGKILL)
        self._service.wait()

    def start_clients(self) -> None:
        """Let clients record from now on."""
        command = [sys.executable, "-c", _CLIENT, self._name, str(CLIENTS), json.dumps(make_body("LABEL"))]
        with self._acknowledged.open("ab") as out:
            self._clients = subprocess.Popen([*self.network.within(), *command], stdin=subprocess.PIPE, stdout=out)

    def stop_clients(self) -> None:
        """Let no client record any more."""
        if self._clients is not None:
            self._clients.kill()
            self._clients.communicate()
            self._clients = None

    def get(self, path: str) -> Any:
        """Return what a path answers, None when it does not answer 200."""
        url = f"http://127.0.0.1:{WEB_PORT}{path}"
        command = [*self.network.within(), "curl", "-sf", "--noproxy", "*", "--max-time", "30", url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of `rmos` on this host."""
        command = [*self.network.within(), sys.executable, "-m", "flask", "rmos", *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=False)

    def acknowledged(self) -> list[tuple[str, str, str]]:
        """Return key, run and whether it was indexed, of each run that a client was told of."""
        lines = self._acknowledged.read_text().splitlines()
        return [tuple(line.split(" ")) for line in lines if line.count(" ") == 2]  # type: ignore[misc]

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def close(self) -> None:
        self.stop_clients()
        if self._service is not None and self._service.poll() is None:
            self.kill()
        self.network.close()


class Shop:
    """Both hosts and both servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ceph = Ceph(folder / "ceph", store="bluestore")
        self.postgres = PostgresServer(15)
        self.hosts: list[RecordingHost] = []

    def __enter__(self) -> "Shop":
        try:
            (self.folder / "ceph").mkdir()
            self.ceph.__enter__()
            self.start_postgres()
            make_bucket(self.ceph.url, _BUCKET)
            for number in (1, 2):
                host = RecordingHost(self, number)
                self.hosts.append(host)
                host.network.__enter__()
                host.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start_postgres(self) -> None:
        """Start PostgreSQL with the durability of a real one."""
        self.postgres.start(fsync="on", full_page_writes="on")

    def count(self) -> int:
        """Return how many runs were acknowledged."""
        return sum(len(host.acknowledged()) for host in self.hosts)

    def record(self, runs: int) -> None:
        """Wait until so many more runs were acknowledged."""
        wanted = self.count() + runs
        wait_for(lambda: self.count() >= wanted, f"{runs} more runs", wait_s=RECORDING_S)

    def check(self) -> dict[str, Any]:
        """Require that each acknowledged run is there just once and listed, and that verify finds nothing.

        Returns the figures.
        """
        for host in self.hosts:
            host.stop_clients()
        told = [entry for host in self.hosts for entry in host.acknowledged()]
        refused = [entry for entry in told if entry[1] == "refused"]
        assert refused == []
        runs = {run_id for _, run_id, _ in told}
        assert len(runs) == len({key for key, _, _ in told}) == len(told)
        wait_for(lambda: runs <= set(self.list_runs(self.hosts[0])), "the rows of all runs")
        listed = self.list_runs(self.hosts[1])
        labels = Counter(listed.values())
        assert [label for label, count in labels.items() if count > 1] == []
        assert runs <= set(listed)
        verified = self.hosts[0].run("verify", "--json", "--quick")
        report = json.loads(verified.stdout)
        assert (verified.returncode, report["findings"]) == (0, []), verified.stderr[-2000:]
        indexed = sum(flag == "1" for _, _, flag in told)
        return {
            "acknowledged": len(told),
            "not indexed at first": len(told) - indexed,
            "stored": report["counts"]["runs"],
        }

    def list_runs(self, host: RecordingHost) -> dict[str, str]:
        """Return the label of each run that is listed, by its id; nothing while lists are refused."""
        found: dict[str, str] = {}
        cursor = ""
        while True:
            page = host.get(f"{RUNS}?limit=500{cursor}")
            if page is None:
                return {}
            found.update({run["run_id"]: run["meta"]["batch_label"] for run in page["items"]})
            if page.get("next_cursor") is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def close(self) -> None:
        for host in self.hosts:
            host.close()
        self.postgres.close()
        self.ceph.close()


def wait_for(happened: Callable[[], object], what: str, *, wait_s: float = PATIENCE_S) -> None:
    """Wait until something has happened, looking now and then: each look may start a process."""
    deadline = time.monotonic() + wait_s
    while not happened():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)
