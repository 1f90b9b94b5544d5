"""What only a local folder can do wrong: hostile files, full and failing disks, the order of system calls."""

import errno
import os
import resource
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rmos.errors import (
    ObjectExists,
    ObjectMissing,
    ObjectUnreadable,
    OutOfSpace,
    StorageFailed,
    StoreReadOnly,
    StoreUnusable,
)
from rmos.objects import QUARANTINE, LocalObjects, local, open_objects
from rmos.objects.base import MAX_OBJECT_BYTES, TEMPORARY_MAX_AGE_S
from tests.objects.conftest import refuse_tmpfile

KEY = "2025-12-23/run_00.json"


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


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, root: Path) -> Recorder:
    return Recorder(monkeypatch, root)


# Durability


def test_trap_04_the_file_is_synced_before_it_gets_its_name_and_the_folder_after(
    either: LocalObjects, recorder: Recorder
) -> None:
    either.create(KEY, b"one")
    recorder.calls.clear()
    either.create("2025-12-23/run_01.json", b"two")
    assert recorder.calls == [
        ("write", "the file"),
        ("fsync", "the file"),
        ("link", "run_01.json"),
        ("fsync", "2025-12-23"),
    ]


def test_trap_04_new_folders_are_synced_into_their_parents_before_the_object_comes(
    store: LocalObjects, recorder: Recorder
) -> None:
    store.create("_attachments/ab/cd/abcd", b"one")
    assert [what for call, what in recorder.calls if call == "fsync"] == [
        ".",
        "_attachments",
        "_attachments/ab",
        "the file",
        "_attachments/ab/cd",
    ]


def test_folders_that_were_there_are_synced_too_once_per_process(root: Path, recorder: Recorder) -> None:
    LocalObjects(root).create(KEY, b"one")
    recorder.calls.clear()
    another_process = LocalObjects(root)
    for number in range(3):
        another_process.create(f"2025-12-23/{number}", b"two")
    folders = [what for call, what in recorder.calls if call == "fsync" and what != "the file"]
    assert folders == ["..", ".", "2025-12-23", "2025-12-23", "2025-12-23"]


def test_folders_above_the_store_that_had_to_be_made_are_synced_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(monkeypatch, tmp_path)
    LocalObjects(tmp_path / "srv" / "rmos" / "runs").prepare()
    assert [what for call, what in recorder.calls if call == "fsync"] == [".", "srv", "srv/rmos", "the file"]


def test_the_same_bytes_again_sync_the_folder_because_the_first_writer_may_have_died_before_it(
    either: LocalObjects, recorder: Recorder
) -> None:
    either.create(KEY, b"one")
    recorder.calls.clear()
    assert either.create(KEY, b"one") is False
    assert recorder.calls[-1] == ("fsync", "2025-12-23")


def test_objects_are_read_only_files_with_one_name(either: LocalObjects, root: Path) -> None:
    either.create(KEY, b"one")
    status = (root / KEY).stat()
    assert stat.S_IMODE(status.st_mode) == 0o444
    assert status.st_nlink == 1
    assert sorted(os.listdir(root / "2025-12-23")) == ["run_00.json"]


def test_a_short_write_is_continued(store: LocalObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: genuine(fd, bytes(data)[:7]))
    store.create(KEY, b"0123456789" * 10)
    assert store.read(KEY) == b"0123456789" * 10


