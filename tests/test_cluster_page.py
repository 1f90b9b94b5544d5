"""The lines of docs/cluster.md are run as they are printed: two hosts, one of them killed, and nothing is missed."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.nginx import ROOT, find_nginx
from tests.helpers.postgres import PostgresServer

PAGE: Final = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
LINES: Final = re.findall(r"```sh\n(.*?)```", PAGE.split("## Try it on one machine\n")[1].split("\n## ")[0], re.DOTALL)
WAIT: Final = "for port in 8000 8001; do until curl -sf 127.0.0.1:$port/readyz; do sleep 0.2; done; done > try/ready\n"
"""Who types the lines waits until both hosts have said where they are."""
PATIENCE_S: Final = 240


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    """Return a PostgreSQL of one's own."""
    server = PostgresServer(18).start()
    yield server
    server.close()


def choose_ports(text: str) -> dict[str, str]:
    """Return a free port for each that a text names."""
    sockets = {port: socket.create_server(("127.0.0.1", 0)) for port in sorted(set(re.findall(r"\b[89]\d{3}\b", text)))}
    chosen = {port: str(listening.getsockname()[1]) for port, listening in sockets.items()}
    for listening in sockets.values():
        listening.close()
    return chosen


@pytest.mark.long
@pytest.mark.nginx
@pytest.mark.curl
def test_of_two_hosts_one_is_killed_and_nothing_is_missed(tmp_path: Path, database: PostgresServer) -> None:
    script = "set -e\n" + "".join([*LINES[:2], WAIT, *LINES[2:]])
    (tmp_path / "deploy").mkdir()
    (tmp_path / "devtools").symlink_to(ROOT / "devtools")
    config = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for port, chosen in choose_ports(script).items():
        script, config = script.replace(port, chosen), config.replace(f"127.0.0.1:{port}", f"127.0.0.1:{chosen}")
    (tmp_path / "deploy" / "nginx.conf").write_text(config)
    programs = (Path(sys.executable).parent, database.programs, Path(find_nginx()).parent)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RMOS_", "AWS_", "PG"))}
    path = os.pathsep.join([*map(str, programs), inherited["PATH"]])
    with open(tmp_path / "said", "wb") as said:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=tmp_path,
            env={**inherited, "PATH": path, "PGHOST": str(database.folder), "PGUSER": "rmos", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=PATIENCE_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what the lines have started, and not ended
    told = (tmp_path / "said").read_text(encoding="utf-8", errors="replace")
    assert code == 0, told
    assert '"total":8' in told
    assert told.count("OK: the record is whole.") == 2
    assert re.search(r"^Copied \d+ objects \(.*runs 8, ", told, re.MULTILINE), told
