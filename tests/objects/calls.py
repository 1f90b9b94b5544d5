"""The system calls of the local backend: recorded, refused, failed."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

KEY = "2025-12-23/run_00.json"


def refuse_tmpfile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every opening of a nameless file fail as filesystems without them do."""
    genuine = os.open

    def refusing(path: str, flags: int, *args: int, dir_fd: int | None = None) -> int:
        if hasattr(os, "O_TMPFILE") and flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(95, "Operation not supported")
        return genuine(path, flags, *args, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)


class Recorder:
    """Record fsyncs and links in their order, by what they concern; fail the ones that `fail` picks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.calls: list[tuple[str, str]] = []
        self.fail: Callable[[str, str], int | None] = lambda call, what: None
        self._root = root
        self._fsync, self._link, self._write = os.fsync, os.link, os.write
        for name in ("fsync", "link", "write"):
            monkeypatch.setattr(os, name, getattr(self, name))

    def _note(self, call: str, what: str) -> None:
        self.calls.append((call, what))
        number = self.fail(call, what)
        if number is not None:
            raise OSError(number, os.strerror(number), str(self._root / "secret"))

    def _name(self, fd: int) -> str:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return "the file"
        return os.path.relpath(os.readlink(f"/proc/self/fd/{fd}"), self._root)

    def fsync(self, fd: int) -> None:
        self._note("fsync", self._name(fd))
        self._fsync(fd)

    def write(self, fd: int, data: Any) -> int:
        self._note("write", self._name(fd))
        return self._write(fd, data)

    def link(self, source: str, target: str, **how: Any) -> None:
        self._note("link", target)
        self._link(source, target, **how)
