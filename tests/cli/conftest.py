"""A small demo store for every test, the commands as functions, and programs as a shell starts them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from rmos import create_app
from rmos.config import Settings
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from tests.earlier_system import snapshot
from tests.helpers.processes import Process
from tests.helpers.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
RUNS = 40
CONSOLE_SCRIPT = (sys.executable, "-m", "rmos")
FLASK = (sys.executable, "-m", "flask", "rmos")
BOTH_WAYS = pytest.mark.parametrize(
    "program",
    [pytest.param(CONSOLE_SCRIPT, id="rmos"), pytest.param(FLASK, id="flask rmos", marks=pytest.mark.long)],
)
"""Processes take seconds to start; that both ways lead to the same is shown once in a plain run (test_group)."""

Command = Callable[..., Result]
_STARTED: list["subprocess.Popen[str]"] = []


def command_on(root: Path, *, charset: str = "utf-8", **settings: Any) -> Command:
    """Return a function that runs `flask rmos …` on the store at `root`, in this process, with settings."""

    def run(*arguments: str, input: str | None = None) -> Result:  # noqa: A002 - click's own word
        app = create_app(Settings(instance_path=root.parent, runs_dir=root, **settings))
        try:
            return app.test_cli_runner(charset=charset).invoke(args=["rmos", *arguments], input=input)
        finally:
            app.extensions["rmos"].close()

    return run


def open_store(root: Path) -> Store:
    """Open the store at `root` for writing as the service does, so that its rows are the service's own."""
    store = Store.open(Settings(instance_path=root.parent, runs_dir=root), summarise=dump_summary)
    store.reconcile()
    return store


def document(result: Result) -> Any:
    """Return the one JSON document that a command wrote to stdout, and nothing else beside it."""
    return json.loads(result.stdout)


def listed(run: Command, command: str, *options: str, limit: int = 7) -> list[dict[str, Any]]:
    """Walk all pages of `runs` or `sessions`."""
    items: list[dict[str, Any]] = []
    cursor: list[str] = []
    while True:
        page = document(run(command, "--json", "--limit", str(limit), *options, *cursor))
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = ["--cursor", page["next_cursor"]]


def start(
    root: Path, *arguments: str, program: tuple[str, ...] = FLASK, stderr: int = subprocess.PIPE, **variables: str
) -> "subprocess.Popen[str]":
    """Start a command as a shell would, with the store's folder and `variables` in its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RMOS_", "FLASK_"))}
    process = Process(
        [*program, *arguments],
        cwd=ROOT,
        env={**environment, "RMOS_RUNS_DIR": str(root), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    _STARTED.append(process)
    return process


@pytest.fixture(autouse=True)
def end_what_was_started() -> Iterator[None]:
    """End the commands of a test that are left, such as one that follows a list when the test fails."""
    yield
    while _STARTED:
        process = _STARTED.pop()
        process.kill()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait(timeout=PATIENCE_S)


def finished(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Return the exit status of a command that ends by itself, and what it wrote."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def artifacts_of(root: Path) -> list[Path]:
    """Return the artifacts of a store, oldest first."""
    return sorted(path for path in root.glob("2*/run_*.json") if path.name.count(".") == 1)


def flip(path: Path, *, at: int = 500) -> None:
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def age(path: Path, seconds: float = 7200) -> None:
    """Make a file look as if it had been written a while ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def records_of(root: Path) -> dict[str, tuple[str, str, int, int]]:
    """Return everything in a store but the index: its digest, mode and time."""
    return {
        name: what for name, what in snapshot(root).items() if not name.startswith(("_index.sqlite", "_index.lock"))
    }


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a demo store that nobody changes."""
    root = tmp_path_factory.mktemp("template") / "runs"
    result = command_on(root)("demo", "--runs", str(RUNS), "--seed", "5")
    assert result.exit_code == 0, result.output
    return root


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    """Return a demo store of one's own."""
    return Path(shutil.copytree(template, tmp_path / "runs"))


@pytest.fixture
def run(root: Path) -> Command:
    """Return a function that runs `flask rmos …` on the demo store."""
    return command_on(root)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at a suspicion after a moment, not after seconds; nothing else writes to these stores."""
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.01)))


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], Path]]:
    """Return a function that copies a store to where this process may only read; root becomes nobody meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="rmos-read-only-"))
    privileged = os.geteuid() == 0

    def protect(source: Path) -> Path:
        # Once with all rights: what Python imports late may be out of reach for nobody.
        for arguments in (("verify",), ("runs",), ("show", "x"), ("rebuild",)):
            command_on(Path(shutil.copytree(source, folder / "warm")))(*arguments)
            shutil.rmtree(folder / "warm")
        copy = Path(shutil.copytree(source, folder / "runs"))
        for path in (folder, *copy.rglob("*"), copy):
            path.chmod(0o555 if path.is_dir() else 0o444)
        if privileged:
            os.setresuid(65534, 65534, 0)
        return copy

    try:
        yield protect
    finally:
        if privileged:
            os.setresuid(0, 0, 0)
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(folder)
