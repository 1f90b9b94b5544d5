"""Appending: events, their chain, every damage to it, and what is decided again when another writer was faster."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rmos import digest, ids
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectExists
from rmos.row_models import RunQuery
from rmos.store import Store, layout
from rmos.store.records import Damage
from rmos.store.run_records import RunRecord
from tests.makers import ANNA, US, listed_ids, make_event, make_members, open_store, write_raw
from tests.store.writing import DAY, DELETE, add, damage_of, flip, path_of, put


def test_events_are_numbered_files_beside_the_run_chained_by_digests(store: Store, root: Path) -> None:
    run_id = put(store)
    original = path_of(root, run_id).read_bytes()
    assert [add(store, run_id, advisory_id=f"adv_{number}") for number in (1, 2, 3)] == [1, 2, 3]
    previous = original
    for number in (1, 2, 3):
        data = path_of(root, run_id, number).read_bytes()
        event = json.loads(data)
        assert digest.verify_self_digest(data)
        assert (event["number"], event["record_id"], event["kind"]) == (number, run_id, "advisory")
        assert event["previous_sha256"] == digest.sha256_hex(previous)
        assert (event["actor"], event["role"], event["request_id"]) == ("anna", "operator", ANNA.request_id)
        previous = data
    assert path_of(root, run_id).read_bytes() == original
    record = store.runs.record(run_id)
    assert [advisory["advisory_id"] for advisory in record.view().advisories] == ["adv_1", "adv_2", "adv_3"]
    assert record.etag == f"{record.sha256}.3"


def test_an_event_of_no_run_is_refused(store: Store, root: Path) -> None:
    with pytest.raises(RunNotFound):
        add(store, ids.new_run_id(US))
    assert store.reader.partitions() == []


def test_who_decided_on_another_state_than_the_one_that_stands_decides_again(store: Store) -> None:
    run_id = put(store)
    seen = store.runs.record(run_id)
    add(store, run_id)
    asked: list[int] = []

    def decide(run: RunRecord) -> dict[str, str]:
        asked.append(run.version)
        return {"advisory_id": f"after_{run.version}"}

    changed = store.runs.append(run_id, "advisory", decide, actor=ANNA, us=US, seen=seen)
    assert asked == [0, 1]
    assert (changed.made, changed.view.version) == (True, 2)
    assert store.runs.record(run_id).events[1].data == {"advisory_id": "after_1"}


def test_who_refuses_while_deciding_writes_nothing(store: Store, root: Path) -> None:
    run_id = put(store)

    def refuse(run: RunRecord) -> None:
        raise PayloadTooLarge(f"version {run.version}")

    with pytest.raises(PayloadTooLarge, match="version 0"):
        store.runs.append(run_id, "advisory", refuse, actor=ANNA, us=US)
    assert os.listdir(root / DAY) == [f"{run_id}.json"]


def test_what_is_so_already_is_made_durable_before_it_is_acknowledged(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wrote it may have died before that; a run without events is that which its artifact makes."""
    run_id, durable = put(store), []
    monkeypatch.setattr(store.objects, "ensure_durable", durable.append)
    for version in (0, 1):
        changed = store.runs.append(run_id, "advisory", lambda _: None, actor=ANNA, us=US)
        assert (changed.made, changed.view.version) == (False, version)
        add(store, run_id)
    assert durable == [layout.artifact_key(DAY, run_id), layout.event_key(DAY, run_id, 1)]


def test_what_was_so_when_the_caller_read_it_is_looked_at_again_before_it_is_acknowledged(store: Store) -> None:
    run_id = put(store)
    add(store, run_id, "delete", **DELETE)
    seen = store.runs.record(run_id, include_deleted=True)
    store.deletes.restore(run_id, None, actor=ANNA, us=US)

    def delete(run: RunRecord) -> dict[str, Any] | None:
        return None if run.deletion else DELETE

    changed = store.runs.append(run_id, "delete", delete, actor=ANNA, us=US, seen=seen)
    assert (changed.made, changed.view.version) == (True, 3)


def test_who_never_wins_a_number_gives_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, asked = put(store), []

    def lose(key: str, data: bytes) -> bool:
        raise ObjectExists("Another was faster.")

    def decide(run: RunRecord) -> dict[str, str]:
        asked.append(run.version)
        return {"advisory_id": "adv"}

    monkeypatch.setattr(store.objects, "create", lose)
    with pytest.raises(VersionConflict) as caught:
        store.runs.append(run_id, "advisory", decide, actor=ANNA, us=US)
    assert (len(asked), caught.value.members["record_id"]) == (100, run_id)


