"""A SQLite file that is cut short, replaced or deleted under open connections never answers short."""

import functools
import os
import shutil
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from rmos.errors.store import IndexBroken, IndexUnavailable
from rmos.index.base import SEPARATOR
from rmos.index.sqlite import SqliteIndex
from rmos.models import RunQuery, RunRow
from tests.index.files import JUNK, ROWS, answers, cuts, everyone, fill, open_sqlite, right_or_refused
from tests.makers import US, make_row
from tests.store.processes import in_processes


@pytest.mark.parametrize("checkpointed", [True, False])
def test_trap_03_a_file_cut_under_open_connections_is_broken_for_everyone_and_never_short(
    tmp_path: Path, checkpointed: bool
) -> None:
    places = cuts(200_000)[::4]
    for number, end in enumerate(places):
        folder = tmp_path / str(number)
        folder.mkdir()
        index = fill(folder, ROWS)
        if checkpointed:
            index.close()
        right = answers(index)
        path = folder / "_index.sqlite"
        if end >= path.stat().st_size:
            index.close()
            continue
        os.truncate(path, end)
        outcomes = everyone(index, folder, functools.partial(right_or_refused, right=right))
        assert outcomes[:2] == [False, False], end
        index.close()
        shutil.rmtree(folder)


@pytest.mark.parametrize("end", [0, 1, 32, 4000, 40_000])
def test_trap_03_a_wal_cut_under_open_connections_is_never_a_short_answer(
    filled: SqliteIndex, tmp_path: Path, end: int
) -> None:
    right = answers(filled)
    os.truncate(tmp_path / "_index.sqlite-wal", end)
    everyone(filled, tmp_path, lambda asked: right_or_refused(asked, right))


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("how", ["written over", "moved over"])
def test_trap_03_junk_under_open_connections_is_never_a_short_answer_and_is_replaced(
    filled: SqliteIndex, tmp_path: Path, path: Path, junk: str, how: str
) -> None:
    filled.close()  # so that the file is whole without its WAL
    right = answers(filled)
    data = JUNK[junk](path.read_bytes())
    if how == "written over":
        path.write_bytes(data)
    else:
        (tmp_path / "junk").write_bytes(data)
        os.rename(tmp_path / "junk", path)
    everyone(filled, tmp_path, lambda asked: right_or_refused(asked, right))
    with filled.lock(wait_s=0):
        if not right_or_refused(filled, right):
            assert filled.prepare() is True
            filled.upsert(ROWS)
            filled.complete()
    assert everyone(filled, tmp_path, lambda asked: right_or_refused(asked, right)) == [True] * 3


def test_an_index_deleted_under_open_connections_is_broken_until_it_is_made_again(
    filled: SqliteIndex, tmp_path: Path, path: Path
) -> None:
    right = answers(filled)
    for name in os.listdir(tmp_path):
        (tmp_path / name).unlink()
    assert everyone(filled, tmp_path, lambda asked: right_or_refused(asked, right)) == [False] * 3
    assert not path.exists()
    assert filled.prepare() is True
    assert everyone(filled, tmp_path, lambda asked: asked.count(RunQuery()) == 0) == [True] * 3


def test_an_index_that_another_made_again_is_seen_by_open_connections_and_not_taken_for_the_complete_one(
    filled: SqliteIndex, tmp_path: Path, path: Path
) -> None:
    assert filled.is_complete()
    before = filled.generation()
    path.unlink()
    other = open_sqlite(tmp_path)
    assert other.prepare() is True
    assert filled.generation() not in (before, None)
    assert not filled.is_complete()
    assert filled.count(RunQuery()) == 0
    other.upsert(ROWS[:3])
    assert filled.count(RunQuery()) == 3
    other.complete()
    assert filled.is_complete()
    other.close()


def test_completeness_is_not_remembered_for_a_later_file_with_the_same_inode(tmp_path: Path, path: Path) -> None:
    index = fill(tmp_path, ROWS)
    assert index.is_complete()
    first = path.stat().st_ino
    other = open_sqlite(tmp_path)
    for _ in range(20):
        path.unlink()
        index.close()
        with other.lock(wait_s=0):
            other.prepare()
        other.close()
        if path.stat().st_ino == first:
            break
    assert not index.is_complete()
    index.close()


