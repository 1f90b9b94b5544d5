"""Fixtures that every test may ask for, and the guard that keeps every test away from the real `instance/`."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.as_on_macos import pytest_addoption, skip_elsewhere  # noqa: F401 - a hook

# isort: split
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from rmos import create_app
from rmos.config import Settings
from rmos.context import clear_request_id
from rmos.logs import StderrHandler
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from tests.helpers.packs import quicken
from tests.quick_apps import compile_once, compile_templates_once, derive_schema_once, look_for_engines_once
from tests.trying import register_profiles

INSTANCE = str(Path(__file__).resolve().parents[1] / "instance")
TRACKED = frozenset(f"{INSTANCE}/{name}" for name in ("README.md", "config.example.toml"))
"""Pages of the repository, which tests may read."""
PATH_EVENTS = frozenset(
    {"open", "sqlite3.connect", "shutil.rmtree", "shutil.copytree", "os.listdir", "os.scandir", "os.mkdir", "os.rmdir"}
    | {"os.rename", "os.remove", "os.link", "os.symlink", "os.chmod", "os.truncate", "os.utime"}
)
"""What Python tells its auditors before it touches a path; the first two arguments may be paths."""
FIRST = ("rs274", "root", "strace", "netns", "ceph")
"""Markers of what takes longest: begun last, a few of these would keep one process busy when all others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first, all else in its order behind it; skip what this system does not have."""
    skip_elsewhere(items)
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in FIRST))


class InstanceTouched(AssertionError):
    """A test reached for the data of this installation."""


touched: list[str] = []
ended: list[bool] = []
"""Set when the tests are over: pytest then clears old folders by names relative to a descriptor."""


def guard(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse whatever would touch the real instance folder, and remember it, for code that swallows the refusal."""
    if not PATH_EVENTS or ended or event not in PATH_EVENTS:  # no names are left when the interpreter ends
        return
    for argument in arguments[:2]:
        if isinstance(argument, (str, bytes, os.PathLike)) and is_guarded(os.fsdecode(argument)):
            touched.append(f"{event} {os.fsdecode(argument)}")
            raise InstanceTouched(touched[-1])


def is_guarded(path: str) -> bool:
    """Tell whether a path, or the path in a `file:` URI, leads into the instance folder."""
    full = path if path.startswith("file:") else os.path.abspath(path)
    return (full == INSTANCE or f"{INSTANCE}/" in full) and full not in TRACKED


sys.addaudithook(guard)
# A shell has what it runs in the background ignore Ctrl-C, and so would every service and command that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
compile_once()
look_for_engines_once()
derive_schema_once()
compile_templates_once()
register_profiles()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Disarm the guard before pytest removes the folders of earlier runs."""
    ended.append(True)


@pytest.fixture(autouse=True)
def instance_guard() -> Iterator[list[str]]:
    """Fail the test that touched the real `instance/`; a test that expects it clears the list."""
    touched.clear()
    yield touched
    assert not touched, "tests work in tmp_path, never in instance/"


@pytest.fixture(autouse=True)
def clean_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test no RMOS settings, no request id and no log handler of an app before it."""
    for name in [name for name in os.environ if name.startswith(("RMOS_", "PROMETHEUS_"))]:
        monkeypatch.delenv(name)
    root = logging.getLogger()
    level = root.level
    clear_request_id()
    yield
    clear_request_id()
    root.setLevel(level)
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler, StderrHandler)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a store that is not there yet."""
    return Settings(instance_path=tmp_path / "instance", runs_dir=tmp_path / "runs")


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The service over that store, as a process holds it that was started without upkeep."""
    app = create_app(settings)
    app.testing = True
    yield app
    app.extensions["rmos"].close()


@pytest.fixture
def measured_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are measured in this process; of the one that the service starts there are tests of its own."""
    quicken(monkeypatch)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the service."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """A caller of the service's commands."""
    return app.test_cli_runner()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The same store, opened by another hand than the service's, with its index complete."""
    store = Store.open(settings, summarise=dump_summary)
    store.reconcile()
    yield store
    store.index.close()
