"""What only a local folder has: the order of system calls, opening it, debris."""

import errno
import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos import digest
from rmos.errors.installation import StoreUnusable
from rmos.errors.store import ObjectMissing, StorageFailed
from rmos.objects import local, open_objects
from rmos.objects.base import key_of_digest
from rmos.objects.local import LocalObjects
from rmos.objects.local_files import TEMPORARY_MAX_AGE_S
from tests.objects.calls import KEY, Recorder, refuse_tmpfile


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


@pytest.mark.parametrize("seen", [0, 7])
def test_trap_49_a_size_that_is_older_than_the_bytes_cuts_nothing_off(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch, seen: int
) -> None:
    data = b"0123456789" * 10
    store.create(KEY, data)
    genuine = os.fstat

    def remembering(fd: int) -> os.stat_result:
        status = list(genuine(fd))
        status[6] = seen
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", remembering)
    assert store.read(KEY) == data
    assert store.digest(KEY) == (digest.sha256_hex(data), len(data))
    assert store.create(KEY, data) is False


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


@pytest.mark.parametrize("gone", ["_attachments/2d/71", "_attachments/2d", "_attachments"])
def test_a_folder_of_blobs_that_was_taken_away_is_made_again_for_the_next_one(
    store: LocalObjects, root: Path, gone: str
) -> None:
    blob = store.create_blob([b"x"], max_bytes=9)
    assert blob.sha256.startswith("2d71")
    shutil.rmtree(root / gone)
    with pytest.raises(StorageFailed):
        store.create_blob([b"x"], max_bytes=9)
    assert store.create_blob([b"x"], max_bytes=9).created
    assert store.digest(f"_attachments/2d/71/{blob.sha256}") == (blob.sha256, 1)


def test_blobs_of_another_disk_are_not_made_again_where_it_is_not_mounted(tmp_path: Path, root: Path) -> None:
    objects = LocalObjects(root, attachments=tmp_path / "blobs")
    objects.prepare()
    objects.create_blob([b"x"], max_bytes=9)
    os.rename(tmp_path / "blobs", tmp_path / "unmounted")
    for _ in range(3):
        with pytest.raises(StorageFailed):
            objects.create_blob([b"x"], max_bytes=9)
    assert not (tmp_path / "blobs").exists()


def test_a_store_that_was_taken_away_is_not_made_again_behind_the_operators_back(
    store: LocalObjects, root: Path
) -> None:
    store.create(KEY, b"one")
    os.rename(root, root.with_name("unmounted"))
    for _ in range(3):
        with pytest.raises(StorageFailed):
            store.create(KEY, b"one")
    assert not root.exists()


def test_trap_46_only_temporary_files_of_another_hour_are_swept(store: LocalObjects, root: Path) -> None:
    store.create(KEY, b"one")
    folder = root / "2025-12-23"
    now = time.time()
    ages = {
        ".tmp-old": TEMPORARY_MAX_AGE_S + 60,
        ".tmp-young": TEMPORARY_MAX_AGE_S - 60,
        ".tmp-of-the-near-future": -1000,
        ".tmp-of-the-future": -TEMPORARY_MAX_AGE_S - 60,
        "run_01.json.tmp": 10 * TEMPORARY_MAX_AGE_S,
        "run_02.json": 10 * TEMPORARY_MAX_AGE_S,
        ".tmp": 10 * TEMPORARY_MAX_AGE_S,
    }
    for name, age in ages.items():
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (now - age, now - age))
    (folder / ".tmp-folder").mkdir()
    os.utime(folder / ".tmp-folder", (0, 0))
    assert store.clear_debris("2025-12-23") == 2
    left = {*ages, ".tmp-folder", "run_00.json"} - {".tmp-old", ".tmp-of-the-future"}
    assert sorted(os.listdir(folder)) == sorted(left)


@pytest.mark.parametrize("shift_s", [-100_000, 100_000], ids=["back", "ahead"])
def test_trap_46_no_clock_that_is_set_takes_a_temporary_file_from_under_its_writer(
    root: Path, monkeypatch: pytest.MonkeyPatch, shift_s: int
) -> None:
    refuse_tmpfile(monkeypatch)
    store, now = LocalObjects(root), time.time()
    store.prepare()
    swept = []

    def chunks() -> Iterator[bytes]:
        yield b"one "
        monkeypatch.setattr(time, "time", lambda: now + shift_s)
        swept.append(store.clear_debris("_attachments"))
        yield b"two"

    blob = store.create_blob(chunks(), max_bytes=100)
    assert swept == [0]
    assert store.read(key_of_digest(blob.sha256)) == b"one two"


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


def test_making_an_object_durable_that_was_found_syncs_its_folder_and_its_parents_once(
    root: Path, store: LocalObjects, recorder: Recorder
) -> None:
    store.create(KEY, b"one")
    another_process = LocalObjects(root)
    recorder.calls.clear()
    another_process.ensure_durable(KEY)
    another_process.ensure_durable(KEY)
    assert [what for call, what in recorder.calls if call == "fsync"] == ["..", ".", "2025-12-23", "2025-12-23"]
    assert store.read(KEY) == b"one"


def test_a_stamp_changes_with_the_bytes_also_when_size_and_modification_time_are_put_back(store: LocalObjects) -> None:
    store.create("2025-12-23/x", b"11")
    path = Path(store.root) / "2025-12-23" / "x"
    opened = store.open("2025-12-23/x")
    stamp, before = opened.stamp(), path.stat()
    path.chmod(0o644)
    path.write_bytes(b"22")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert opened.stamp() != stamp
    opened.close()


def test_a_forgotten_object_is_closed(store: LocalObjects) -> None:
    store.create("2025-12-23/x", b"1")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        store.open("2025-12-23/x").read_at(0, 1)
    assert len(os.listdir("/proc/self/fd")) <= before + 1


@pytest.mark.parametrize("name", ["line\nbreak", "\x1b[31m", "\x7f", "\u202e"])
def test_a_folder_takes_names_with_control_characters_and_lists_them(store: LocalObjects, name: str) -> None:
    assert store.create(f"2025-12-23/{name}", b"one")
    assert store.names("2025-12-23") == [name]
    assert store.read(f"2025-12-23/{name}") == b"one"


def test_what_is_moved_aside_is_synced_at_both_ends(store: LocalObjects, recorder: Recorder) -> None:
    store.create(KEY, b"one")
    store.quarantine(KEY)
    recorder.calls.clear()
    store.create(KEY, b"two")
    recorder.calls.clear()
    store.quarantine(KEY)
    assert recorder.calls == [("fsync", "_quarantine/2025-12-23"), ("fsync", "2025-12-23")]
