"""A disk that fails or is full under the local backend."""

import errno
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos.errors.store import ObjectMissing, ObjectUnreadable, OutOfSpace, StorageFailed, StoreReadOnly
from rmos.objects.local import LocalObjects
from tests.objects.calls import KEY, Recorder


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


def test_nothing_stands_under_a_name_that_is_too_long(store: LocalObjects) -> None:
    key = "2025-12-23/" + "x" * 300
    with pytest.raises(StorageFailed):
        store.create(key, b"one")
    with pytest.raises((ObjectMissing, ObjectUnreadable)):
        store.read(key)
    assert not store.has(key)
    assert store.age_s(key) is None


@pytest.mark.parametrize(
    "ask", [lambda store: store.has(KEY), lambda store: store.age_s(KEY), lambda store: store.changed_since(KEY, None)]
)
def test_a_disk_that_fails_to_look_is_an_error_and_never_a_no(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch, ask: Callable[[LocalObjects], object]
) -> None:
    store.create(KEY, b"one")

    def failing(path: str) -> os.stat_result:
        raise OSError(errno.EIO, "Input/output error", path)

    monkeypatch.setattr(os, "lstat", failing)
    with pytest.raises(StorageFailed) as caught:
        ask(store)
    assert store.root not in str(caught.value)


def test_an_object_that_cannot_be_made_durable_is_not_acknowledged_and_no_write_is_taken_afterwards(
    store: LocalObjects, recorder: Recorder
) -> None:
    store.create(KEY, b"one")
    recorder.fail = lambda call, what: errno.EIO if what == "2025-12-23" else None
    with pytest.raises(StorageFailed):
        store.ensure_durable(KEY)
    recorder.fail = lambda call, what: None
    for write in (lambda: store.ensure_durable(KEY), lambda: store.create(KEY, b"one")):
        with pytest.raises(StoreReadOnly):
            write()
    assert store.read(KEY) == b"one"


def test_an_erasing_that_the_disk_did_not_confirm_is_an_error_and_no_write_is_taken_afterwards(
    store: LocalObjects, recorder: Recorder
) -> None:
    store.create(KEY, b"one")
    recorder.calls.clear()
    recorder.fail = lambda call, what: errno.EIO if what == "2025-12-23" else None
    with pytest.raises(StorageFailed):
        store.erase(KEY)
    assert recorder.calls == [("fsync", "2025-12-23")]
    recorder.fail = lambda call, what: None
    with pytest.raises(StoreReadOnly):
        store.erase(KEY)


def test_a_disk_that_does_not_say_how_much_space_it_has_is_an_error_of_ours(root: Path) -> None:
    with pytest.raises(StorageFailed) as caught:
        LocalObjects(root / "absent").free_bytes()
    assert str(root) not in str(caught.value)


def test_what_was_written_while_another_fsync_failed_is_not_acknowledged(
    store: LocalObjects, recorder: Recorder
) -> None:
    """The kernel may have dropped its pages together with the other's."""
    store.create("2025-12-22/before", b"before")

    def fail_meanwhile(call: str, what: str) -> int | None:
        if (call, what) == ("fsync", "2025-12-23"):
            recorder.fail = lambda *seen: errno.EIO if seen == ("fsync", "the file") else None
            with pytest.raises(StorageFailed):
                store.create("2025-12-22/another", b"another")
            recorder.fail = lambda *seen: None
        return None

    recorder.fail = fail_meanwhile
    with pytest.raises(StoreReadOnly, match="restart"):
        store.create(KEY, b"one")


def test_a_blob_that_was_written_while_another_fsync_failed_is_not_acknowledged(
    store: LocalObjects, recorder: Recorder
) -> None:
    def fail_meanwhile(call: str, what: str) -> int | None:
        if call == "link":
            recorder.fail = lambda *seen: errno.EIO if seen == ("fsync", "the file") else None
            with pytest.raises(StorageFailed):
                store.create("2025-12-22/another", b"another")
            recorder.fail = lambda *seen: None
        return None

    recorder.fail = fail_meanwhile
    with pytest.raises(StoreReadOnly, match="restart"):
        store.create_blob([b"one"], max_bytes=9)
