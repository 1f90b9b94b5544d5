"""What only a SQLite file can suffer: it is deleted, cut short, replaced or locked, and never answers short."""

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rmos.errors import ConfigError, IndexBroken, IndexUnavailable, StoreUnusable
from rmos.index import SqliteIndex, open_index, sqlite
from rmos.index.base import SCHEMA_VERSION
from rmos.models import RunQuery, RunRow
from tests.earlier_system import snapshot
from tests.makers import US, make_row
from tests.store.processes import in_processes

ROWS = [
    make_row(
        US + number,
        run_id=f"run_{number:012x}",
        summary='{"text":"' + "y" * (9000 if number % 40 == 1 else 600) + '"}',
        status=("OK", "BLOCKED", "ERROR")[number % 3],
        material_id=("ebony", None)[number % 2],
    )
    for number in range(101)
]
DAY = ROWS[0].partition


def open_sqlite(folder: Path, name: str = "_index.sqlite", **how: Any) -> SqliteIndex:
    return SqliteIndex(folder / name, lock=folder / "_index.lock", **how)


def fill(folder: Path, rows: list[RunRow]) -> SqliteIndex:
    """Make a complete index with these rows."""
    index = open_sqlite(folder)
    index.prepare()
    index.upsert(rows)
    index.complete()
    return index


def answers(index: SqliteIndex) -> tuple[object, ...]:
    """Ask all that there is to ask."""
    return (
        index.is_complete(),
        index.count(RunQuery()),
        index.count(RunQuery(status="OK", material_id="ebony")),
        index.page(RunQuery(), limit=1000),
        index.page(RunQuery(status="BLOCKED"), limit=1000),
        index.page(RunQuery(), limit=5, before=(ROWS[9].created_us, ROWS[9].run_id)),
        [index.find(row.run_id) for row in ROWS[::7]],
        index.known(DAY),
        index.rows(DAY, "", "z"),
        index.partitions(),
        index.state_counts(),
    )


def right_or_refused(index: SqliteIndex, right: tuple[object, ...]) -> bool:
    """Tell whether the index answered; what it answered must be right."""
    try:
        found = answers(index)
    except (IndexBroken, IndexUnavailable):
        return False
    assert found == right
    return True


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    """A complete index with rows in it, and an open connection."""
    made = fill(tmp_path, ROWS)
    assert made.count(RunQuery()) == len(ROWS)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "_index.sqlite"


# Cut short, replaced or deleted while nothing runs


def cuts(size: int) -> list[int]:
    """Return every page boundary, many places in the last page and some in the others."""
    last = range(size - 4095, size, 61)
    return sorted({*range(0, size, 4096), *last, *range(1, 200, 13), *range(777, size, 7919)})


@pytest.mark.parametrize("count", [1, 20, 50, 101])
def test_trap_03_a_file_cut_anywhere_while_nothing_runs_is_broken_and_never_short(tmp_path: Path, count: int) -> None:
    whole = fill(tmp_path, ROWS[:count])
    right = answers(whole)
    whole.close()
    path = tmp_path / "_index.sqlite"
    data = path.read_bytes()
    refused = 0
    for end in cuts(len(data)):
        path.write_bytes(data[:end])
        cut = open_sqlite(tmp_path)
        refused += not right_or_refused(cut, right)
        cut.close()
    assert refused == len(cuts(len(data)))


@pytest.mark.parametrize("count", [20, 101])
def test_trap_03_a_file_cut_anywhere_after_a_crash_that_left_its_wal_is_broken_or_right(
    tmp_path: Path, count: int
) -> None:
    fill(tmp_path, ROWS[:count]).close()
    crashed = open_sqlite(tmp_path)
    crashed.upsert([make_row(US - 5, run_id="run_ffffffffffff")])
    right = answers(crashed)
    data = {name: (tmp_path / name).read_bytes() for name in ("_index.sqlite", "_index.sqlite-wal")}
    assert len(data["_index.sqlite-wal"]) > 4096
    crashed.close()
    found = 0
    for end in cuts(len(data["_index.sqlite"])):
        folder = tmp_path / f"cut-{end}"
        folder.mkdir()
        (folder / "_index.sqlite").write_bytes(data["_index.sqlite"][:end])
        (folder / "_index.sqlite-wal").write_bytes(data["_index.sqlite-wal"])
        cut = open_sqlite(folder)
        found += right_or_refused(cut, right)
        cut.close()
        shutil.rmtree(folder)
    assert found < len(cuts(len(data["_index.sqlite"]))) / 4


