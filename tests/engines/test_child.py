"""What the process of a plug-in does before it loads anything."""

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rmos.engines import child, process

ROOT = Path(__file__).resolve().parents[2]


def test_a_process_whose_service_is_gone_already_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "acme.py").write_text("import pathlib, sys; pathlib.Path(__file__).with_name('loaded').touch()")
    talk, theirs = socket.socketpair()
    alive, held = os.pipe()
    os.close(held)
    with talk, theirs:
        arguments = [str(theirs.fileno()), str(alive), "acme:Engine", str(tmp_path), str(ROOT), *sys.path]
        done = subprocess.run(
            [sys.executable, "-c", process._BOOT, *arguments], pass_fds=(theirs.fileno(), alive), timeout=120
        )
    os.close(alive)
    assert done.returncode == 0
    assert not (tmp_path / "loaded").exists()


@pytest.mark.parametrize(
    ("hard", "limit"),
    [
        (resource.RLIM_INFINITY, child.MAX_MEMORY_BYTES),
        (child.MAX_MEMORY_BYTES * 2, child.MAX_MEMORY_BYTES),
        (1 << 20, 1 << 20),
    ],
    ids=["without a limit", "below a larger one", "not above a smaller one"],
)
def test_its_memory_is_limited(monkeypatch: pytest.MonkeyPatch, hard: int, limit: int) -> None:
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (hard, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda what, values: limits.append((what, values)))
    child._limit_memory()
    assert limits == [(resource.RLIMIT_AS, (limit, hard))]


@pytest.mark.parametrize("error", [ValueError("not allowed"), OSError(1, "not permitted")])
def test_where_no_limit_may_be_set_there_is_none(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(resource, "setrlimit", refuse)
    child._limit_memory()  # raises when it minds
