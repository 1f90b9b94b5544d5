"""Folders as the checks walk them."""

import errno
import os
from collections import Counter
from pathlib import Path

import pytest

from rmos.checks.folders import entries_of
from rmos.checks.runs import Judged
from rmos.objects.local import LocalObjects


def test_what_stands_in_a_folder_comes_in_order(tmp_path: Path) -> None:
    for name in ("b", "c", "a"):
        (tmp_path / name).write_bytes(b"")
    judged = Judged(Counter(), [])
    assert [entry.name for entry in entries_of(LocalObjects(tmp_path), "", judged)] == ["a", "b", "c"]
    assert entries_of(LocalObjects(tmp_path), "absent", judged) == []
    assert judged.findings == []


def test_a_folder_that_cannot_be_listed_is_a_finding_and_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> object:
        raise OSError(errno.EIO, "Input/output error")

    judged = Judged(Counter(), [])
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", failing)
        assert entries_of(LocalObjects(tmp_path), "_audit", judged) == []
    [found] = judged.findings
    assert (found.kind, found.path) == ("unreadable", "_audit")
