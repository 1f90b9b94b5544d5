"""The backends that the contract suite runs over: a second backend joins with one line in `BACKENDS`."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos.objects import LocalObjects, Objects


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


BACKENDS: list[Callable[[Path, pytest.MonkeyPatch], Objects]] = [
    local,
    local_without_tmpfile,
    local_with_blobs_elsewhere,
]


def refuse_tmpfile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every opening of a nameless file fail as filesystems without them do."""
    genuine = os.open

    def refusing(path: str, flags: int, *args: int, dir_fd: int | None = None) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(95, "Operation not supported")
        return genuine(path, flags, *args, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)


@pytest.fixture(params=BACKENDS, ids=lambda make: make.__name__)
def objects(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Objects:
    """A prepared, empty backend."""
    made: Objects = request.param(tmp_path, monkeypatch)
    made.prepare()
    return made