JUNK: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda data: b"",
    "zeros": lambda data: bytes(len(data)),
    "zeros after the first page": lambda data: data[:4096] + bytes(len(data) - 4096),
    "text": lambda data: b"not a database\n" * (len(data) // 15 + 1),
    "longer text": lambda data: b"not a database\n" * (len(data) // 5),
    "one line": lambda data: b"junk",
    "json": lambda data: b'{"run_id": {}}',
    "every byte flipped": lambda data: bytes(byte ^ 0xFF for byte in data),
    "pages in another order": lambda data: data[:4096] + data[8192:] + data[4096:8192],
}


@pytest.mark.parametrize("junk", JUNK)
def test_trap_03_junk_in_the_place_of_the_file_is_broken_and_replaced(tmp_path: Path, junk: str) -> None:
    whole = fill(tmp_path, ROWS)
    right = answers(whole)
    whole.close()
    path = tmp_path / "_index.sqlite"
    path.write_bytes(JUNK[junk](path.read_bytes()))
    index = open_sqlite(tmp_path)
    assert right_or_refused(index, right) is False
    assert index.prepare() is True
    assert not index.is_complete()
    index.upsert(ROWS)
    index.complete()
    assert answers(index) == right
    index.close()


def test_another_database_is_broken_and_replaced(tmp_path: Path, path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE runs (run_id TEXT)")
    other.commit()
    other.close()
    index = open_sqlite(tmp_path)
    with pytest.raises(IndexBroken):
        index.count(RunQuery())
    assert index.prepare() is True
    assert index.count(RunQuery()) == 0
    index.close()


def test_the_wal_of_a_deleted_index_is_not_replayed_into_the_next(tmp_path: Path, path: Path) -> None:
    crashed = fill(tmp_path, ROWS)
    wal = (tmp_path / "_index.sqlite-wal").read_bytes()
    crashed.close()
    path.unlink()
    (tmp_path / "_index.sqlite-wal").write_bytes(wal)
    index = open_sqlite(tmp_path)
    assert index.prepare() is True
    assert index.count(RunQuery()) == 0
    assert not index.is_complete()
    index.close()


def test_a_folder_in_the_place_of_the_file_is_refused_and_kept(tmp_path: Path, path: Path) -> None:
    path.mkdir()
    index = open_sqlite(tmp_path)
    with pytest.raises((IndexBroken, IndexUnavailable)):
        index.count(RunQuery())
    with pytest.raises(IndexUnavailable):
        index.prepare()
    assert path.is_dir()
    assert sorted(os.listdir(tmp_path)) == ["_index.sqlite"]


def test_an_index_in_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    index = open_sqlite(tmp_path / "absent")
    with pytest.raises(IndexUnavailable):
        index.prepare()
    with pytest.raises(IndexUnavailable), index.lock(wait_s=0):
        pass


# While connections are open


def everyone(index: SqliteIndex, folder: Path, ask: Callable[[SqliteIndex], bool]) -> list[bool]:
    """Ask from this thread, from a new one and as another process would."""
    outcomes = [ask(index)]

    def asking() -> None:
        outcomes.append(ask(index))
        index.close()

    thread = threading.Thread(target=asking)
    thread.start()
    thread.join()
    other = open_sqlite(folder)
    outcomes.append(ask(other))
    other.close()
    return outcomes


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
        outcomes = everyone(index, folder, lambda asked, right=right: right_or_refused(asked, right))
        assert outcomes[:2] == [False, False], end
        index.close()
        shutil.rmtree(folder)


@pytest.mark.parametrize("end", [0, 1, 32, 4000, 40_000])
def test_trap_03_a_wal_cut_under_open_connections_is_never_a_short_answer(
    index: SqliteIndex, tmp_path: Path, end: int
) -> None:
    right = answers(index)
    os.truncate(tmp_path / "_index.sqlite-wal", end)
    everyone(index, tmp_path, lambda asked: right_or_refused(asked, right))


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("how", ["written over", "moved over"])
def test_trap_03_junk_under_open_connections_is_never_a_short_answer_and_is_replaced(
    index: SqliteIndex, tmp_path: Path, path: Path, junk: str, how: str
) -> None:
    index.close()  # so that the file is whole without its WAL
    right = answers(index)
    data = JUNK[junk](path.read_bytes())
    if how == "written over":
        path.write_bytes(data)
    else:
        (tmp_path / "junk").write_bytes(data)
        os.rename(tmp_path / "junk", path)
    everyone(index, tmp_path, lambda asked: right_or_refused(asked, right))
    with index.lock(wait_s=0):
        if not right_or_refused(index, right):
            assert index.prepare() is True
            index.upsert(ROWS)
            index.complete()
    assert everyone(index, tmp_path, lambda asked: right_or_refused(asked, right)) == [True] * 3


def test_an_index_deleted_under_open_connections_is_broken_until_it_is_made_again(
    index: SqliteIndex, tmp_path: Path, path: Path
) -> None:
    right = answers(index)
    for name in os.listdir(tmp_path):
        (tmp_path / name).unlink()
    assert everyone(index, tmp_path, lambda asked: right_or_refused(asked, right)) == [False] * 3
    assert not path.exists()
    assert index.prepare() is True
    assert everyone(index, tmp_path, lambda asked: asked.count(RunQuery()) == 0) == [True] * 3


def test_an_index_that_another_made_again_is_seen_by_open_connections_and_not_taken_for_the_complete_one(
    index: SqliteIndex, tmp_path: Path, path: Path
) -> None:
    assert index.is_complete()
    before = index.generation()
    path.unlink()
    other = open_sqlite(tmp_path)
    assert other.prepare() is True
    assert index.generation() not in (before, None)
    assert not index.is_complete()
    assert index.count(RunQuery()) == 0
    other.upsert(ROWS[:3])
    assert index.count(RunQuery()) == 3
    other.complete()
    assert index.is_complete()
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


def test_a_row_written_while_the_file_is_replaced_is_refused_or_in_the_new_one(
    index: SqliteIndex, tmp_path: Path, path: Path
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
                index.upsert([row])
            except (IndexBroken, IndexUnavailable):
                continue
            except BaseException as error:  # noqa: BLE001 - told to the test
                failures.append(error)
                return
            written.append(row)
        index.close()

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
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
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
                    assert len(listed) == len(ROWS)
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


def test_trap_03_other_processes_never_list_less_than_all_while_the_index_is_broken_and_made_again(
    tmp_path: Path,
) -> None:
    fill(tmp_path, ROWS).close()
    in_processes(lambda one: (replace_often if one[1] == 0 else ask_until)(one), [(tmp_path, n) for n in range(3)])


# Releases


@pytest.mark.parametrize("version", [str(SCHEMA_VERSION + 1), "99"])
def test_an_index_of_a_newer_release_is_refused_in_one_line_and_kept(
    index: SqliteIndex, tmp_path: Path, path: Path, version: str
) -> None:
    alter(path, "UPDATE facts SET value = ? WHERE name = 'schema_version'", version)
    index.close()
    again = open_sqlite(tmp_path)
    for ask in (lambda: again.count(RunQuery()), again.prepare, again.is_complete):
        with pytest.raises(StoreUnusable, match=r"^[^\n]*newer release[^\n]*$"):
            ask()
    alter(path, "UPDATE facts SET value = ? WHERE name = 'schema_version'", str(SCHEMA_VERSION))
    assert again.count(RunQuery()) == len(ROWS)
    again.close()


@pytest.mark.parametrize("version", ["0", "", "x", "-1"])
def test_an_index_of_an_older_form_is_broken_and_made_again(
    index: SqliteIndex, tmp_path: Path, path: Path, version: str
) -> None:
    alter(path, "UPDATE facts SET value = ? WHERE name = 'schema_version'", version)
    index.close()
    again = open_sqlite(tmp_path)
    with pytest.raises(IndexBroken):
        again.count(RunQuery())
    assert again.prepare() is True
    assert again.count(RunQuery()) == 0
    again.close()


def alter(path: Path, statement: str, *values: object) -> None:
    """Change the index behind RMOS's back."""
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


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
    index: SqliteIndex, path: Path, change: str
) -> None:
    alter(path, f"UPDATE runs SET {change} WHERE run_id = ?", ROWS[3].run_id)
    found = {row.run_id: holds for row, holds in index.rows(DAY, "", "z")}
    assert [run_id for run_id, holds in found.items() if not holds] == [ROWS[3].run_id]


# Locked, full, read-only


def test_an_index_that_another_keeps_locked_is_unavailable_and_not_broken(
    index: SqliteIndex, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT_S", 0.1)
    index.close()
    right = answers(index)
    before = index.generation()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for rows in ([make_row()], [make_row(), make_row()]):
        with pytest.raises(IndexUnavailable):
            index.upsert(rows)
    assert answers(index) == right
    other.execute("ROLLBACK")
    other.close()
    index.upsert([make_row(US - 1)])
    assert index.count(RunQuery()) == len(ROWS) + 1
    assert index.generation() == before


def test_a_batch_that_fails_in_its_middle_leaves_no_part_of_it(index: SqliteIndex, path: Path) -> None:
    alter(
        path,
        "CREATE TRIGGER full BEFORE INSERT ON runs WHEN NEW.tool_id = 'last' BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    with pytest.raises(IndexBroken):
        index.upsert([make_row(US - 1), make_row(US - 2), make_row(US - 3, tool_id="last")])
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


def test_a_reader_takes_no_writes(index: SqliteIndex, tmp_path: Path) -> None:
    reader = open_sqlite(tmp_path, read_only=True)
    with pytest.raises(IndexUnavailable):
        reader.upsert([make_row()])
    reader.close()
    assert index.count(RunQuery()) == len(ROWS)


def test_a_reader_sees_what_a_service_at_work_writes(index: SqliteIndex, tmp_path: Path) -> None:
    reader = open_sqlite(tmp_path, read_only=True)
    assert reader.count(RunQuery()) == len(ROWS)
    index.upsert([make_row(US - 1)])
    assert reader.count(RunQuery()) == len(ROWS) + 1
    reader.close()


def test_a_reader_that_cannot_copy_the_index_finds_it_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, ROWS)
    (tmp_path / "_index.sqlite-shm").unlink()

    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", failing)
    with pytest.raises(IndexUnavailable):
        open_sqlite(tmp_path, read_only=True).count(RunQuery())


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