def test_a_writer_whose_index_lags_behind_still_takes_the_next_number(store: Store, tmp_path: Path) -> None:
    run_id = put(store)
    blind = open_store(tmp_path, reconcile=False)
    blind.runs._summarise = None  # its events never reach the index
    assert [add(blind, run_id), add(blind, run_id), add(store, run_id), add(blind, run_id)] == [1, 2, 3, 4]
    assert store.runs.record(run_id).version == 4


def test_trap_06_a_deleted_run_is_gone_from_lists_counts_and_reading_and_comes_back_when_restored(
    store: Store,
) -> None:
    run_id, other = put(store), put(store, US + 1)
    add(store, run_id, "delete", **DELETE)
    with pytest.raises(RunDeleted) as caught:
        store.runs.record(run_id)
    assert caught.value.members == {
        "run_id": run_id,
        "deleted_at_utc": ids.utc_text(US),
        "deleted_by": "anna",
        "reason": "a trial",
        "mode": "soft",
    }
    assert listed_ids(store) == [other]
    assert store.runs.count(RunQuery()) == 1
    assert listed_ids(store, include_deleted=True) == [other, run_id]
    assert store.runs.record(run_id, include_deleted=True).deletion is not None
    add(store, run_id, "restore", reason="not a trial")
    assert store.runs.record(run_id).deletion is None
    assert listed_ids(store) == [other, run_id]


@pytest.mark.parametrize("index", ["there", "gone"])
def test_trap_07_every_kind_of_damage_is_told_and_never_served(store: Store, root: Path, index: str) -> None:
    """One run for each kind, so that none stands in the light of another."""
    runs = [put(store, US + number) for number in range(8)]
    for run_id in runs:
        for _ in range(3):
            add(store, run_id)
    flip(path_of(root, runs[0]), 200)
    write_raw(path_of(root, runs[1]), b"")
    path_of(root, runs[2]).unlink()
    flip(path_of(root, runs[3], 2), 200)
    path_of(root, runs[4], 2).unlink()
    write_raw(path_of(root, runs[5], 2), path_of(root, runs[5], 1).read_bytes())
    write_raw(path_of(root, runs[6], 3), make_event(runs[6], 3, "a" * 64))
    write_raw(path_of(root, runs[7]), path_of(root, runs[6]).read_bytes())
    if index == "gone":
        (root / "_index.sqlite").unlink()
    told = [damage_of(store, run_id) for run_id in runs]
    hole = "event_missing" if index == "there" else "event_hole"
    expected = ["corrupt", "corrupt", "missing", "event_corrupt", hole, "misnamed", "event_chain_broken", "misnamed"]
    assert told == expected
    for run_id in runs:
        with pytest.raises(Damage):
            add(store, run_id)


@pytest.mark.parametrize("make", [{}, {"run_id": "run_361afb660060"}], ids=["our id", "an earlier id"])
def test_trap_06_a_lost_delete_event_that_the_index_knows_is_damage_and_no_resurrection(
    store: Store, root: Path, make: dict[str, Any]
) -> None:
    run_id = put(store, **make)
    add(store, run_id)
    add(store, run_id, "delete", **DELETE)
    path_of(root, run_id, 2).unlink()
    assert damage_of(store, run_id) == "event_missing"
    for full in (False, True):
        store.reconcile(full=full)
        assert damage_of(store, run_id) == "event_missing"
        shown = [json.loads(item)["status"] for item in store.runs.page(RunQuery(), limit=5).items]
        assert shown in ([], ["ERROR"])  # never again as the run that it was
    with pytest.raises(Damage):
        add(store, run_id)


def test_the_same_put_of_a_run_whose_events_are_damaged_changes_nothing(store: Store, root: Path) -> None:
    members = make_members(US)
    run_id = store.runs.put(members).view.artifact.run_id
    add(store, run_id, "delete", **DELETE)
    write_raw(path_of(root, run_id, 1), b"")
    with pytest.raises(Damage):
        store.runs.put(members)
    assert store.runs.count(RunQuery()) == 0
