"""What else may stand where an object should be."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from rmos.errors.store import ObjectExists, ObjectUnreadable, StorageFailed
from rmos.objects.base import MAX_OBJECT_BYTES, QUARANTINE
from rmos.objects.local import LocalObjects
from tests.objects.calls import KEY


@pytest.fixture(params=["link", "dangling link", "folder", "pipe", "socket", "device", "giant"])
def hostile(request: pytest.FixtureRequest, store: LocalObjects, root: Path, tmp_path: Path) -> Path:
    """Something that is not an object, under the key."""
    store.create("2025-12-23/other", b"other")
    place = root / KEY
    (tmp_path / "secret").write_bytes(b"secret")
    if request.param == "link":
        place.symlink_to(tmp_path / "secret")
    elif request.param == "dangling link":
        place.symlink_to(tmp_path / "absent")
    elif request.param == "folder":
        place.mkdir()
    elif request.param == "pipe":
        os.mkfifo(place)
    elif request.param == "socket":
        os.mknod(place, stat.S_IFSOCK | 0o644)
    elif request.param == "device":
        place.symlink_to("/dev/zero")
    else:
        with place.open("wb") as file:
            file.truncate(MAX_OBJECT_BYTES + 1)
    return place


def test_trap_23_what_is_not_a_plain_file_of_bearable_size_is_never_read(store: LocalObjects, hostile: Path) -> None:
    with pytest.raises(ObjectUnreadable) as caught:
        store.read(KEY)
    assert store.root not in str(caught.value)
    assert store.has(KEY)


def test_what_is_not_an_object_keeps_its_name_taken(store: LocalObjects, hostile: Path) -> None:
    before = os.lstat(hostile)
    with pytest.raises(ObjectExists):
        store.create(KEY, b"one")
    after = os.lstat(hostile)
    assert (before.st_ino, before.st_mode, before.st_size) == (after.st_ino, after.st_mode, after.st_size)


def test_what_is_not_an_object_can_be_moved_aside_as_it_is(store: LocalObjects, hostile: Path, root: Path) -> None:
    before = os.lstat(hostile)
    store.quarantine(KEY)
    after = os.lstat(root / QUARANTINE / KEY)
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
    assert store.create(KEY, b"one") is True


def test_kinds_are_told_without_following_links(store: LocalObjects, hostile: Path) -> None:
    kind = {entry.name: entry.kind for entry in store.entries("2025-12-23")}[hostile.name]
    expected = {"folder": "directory", "giant": "file", "pipe": "other", "socket": "other"}
    mode = os.lstat(hostile).st_mode
    name = "folder" if stat.S_ISDIR(mode) else "giant" if stat.S_ISREG(mode) else "pipe"
    assert kind == ("link" if stat.S_ISLNK(mode) else expected[name])


def test_an_object_of_the_largest_size_is_still_read(store: LocalObjects, root: Path) -> None:
    store.create(KEY, b"")
    os.chmod(root / KEY, 0o644)
    os.truncate(root / KEY, MAX_OBJECT_BYTES)
    assert len(store.read(KEY)) == MAX_OBJECT_BYTES


def test_a_blob_of_any_size_is_digested_in_constant_memory(store: LocalObjects, root: Path) -> None:
    store.create(KEY, b"")
    os.chmod(root / KEY, 0o644)
    os.truncate(root / KEY, MAX_OBJECT_BYTES + 5)
    assert store.digest(KEY)[1] == MAX_OBJECT_BYTES + 5


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE])
def test_a_file_that_cannot_be_opened_is_unreadable_and_not_missing(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store.create(KEY, b"one")

    def refusing(path: str, *args: Any, **how: Any) -> int:
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr(os, "open", refusing)
    for ask in (store.read, store.digest):
        with pytest.raises(ObjectUnreadable) as caught:
            ask(KEY)
        assert store.root not in str(caught.value)


def test_a_file_that_cannot_be_read_to_its_end_is_unreadable(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(KEY, b"one")

    def failing(fd: int, count: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "read", failing)
    for ask in (store.read, store.digest):
        with pytest.raises(ObjectUnreadable, match="input/output error"):
            ask(KEY)


def test_a_folder_that_cannot_be_listed_is_unreadable_and_not_empty(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(KEY, b"one")

    def failing(path: str) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", failing)
    monkeypatch.setattr(os, "listdir", failing)
    for ask in (store.names, lambda folder: list(store.entries(folder))):
        with pytest.raises(ObjectUnreadable, match="permission denied"):
            ask("2025-12-23")


def test_a_link_in_the_place_of_a_partition_is_never_written_through(
    store: LocalObjects, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "2025-12-23").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageFailed, match="not a folder"):
        store.create(KEY, b"one")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert [entry.kind for entry in store.entries("") if entry.name == "2025-12-23"] == ["link"]