def test_a_short_read_is_continued(store: LocalObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create(KEY, b"0123456789" * 10)
    genuine = os.read
    monkeypatch.setattr(os, "read", lambda fd, count: genuine(fd, min(count, 7)))
    assert store.read(KEY) == b"0123456789" * 10


# A disk that fails


@pytest.mark.parametrize(("call", "what"), [("fsync", "the file"), ("fsync", "2025-12-23"), ("fsync", ".")])
def test_after_a_failed_fsync_no_write_is_taken_and_reads_go_on(
    either: LocalObjects, recorder: Recorder, call: str, what: str
) -> None:
    either.create("2025-12-22/before", b"before")
    recorder.fail = lambda *seen: errno.EIO if seen == (call, what) else None
    with pytest.raises(StorageFailed):
        either.create(KEY, b"one")
    recorder.fail = lambda *seen: None
    assert not either.writable()
    recorder.calls.clear()
    for _ in range(2):
        with pytest.raises(StoreReadOnly, match="restart"):
            either.create("2025-12-22/after", b"after")
    with pytest.raises(StoreReadOnly, match="restart"):
        either.quarantine("2025-12-22/before")
    assert recorder.calls == []
    assert either.read("2025-12-22/before") == b"before"
    assert either.names("2025-12-22") == ["before"]


def test_after_a_failed_fsync_a_new_process_writes_again(root: Path, store: LocalObjects, recorder: Recorder) -> None:
    recorder.fail = lambda call, what: errno.EIO if what == "2025-12-23" else None
    with pytest.raises(StorageFailed):
        store.create(KEY, b"one")
    recorder.fail = lambda call, what: None
    restarted = LocalObjects(root)
    restarted.prepare()
    assert restarted.create(KEY, b"one") in (True, False)
    assert restarted.read(KEY) == b"one"


def test_a_failed_write_leaves_nothing_and_the_next_one_works(
    either: LocalObjects, recorder: Recorder, root: Path
) -> None:
    recorder.fail = lambda call, what: errno.EIO if call == "write" else None
    with pytest.raises(StorageFailed, match="input/output error"):
        either.create(KEY, b"one")
    recorder.fail = lambda call, what: None
    assert os.listdir(root / "2025-12-23") == []
    assert either.create(KEY, b"one") is True


@pytest.mark.parametrize("call", ["write", "fsync", "link"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_so_and_the_next_object_works_once_there_is_room(
    either: LocalObjects, recorder: Recorder, root: Path, call: str, number: int
) -> None:
    either.create("2025-12-23/before", b"before")
    recorder.fail = lambda made, what: number if made == call and what != "2025-12-23" else None
    with pytest.raises(OutOfSpace) as caught:
        either.create(KEY, b"one")
    assert "secret" not in str(caught.value)
    recorder.fail = lambda made, what: None
    assert os.listdir(root / "2025-12-23") == ["before"]
    assert either.writable()
    assert either.create(KEY, b"one") is True


def test_a_disk_that_is_really_full_is_said_so_and_leaves_nothing(store: LocalObjects, root: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    store.create("2025-12-23/before", b"before")
    import signal  # noqa: PLC0415 - only here

    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(StorageFailed, match="file too large"):
            store.create(KEY, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert os.listdir(root / "2025-12-23") == ["before"]
    assert store.create(KEY, b"x" * 10_000) is True


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_folder_that_takes_no_writes_is_said_so(store: LocalObjects, recorder: Recorder, number: int) -> None:
    recorder.fail = lambda call, what: number if call == "link" else None
    with pytest.raises(StoreReadOnly) as caught:
        store.create(KEY, b"one")
    assert "secret" not in str(caught.value)
    assert store.writable()


def test_a_name_that_is_too_long_is_an_error_of_ours(store: LocalObjects) -> None:
    with pytest.raises(StorageFailed):
        store.create("2025-12-23/" + "x" * 300, b"one")
    with pytest.raises((ObjectMissing, ObjectUnreadable)):
        store.read("2025-12-23/" + "x" * 300)
    with pytest.raises(StorageFailed):
        store.has("2025-12-23/" + "x" * 300)


@pytest.mark.parametrize("ask", ["has", "age_s", "mtime_ns"])
def test_a_disk_that_fails_to_look_is_an_error_and_never_a_no(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    store.create(KEY, b"one")

    def failing(path: str) -> os.stat_result:
        raise OSError(errno.EIO, "Input/output error", path)

    monkeypatch.setattr(os, "lstat", failing)
    with pytest.raises(StorageFailed) as caught:
        getattr(store, ask)(KEY)
    assert store.root not in str(caught.value)


# Opening


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_a_filesystem_without_hard_links_is_refused_in_one_line(root: Path, recorder: Recorder, number: int) -> None:
    recorder.fail = lambda call, what: number if call == "link" else None
    with pytest.raises(StoreUnusable, match=r"^The filesystem of the store has no hard links[^\n]*$"):
        LocalObjects(root).prepare()
    assert os.listdir(root) == []


def test_the_probe_leaves_nothing_behind(either: LocalObjects, root: Path) -> None:
    assert os.listdir(root) == []


def test_nothing_is_created_before_the_first_write(root: Path) -> None:
    objects = open_objects(root)
    assert not objects.exists()
    assert objects.names("") == []
    assert not objects.has(KEY)
    with pytest.raises(ObjectMissing):
        objects.read(KEY)
    assert not root.exists()


def test_a_file_in_the_place_of_the_store_is_an_error_of_ours(root: Path) -> None:
    root.write_bytes(b"")
    with pytest.raises(StorageFailed):
        LocalObjects(root).prepare()
    with pytest.raises(StorageFailed):
        LocalObjects(root / "below").prepare()


def test_the_store_may_be_a_link_to_a_folder(tmp_path: Path, root: Path) -> None:
    (tmp_path / "disk").mkdir()
    root.symlink_to(tmp_path / "disk")
    objects = LocalObjects(root)
    objects.prepare()
    assert objects.create(KEY, b"one")
    assert (tmp_path / "disk" / KEY).read_bytes() == b"one"


def test_blobs_go_where_they_are_told(tmp_path: Path, root: Path) -> None:
    objects = LocalObjects(root, attachments=tmp_path / "a" / "b" / "blobs")
    objects.prepare()
    objects.create("_attachments/ab/cd/abcd", b"blob")
    objects.create("_attachments_of_mine/x", b"other")
    assert (tmp_path / "a" / "b" / "blobs" / "ab" / "cd" / "abcd").read_bytes() == b"blob"
    assert sorted(os.listdir(root)) == ["_attachments_of_mine"]


def test_a_folder_that_was_taken_away_is_made_again_for_the_next_object(store: LocalObjects, root: Path) -> None:
    store.create("_claims/ab/one", b"one")
    os.rename(root / "_claims", root / "gone")
    with pytest.raises(StorageFailed):
        store.create("_claims/ab/two", b"two")
    assert store.create("_claims/ab/two", b"two") is True


def test_a_store_that_was_taken_away_is_not_made_again_behind_the_operators_back(
    store: LocalObjects, root: Path
) -> None:
    store.create(KEY, b"one")
    os.rename(root, root.with_name("unmounted"))
    for _ in range(3):
        with pytest.raises(StorageFailed):
            store.create(KEY, b"one")
    assert not root.exists()


# Hostile files


@pytest.fixture(params=["link", "dangling link", "folder", "pipe", "socket", "device", "giant"])
def hostile(request: pytest.FixtureRequest, store: LocalObjects, root: Path, tmp_path: Path) -> Iterator[Path]:
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
    yield place


def test_trap_23_what_is_not_a_plain_file_of_bearable_size_is_never_read(store: LocalObjects, hostile: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ObjectUnreadable) as caught:
        store.read(KEY)
    assert time.monotonic() - started < 2
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


# Debris


def test_only_temporary_files_older_than_an_hour_are_swept(store: LocalObjects, root: Path) -> None:
    store.create(KEY, b"one")
    folder = root / "2025-12-23"
    now = time.time()
    ages = {
        ".tmp-old": TEMPORARY_MAX_AGE_S + 60,
        ".tmp-young": TEMPORARY_MAX_AGE_S - 60,
        ".tmp-of-the-future": -1000,
        "run_01.json.tmp": 10 * TEMPORARY_MAX_AGE_S,
        "run_02.json": 10 * TEMPORARY_MAX_AGE_S,
        ".tmp": 10 * TEMPORARY_MAX_AGE_S,
    }
    for name, age in ages.items():
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (now - age, now - age))
    (folder / ".tmp-folder").mkdir()
    os.utime(folder / ".tmp-folder", (0, 0))
    assert store.sweep("2025-12-23") == 1
    assert sorted(os.listdir(folder)) == sorted({*ages, ".tmp-folder", "run_00.json"} - {".tmp-old"})


def test_a_writer_that_dies_between_write_and_link_leaves_debris_that_is_no_object(
    root: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_tmpfile(monkeypatch)
    store = LocalObjects(root)
    store.prepare()
    monkeypatch.setattr(os, "unlink", lambda *_, **__: None)  # the process is gone before it can tidy up

    def dying(call: str, what: str) -> int | None:
        if call == "link":
            raise KeyboardInterrupt
        return None

    recorder.fail = dying
    with pytest.raises(KeyboardInterrupt):
        store.create(KEY, b"one")
    recorder.fail = lambda call, what: None
    left = os.listdir(root / "2025-12-23")
    assert len(left) == 1
    assert left[0].startswith(".tmp-")
    assert not store.has(KEY)
    assert store.create(KEY, b"one") is True


def test_at_most_four_writers_of_a_process_are_inside_at_once(store: LocalObjects) -> None:
    assert store._writers._value == local._WRITERS == 4
