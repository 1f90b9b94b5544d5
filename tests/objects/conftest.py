"""The backends that the contract suite runs over: a second backend joins with one line in `BACKENDS`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rmos.objects.base import Objects
from rmos.objects.local import LocalObjects
from tests.helpers.memory_objects import MemoryObjects
from tests.objects.calls import Recorder, refuse_tmpfile


def local(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Objects:
    """Open a local folder."""
    return LocalObjects(folder / "runs")


def local_without_tmpfile(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Objects:
    """Open a local folder of a filesystem that knows no nameless files."""
    refuse_tmpfile(monkeypatch)
    return LocalObjects(folder / "runs")


def local_with_blobs_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Objects:
    """Open a local folder whose attachments live in another one."""
    return LocalObjects(folder / "runs", attachments=folder / "elsewhere" / "blobs")


def memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Objects:
    """Open a dictionary, which has no folders, times or files."""
    return MemoryObjects()


BACKENDS: list[Callable[[Path, pytest.MonkeyPatch], Objects]] = [
    local,
    local_without_tmpfile,
    local_with_blobs_elsewhere,
    memory,
]


@pytest.fixture(params=BACKENDS, ids=lambda make: make.__name__)
def objects(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Objects:
    """A prepared, empty backend."""
    made: Objects = request.param(tmp_path, monkeypatch)
    made.prepare()
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def store(root: Path) -> LocalObjects:
    made = LocalObjects(root)
    made.prepare()
    return made


@pytest.fixture(params=[True, False], ids=["nameless", "named"])
def either(request: pytest.FixtureRequest, root: Path, monkeypatch: pytest.MonkeyPatch) -> LocalObjects:
    """A prepared store, on a filesystem with nameless files and on one without."""
    if not request.param:
        refuse_tmpfile(monkeypatch)
    made = LocalObjects(root)
    made.prepare()
    return made


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, root: Path) -> Recorder:
    return Recorder(monkeypatch, root)
