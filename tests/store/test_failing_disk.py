"""Puts that the disk or the index did not take."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from rmos.errors.base import RmosError
from rmos.errors.records import RunNotFound
from rmos.errors.store import OutOfSpace, StorageFailed, StoreReadOnly
from rmos.row_models import RunQuery
from rmos.store import Store
from tests.makers import ANNA, US, add_event, listed_ids, make_members, open_store
from tests.store.writing import (
    DAY,
    add,
    put,
)


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, OutOfSpace), (errno.EIO, StorageFailed), (errno.EROFS, StoreReadOnly)]
)
def test_a_put_that_the_disk_did_not_take_leaves_nothing_and_the_next_one_works(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[RmosError]
) -> None:
    genuine = os.write

    def failing(fd: int, data: Any) -> int:
        raise OSError(number, os.strerror(number), str(root))

    members = make_members(US)
    monkeypatch.setattr(os, "write", failing)
    with pytest.raises(error) as caught:
        store.runs.put(members)
    assert str(root) not in str(caught.value)
    monkeypatch.setattr(os, "write", genuine)
    assert os.listdir(root / DAY) == []
    assert store.runs.count(RunQuery()) == 0
    with pytest.raises(RunNotFound):
        store.runs.record(members["run_id"])
    assert store.runs.put(members).created


def test_after_a_failed_fsync_puts_are_refused_and_reads_and_lists_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put(store)

    def failing(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(StorageFailed):
            store.runs.put(make_members(US + 1))
    for write in (lambda: store.runs.put(make_members(US + 2)), lambda: add(store, run_id)):
        with pytest.raises(StoreReadOnly):
            write()
    assert store.runs.record(run_id).version == 0
    assert listed_ids(store) == [run_id]


def test_a_put_whose_row_the_index_did_not_take_is_a_success_that_says_so(store: Store, root: Path) -> None:
    (root / "_index.sqlite").unlink()
    stored = store.runs.put(make_members(US))
    assert (stored.created, stored.indexed) == (True, False)
    event = add_event(store, stored.view.artifact.run_id, "advisory", {"advisory_id": "a"}, actor=ANNA, us=US)
    assert (event.made, store.index.state().complete) == (True, False)
    assert not (root / "_index.sqlite").exists()
    store.reconcile()
    assert [json.loads(item)["version"] for item in store.runs.page(RunQuery(), limit=9).items] == [1]


def test_a_store_without_summaries_records_and_leaves_the_rows_to_the_next_reconcile(
    store: Store, tmp_path: Path
) -> None:
    other = open_store(tmp_path, reconcile=False)
    other.runs._summarise = None
    stored = other.runs.put(make_members(US))
    assert not stored.indexed
    store.reconcile()
    assert listed_ids(store) == [stored.view.artifact.run_id]
