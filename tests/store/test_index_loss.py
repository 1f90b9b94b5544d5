"""Losing the index: no short answer meanwhile, and afterwards the same answers as before."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rmos.errors.installation import StoreUnusable
from rmos.errors.store import IndexRebuilding, StoreLocked
from rmos.row_models import RunQuery
from rmos.store import Store, reconcile
from tests.makers import US, listed_ids, make_members, open_store
from tests.store.writing import (
    DAY_US,
    answers,
    crash,
    fill,
    put,
    write_run,
)

LOSSES: dict[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "emptied": lambda path: os.truncate(path, 0),
    "cut at a page": lambda path: os.truncate(path, path.stat().st_size // 8192 * 4096),
    "cut by a byte": lambda path: os.truncate(path, path.stat().st_size - 1),
    "cut in its last page": lambda path: os.truncate(path, path.stat().st_size - 300),
    "replaced by text": lambda path: path.write_bytes(b"junk\n" * 60_000),
    "replaced by zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.mark.parametrize("when", ["while it runs", "while it is down", "while it is down after a crash"])
@pytest.mark.parametrize("loss", LOSSES)
def test_trap_03_trap_06_losing_the_index_is_no_short_answer_and_afterwards_all_is_as_before(
    store: Store, root: Path, tmp_path: Path, loss: str, when: str
) -> None:
    runs = fill(store)
    before = answers(store)
    path = root / "_index.sqlite"
    if when == "while it is down":
        store.index.close()
    elif when == "while it is down after a crash":
        crash(store, root)
    LOSSES[loss](path)
    if when == "while it runs":
        asks: list[Callable[[], object]] = [lambda: answers(store), lambda: store.runs.count(RunQuery())]
        right = [before, 10]
        for ask, expected in zip(asks, right, strict=True):
            if loss.startswith("replaced"):  # SQLite may still have every page in its WAL
                with contextlib.suppress(IndexRebuilding):
                    assert ask() == expected
            else:
                with pytest.raises(IndexRebuilding):
                    ask()
        assert store.runs.record(runs[0]).version == 0
        late = store.runs.put(make_members(US + 50 * DAY_US))
        assert late.created
        store.reconcile()
        assert listed_ids(store)[0] == late.view.artifact.run_id
        assert store.runs.count(RunQuery()) == 11
        return
    restarted = open_store(tmp_path, reconcile=False)
    assert restarted.runs.record(runs[0]).version == 0
    restarted.reconcile()
    try:
        found = answers(restarted)
    except IndexRebuilding:  # found broken only now
        restarted.reconcile()
        found = answers(restarted)
    assert found == before
    restarted.index.close()


def test_rows_that_a_power_cut_took_from_the_end_of_the_wal_are_brought_back(
    store: Store, root: Path, tmp_path: Path
) -> None:
    fill(store)
    before = answers(store)
    for part in (0.99, 0.9, 0.6, 0.3, 0.0):
        crash(store, root, part)
        store = open_store(tmp_path, reconcile=False)
        assert not store.reconcile().replaced_index
        assert answers(store) == before
    store.index.close()


def test_trap_06_a_rebuild_keeps_every_answer_deletes_included(store: Store) -> None:
    fill(store)
    before = answers(store)
    report = store.reconcile(full=True)
    assert report.indexed == 12
    assert not report.replaced_index
    assert answers(store) == before


@pytest.mark.parametrize("workers", [1, 2])
def test_a_rebuild_by_several_processes_is_the_same_and_tells_its_progress(store: Store, workers: int) -> None:
    fill(store)
    before = answers(store)
    store.index.close()
    told: list[int] = []
    assert store.reconcile(full=True, workers=workers, progress=told.append).indexed == 12
    assert sum(told) == 12
    assert answers(store) == before


def test_an_index_that_breaks_in_the_middle_of_a_reconcile_is_replaced_and_filled(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    before = answers(store)
    genuine = store.index.runs.upsert
    broken: list[int] = []

    def breaking(rows: Any) -> None:
        if not broken:
            broken.append(1)
            os.truncate(root / "_index.sqlite", 5000)
        genuine(rows)

    monkeypatch.setattr(store.index.runs, "upsert", breaking)
    assert store.reconcile(full=True).replaced_index
    assert answers(store) == before


def test_a_list_that_was_asked_of_another_index_than_the_complete_one_is_refused(
    store: Store, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    other = open_store(tmp_path)
    genuine = store.index.runs.page
    asked: list[str] = []

    def slow(*args: Any, **how: Any) -> Any:
        monkeypatch.setattr(store.index.runs, "page", genuine)
        asked.append("a page")
        (root / "_index.sqlite").unlink()
        with other.index.lock(wait_s=0):
            other.index.prepare()
        try:
            return genuine(*args, **how)  # of an index that is being filled
        finally:
            other.reconcile()  # and is complete when we look again

    monkeypatch.setattr(store.index.runs, "page", slow)
    with pytest.raises(IndexRebuilding):
        store.runs.page(RunQuery(), limit=500)
    assert asked == ["a page"]
    with pytest.raises(IndexRebuilding):  # complete now, but not by what this process has seen
        store.runs.page(RunQuery(), limit=500)
    store.reconcile()
    assert len(store.runs.page(RunQuery(), limit=500).items) == 10
    other.index.close()


def test_while_another_works_on_the_index_a_reconcile_waits_and_then_says_so(store: Store, tmp_path: Path) -> None:
    other = open_store(tmp_path)
    with other.index.lock(wait_s=0), pytest.raises(StoreLocked):
        store.reconcile(wait_s=0.1)
    other.index.close()


def test_a_store_that_cannot_shape_summaries_cannot_reconcile(store: Store) -> None:
    store.summarise = None
    with pytest.raises(StoreUnusable):
        store.reconcile()


def test_rows_are_written_in_batches(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "_BATCH", 4)
    runs = [write_run(root, US + number) for number in range(11)]
    told: list[int] = []
    store.reconcile(progress=told.append)
    assert told == [4, 4, 3]
    assert listed_ids(store) == sorted(runs, reverse=True)


@pytest.mark.parametrize("how", ["moved over", "deleted and made again"])
def test_an_older_copy_of_the_index_in_its_place_is_not_listed_before_it_was_reconciled(
    store: Store, root: Path, tmp_path: Path, how: str
) -> None:
    fill(store)
    store.index.close()
    shutil.copyfile(root / "_index.sqlite", tmp_path / "older")
    late = put(store, US + 50 * DAY_US)
    if how == "moved over":
        os.rename(tmp_path / "older", root / "_index.sqlite")
    else:
        os.unlink(root / "_index.sqlite")
        shutil.copyfile(tmp_path / "older", root / "_index.sqlite")
    with pytest.raises(IndexRebuilding):
        store.runs.page(RunQuery(), limit=5)
    store.reconcile()
    assert listed_ids(store)[0] == late
    assert store.runs.count(RunQuery()) == 11
