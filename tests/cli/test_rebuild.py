import importlib
import os
from pathlib import Path

import pytest

from rmos.cli.opening import BUCKET_WORKERS, MANY_RUNS, workers_for
from rmos.index import open_index
from rmos.index.locks import file_lock
from rmos.objects.local import LocalObjects
from rmos.store import Store
from rmos.systems import count_cores
from tests.cli.conftest import RUNS, Command, artifacts_of, command_on, document, flip, records_of
from tests.earlier_system import make_earlier_store, snapshot
from tests.helpers.memory_objects import MemoryObjects


def drop_index(root: Path) -> None:
    for name in os.listdir(root):
        if name.startswith("_index"):
            (root / name).unlink()


def listed(run: Command) -> list[str]:
    items: list[dict[str, str]] = document(run("runs", "--limit", "500", "--json"))["items"]
    return [item["run_id"] for item in items]


def test_a_lost_index_is_filled_again_with_the_same_runs(run: Command, root: Path) -> None:
    before = listed(run)
    records = records_of(root)
    drop_index(root)
    result = run("rebuild", "--json")
    assert result.exit_code == 0
    assert document(result) == {"dry_run": False, "indexed": RUNS, "damaged": 0, "missing": 0, "unavailable": 0}
    assert run("verify").exit_code == 0
    assert listed(run) == before
    assert records_of(root) == records


def test_a_rebuild_keeps_deleted_runs_deleted(tmp_path: Path) -> None:
    run = command_on(tmp_path / "runs")
    assert run("demo", "--runs", "200").exit_code == 0
    before = listed(run)
    assert len(before) < 200
    drop_index(tmp_path / "runs")
    assert run("rebuild").exit_code == 0
    assert listed(run) == before


def test_damaged_and_missing_runs_are_told_and_never_skipped_silently(run: Command, root: Path) -> None:
    corrupt, gone = artifacts_of(root)[:2]
    flip(corrupt)
    gone.unlink()
    result = run("rebuild", "--json")
    assert result.exit_code == 1
    assert document(result) == {"dry_run": False, "indexed": RUNS - 2, "damaged": 1, "missing": 1, "unavailable": 0}
    assert "`rmos verify`" in run("rebuild").stdout


def test_what_repair_set_aside_is_no_fault_any_more(run: Command, root: Path) -> None:
    flip(artifacts_of(root)[0])
    assert run("repair").exit_code == 0
    assert run("rebuild").exit_code == 0
    drop_index(root)
    result = run("rebuild", "--json")
    assert result.exit_code == 0
    assert document(result)["damaged"] == 0


def test_a_dry_run_says_what_would_be_indexed_and_writes_nothing(run: Command, root: Path) -> None:
    drop_index(root)
    before = snapshot(root)
    result = run("rebuild", "--dry-run", "--json")
    assert result.exit_code == 0
    assert document(result) == {"dry_run": True, "would_index": RUNS, "not_in_index": RUNS}
    assert f"Would index {RUNS} runs" in run("rebuild", "--dry-run").stdout
    assert snapshot(root) == before


def test_a_store_of_the_earlier_system_is_indexed_in_place(tmp_path: Path) -> None:
    earlier = make_earlier_store(tmp_path)
    before = snapshot(earlier.root)
    run = command_on(earlier.root)
    assert run("rebuild").exit_code == 0
    assert set(listed(run)) == set(earlier.run_ids)
    assert before.items() <= snapshot(earlier.root).items()


def test_another_rebuild_at_work_is_waited_for_and_then_told(
    run: Command, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("rmos.cli.rebuild"), "LOCK_WAIT_S", 0.1)
    with file_lock(root / "_index.lock", wait_s=0):
        result = run("rebuild", "--json")
    assert result.exit_code == 11
    assert document(result)["error"] == "STORE_LOCKED"
    assert len(result.stderr.splitlines()) == 1
    assert run("rebuild").exit_code == 0


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for arguments in (("rebuild",), ("rebuild", "--dry-run")):
        assert command_on(tmp_path / "absent")(*arguments).exit_code == 10
    assert not (tmp_path / "absent").exists()


def test_an_empty_folder_has_nothing_to_index(tmp_path: Path) -> None:
    result = command_on(tmp_path)("rebuild", "--json")
    assert result.exit_code == 0
    assert document(result)["indexed"] == 0


def test_a_bucket_has_threads_for_the_fewest_runs_and_a_folder_processes_from_many_on(tmp_path: Path) -> None:
    bucket = Store(MemoryObjects(), open_index(tmp_path), summarise=None)
    folder = Store(LocalObjects(tmp_path), open_index(tmp_path), summarise=None)
    assert [workers_for(bucket, runs) for runs in (0, MANY_RUNS)] == [BUCKET_WORKERS] * 2
    assert [workers_for(folder, runs) for runs in (0, MANY_RUNS - 1, MANY_RUNS)] == [1, 1, count_cores()]
