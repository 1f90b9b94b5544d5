"""A disk that fails under a running process: the object layer's `os` is replaced, and one call of it fails.

What a process does afterwards is the point here (`test_every_io_call` looks at the next process): after a failed fsync
it takes no writes and goes on reading; after anything else, a full disk above all, the next put works.
"""

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from rmos import digest
from rmos.errors.base import RmosError
from rmos.errors.store import IndexBroken, IndexRebuilding, IndexUnavailable, OutOfSpace, StorageFailed, StoreReadOnly
from rmos.models import Actor, Stored
from rmos.row_models import RunQuery
from rmos.store import Store
from rmos.store.runs import Changed
from tests.faults import judging, records
from tests.faults.uploads import attach
from tests.makers import add_event

CODES: Final = {errno.EIO: "STORAGE_FAILED", errno.ENOSPC: "OUT_OF_SPACE", errno.EROFS: "STORE_READ_ONLY"}
UNREAD: Final = ("STORAGE_FAILED", "STORAGE_UNAVAILABLE")
LOOKS: Final = {"lstat", "stat", "fstat", "read"}
"""Calls that read: whatever their error is, it is no full and no read-only disk."""
ACTOR: Final = Actor(name="test", role="operator")


class Disk:
    """The `os` of the object layer: lists its calls and fails one of them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.largest_write = 1 << 30
        self._fault: tuple[str | None, int, int] | None = None

    def fail(self, number: int, *, name: str | None = None, nth: int = 0) -> None:
        """Let a call from now on fail with an error number: the `nth` of this name, or of all when it is None."""
        self.calls, self._fault = [], (name, nth, number)

    def heal(self) -> None:
        """Fail no more, and start a new list."""
        self.calls, self._fault = [], None

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if not callable(real) or isinstance(real, type) or name == "strerror":
            return real

        def call(*arguments: Any, **options: Any) -> Any:
            self.calls.append(name)
            if self._fault and self._is_due(name, *self._fault[:2]):
                if name == "close":  # Linux gives the descriptor back also when close fails
                    real(*arguments)
                raise OSError(self._fault[2], os.strerror(self._fault[2]))
            return real(*arguments, **options)

        return call

    def _is_due(self, called: str, name: str | None, nth: int) -> bool:
        if name is None:
            return len(self.calls) == nth + 1
        return called == name and self.calls.count(name) == nth + 1

    def write(self, fd: int, data: memoryview) -> int:
        """Write at most `largest_write` bytes, as a nearly full disk or a signal may have it."""
        return int(self.__getattr__("write")(fd, data[: self.largest_write]))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Put a disk that can fail under the object layer."""
    faulty = Disk()
    for module in ("local", "local_files", "local_folders", "local_reading", "fsyncs"):
        monkeypatch.setattr(f"rmos.objects.{module}.os", faulty)
    return faulty


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """Give a store with run no. 0 in it."""
    store = judging.open_store(tmp_path / "store")
    store.reconcile()
    store.runs.put(records.members(0))
    store.index.close()
    yield tmp_path / "store"
    judging.whole_runs(tmp_path / "store")


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    """Give the store as a process that has just started has it."""
    yield from started(root)


def started(root: Path) -> Iterator[Store]:
    """Open the store anew, reconciled, and close it afterwards."""
    store = judging.open_store(root)
    store.reconcile()
    yield store
    store.index.close()


def put(store: Store, number: int) -> Stored:
    """Put run no. `number`."""
    return store.runs.put(records.members(number))


def delete(store: Store, number: int) -> Changed:
    """Make an event: the soft delete of run no. `number`."""
    return add_event(store, records.run_id(number), "delete", {"reason": "a test"}, actor=ACTOR, us=1)


def refused(call: Callable[[], object]) -> str | None:
    """Return the code that a call was refused with, or None when it was carried out."""
    try:
        call()
    except RmosError as error:
        return error.code
    return None


def is_stored(store: Store, number: int) -> bool:
    """Tell whether run no. `number` is there, demanding that it is whole if so."""
    path = Path(store.objects.root, records.key(number))
    if not path.exists():
        return False
    assert path.read_bytes() == records.data(number)
    return True


@pytest.mark.parametrize("number", CODES, ids=errno.errorcode.get)
def test_each_call_of_a_put_that_fails_refuses_it_with_its_reason(disk: Disk, root: Path, number: int) -> None:
    runs = count(1)
    for nth in count():
        run = next(runs)
        for store in started(root):
            disk.fail(number, nth=nth)
            code = refused(lambda store=store, run=run: put(store, run))  # type: ignore[misc]
            calls = list(disk.calls)
            disk.heal()
            if len(calls) <= nth:
                assert code is None
                assert {"open", "write", "fsync", "fchmod", "link", "mkdir", "close"} <= set(calls)
                return
            assert code == CODES[number] or (code in UNREAD and calls[nth] in LOOKS), calls[: nth + 1]
            is_stored(store, run)
            judge_afterwards(store, next(runs), calls[: nth + 1], number)


def judge_afterwards(store: Store, run: int, calls: list[str], number: int) -> None:
    """Demand of a process whose last call failed that it reads, and that it writes unless an fsync failed."""
    of_file = "link" not in calls and "write" in calls
    lies = calls[-1] == "fsync" and not (of_file and number == errno.ENOSPC)
    assert store.objects.writable() is not lies
    assert refused(lambda: put(store, run)) == ("STORE_READ_ONLY" if lies else None)
    assert store.runs.record(records.run_id(0)).data == records.data(0)
    assert store.runs.count(RunQuery()) >= 1


