"""Lists and counts, from the index alone."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rmos import ids
from rmos.errors.request import BadCursor
from rmos.errors.store import IndexRebuilding
from rmos.row_models import RunQuery
from rmos.store import Store
from tests.makers import US, listed_ids, open_store
from tests.store.writing import put


def test_trap_13_a_walk_through_many_runs_shows_each_once_and_ends(store: Store) -> None:
    made = [
        put(store, US + number // 4, run_id=f"run_{number:012x}", tool_id=("a", "b")[number % 2])
        for number in range(33)
    ]
    assert listed_ids(store) == made[::-1]
    assert listed_ids(store, tool_id="b") == made[1::2][::-1]
    assert store.runs.page(RunQuery(), limit=33).next_cursor is None
    assert store.runs.page(RunQuery(), limit=32).next_cursor is not None
    assert [json.loads(item)["run_id"] for item in store.runs.page(RunQuery(), limit=3, offset=30).items] == made[2::-1]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "é", "MjAyNS0xMi0yM3xydW5fMQ"])
def test_trap_13_a_bad_cursor_is_an_error_and_never_the_first_page(store: Store, cursor: str) -> None:
    put(store)
    with pytest.raises(BadCursor):
        store.runs.page(RunQuery(), limit=5, cursor=cursor)


def test_trap_36_a_list_opens_no_artifact(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [put(store, US + number) for number in range(5)]

    def never(*_: object) -> Any:
        raise AssertionError("a list read the record")

    for name in ("read", "names", "entries", "digest"):
        monkeypatch.setattr(store.objects, name, never)
    assert listed_ids(store) == made[::-1]
    assert store.runs.count(RunQuery(status="OK")) == 5


def test_trap_01_what_a_put_costs_does_not_grow_with_the_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def calls() -> int:
        made: list[int] = []
        genuine_open, genuine_write = os.open, os.write

        def opening(*args: Any, **how: Any) -> int:
            made.append(1)
            return genuine_open(*args, **how)

        def writing(fd: int, data: Any) -> int:
            made.append(len(data))
            return genuine_write(fd, data)

        def listing(*_: Any) -> Any:
            raise AssertionError("a put listed a folder")

        with monkeypatch.context() as patched:
            for name, patch in (("open", opening), ("write", writing), ("listdir", listing), ("scandir", listing)):
                patched.setattr(os, name, patch)
            put(store, ids.now_us())
        return sum(made)

    put(store, ids.now_us())
    first = calls()
    for _ in range(150):
        put(store, ids.now_us())
    assert calls() == first


def test_lists_are_refused_until_this_process_has_reconciled(store: Store, tmp_path: Path) -> None:
    put(store)
    other = open_store(tmp_path, reconcile=False)
    for ask in (lambda: other.runs.page(RunQuery(), limit=5), lambda: other.runs.count(RunQuery())):
        with pytest.raises(IndexRebuilding) as caught:
            ask()
        assert caught.value.retry_after_s
    other.reconcile()
    assert other.runs.count(RunQuery()) == 1
