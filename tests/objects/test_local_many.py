"""Many objects at once in a local folder: the order of system calls, and what a failure leaves."""

import contextlib
import errno
import os
import stat
from pathlib import Path

import pytest

from rmos.errors.store import OutOfSpace, StorageFailed, StoreReadOnly
from rmos.objects import local_many
from rmos.objects.base import NewObject
from rmos.objects.local import LocalObjects
from tests.objects.calls import Recorder

DAY = "2025-12-23"


def make_new(count: int, size: int = 10) -> list[NewObject]:
    return [NewObject(f"{DAY}/{place:03d}", b"%d" % place * size) for place in range(count)]


def test_each_file_is_synced_before_its_name_and_the_folder_once_after_all_names(
    either: LocalObjects, recorder: Recorder
) -> None:
    either.create(f"{DAY}/first", b"")
    recorder.calls.clear()
    count = local_many._GROUP + 5
    assert either.create_many(make_new(count)) == [True] * count
    called = [call for call in recorder.calls if call[0] != "write"]
    assert called == [
        *[("fsync", "the file")] * local_many._GROUP,
        *[("link", f"{place:03d}") for place in range(local_many._GROUP)],
        *[("fsync", "the file")] * 5,
        *[("link", f"{place:03d}") for place in range(local_many._GROUP, count)],
        ("fsync", DAY),
    ]
    assert sorted(either.names(DAY)) == [*(one.key.removeprefix(f"{DAY}/") for one in make_new(count)), "first"]


def test_no_name_is_given_before_the_bytes_of_that_file_are_synced(
    either: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    genuine_fsync, genuine_chmod = os.fsync, os.fchmod

    def fsync(fd: int) -> None:
        genuine_fsync(fd)
        synced.add(os.fstat(fd).st_ino)

    def fchmod(fd: int, mode: int) -> None:
        assert os.fstat(fd).st_ino in synced  # what comes next is the link
        genuine_chmod(fd, mode)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "fchmod", fchmod)
    assert either.create_many(make_new(100)) == [True] * 100


def test_names_that_were_there_are_synced_too(either: LocalObjects, recorder: Recorder) -> None:
    either.create_many(make_new(3))
    recorder.calls.clear()
    assert either.create_many(make_new(3)) == [False] * 3
    assert recorder.calls == [("fsync", DAY)]


def test_many_new_folders_are_synced_by_one_fsync_of_their_parent(store: LocalObjects, recorder: Recorder) -> None:
    new = [NewObject(f"_claims/{place:02x}/x", b"") for place in range(40)]
    assert store.create_many(new) == [True] * 40
    synced = [what for call, what in recorder.calls if call == "fsync" and what != "the file"]
    assert synced[:2] == [".", "_claims"]
    assert sorted(synced[2:]) == sorted(f"_claims/{place:02x}" for place in range(40))


def test_a_write_without_space_refuses_that_file_alone(either: LocalObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = os.write

    def write(fd: int, data: memoryview) -> int:
        if bytes(data).startswith(b"2"):
            raise OSError(errno.ENOSPC, "full")
        return genuine(fd, data)

    monkeypatch.setattr(os, "write", write)
    results = either.create_many(make_new(5))
    assert [type(result) for result in results] == [bool, bool, OutOfSpace, bool, bool]
    assert sorted(either.names(DAY)) == ["000", "001", "003", "004"]
    assert either.writable()


@pytest.mark.parametrize("what", ["the file", DAY])
def test_after_a_failed_fsync_nothing_of_the_call_is_acknowledged(
    either: LocalObjects, recorder: Recorder, what: str
) -> None:
    either.create(f"{DAY}/first", b"")
    failures = iter([None, errno.EIO] if what == "the file" else [errno.EIO])
    recorder.fail = lambda call, named: next(failures, None) if (call, named) == ("fsync", what) else None
    results = either.create_many(make_new(5))
    assert {type(result) for result in results} <= {StorageFailed, StoreReadOnly}
    assert not either.writable()
    assert [type(result) for result in either.create_many(make_new(1))] == [StoreReadOnly]


def count_open(root: Path) -> int:
    """Return how many descriptors of this process are of files below a folder, with a name or without."""
    found = 0
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found += os.readlink(f"/proc/self/fd/{fd}").startswith(f"{root}/")
    return found


def test_descriptors_are_bounded_and_all_given_back(
    either: LocalObjects, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    most = 0
    genuine = os.write

    def write(fd: int, data: memoryview) -> int:
        nonlocal most
        most = max(most, count_open(root))
        return genuine(fd, data)

    monkeypatch.setattr(os, "write", write)
    count = 2 * local_many._GROUP + 1
    assert either.create_many(make_new(count)) == [True] * count
    assert most == local_many._GROUP + 1
    assert count_open(root) == 0
    assert not [name for name in os.listdir(root / DAY) if name.startswith(".tmp-")]


def test_a_folder_that_cannot_be_closed_refuses_nothing(either: LocalObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = os.close

    def close(fd: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(fd).st_mode)
        genuine(fd)
        if is_folder:
            raise OSError(errno.EIO, "input/output error")

    either.create(f"{DAY}/first", b"")
    with monkeypatch.context() as patched:
        patched.setattr(os, "close", close)
        patched.setattr(local_many.Fsyncs, "fsync_folders", lambda fsyncs, folders: None)
        assert either.create_many(make_new(3)) == [True] * 3