def test_after_a_failed_fsync_all_writes_are_refused_and_reads_go_on(disk: Disk, store: Store) -> None:
    put(store, 1)
    disk.fail(errno.EIO, name="fsync")
    with pytest.raises(StorageFailed):
        put(store, 2)
    disk.heal()
    for write in (
        lambda: put(store, 3),
        lambda: put(store, 1),
        lambda: delete(store, 1),
        lambda: store.claims.take_run_id("caller", "key", "0" * 64, 1),
        lambda: store.objects.quarantine(records.key(1)),
    ):
        with pytest.raises(StoreReadOnly, match="restart"):
            write()
    assert not store.objects.writable()
    assert store.runs.record(records.run_id(1)).data == records.data(1)
    assert {json.loads(text)["run_id"] for text in store.runs.page(RunQuery(), limit=9).items} >= {records.run_id(1)}


def test_a_failed_fsync_of_the_folder_is_no_acknowledgement_either(disk: Disk, store: Store) -> None:
    put(store, 1)
    disk.fail(errno.EIO, name="fsync", nth=1)
    with pytest.raises(StorageFailed):
        put(store, 2)
    disk.heal()
    with pytest.raises(StoreReadOnly):
        put(store, 2)  # the name may be there now, and still not be durable


def test_a_full_disk_refuses_one_put_and_the_next_works_once_there_is_room(disk: Disk, store: Store) -> None:
    put(store, 1)
    for call in ("open", "write", "fsync", "link"):
        disk.fail(errno.ENOSPC, name=call, nth=call == "open")
        with pytest.raises(OutOfSpace):
            put(store, 2)
        disk.heal()
        assert not is_stored(store, 2)
    assert put(store, 2).indexed
    assert is_stored(store, 2)


def test_a_full_disk_does_not_half_delete_a_run(disk: Disk, store: Store) -> None:
    disk.fail(errno.ENOSPC, name="write")
    with pytest.raises(OutOfSpace):
        delete(store, 0)
    disk.heal()
    assert store.runs.record(records.run_id(0)).version == 0
    assert delete(store, 0).made
    assert store.runs.count(RunQuery()) == 0


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_all_of_them(disk: Disk, store: Store) -> None:
    disk.largest_write = 7
    disk.heal()
    put(store, 1)
    assert is_stored(store, 1)
    assert disk.calls.count("write") == -(-len(records.data(1)) // 7)


def test_a_disk_that_fills_up_in_the_middle_of_a_write_leaves_nothing(disk: Disk, store: Store) -> None:
    put(store, 1)
    disk.largest_write = 100
    disk.fail(errno.ENOSPC, name="write", nth=5)
    with pytest.raises(OutOfSpace):
        put(store, 2)
    assert not is_stored(store, 2)
    assert judging.whole_runs(Path(store.objects.root)) == {records.run_id(0), records.run_id(1)}


@pytest.mark.parametrize("error", [IndexUnavailable, IndexBroken])
def test_a_run_that_its_process_could_not_index_makes_no_list_of_another_process_short(
    monkeypatch: pytest.MonkeyPatch, root: Path, store: Store, error: type[RmosError]
) -> None:
    other = judging.open_store(root)
    with contextlib.closing(other.index):
        other.reconcile()
        assert other.runs.count(RunQuery()) == 1

        def fail(rows: object) -> None:
            raise error("The index does not take it.")

        monkeypatch.setattr(store.index.runs, "upsert", fail)
        assert not put(store, 1).indexed
        for judged in (store, other):
            with pytest.raises(IndexRebuilding):
                judged.runs.page(RunQuery(), limit=9)
            with pytest.raises(IndexRebuilding):
                judged.runs.count(RunQuery())
        assert other.runs.record(records.run_id(1)).data == records.data(1)
        other.reconcile()
        assert store.runs.count(RunQuery()) == other.runs.count(RunQuery()) == 2


def test_nothing_is_ever_replaced_renamed_over_or_opened_for_writing_under_its_final_name(
    disk: Disk, store: Store
) -> None:
    disk.heal()
    put(store, 1)
    delete(store, 1)
    assert not {"replace", "rename", "truncate", "ftruncate", "unlink", "remove"} & set(disk.calls)


# Files of runs


def test_a_file_is_durable_with_its_name_before_a_byte_of_the_event_that_names_it_is_written(
    disk: Disk, store: Store
) -> None:
    disk.heal()
    attach(store, 0, b"x" * 1_500_000, b"y" * 1_500_000, b"z")
    calls = [call for call in disk.calls if call in ("write", "fsync", "link")]
    named, told = (place for place, call in enumerate(calls) if call == "link")
    assert "write" not in calls[calls.index("fsync", calls.index("write")) : named]
    assert calls[named - 1] == calls[told - 1] == calls[-1] == "fsync"
    assert calls[named + 1] == "fsync", "the blob's folder comes before the event"
    assert calls[named + 1 : told].count("write") == 1


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=errno.errorcode.get)
def test_each_call_of_an_upload_that_fails_leaves_no_run_that_names_what_is_not_there(
    disk: Disk, root: Path, number: int
) -> None:
    for nth in range(200):
        data, run = b"%06d" % nth, nth + 1  # a run with more files takes more calls
        for store in started(root):
            put(store, run)
            disk.fail(number, nth=nth)
            code = refused(lambda store=store, run=run, data=data: attach(store, run, data))  # type: ignore[misc]
            calls = list(disk.calls)
            disk.heal()
        for store in started(root):
            named = [entry["sha256"] for entry in store.runs.record(records.run_id(run)).view().attachments]
            assert all(store.blobs.verify(sha256).ok for sha256 in named), calls
            assert digest.sha256_hex(data) in named or code is not None, calls
            assert not list(Path(store.objects.root).rglob(".tmp-*"))
        if len(calls) <= nth:
            break
    assert code is None
