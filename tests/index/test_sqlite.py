"""What only a SQLite file has: its form, its locks, and reading it without a trace."""

import errno
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rmos.errors.installation import ConfigError, StoreUnusable
from rmos.errors.store import IndexBroken, IndexUnavailable
from rmos.index import open_index, sqlite_connections
from rmos.index.base import NO_INDEX
from rmos.index.schema import schema_of
from rmos.index.sqlite import SqliteIndex
from rmos.row_models import RunQuery
from tests.earlier_system import snapshot
from tests.helpers.waiting import PATIENCE_S, wait_until
from tests.index.files import DAY, ROWS, alter, answers, fill, open_sqlite
from tests.makers import US, make_row

# Schemas


def claim(path: Path, **facts: str) -> None:
    """Let the file say that it was made by another schema."""
    for name, value in facts.items():
        alter(path, "INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)


@pytest.mark.parametrize("what", ["tables", "rows"])
@pytest.mark.parametrize("release", ["99", "0.1.1", "1.0.0rc1"])
def test_an_index_of_a_newer_release_is_refused_in_one_line_and_kept(tmp_path: Path, what: str, release: str) -> None:
    fill(tmp_path, ROWS, row_schema="r").close()
    before = {"tables": schema_of("r").tables, "rows": "r"}
    claim(tmp_path / "_index.sqlite", release=release, **{what: "of the future"})
    again = open_sqlite(tmp_path, row_schema="r")
    asks: list[Callable[[], object]] = [lambda: again.runs.count(RunQuery()).value, again.prepare, again.state]
    for ask in asks:
        with pytest.raises(StoreUnusable, match=r"^[^\n]*newer release[^\n]*$"):
            ask()
    claim(tmp_path / "_index.sqlite", **{what: before[what]})
    assert again.runs.count(RunQuery()).value == len(ROWS)  # the same schema can be used, whichever release made it
    again.close()


@pytest.mark.parametrize("what", ["tables", "rows"])
@pytest.mark.parametrize("release", ["0.0.9", "", "x", schema_of(None).release])
def test_an_index_of_another_schema_is_broken_and_made_again(tmp_path: Path, what: str, release: str) -> None:
    fill(tmp_path, ROWS, row_schema="r").close()
    claim(tmp_path / "_index.sqlite", release=release, **{what: "of the past"})
    again = open_sqlite(tmp_path, row_schema="r")
    for ask in (lambda: again.runs.count(RunQuery()).value, again.state):
        with pytest.raises(IndexBroken):
            ask()
    assert again.prepare() is True
    assert again.runs.count(RunQuery()).value == 0
    assert again.state().schema == schema_of("r").text
    again.close()


def test_an_index_without_a_schema_is_broken_and_made_again(filled: SqliteIndex, tmp_path: Path, path: Path) -> None:
    alter(path, "DELETE FROM facts WHERE name <> 'complete'")
    filled.close()
    again = open_sqlite(tmp_path)
    with pytest.raises(IndexBroken):
        again.runs.count(RunQuery())
    assert again.prepare() is True
    again.close()


def test_trap_49_an_index_that_its_disk_does_not_look_at_is_unavailable_and_never_replaced(
    filled: SqliteIndex, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, inode, genuine = answers(filled), path.stat().st_ino, os.stat

    def failing(asked: Any, **how: Any) -> os.stat_result:
        if asked == str(path):
            raise OSError(errno.EIO, "Input/output error", asked)
        return genuine(asked, **how)

    asks: list[Callable[[], object]] = [filled.state, filled.prepare, lambda: filled.runs.find(ROWS[0].run_id)]
    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", failing)
        for ask in (*asks, lambda: filled.runs.upsert(ROWS[:1])):
            with pytest.raises(IndexUnavailable, match="input/output error"):
                ask()
    assert (answers(filled), path.stat().st_ino) == (right, inode)


@pytest.mark.parametrize(
    "change",
    [
        "summary = '{}'",
        "status = 'OK '",
        "status = 'ok'",
        "mode = upper(mode)",
        "state = 'deleted'",
        "version = version + 1",
        "material_id = 'maple'",
        "source = 'None'",
        "created_us = created_us + 1",
        "sha256 = 'x'",
        "checksum = checksum + 1",
    ],
)
def test_a_row_that_was_altered_behind_our_back_is_told_by_its_checksum(
    filled: SqliteIndex, path: Path, change: str
) -> None:
    alter(path, f"UPDATE runs SET {change} WHERE run_id = ?", ROWS[3].run_id)
    found = {row.run_id: holds for row, holds in filled.runs.rows(DAY)}
    assert [run_id for run_id, holds in found.items() if not holds] == [ROWS[3].run_id]
    known = filled.runs.known_between(DAY, ROWS[1].run_id, ROWS[3].run_id)
    assert [(run_id, holds) for run_id, (_, holds) in known.items()] == [
        (row.run_id, row is not ROWS[3]) for row in ROWS[1:4]
    ]


# Locked, full, read-only


def test_an_index_that_another_keeps_locked_is_unavailable_and_not_broken(
    filled: SqliteIndex, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_connections, "_BUSY_TIMEOUT_S", 0.1)
    filled.close()
    right = answers(filled)
    before = filled.state().generation
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for rows in ([make_row()], [make_row(), make_row()]):
        with pytest.raises(IndexUnavailable):
            filled.runs.upsert(rows)
    assert answers(filled) == right
    other.execute("ROLLBACK")
    other.close()
    filled.runs.upsert([make_row(US - 1)])
    assert filled.runs.count(RunQuery()).value == len(ROWS) + 1
    assert filled.state().generation == before


def test_a_batch_that_fails_in_its_middle_leaves_no_part_of_it(filled: SqliteIndex, path: Path) -> None:
    alter(
        path,
        "CREATE TRIGGER full BEFORE INSERT ON runs WHEN NEW.tool_id = 'last' BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    with pytest.raises(IndexBroken):
        filled.runs.upsert([make_row(US - 1), make_row(US - 2), make_row(US - 3, tool_id="last")])
    check = sqlite3.connect(path)
    assert check.execute("SELECT count(*) FROM runs").fetchone() == (len(ROWS),)
    check.close()


def test_what_a_statement_puts_aside_stays_in_memory(filled: SqliteIndex) -> None:
    connection = filled._connections.held().connection
    assert connection.execute("PRAGMA temp_store").fetchone() == (2,)  # MEMORY; each row would make a file otherwise


@pytest.mark.parametrize("folder_is_read_only", [True, False])
@pytest.mark.parametrize("left", ["nothing", "wal", "wal and shm", "a service at work"])
def test_trap_31_opening_to_read_creates_nothing(
    tmp_path: Path, left: str, folder_is_read_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = tmp_path / "live"
    live.mkdir()
    writer = fill(live, ROWS)
    right = answers(writer)
    store = live
    if left == "nothing":
        writer.close()
    elif left != "a service at work":
        store = tmp_path / "crashed"
        store.mkdir()
        for name in ("_index.sqlite", "_index.sqlite-wal", *(["_index.sqlite-shm"] if "shm" in left else [])):
            shutil.copyfile(live / name, store / name)
    if folder_is_read_only:
        monkeypatch.setattr(os, "access", lambda *_: False)
    before = {name: kept[:3] for name, kept in snapshot(store).items() if not name.endswith("-shm")}
    names = sorted(os.listdir(store))
    reader = open_sqlite(store, read_only=True)
    assert reader.state().complete
    assert answers(reader) == right
    reader.close()
    assert sorted(os.listdir(store)) == names
    assert {name: kept[:3] for name, kept in snapshot(store).items() if not name.endswith("-shm")} == before
    writer.close()


def test_trap_31_reading_where_there_is_no_index_creates_none(tmp_path: Path) -> None:
    reader = open_sqlite(tmp_path, read_only=True)
    assert reader.state() == NO_INDEX
    with pytest.raises(IndexBroken):
        reader.runs.count(RunQuery())
    assert os.listdir(tmp_path) == []


def test_a_reader_takes_no_writes(filled: SqliteIndex, tmp_path: Path) -> None:
    reader = open_sqlite(tmp_path, read_only=True)
    with pytest.raises(IndexUnavailable):
        reader.runs.upsert([make_row()])
    reader.close()
    assert filled.runs.count(RunQuery()).value == len(ROWS)


def test_a_reader_sees_what_a_service_at_work_writes(filled: SqliteIndex, tmp_path: Path) -> None:
    reader = open_sqlite(tmp_path, read_only=True)
    assert reader.runs.count(RunQuery()).value == len(ROWS)
    filled.runs.upsert([make_row(US - 1)])
    assert reader.runs.count(RunQuery()).value == len(ROWS) + 1
    reader.close()


def test_a_reader_that_cannot_copy_the_index_finds_it_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = fill(tmp_path, ROWS)
    (tmp_path / "_index.sqlite-shm").unlink()

    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", failing)
    with pytest.raises(IndexUnavailable):
        open_sqlite(tmp_path, read_only=True).runs.count(RunQuery())
    service.close()


# Where it is


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/rmos",
        "sqlite://",
        "sqlite:///",
        "sqlite+aiosqlite:////x",
        "mysql://x",
        "file:///x",
        "sqlite:////x?mode=ro",
    ],
)
def test_a_database_that_cannot_be_used_is_a_wrong_setting(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="RMOS_DATABASE_URL"):
        open_index(tmp_path, url)


def test_an_index_elsewhere_keeps_its_lock_beside_the_record(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    odd = tmp_path / "an odd %20 name#.sqlite"
    index = open_index(tmp_path / "runs", f"sqlite:///{odd}")
    with index.lock(wait_s=0):
        index.prepare()
    index.runs.upsert(ROWS[:2])
    index.close()
    assert os.listdir(tmp_path / "runs") == ["_index.lock"]
    assert sorted(os.listdir(tmp_path)) == sorted(["runs", odd.name])


def opened(path: Path) -> int:
    """Return how often this process has a file open."""
    links = (os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd"))
    return sum(os.path.realpath(link) == str(path) for link in links)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Grows with each time that somebody has found a lock taken and comes back to it."""
    tries: list[float] = []
    sleep = time.sleep
    monkeypatch.setattr(
        "rmos.index.locks.time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda s: (sleep(s), tries.append(s)))
    )
    return tries


def test_a_waiter_for_the_lock_file_gets_it_when_it_is_let_go(tmp_path: Path, tries: list[float]) -> None:
    happened: list[str] = []

    def wait() -> None:
        with open_sqlite(tmp_path).lock(wait_s=PATIENCE_S):
            happened.append("taken")

    waiter = threading.Thread(target=wait)
    with open_sqlite(tmp_path).lock(wait_s=0):
        waiter.start()
        wait_until(lambda: len(tries) >= 3, "the other to have tried several times")
        happened.append("let go")
    waiter.join()
    assert happened == ["let go", "taken"]


def test_a_lock_file_that_was_removed_while_it_was_waited_for_excludes_nobody(
    tmp_path: Path, tries: list[float]
) -> None:
    inside: list[str] = []

    def wait() -> None:
        with open_sqlite(tmp_path).lock(wait_s=PATIENCE_S):
            inside.append("waiter")

    waiter = threading.Thread(target=wait)
    with open_sqlite(tmp_path).lock(wait_s=0):
        waiter.start()
        wait_until(lambda: opened(tmp_path / "_index.lock") == 2, "the other to come to the lock")
        (tmp_path / "_index.lock").unlink()
    with open_sqlite(tmp_path).lock(wait_s=PATIENCE_S):
        seen, tried = list(inside), len(tries)
        wait_until(lambda: "waiter" in seen or len(tries) >= tried + 3, "the other to have tried several times")
        assert inside == seen  # nobody came in beside us
    waiter.join()
    assert inside == ["waiter"]