def test_an_answer_of_a_file_that_was_replaced_meanwhile_is_dropped_and_asked_for_anew(
    filled: SqliteIndex, tmp_path: Path, path: Path
) -> None:
    other = open_sqlite(tmp_path)
    asked: list[int] = []

    def slow(connection: sqlite3.Connection) -> int:
        if not asked:
            path.unlink()
            other.prepare()
        asked.append(int(connection.execute("SELECT count(*) FROM runs").fetchone()[0]))
        return asked[-1]

    assert filled._ask(slow) == 0
    assert asked == [len(ROWS), 0]
    other.close()


def test_a_row_written_while_the_file_is_replaced_is_refused_or_in_the_new_one(
    filled: SqliteIndex, tmp_path: Path, path: Path
) -> None:
    stop = threading.Event()
    written: list[RunRow] = []
    failures: list[BaseException] = []

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            row = make_row(US + number, version=number)
            try:
                filled.upsert([row])
            except (IndexBroken, IndexUnavailable):
                continue
            except BaseException as error:  # noqa: BLE001 - told to the test
                failures.append(error)
                return
            written.append(row)
        filled.close()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    other = open_sqlite(tmp_path)
    for _ in range(12):
        path.unlink()
        other.prepare()
        time.sleep(0.02)
    stop.set()
    for writer in writers:
        writer.join()
    assert failures == []
    assert written
    check = sqlite3.connect(path)
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()
    other.close()


def churn(argument: tuple[Path, int]) -> int:
    """Write rows, and now and then break the index and make it again under the lock."""
    folder, worker = argument
    index = open_sqlite(folder)
    taken = 0
    for number in range(60):
        try:
            index.upsert([make_row(US + worker * 1000 + number, version=number)])
            assert index.count(RunQuery()) >= 1
            taken += 1
        except (IndexBroken, IndexUnavailable):
            with index.lock(wait_s=20):
                index.prepare()
        if number % 15 == worker:
            with index.lock(wait_s=20):
                (folder / "_index.sqlite").write_bytes(b"junk" * 1000)
        if number % 15 == worker + 5:
            with index.lock(wait_s=20):
                (folder / "_index.sqlite").unlink(missing_ok=True)
    index.close()
    return taken


def test_processes_that_replace_the_index_at_once_end_with_one_that_is_whole(tmp_path: Path, path: Path) -> None:
    fill(tmp_path, []).close()
    taken = in_processes(churn, [(tmp_path, worker) for worker in range(4)])
    assert all(taken)
    index = open_sqlite(tmp_path)
    with index.lock(wait_s=0):
        index.prepare()
    index.upsert(ROWS)
    assert index.count(RunQuery()) >= len(ROWS)
    index.close()
    check = sqlite3.connect(path)
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


def ask_until(argument: tuple[Path, int]) -> int:
    """Ask for pages until the folder says stop; every answer must be right."""
    folder, _ = argument
    index = open_sqlite(folder)
    refused = 0
    while not (folder / "stop").exists():
        try:
            asked = index.generation()
            if index.is_complete():
                listed = index.page(RunQuery(), limit=1000)
                if index.is_complete() and index.generation() == asked:
                    assert listed.text.count(SEPARATOR) == len(ROWS) - 1
        except (IndexBroken, IndexUnavailable):
            refused += 1
    index.close()
    return refused


def replace_often(argument: tuple[Path, int]) -> int:
    """Truncate, delete and junk the index, and make it again each time."""
    folder, _ = argument
    path = folder / "_index.sqlite"
    index = open_sqlite(folder)
    for number in range(15):
        with index.lock(wait_s=20):
            if number % 3 == 0:
                os.truncate(path, 4096 * (number + 1))
            elif number % 3 == 1:
                path.unlink()
            else:
                path.write_bytes(b"junk" * 50_000)
            index.prepare()
            index.upsert(ROWS)
            index.complete()
        time.sleep(0.01)
    index.close()
    (folder / "stop").touch()
    return 0


def play(argument: tuple[Path, int]) -> int:
    return (ask_until if argument[1] else replace_often)(argument)


def test_trap_03_other_processes_never_list_less_than_all_while_the_index_is_broken_and_made_again(
    tmp_path: Path,
) -> None:
    fill(tmp_path, ROWS).close()
    in_processes(play, [(tmp_path, worker) for worker in range(3)])
