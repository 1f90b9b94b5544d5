"""Folders as the checks walk them."""

import errno
import os
from pathlib import Path

import pytest

from rmos.checks.findings import Tally
from rmos.checks.walk import list_entries
from rmos.objects.local import LocalObjects
from tests.checks.shops import DAY, Shop, verified


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


@pytest.mark.parametrize("folder", ["", "_attachments", "_audit", "_sessions"])
@pytest.mark.parametrize("name", ["lost+found", ".Trash-1000", "System Volume Information"])
def test_what_a_system_makes_on_a_mounted_disk_is_no_stray(shop: Shop, folder: str, name: str) -> None:
    (shop.root / folder / name).mkdir(parents=True)
    assert verified(shop.root).ok


def test_a_file_of_such_a_name_or_one_deeper_down_is_a_stray_all_the_same(shop: Shop) -> None:
    (shop.root / "lost+found").write_bytes(b"")
    (shop.root / "_attachments" / "ab" / "lost+found").mkdir(parents=True)
    assert {found.path for found in verified(shop.root).findings} == {"lost+found", "_attachments/ab/lost+found"}


@pytest.mark.parametrize("folder", [DAY, "_audit", "_attachments", "_sessions", "_claims"])
def test_a_folder_that_cannot_be_listed_is_found_and_the_rest_is_verified(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (shop.root / folder).mkdir(exist_ok=True)
    stray = shop.root / "stray.txt"
    stray.write_bytes(b"")
    scandir = os.scandir

    def failing(path: object) -> object:
        where = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else os.fspath(path)  # type: ignore[call-overload]
        if where == str(shop.root / folder):
            raise OSError(errno.EIO, "Input/output error")
        return scandir(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", failing)
    report = verified(shop.root)
    assert ("unreadable", folder) in {(found.kind, found.path) for found in report.findings}
    assert "stray.txt" in {found.path for found in report.findings}
