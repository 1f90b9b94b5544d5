"""Opening a store, its format, and the function for scripts."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rmos import config
from rmos.config import Settings
from rmos.errors.installation import NoStore, StoreUnusable
from rmos.errors.request import ValidationFailed
from rmos.errors.store import IndexRebuilding, StorageFailed, StorageUnavailable, StoreReadOnly
from rmos.store import Store, count_runs_filtered
from tests.earlier_system import snapshot
from tests.helpers.failing import failing_to_open
from tests.makers import US, listed_ids, make_members, open_store, summarise, write_raw


def test_opening_for_writing_makes_the_folder_and_says_its_format(tmp_path: Path) -> None:
    open_store(tmp_path, reconcile=False)
    assert sorted(os.listdir(tmp_path / "runs")) == ["_format.json"]
    assert (tmp_path / "runs" / "_format.json").read_bytes() == b'{"format":1}\n'


def test_opening_again_changes_nothing(store: Store, root: Path, tmp_path: Path) -> None:
    store.runs.put(make_members(US))
    store.index.close()
    before = snapshot(root)
    open_store(tmp_path, reconcile=False)
    assert snapshot(root) == before


def test_trap_31_opening_to_read_where_nothing_is_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoStore) as caught:
        open_store(tmp_path, reconcile=False, write=False)
    assert caught.value.exit_code == 10
    assert str(tmp_path) not in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_trap_31_an_empty_folder_is_a_healthy_store_of_no_runs_and_stays_empty(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    store = open_store(tmp_path, reconcile=False, write=False)
    assert store.reader.partitions() == []
    assert os.listdir(tmp_path / "runs") == []


@pytest.mark.parametrize("shut_down", [True, False])
def test_trap_31_reading_a_store_by_id_and_by_list_changes_nothing(tmp_path: Path, shut_down: bool) -> None:
    writer = open_store(tmp_path)
    run_id = writer.runs.put(make_members(US)).view.artifact.run_id
    if shut_down:
        writer.index.close()
    before = {name: kept for name, kept in snapshot(tmp_path).items() if not name.endswith("-shm")}
    names = sorted(os.listdir(tmp_path / "runs"))
    reader = open_store(tmp_path, reconcile=False, write=False)
    reader.trust_index()
    assert reader.runs.record(run_id).version == 0
    assert listed_ids(reader) == [run_id]
    reader.index.close()
    assert sorted(os.listdir(tmp_path / "runs")) == names
    assert {name: kept for name, kept in snapshot(tmp_path).items() if not name.endswith("-shm")} == before
    writer.index.close()


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("data", [b'{"format":2}\n', b'{"format":99,"more":1}'])
def test_a_newer_format_is_refused_in_one_line(tmp_path: Path, data: bytes, write: bool) -> None:
    write_raw(tmp_path / "runs" / "_format.json", data)
    with pytest.raises(StoreUnusable, match=r"^The store has format \d+[^\n]*$"):
        open_store(tmp_path, reconcile=False, write=write)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b'{"format":0}', b'{"format":-1}', b'{"format":"1"}', b'{"format":1.5}', b"\xff"]
)
def test_a_format_that_cannot_be_read_is_refused_and_says_what_to_do(tmp_path: Path, data: bytes) -> None:
    path = write_raw(tmp_path / "runs" / "_format.json", data)
    with pytest.raises(StoreUnusable, match="restore it"):
        open_store(tmp_path, reconcile=False)
    assert path.read_bytes() == data


def test_a_link_in_the_place_of_the_format_is_refused(tmp_path: Path) -> None:
    write_raw(tmp_path / "elsewhere", b'{"format":1}\n')
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "_format.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnusable):
        open_store(tmp_path, reconcile=False)


def test_a_place_where_no_folder_can_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    write_raw(tmp_path / "runs", b"")
    with pytest.raises(StorageFailed) as caught:
        open_store(tmp_path, reconcile=False)
    assert str(tmp_path) not in str(caught.value)


def test_a_store_that_takes_no_writes_cannot_be_opened_for_writing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system", str(tmp_path))

    monkeypatch.setattr(os, "link", failing)
    with pytest.raises(StoreReadOnly) as caught:
        open_store(tmp_path, reconcile=False)
    assert str(tmp_path) not in str(caught.value)


def test_blobs_may_live_elsewhere(tmp_path: Path) -> None:
    settings = Settings(
        instance_path=tmp_path, runs_dir=tmp_path / "runs", run_attachments_dir=tmp_path / "far" / "blobs"
    )
    store = Store.open(settings, summarise=summarise)
    store.objects.create("_attachments/ab/cd/abcd", b"blob")
    assert (tmp_path / "far" / "blobs" / "ab" / "cd" / "abcd").read_bytes() == b"blob"
    assert sorted(os.listdir(tmp_path / "runs")) == ["_format.json"]


# For scripts


@pytest.fixture
def counted(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(config, "default_instance_path", lambda: root.parent)
    monkeypatch.setenv("RMOS_RUNS_DIR", str(root))
    for number in range(5):
        store.runs.put(make_members(US + number, status=("OK", "BLOCKED")[number % 2]))
    return store


def test_trap_15_a_script_counts_with_the_filters_of_the_lists(counted: Store) -> None:
    assert count_runs_filtered() == 5
    assert count_runs_filtered(status="BLOCKED") == 2
    assert count_runs_filtered(risk_level="GREEN", created_from_us=US + 2) == 2
    assert count_runs_filtered(include_deleted=True) == 5


@pytest.mark.parametrize(
    "filters", [{"statsu": "OK"}, {"status": 5}, {"include_deleted": "yes"}, {"created_from_us": "now"}]
)
def test_trap_15_a_filter_that_there_is_not_is_an_error_and_never_ignored(
    counted: Store, filters: dict[str, Any]
) -> None:
    with pytest.raises(ValidationFailed):
        count_runs_filtered(**filters)


def test_a_script_gets_no_short_count_and_makes_no_store(counted: Store, root: Path, monkeypatch: Any) -> None:
    (root / "_index.sqlite").unlink()
    with pytest.raises(IndexRebuilding):
        count_runs_filtered()
    assert not (root / "_index.sqlite").exists()
    monkeypatch.setenv("RMOS_RUNS_DIR", str(root / "absent"))
    with pytest.raises(NoStore):
        count_runs_filtered()


def test_the_summary_of_the_tests_shows_what_was_folded(store: Store) -> None:
    stored = store.runs.put(make_members(US))
    assert json.loads(summarise(stored.view))["run_id"] == stored.view.artifact.run_id


def test_trap_49_a_format_that_the_disk_does_not_give_is_not_one_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(tmp_path).index.close()
    with failing_to_open(monkeypatch, "_format.json"), pytest.raises(StorageUnavailable):
        open_store(tmp_path)
    open_store(tmp_path).index.close()
