"""A SQLite file that is cut short, replaced or deleted while nothing runs never answers short."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from rmos.errors.store import IndexBroken, IndexUnavailable
from rmos.row_models import RunQuery
from tests.index.files import JUNK, ROWS, answers, cuts, fill, open_sqlite, right_or_refused
from tests.index.rows import complete
from tests.makers import US, make_row


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
    crashed.runs.upsert([make_row(US - 5, run_id="run_ffffffffffff")])
    right = answers(crashed)
    main, wal = ((tmp_path / name).read_bytes() for name in ("_index.sqlite", "_index.sqlite-wal"))
    assert len(wal) > 4096
    crashed.close()
    found = 0
    for end in cuts(len(main)):
        (tmp_path / "_index.sqlite").write_bytes(main[:end])  # in its place: the inode stays
        (tmp_path / "_index.sqlite-wal").write_bytes(wal)
        (tmp_path / "_index.sqlite-shm").unlink(missing_ok=True)
        cut = open_sqlite(tmp_path)
        found += right_or_refused(cut, right)
        cut.close()
    assert found < len(cuts(len(main))) / 4


@pytest.mark.parametrize("left", ["whole", "with its WAL"])
def test_trap_03_a_copy_of_an_index_is_used_only_without_a_wal_that_may_be_another_files(
    tmp_path: Path, left: str
) -> None:
    (tmp_path / "original").mkdir()
    original = fill(tmp_path / "original", ROWS)
    right = answers(original)
    original_count = original.runs.count(RunQuery()).value
    if left == "whole":
        original.close()
    (tmp_path / "copy").mkdir()
    for name in os.listdir(tmp_path / "original"):
        shutil.copyfile(tmp_path / "original" / name, tmp_path / "copy" / name)
    original.close()
    reader = open_sqlite(tmp_path / "copy", read_only=True)
    assert answers(reader) == right
    reader.close()
    writer = open_sqlite(tmp_path / "copy")
    assert right_or_refused(writer, right) is (left == "whole")
    assert writer.prepare() is (left != "whole")
    assert writer.runs.count(RunQuery()).value == (0 if left != "whole" else original_count)
    writer.close()


def test_an_index_that_is_given_the_inode_of_another_is_another_one(tmp_path: Path, path: Path) -> None:
    index = fill(tmp_path, ROWS)
    generation, inode = index.state().generation, path.stat().st_ino
    index.close()
    (tmp_path / "next").mkdir()
    fill(tmp_path / "next", ROWS).close()
    shutil.copyfile(tmp_path / "next" / path.name, path)  # its bytes in the place of the first one's
    assert path.stat().st_ino == inode
    assert index.state().complete
    assert index.state().generation != generation
    with pytest.raises(IndexBroken):
        index.complete(generation)
    index.close()


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
    assert not index.state().complete
    index.runs.upsert(ROWS)
    complete(index)
    assert answers(index) == right
    index.close()


def test_another_database_is_broken_and_replaced(tmp_path: Path, path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE runs (run_id TEXT)")
    other.commit()
    other.close()
    index = open_sqlite(tmp_path)
    with pytest.raises(IndexBroken):
        index.runs.count(RunQuery())
    assert index.prepare() is True
    assert index.runs.count(RunQuery()).value == 0
    index.close()


def test_the_wal_of_a_deleted_index_is_not_replayed_into_the_next(tmp_path: Path, path: Path) -> None:
    crashed = fill(tmp_path, ROWS)
    wal = (tmp_path / "_index.sqlite-wal").read_bytes()
    crashed.close()
    path.unlink()
    (tmp_path / "_index.sqlite-wal").write_bytes(wal)
    index = open_sqlite(tmp_path)
    assert index.prepare() is True
    assert index.runs.count(RunQuery()).value == 0
    assert not index.state().complete
    index.close()


def test_a_folder_in_the_place_of_the_file_is_refused_and_kept(tmp_path: Path, path: Path) -> None:
    path.mkdir()
    index = open_sqlite(tmp_path)
    with pytest.raises((IndexBroken, IndexUnavailable)):
        index.runs.count(RunQuery())
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
