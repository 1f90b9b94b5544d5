"""Two hosts that share one record, each a process of its own, and a line from each to each server that can be cut.

    with SharedShop(folder) as shop:
        one, other = shop.hosts
        one.storage.always(anything, reset_before)       # it reaches the objects no more
        other.database.cut()                             # nor this one the rows

Processes and sockets are real; the servers are a small S3 server in this process and PostgreSQL 18.
"""

import secrets
from pathlib import Path
from typing import Any, Final

from tests.faults.service import RUNS, Answer, Service, make_body, walk
from tests.helpers.lines import Line
from tests.helpers.postgres import PostgresServer, find_server
from tests.helpers.s3_proxy import S3Proxy
from tests.helpers.s3_server import BUCKET, BucketServer
from tests.helpers.waiting import wait_until

_SECRET: Final = 64 * "5"


class SharingHost(Service):
    """One host: a process that serves, and the lines by which it reaches what it shares."""

    workers = 1

    def __init__(self, shop: "SharedShop", number: int) -> None:
        self.folder = shop.folder / f"host-{number}"
        self.folder.mkdir()
        super().__init__(self.folder, self.folder / "log")
        self.storage = S3Proxy(shop.bucket.address)
        self.database = Line(shop.postgres.folder / ".s.PGSQL.5432")
        self._schema = shop.schema

    def __enter__(self) -> "SharingHost":
        self.storage.__enter__()
        self.database.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self.kill()
        self.database.__exit__()
        self.storage.__exit__(None, None, None)

    def environment(self) -> dict[str, str]:
        """Return the environment of the service and of commands of this host."""
        database = f"postgresql://rmos@127.0.0.1:{self.database.port}/postgres"
        return {
            **super().environment(),
            "RMOS_INSTANCE_DIR": str(self.folder / "instance"),
            "RMOS_RUNS_DIR": f"s3://{BUCKET}/shop",
            "RMOS_S3_ENDPOINT": self.storage.url,
            "RMOS_DATABASE_URL": f"{database}?sslmode=disable&options=-csearch_path%3D{self._schema}",
            "RMOS_SECRET_KEY": _SECRET,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request over a connection of its own."""
        with self.connect() as connection:
            return connection.ask(method, path, body, **headers)

    def record(self, label: str) -> Answer:
        """Record a run under a label, which is its key too."""
        return self.ask("POST", RUNS, make_body(label), **{"Idempotency-Key": label})

    def status(self, path: str) -> int:
        """Return the status of what a path answers."""
        return self.ask("GET", path).status

    def labels(self) -> list[str] | None:
        """Return the labels of all runs that are listed, sorted; None while lists are refused."""
        if self.status(f"{RUNS}?limit=1") != 200:
            return None
        with self.connect() as connection:
            return sorted(run["meta"]["batch_label"] for run in walk(connection))


class SharedShop:
    """Both hosts and both servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bucket = BucketServer(folder / "server")
        self.postgres: PostgresServer = find_server(18)
        self.schema = f"outage_{secrets.token_hex(6)}"
        self.hosts = [SharingHost(self, number) for number in (1, 2)]
        self.recorded: list[str] = []
        """The labels of all runs that were acknowledged."""

    def __enter__(self) -> "SharedShop":
        self.bucket.__enter__()
        try:
            for host in self.hosts:
                host.__enter__()
                host.start()
            for host in self.hosts:
                wait_until(lambda host=host: host.labels() is not None, "lists")  # type: ignore[misc]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for host in self.hosts:
            host.__exit__()
        self.bucket.__exit__(None, None, None)

    def record(self, host: SharingHost, label: str, *, indexed: bool | None = True) -> str:
        """Record a run, which has to be acknowledged, and return its id.

        Args:
            indexed: whether it says so that its row is in; None where either will do.
        """
        answer = host.record(label)
        assert answer.status in (200, 201), (answer, host.log()[-3000:])
        said = answer.json()
        if label not in self.recorded:
            self.recorded.append(label)
        assert indexed in (None, said["indexed"]), said
        return str(said["run_id"])

    def mend(self) -> None:
        """Mend all lines."""
        for host in self.hosts:
            host.storage.heal()
            host.database.mend()

    def check(self) -> None:
        """Mend all lines, wait until every host lists all that was acknowledged, each once, and no more."""
        self.mend()
        for host in self.hosts:
            wait_until(lambda host=host: host.labels() == sorted(self.recorded), "the rows of all runs")  # type: ignore[misc]
            wait_until(lambda host=host: host.status("/readyz") == 200, "a pass that reads the record")  # type: ignore[misc]
