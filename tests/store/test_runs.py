"""Putting and getting runs, one process at a time."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rmos import digest, ids
from rmos.errors.records import RunExists, RunNotFound
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectUnreadable
from rmos.objects.base import MAX_OBJECT_BYTES
from rmos.row_models import RunQuery
from rmos.store import Store, layout
from rmos.store.records import Damage
from tests.makers import ANNA, US, add_event, make_decision, make_members, write_raw
from tests.store.writing import DAY, DELETE, add, damage_of, flip, path_of, put


def test_a_run_is_on_disk_as_canonical_json_that_vouches_for_itself(store: Store, root: Path) -> None:
    members = make_members(US)
    stored = store.runs.put(members)
    data = path_of(root, members["run_id"]).read_bytes()
    assert data == stored.data == digest.encode_record(members)
    assert digest.verify_self_digest(data) == stored.view.sha256
    assert (stored.created, stored.indexed, stored.view.version) == (True, True, 0)


def test_what_was_put_is_read_back_byte_for_byte_with_and_without_the_index(store: Store, root: Path) -> None:
    stored = store.runs.put(make_members(US))
    run_id = stored.view.artifact.run_id
    for _ in range(2):
        record = store.runs.record(run_id)
        assert record.data == stored.data
        assert record.view() == stored.view
        assert (record.version, record.partition, record.has_self_digest) == (0, DAY, True)
        assert record.etag == f"{stored.view.sha256}.0"
        (root / "_index.sqlite").unlink(missing_ok=True)


def test_trap_05_the_same_bytes_again_are_a_success_and_other_bytes_are_refused(store: Store, root: Path) -> None:
    members = make_members(US)
    first = store.runs.put(members)
    again = store.runs.put(members)
    assert (again.created, again.indexed, again.data, again.view) == (False, True, first.data, first.view)
    with pytest.raises(RunExists) as caught:
        store.runs.put({**members, "notes": "other"})
    assert caught.value.members == {"run_id": members["run_id"]}
    assert path_of(root, members["run_id"]).read_bytes() == first.data
    assert store.runs.count(RunQuery()) == 1


def test_trap_05_an_id_is_never_accepted_on_another_date(store: Store, root: Path) -> None:
    members = make_members(US)
    store.runs.put(members)
    for moment in (US + 86_400_000_000, US + 1):
        with pytest.raises(Damage):
            store.runs.put({**members, "created_at_utc": ids.utc_text(moment)})
    assert store.reader.partitions() == [DAY]


def test_the_same_bytes_again_do_not_hide_the_events_that_came_since(store: Store) -> None:
    members = make_members(US)
    run_id = store.runs.put(members).view.artifact.run_id
    add(store, run_id, "delete", **DELETE)
    again = store.runs.put(members)
    assert (again.created, again.view.version) == (False, 1)
    assert again.view.deletion is not None
    assert store.runs.count(RunQuery()) == 0


@pytest.mark.parametrize("same", [True, False])
def test_trap_05_of_32_racing_puts_of_one_id_one_creates(store: Store, same: bool) -> None:
    members = make_members(US)

    def race(number: int) -> bool | None:
        try:
            return store.runs.put(members if same else {**members, "notes": f"writer {number}"}).created
        except RunExists:
            return None
        finally:
            store.index.close()

    with ThreadPoolExecutor(32) as threads:
        outcomes = list(threads.map(race, range(32)))
    assert outcomes.count(True) == 1
    assert outcomes.count(False if same else None) == 31
    assert store.runs.count(RunQuery()) == 1


HOSTILE_IDS = [
    "",
    "run_",
    "run_..",
    "../../../etc/passwd",
    "run_361afb660060/../../x",
    "run_361afb660060/x",
    "/etc/passwd",
    "run_361afb660060.json",
    "run_361afb660060\x00",
    "run_[0-9]*",
    "RUN_361AFB660060",
    "run_361afb660060\n",
    None,
    5,
    ["run_361afb660060"],
]


@pytest.mark.parametrize("run_id", HOSTILE_IDS)
def test_trap_09_trap_23_only_ids_become_names(store: Store, root: Path, run_id: Any) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises(Damage):
        store.runs.put({**make_members(US), "run_id": run_id})
    for ask in (store.runs.record, lambda one: add_event(store, one, "advisory", {}, actor=ANNA, us=US)):
        if isinstance(run_id, str):
            with pytest.raises(RunNotFound):
                ask(run_id)
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize(
    "over",
    [
        {"status": "FINE"},
        {"decision": make_decision(score=900)},
        {"decision": make_decision(warnings="hot")},
        {"schema": None},
        {"schema": "rmos.run/2"},
        {"created_at_utc": "now"},
        {"created_at_utc": None},
        {"hashes": {"feasibility_sha256": "a" * 64}},
        {"hashes": None},
        {"mode": None},
    ],
)
def test_trap_21_members_that_are_no_artifact_never_reach_the_disk(
    store: Store, root: Path, over: dict[str, Any]
) -> None:
    with pytest.raises(Damage):
        store.runs.put({**make_members(US), **over})
    assert store.reader.partitions() == []


@pytest.mark.parametrize("value", [float("nan"), 2**53 + 1, "\x00", "\ud800", b"", {1: 2}])
def test_values_that_are_no_json_never_reach_the_disk(store: Store, root: Path, value: Any) -> None:
    with pytest.raises(digest.NotCanonical):
        store.runs.put({**make_members(US), "meta": {"value": value}})
    run_id = put(store)
    with pytest.raises(digest.NotCanonical):
        add(store, run_id, value=value)
    assert len(os.listdir(root / DAY)) == 1


def test_a_record_that_could_not_be_read_back_is_not_written(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put(store)
    text = "x" * MAX_OBJECT_BYTES
    with pytest.raises(PayloadTooLarge):
        store.runs.put(make_members(US, notes=text))
    with pytest.raises(PayloadTooLarge):
        add(store, run_id, text=text)
    assert len(os.listdir(root / DAY)) == 1


def test_a_run_with_an_id_of_the_earlier_system_goes_where_its_time_says(store: Store) -> None:
    run_id = put(store, run_id="run_361afb660060")
    assert store.runs.record(run_id).partition == DAY
    (Path(store.objects.root) / "_index.sqlite").unlink()
    assert store.runs.record(run_id).partition == DAY


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_stands_in_the_place_of_a_run_keeps_the_id_taken_and_is_damage(
    store: Store, root: Path, tmp_path: Path, kind: str
) -> None:
    members = make_members(US)
    place = path_of(root, members["run_id"])
    place.parent.mkdir()
    if kind == "link":
        write_raw(tmp_path / "secret", digest.encode_record(members))
        place.symlink_to(tmp_path / "secret")
    elif kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    with pytest.raises(RunExists):
        store.runs.put(members)
    assert damage_of(store, members["run_id"]) == "unreadable"


@pytest.mark.parametrize("index", ["there", "gone"])
def test_the_id_of_a_run_in_quarantine_stays_taken_and_reading_it_is_damage(
    store: Store, root: Path, index: str
) -> None:
    members = make_members(US)
    run_id = store.runs.put(members).view.artifact.run_id
    flip(path_of(root, run_id), 200)
    store.objects.quarantine(layout.artifact_key(DAY, run_id))
    if index == "gone":
        (root / "_index.sqlite").unlink()
    for other in (members, {**members, "notes": "again"}):
        with pytest.raises(RunExists):
            store.runs.put(other)
    assert damage_of(store, run_id) in ("quarantined", "missing")
    assert not path_of(root, run_id).exists()


def test_the_id_of_an_earlier_run_in_quarantine_is_damage_wherever_its_digits_point(store: Store, root: Path) -> None:
    looks_like_ours = "run_361afb6600607123a3f5db546e6fc575"
    assert layout.home_partition(looks_like_ours) not in (None, DAY)
    write_raw(root / DAY / f"{looks_like_ours}.json", b"damaged")
    store.objects.quarantine(layout.artifact_key(DAY, looks_like_ours))
    assert damage_of(store, looks_like_ours) == "quarantined"


def test_the_id_of_a_run_whose_artifact_was_erased_stays_taken(store: Store, root: Path) -> None:
    members = make_members(US)
    run_id = store.runs.put(members).view.artifact.run_id
    add(store, run_id, "delete", mode="hard", reason="a trial")
    path_of(root, run_id).unlink()
    with pytest.raises(RunExists):
        store.runs.put(members)


def test_an_id_that_no_run_has_is_not_found(store: Store) -> None:
    put(store)
    for run_id in (ids.new_run_id(US), ids.new_run_id(US + 86_400_000_000), "run_361afb660060", "f" * 32):
        with pytest.raises(RunNotFound) as caught:
            store.runs.record(run_id)
        assert caught.value.members == {"run_id": run_id}


def test_an_id_beyond_the_end_of_time_is_not_found_and_no_crash(store: Store) -> None:
    with pytest.raises(RunNotFound):
        store.runs.record("run_ffffffffffff70008000000000000000")


def test_a_misplaced_run_is_damage_and_a_copy_beside_the_healthy_one_is_not_served(store: Store, root: Path) -> None:
    run_id, copied = put(store), put(store, US + 1)
    (root / "2025-12-01").mkdir()
    path_of(root, run_id).rename(root / "2025-12-01" / f"{run_id}.json")
    write_raw(root / "2025-12-01" / f"{copied}.json", path_of(root, copied).read_bytes())
    for full in (False, True):
        store.reconcile(full=full)
        assert store.runs.record(copied).partition == DAY
        assert damage_of(store, run_id) in ("misplaced", "missing")
    (root / "_index.sqlite").unlink()
    assert store.runs.record(copied).partition == DAY
    assert damage_of(store, run_id) == "misplaced"


def test_a_partition_that_cannot_be_listed_is_damage_and_not_absence(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put(store)
    (root / "_index.sqlite").unlink()

    def failing(folder: str, beginning: str = "") -> list[str]:
        raise ObjectUnreadable("The folder cannot be listed: permission denied.")

    monkeypatch.setattr(store.objects, "names", failing)
    assert damage_of(store, run_id) == "unreadable"


def test_trap_05_an_id_of_the_earlier_system_is_never_accepted_on_another_date(store: Store, root: Path) -> None:
    run_id = put(store, run_id="run_361afb660060")
    for index in ("there", "gone"):
        if index == "gone":
            (root / "_index.sqlite").unlink()
        with pytest.raises(RunExists):
            store.runs.put(make_members(US + 86_400_000_000, run_id))
    assert store.reader.partitions() == [DAY]
