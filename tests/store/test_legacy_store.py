"""A store of the earlier system opens as it is, answers in full, and not a byte of it changes."""

import json
import os
from pathlib import Path
from typing import Literal

import pytest

from rmos import digest
from rmos.errors.records import RunDeleted, RunExists, RunNotFound
from rmos.errors.store import StorageUnavailable
from rmos.row_models import RunQuery
from rmos.store.records import Damage
from tests.earlier_system import HARMLESS, EarlierStore, make_earlier_store, snapshot
from tests.helpers.failing import failing_to_open
from tests.makers import ANNA, US, add_event, listed_ids, make_earlier_artifact, make_members, open_store, write_raw

OURS = {"_index.sqlite", "_index.sqlite-wal", "_index.sqlite-shm", "_index.lock"}


@pytest.fixture(params=["beside", "inside"])
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> EarlierStore:
    attachments: Literal["beside", "inside"] = request.param
    return make_earlier_store(tmp_path, runs=45, attachments=attachments)


def newest_first(earlier: EarlierStore) -> list[str]:
    return earlier.run_ids[::-1]


def test_it_opens_in_place_and_lists_and_gives_every_run(earlier: EarlierStore, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert listed_ids(store) == newest_first(earlier)
    assert store.runs.count(RunQuery(include_deleted=True)) == len(earlier.artifacts)
    for run_id in earlier.run_ids:
        record = store.runs.record(run_id)
        assert record.data == earlier.artifacts[run_id].read_bytes()
        assert (record.has_self_digest, record.version) == (False, 0)
        shown = [advisory["advisory_id"] for advisory in record.view().advisories]
        inline = earlier.inline_advisories.get(run_id, [])
        assert sorted({*shown}) == sorted({*inline, *earlier.advisory_links.get(run_id, [])})
    store.index.close()


def test_its_soft_deletes_stand_and_its_hard_deletes_are_not_found(earlier: EarlierStore, tmp_path: Path) -> None:
    assert earlier.deleted
    store = open_store(tmp_path)
    for run_id, tombstone in earlier.deleted.items():
        with pytest.raises(RunDeleted) as caught:
            store.runs.record(run_id)
        assert caught.value.members == {
            "run_id": run_id,
            "mode": "soft",
            "deleted_at_utc": tombstone["deleted_at_utc"],
            "deleted_by": tombstone["deleted_by"],
            "reason": tombstone["deleted_reason"],
        }
    for run_id in earlier.hard_deleted:
        with pytest.raises(RunNotFound):
            store.runs.record(run_id)
    assert set(listed_ids(store, include_deleted=True)) - set(listed_ids(store)) == set(earlier.deleted)
    store.index.close()


def test_everything_is_given_by_id_without_an_index(earlier: EarlierStore, tmp_path: Path) -> None:
    store = open_store(tmp_path, reconcile=False)
    for run_id in earlier.run_ids:
        assert store.runs.record(run_id).data == earlier.artifacts[run_id].read_bytes()
    for run_id in earlier.deleted:
        with pytest.raises(RunDeleted):
            store.runs.record(run_id)


def test_not_a_byte_of_it_changes_whatever_is_done(earlier: EarlierStore, tmp_path: Path) -> None:
    before = snapshot(tmp_path)
    store = open_store(tmp_path)
    first = earlier.run_ids[0]
    listed_ids(store)
    store.runs.record(first)
    for number, run_id in enumerate((first, earlier.run_ids[-1], next(iter(earlier.deleted))), 1):
        add_event(store, run_id, "advisory", {"advisory_id": f"adv_{number}"}, actor=ANNA, us=US)
    ours = store.runs.put(make_members(US)).view.artifact.run_id
    store.reconcile(full=True)
    (earlier.root / "_index.sqlite").unlink()
    store.reconcile()
    store.index.close()
    after = snapshot(tmp_path)
    assert before.items() <= after.items()
    added = {name for name in after.keys() - before.keys() if os.path.basename(name) not in OURS}
    events = {name for name in added if name.endswith(".000001.json")}
    assert len(events) == 3
    assert added - events == {"runs/2025-12-23", f"runs/2025-12-23/{ours}.json"}
    assert not (earlier.root / "_format.json").exists()


def test_a_rebuild_and_the_loss_of_the_index_change_no_answer(earlier: EarlierStore, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    before = [store.runs.page(RunQuery(include_deleted=deleted), limit=500).items for deleted in (False, True)]
    for how in ("reconcile", "rebuild", "lose"):
        if how == "lose":
            (earlier.root / "_index.sqlite").unlink()
        store.reconcile(full=how == "rebuild")
        after = [store.runs.page(RunQuery(include_deleted=deleted), limit=500).items for deleted in (False, True)]
        assert after == before
    store.index.close()


@pytest.mark.parametrize("how", ["truncated", "deleted", "emptied", "no object", "a folder"])
@pytest.mark.parametrize("full", [False, True])
def test_trap_06_tombstones_that_our_index_learned_outlive_the_file_they_came_from(
    earlier: EarlierStore, tmp_path: Path, how: str, full: bool
) -> None:
    store = open_store(tmp_path)
    annotated = next(iter(earlier.deleted))
    add_event(store, annotated, "advisory", {"advisory_id": "later"}, actor=ANNA, us=US)
    path = earlier.root / "_index.json"
    data = path.read_bytes()
    path.unlink()
    if how == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "no object":
        path.write_bytes(b"[]")
    elif how == "a folder":
        path.mkdir()
    for _ in range(2):
        store.reconcile(full=full)
        assert listed_ids(store) == newest_first(earlier)
        for run_id in earlier.deleted:
            with pytest.raises(RunDeleted):
                store.runs.record(run_id)
    store.index.close()


def test_after_the_file_of_tombstones_is_gone_a_reconcile_is_not_a_rebuild_every_time(
    earlier: EarlierStore, tmp_path: Path
) -> None:
    store = open_store(tmp_path)
    (earlier.root / "_index.json").unlink()
    store.reconcile()
    assert store.reconcile().indexed == 0
    store.index.close()


def test_tombstones_that_come_back_with_the_file_are_learned_again(earlier: EarlierStore, tmp_path: Path) -> None:
    path = earlier.root / "_index.json"
    data, times = path.read_bytes(), path.stat()
    path.write_bytes(data[:100])
    store = open_store(tmp_path)
    assert set(earlier.deleted) <= set(listed_ids(store))  # nothing is left that says otherwise; verify reports it
    run_id = next(iter(earlier.deleted))
    assert store.runs.record(run_id).deletion is None
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(RunDeleted):
        store.runs.record(run_id)
    store.reconcile()
    assert listed_ids(store) == newest_first(earlier)
    store.index.close()


def test_a_restored_run_of_the_earlier_system_stays_restored(earlier: EarlierStore, tmp_path: Path) -> None:
    run_id = next(iter(earlier.deleted))
    store = open_store(tmp_path)
    add_event(store, run_id, "restore", {"reason": "not a trial"}, actor=ANNA, us=US)
    for how in ("now", "rebuild", "lose", "truncate"):
        if how == "lose":
            (earlier.root / "_index.sqlite").unlink()
        if how == "truncate":
            os.truncate(earlier.root / "_index.json", 100)
        if how != "now":
            store.reconcile(full=how == "rebuild")
        assert run_id in listed_ids(store)
        assert store.runs.record(run_id).version == 1
    store.index.close()


def test_new_runs_and_events_lie_beside_the_old_ones(earlier: EarlierStore, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    ours = store.runs.put(make_members(US)).view.artifact.run_id
    old = earlier.run_ids[3]
    artifact = earlier.artifacts[old]
    add_event(store, old, "delete", {"mode": "soft", "reason": "a trial"}, actor=ANNA, us=US)
    assert digest.verify_self_digest(artifact.with_name(f"{old}.000001.json").read_bytes())
    for _ in range(2):
        assert listed_ids(store) == [ours, *(one for one in newest_first(earlier) if one != old)]
        (earlier.root / "_index.sqlite").unlink()
        store.reconcile()
    with pytest.raises(RunDeleted):
        store.runs.record(old)
    store.index.close()


def test_an_id_of_the_earlier_system_stays_taken(earlier: EarlierStore, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    run_id = earlier.run_ids[0]
    created = json.loads(earlier.artifacts[run_id].read_bytes())["created_at_utc"]
    with pytest.raises(RunExists):
        store.runs.put(make_members(run_id=run_id, created_at_utc=created))
    assert store.runs.record(run_id).data == earlier.artifacts[run_id].read_bytes()
    store.index.close()


@pytest.mark.parametrize(
    ("oddity", "listed"),
    [
        ("truncated_index", "with the deleted"),
        ("missing_index", "with the deleted"),
        ("non_hex_ids", "as ever"),
        ("orphan_link", "as ever"),
        ("hostile_advisory_ids", "as ever"),
    ],
)
def test_trap_23_stores_with_harmful_oddities_open_and_list_what_is_a_run(
    tmp_path: Path, oddity: str, listed: str
) -> None:
    earlier = make_earlier_store(tmp_path, runs=45, oddities=HARMLESS | {oddity})
    before = snapshot(tmp_path)
    store = open_store(tmp_path)
    expected: set[str] = {*earlier.run_ids, *(earlier.deleted if listed == "with the deleted" else ())}
    assert set(listed_ids(store)) == expected - set(earlier.non_hex_ids)
    store.reconcile(full=True)
    assert set(listed_ids(store)) == expected - set(earlier.non_hex_ids)
    store.index.close()
    assert before.items() <= snapshot(tmp_path).items()


def test_trap_08_a_run_whose_id_contains_advisory_does_not_take_another_with_it(tmp_path: Path) -> None:
    earlier = make_earlier_store(tmp_path, runs=30, oddities=HARMLESS | {"non_hex_ids"})
    store = open_store(tmp_path)
    assert "run_a_advisory_b" in earlier.non_hex_ids
    assert set(listed_ids(store)) == set(earlier.run_ids)
    for run_id in earlier.non_hex_ids:
        with pytest.raises(RunNotFound):
            store.runs.record(run_id)
    store.index.close()


def test_trap_14_runs_with_and_without_fractions_are_listed_by_moment_and_not_by_text(tmp_path: Path) -> None:
    times = ("13.25Z", "13Z", "13.5+00:00", "13.000001Z", "14+00:00", "13.75Z")
    for number, text in enumerate(times):
        run_id = f"run_{number:012x}"
        data = make_earlier_artifact(run_id=run_id, created_at_utc=f"2025-12-23T09:46:{text}")
        write_raw(tmp_path / "runs" / "2025-12-23" / f"{run_id}.json", data)
    store = open_store(tmp_path)
    assert listed_ids(store) == [f"run_{number:012x}" for number in (4, 5, 2, 0, 3, 1)]
    store.index.close()


def test_an_earlier_artifact_that_was_rewritten_since_it_was_indexed_is_damage_until_an_operator_rebuilds(
    earlier: EarlierStore, tmp_path: Path
) -> None:
    store = open_store(tmp_path)
    run_id = earlier.run_ids[0]
    path = earlier.artifacts[run_id]
    altered = json.loads(path.read_bytes()) | {"status": "ERROR"}
    write_raw(path, json.dumps(altered, indent=2).encode())
    before = listed_ids(store, status="ERROR")
    for _ in range(2):
        with pytest.raises(Damage) as caught:
            store.runs.record(run_id)
        assert caught.value.kind == "altered"
        store.reconcile()
        assert listed_ids(store, status="ERROR") == before
    store.reconcile(full=True)
    assert store.runs.record(run_id).data == path.read_bytes()
    assert run_id in listed_ids(store, status="ERROR")
    store.index.close()


def test_trap_49_tombstones_that_the_disk_does_not_give_bring_no_run_back(
    earlier: EarlierStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, deleted = open_store(tmp_path, reconcile=False), next(iter(earlier.deleted))
    with failing_to_open(monkeypatch, "_index.json"):
        with pytest.raises(StorageUnavailable):
            store.runs.record(deleted)
        with pytest.raises(StorageUnavailable):
            store.reconcile()
    store.reconcile()
    assert listed_ids(store) == newest_first(earlier)
    with failing_to_open(monkeypatch, "_index.json"):  # what our index has learned stands
        store.reconcile(full=True)
        other = open_store(tmp_path, reconcile=False)
        with pytest.raises(RunDeleted):
            other.runs.record(deleted)
    assert listed_ids(store) == newest_first(earlier)
    for opened in (store, other):
        opened.index.close()
