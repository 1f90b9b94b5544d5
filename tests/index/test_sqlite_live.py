"""A SQLite file that is cut short, replaced or deleted under open connections never answers short."""

import contextlib
import functools
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from rmos.errors.store import IndexBroken, IndexUnavailable
from rmos.index.base import SEPARATOR
from rmos.index.sqlite import SqliteIndex
from rmos.row_models import RunQuery, RunRow
from tests.helpers.waiting import PATIENCE_S, wait_until
from tests.index.files import JUNK, ROWS, answers, cuts, everyone, fill, open_sqlite, right_or_refused
from tests.index.rows import complete
from tests.makers import US, make_row
from tests.store.processes import in_processes

T = TypeVar("T")


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
            filled.runs.upsert(ROWS)
            complete(filled)
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
    assert everyone(filled, tmp_path, lambda asked: asked.runs.count(RunQuery()).value == 0) == [True] * 3


def test_an_index_that_another_made_again_is_seen_by_open_connections_and_not_taken_for_the_complete_one(
    filled: SqliteIndex, tmp_path: Path, path: Path
) -> None:
    assert filled.state().complete
    before = filled.state().generation
    path.unlink()
    other = open_sqlite(tmp_path)
    assert other.prepare() is True
    assert filled.state().generation not in (before, None)
    assert not filled.state().complete
    assert filled.runs.count(RunQuery()).value == 0
    other.runs.upsert(ROWS[:3])
    assert filled.runs.count(RunQuery()).value == 3
    complete(other)
    assert filled.state().complete
    other.close()


def test_completeness_is_not_remembered_for_a_later_file_with_the_same_inode(tmp_path: Path, path: Path) -> None:
    index = fill(tmp_path, ROWS)
    assert index.state().complete
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
    assert not index.state().complete
    index.close()


def test_the_old_file_stays_open_until_the_new_one_is_made_so_that_their_inodes_differ(
    filled: SqliteIndex, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = filled._connections.close
    beside: list[bool] = []

    def close() -> None:
        beside.append(any(".new-" in name for name in os.listdir(tmp_path)))
        genuine()

    path.unlink()
    monkeypatch.setattr(filled._connections, "close", close)
    assert filled.prepare() is True
    assert beside == [True]


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

    assert filled._connections.ask(slow) == 0
    assert asked == [len(ROWS), 0]
    other.close()


@pytest.mark.parametrize("moment", ["before the transaction", "after it"])
def test_a_row_written_while_the_file_is_replaced_is_in_the_new_one(
    filled: SqliteIndex, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    other = open_sqlite(tmp_path)
    replaced: list[bool] = []
    ask = filled._connections.ask

    def replace() -> None:
        if not replaced:
            path.unlink()
            replaced.append(other.prepare())

    def ask_while_it_is_replaced(question: Callable[[sqlite3.Connection], T]) -> T:
        def interrupted(connection: sqlite3.Connection) -> T:
            if moment == "before the transaction":
                replace()
            answer = question(connection)
            replace()
            return answer

        return ask(interrupted)

    monkeypatch.setattr(filled._connections, "ask", ask_while_it_is_replaced)
    filled.runs.upsert([make_row(US - 1)])
    assert replaced == [True]
    assert other.runs.count(RunQuery()).value == 1
    other.close()


def test_threads_that_write_while_the_file_is_replaced_leave_a_whole_one(
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
                filled.runs.upsert([row])
            except (IndexBroken, IndexUnavailable):
                continue
            except BaseException as error:  # noqa: BLE001 - told to the test
                failures.append(error)
                break
            written.append(row)
        filled.close()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    other = open_sqlite(tmp_path)
    for _ in range(12):
        before = len(written)
        wait_until(lambda seen=before: len(written) > seen or failures, "a row")  # type: ignore[misc]
        path.unlink()
        other.prepare()
    stop.set()
    for writer in writers:
        writer.join()
    assert failures == []
    check = sqlite3.connect(path)
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()
    other.close()


def churn(argument: tuple[Path, int]) -> int:
    """Write rows without the lock and with it, and now and then break the index; return how many were taken."""
    folder, worker = argument
    path = folder / "_index.sqlite"
    index = open_sqlite(folder)
    taken = 0
    for number in range(60):
        row = make_row(US + worker * 1000 + number, version=number)
        with contextlib.suppress(IndexBroken, IndexUnavailable):
            index.runs.upsert([row])  # whoever holds the lock may replace the file right afterwards
            taken += 1
        with index.lock(wait_s=PATIENCE_S):
            if number % 15 == worker:
                path.write_bytes(b"junk" * 1000)
            elif number % 15 == worker + 5:
                path.unlink()
            make_whole(index, [row])
            assert index.runs.find(row.run_id).value is not None
    index.close()
    return taken


def make_whole(index: SqliteIndex, rows: list[RunRow]) -> None:
    """Write rows and declare the index complete, under the lock, as often as it takes.

    A reader that opened the file before may still take the WAL of the next one for its own, and spoil it: that index is
    found to be broken and made once more.
    """
    while True:
        with contextlib.suppress(IndexBroken, IndexUnavailable):
            index.prepare()
            index.runs.upsert(rows)
            complete(index)
            return


def test_processes_that_replace_the_index_at_once_end_with_one_that_is_whole(tmp_path: Path, path: Path) -> None:
    fill(tmp_path, []).close()
    in_processes(churn, [(tmp_path, worker) for worker in range(4)])
    index = open_sqlite(tmp_path)
    with index.lock(wait_s=0):
        index.prepare()
    index.runs.upsert(ROWS)
    assert index.runs.count(RunQuery()).value >= len(ROWS)
    index.close()
    check = sqlite3.connect(path)
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


def ask_until(argument: tuple[Path, int]) -> int:
    """Ask for pages until the folder says stop, and then until there is an answer; every answer must be right."""
    folder, _ = argument
    index = open_sqlite(folder)
    answered = 0
    while True:
        stopped = (folder / "stop").exists()
        with contextlib.suppress(IndexBroken, IndexUnavailable):
            listed, state = index.runs.page(RunQuery(), limit=1000)
            if state.complete:
                assert listed.text.count(SEPARATOR) == len(ROWS) - 1
                answered += 1
                if stopped:
                    break
        if stopped:  # the last index may have been spoilt too: whoever meets it makes it again
            with index.lock(wait_s=PATIENCE_S):
                make_whole(index, ROWS)
    index.close()
    return answered


def replace_often(argument: tuple[Path, int]) -> int:
    """Truncate, delete and junk the index, and make it again each time."""
    folder, _ = argument
    path = folder / "_index.sqlite"
    index = open_sqlite(folder)
    for number in range(15):
        with index.lock(wait_s=PATIENCE_S):
            if number % 3 == 0:
                os.truncate(path, 4096 * (number + 1))
            elif number % 3 == 1:
                path.unlink()
            else:
                path.write_bytes(b"junk" * 50_000)
            make_whole(index, ROWS)
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
