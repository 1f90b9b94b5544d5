"""Folders as the checks walk them."""

import errno
import os
from pathlib import Path

import pytest

from rmos.checks.findings import Tally
from rmos.checks.walk import list_entries
from rmos.objects.local import LocalObjects


def test_what_stands_in_a_folder_comes_in_order(tmp_path: Path) -> None:
    for name in ("b", "c", "a"):
        (tmp_path / name).write_bytes(b"")
    tally = Tally()
    assert [entry.name for entry in list_entries(LocalObjects(tmp_path), "", tally)] == ["a", "b", "c"]
    assert list_entries(LocalObjects(tmp_path), "absent", tally) == []
    assert tally.findings == []


def test_a_folder_that_cannot_be_listed_is_a_finding_and_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> object:
        raise OSError(errno.EIO, "Input/output error")

    tally = Tally()
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", failing)
        assert list_entries(LocalObjects(tmp_path), "_audit", tally) == []
    [found] = tally.findings
    assert (found.kind, found.path) == ("unreadable", "_audit")
