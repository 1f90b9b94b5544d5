"""Uploads while others write to the same run: what is acknowledged is what stands afterwards."""

from collections.abc import Callable, Iterator

import pytest

from rmos import digest
from rmos.errors.records import RunDeleted
from rmos.errors.request import PayloadTooLarge
from rmos.services.files.attachments import Declared, FileLimits, attach_file
from rmos.store import Store
from tests.makers import ANNA, US, make_members

LIMITS = FileLimits(file_bytes=1_000, run_bytes=1_000)


class Upload:
    """A file, and what happens while it comes."""

    def __init__(self, data: bytes, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._data = data
        self._meanwhile = meanwhile

    def chunks(self) -> Iterator[bytes]:
        yield self._data[:1]
        self._meanwhile()
        yield self._data[1:]

    def declared(self) -> Declared:
        return Declared(kind="gcode", filename="top.nc")


@pytest.fixture
def run_id(store: Store) -> str:
    return store.runs.put(make_members(US)).view.artifact.run_id


def attach(store: Store, run_id: str, upload: Upload) -> bool:
    return attach_file(store, run_id, upload, limits=LIMITS, actor=ANNA, us=US).made


def names(store: Store, run_id: str) -> list[str]:
    return [entry["sha256"] for entry in store.runs.record(run_id).view().attachments]


@pytest.mark.parametrize("before", [[], [b"G1 X1"]], ids=["new bytes", "bytes that it has already"])
@pytest.mark.parametrize("how", ["soft", "hard"])
def test_a_run_that_is_deleted_meanwhile_gets_no_file(store: Store, run_id: str, before: list[bytes], how: str) -> None:
    for data in before:
        assert attach(store, run_id, Upload(data))
    delete = getattr(store.deletes, how)
    with pytest.raises(RunDeleted):
        attach(store, run_id, Upload(b"G1 X1", lambda: delete(run_id, "a trial cut", actor=ANNA, us=US)))


def test_what_is_attached_meanwhile_stays_and_the_upload_comes_after_it(store: Store, run_id: str) -> None:
    assert attach(store, run_id, Upload(b"G1 X1", lambda: attach(store, run_id, Upload(b"G1 X2"))))
    assert names(store, run_id) == [digest.sha256_hex(b"G1 X2"), digest.sha256_hex(b"G1 X1")]


def test_the_same_bytes_that_come_twice_at_once_are_attached_once(store: Store, run_id: str) -> None:
    assert not attach(store, run_id, Upload(b"G1 X1", lambda: attach(store, run_id, Upload(b"G1 X1"))))
    assert names(store, run_id) == [digest.sha256_hex(b"G1 X1")]


def test_what_is_attached_meanwhile_counts_against_the_limit_of_the_run(store: Store, run_id: str) -> None:
    with pytest.raises(PayloadTooLarge):
        attach(store, run_id, Upload(b"x" * 600, lambda: attach(store, run_id, Upload(b"y" * 600))))
    assert names(store, run_id) == [digest.sha256_hex(b"y" * 600)]


def test_a_run_is_read_once_for_an_upload_that_nobody_gets_in_the_way_of(
    store: Store, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    record = store.runs.record

    def counted(run_id: str, *, include_deleted: bool = False, fresh: bool = False) -> object:
        read.append(run_id)
        return record(run_id, include_deleted=include_deleted, fresh=fresh)

    monkeypatch.setattr(store.runs, "record", counted)
    assert attach(store, run_id, Upload(b"G1 X1"))
    assert read == [run_id]
