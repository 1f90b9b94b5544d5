"""What only a SQLite file has: its form, its locks, and reading it without a trace."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos.errors.installation import ConfigError
from rmos.errors.store import IndexBroken, IndexUnavailable, StoreUnusable
from rmos.index import open_index, sqlite_file
from rmos.index.base import SCHEMA_VERSION
from rmos.index.sqlite import SqliteIndex
from rmos.models import RunQuery
from tests.earlier_system import snapshot
from tests.index.files import DAY, ROWS, alter, answers, fill, open_sqlite
from tests.makers import US, make_row

# Releases


@pytest.mark.parametrize("version", [str(SCHEMA_VERSION + 1), "99"])
def test_an_index_of_a_newer_release_is_refused_in_one_line_and_kept(
    filled: SqliteIndex, tmp_path: Path, path: Path, version: str
) -> None:
    alter(path, "UPDATE facts SET value = ? WHERE name = 'schema_version'", version)
    filled.close()
    again = open_sqlite(tmp_path)
    asks: list[Callable[[], object]] = [lambda: again.count(RunQuery()), again.prepare, again.is_complete]
    for ask in asks:
        with pytest.raises(StoreUnusable, match=r"^[^\n]*newer release[^\n]*$"):
            ask()
    alter(path, "UPDATE facts SET value = ? WHERE name = 'schema_version'", str(SCHEMA_VERSION))
    assert again.count(RunQuery()) == len(ROWS)
    again.close()


@pytest.mark.parametrize("version", ["0", "", "x", "-1"])
def test_an_index_of_an_older_form_is_broken_and_made_again(
    filled: SqliteIndex, tmp_path: Path, path: Path, version: str
) -> None:
    alter(path, "UPDATE facts SET value = ? WHERE name = 'schema_version'", version)
    filled.close()
    again = open_sqlite(tmp_path)
    with pytest.raises(IndexBroken):
        again.count(RunQuery())
    assert again.prepare() is True
    assert again.count(RunQuery()) == 0
    again.close()


@pytest.mark.parametrize(
    "change",
    [
        "summary = '{}'",
        "status = 'OK '",
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
    found = {row.run_id: holds for row, holds in filled.rows(DAY, "", "z")}
    assert [run_id for run_id, holds in found.items() if not holds] == [ROWS[3].run_id]


# Locked, full, read-only


def test_an_index_that_another_keeps_locked_is_unavailable_and_not_broken(
    filled: SqliteIndex, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "_BUSY_TIMEOUT_S", 0.1)
    filled.close()
    right = answers(filled)
    before = filled.generation()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for rows in ([make_row()], [make_row(), make_row()]):
        with pytest.raises(IndexUnavailable):
            filled.upsert(rows)
    assert answers(filled) == right
    other.execute("ROLLBACK")
    other.close()
    filled.upsert([make_row(US - 1)])
    assert filled.count(RunQuery()) == len(ROWS) + 1
    assert filled.generation() == before


def test_a_batch_that_fails_in_its_middle_leaves_no_part_of_it(filled: SqliteIndex, path: Path) -> None:
    alter(
        path,
        "CREATE TRIGGER full BEFORE INSERT ON runs WHEN NEW.tool_id = 'last' BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    with pytest.raises(IndexBroken):
        filled.upsert([make_row(US - 1), make_row(US - 2), make_row(US - 3, tool_id="last")])
    check = sqlite3.connect(path)
    assert check.execute("SELECT count(*) FROM runs").fetchone() == (len(ROWS),)
    check.close()


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
    assert reader.exists()
    assert answers(reader) == right
    reader.close()
    assert sorted(os.listdir(store)) == names
    assert {name: kept[:3] for name, kept in snapshot(store).items() if not name.endswith("-shm")} == before
    writer.close()


def test_trap_31_reading_where_there_is_no_index_creates_none(tmp_path: Path) -> None:
    reader = open_sqlite(tmp_path, read_only=True)
    assert not reader.exists()
    assert not reader.is_complete()
    with pytest.raises(IndexBroken):
        reader.count(RunQuery())
    assert os.listdir(tmp_path) == []


def test_a_reader_takes_no_writes(filled: SqliteIndex, tmp_path: Path) -> None:
    reader = open_sqlite(tmp_path, read_only=True)
    with pytest.raises(IndexUnavailable):
        reader.upsert([make_row()])
    reader.close()
    assert filled.count(RunQuery()) == len(ROWS)


def test_a_reader_sees_what_a_service_at_work_writes(filled: SqliteIndex, tmp_path: Path) -> None:
    reader = open_sqlite(tmp_path, read_only=True)
    assert reader.count(RunQuery()) == len(ROWS)
    filled.upsert([make_row(US - 1)])
    assert reader.count(RunQuery()) == len(ROWS) + 1
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
        open_sqlite(tmp_path, read_only=True).count(RunQuery())
    service.close()


# Where it is


@pytest.mark.parametrize(
    "url",
    ["postgresql://localhost/rmos", "sqlite://", "sqlite:///", "sqlite+aiosqlite:////x", "mysql://x", "file:///x"],
)
def test_a_database_that_cannot_be_used_is_a_wrong_setting(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="RMOS_DATABASE_URL"):
        open_index(tmp_path, url)


def test_an_index_elsewhere_keeps_its_lock_beside_the_record(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    odd = tmp_path / "an odd %20 ?name#.sqlite"
    index = open_index(tmp_path / "runs", f"sqlite:///{odd}")
    with index.lock(wait_s=0):
        index.prepare()
    index.upsert(ROWS[:2])
    index.close()
    assert os.listdir(tmp_path / "runs") == ["_index.lock"]
    assert sorted(os.listdir(tmp_path)) == sorted(["runs", odd.name])
