"""Putting and getting runs and their events, one process at a time."""

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rmos import digest, ids
from rmos.errors import (
    BadCursor,
    IndexRebuilding,
    ObjectUnreadable,
    OutOfSpace,
    PayloadTooLarge,
    RmosError,
    RunDeleted,
    RunExists,
    RunNotFound,
    StorageFailed,
    StoreReadOnly,
    VersionConflict,
)
from rmos.models import RunQuery
from rmos.objects import MAX_OBJECT_BYTES
from rmos.store import Store, layout
from rmos.store.records import Damage
from tests.makers import ANNA, US, listed_ids, make_decision, make_event, make_members, open_store, write_raw

DAY = "2025-12-23"
DELETE = {"mode": "soft", "reason": "a trial"}


def put(store: Store, us: int = US, **over: Any) -> str:
    """Put a valid run and return its id."""
    stored = store.runs.put(make_members(us, **over))
    assert stored.created
    assert stored.indexed
    return stored.view.artifact.run_id


def add(store: Store, run_id: str, kind: str = "advisory", us: int = US, **data: Any) -> int:
    """Add an event and return its number."""
    return store.runs.add_event(run_id, kind, data or {"advisory_id": "adv"}, actor=ANNA, us=us).view.version


def path_of(root: Path, run_id: str, number: int | None = None) -> Path:
    return root / DAY / (f"{run_id}.json" if number is None else f"{run_id}.{number:06d}.json")


def damage_of(store: Store, run_id: str) -> str:
    """Return the kind of damage that reading a run ends in, with and without deleted ones."""
    with pytest.raises(Damage) as caught:
        store.runs.record(run_id)
    with pytest.raises(Damage):
        store.runs.record(run_id, include_deleted=True)
    assert caught.value.code == "RECORD_DAMAGED"
    return caught.value.kind


# Putting


def test_a_run_is_on_disk_as_canonical_json_that_vouches_for_itself(store: Store, root: Path) -> None:
    members = make_members(US)
    stored = store.runs.put(members)
    data = path_of(root, members["run_id"]).read_bytes()
    assert data == stored.data == digest.seal(members)
    assert digest.sealed_sha256(data) == stored.view.sha256
    assert (stored.created, stored.indexed, stored.view.version) == (True, True, 0)


def test_what_was_put_is_read_back_byte_for_byte_with_and_without_the_index(store: Store, root: Path) -> None:
    stored = store.runs.put(make_members(US))
    run_id = stored.view.artifact.run_id
    for _ in range(2):
        record = store.runs.record(run_id)
        assert record.data == stored.data
        assert record.view() == stored.view
        assert (record.version, record.partition, record.vouched) == (0, DAY, True)
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
    for ask in (store.runs.record, lambda one: store.runs.add_event(one, "advisory", {}, actor=ANNA, us=US)):
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
        write_raw(tmp_path / "secret", digest.seal(members))
        place.symlink_to(tmp_path / "secret")
    elif kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    with pytest.raises(RunExists):
        store.runs.put(members)
    assert damage_of(store, members["run_id"]) == "unreadable"


# A disk or an index that fails


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, OutOfSpace), (errno.EIO, StorageFailed), (errno.EROFS, StoreReadOnly)]
)
def test_a_put_that_the_disk_did_not_take_leaves_nothing_and_the_next_one_works(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[RmosError]
) -> None:
    genuine = os.write

    def failing(fd: int, data: Any) -> int:
        raise OSError(number, os.strerror(number), str(root))

    members = make_members(US)
    monkeypatch.setattr(os, "write", failing)
    with pytest.raises(error) as caught:
        store.runs.put(members)
    assert str(root) not in str(caught.value)
    monkeypatch.setattr(os, "write", genuine)
    assert os.listdir(root / DAY) == []
    assert store.runs.count(RunQuery()) == 0
    with pytest.raises(RunNotFound):
        store.runs.record(members["run_id"])
    assert store.runs.put(members).created


def test_after_a_failed_fsync_puts_are_refused_and_reads_and_lists_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put(store)

    def failing(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(StorageFailed):
            store.runs.put(make_members(US + 1))
    for write in (lambda: store.runs.put(make_members(US + 2)), lambda: add(store, run_id)):
        with pytest.raises(StoreReadOnly):
            write()
    assert store.runs.record(run_id).version == 0
    assert listed_ids(store) == [run_id]


def test_a_put_whose_row_the_index_did_not_take_is_a_success_that_says_so(store: Store, root: Path) -> None:
    (root / "_index.sqlite").unlink()
    stored = store.runs.put(make_members(US))
    assert (stored.created, stored.indexed) == (True, False)
    event = store.runs.add_event(stored.view.artifact.run_id, "advisory", {"advisory_id": "a"}, actor=ANNA, us=US)
    assert (event.created, event.indexed) == (True, False)
    assert not (root / "_index.sqlite").exists()
    store.reconcile()
    assert [json.loads(item)["version"] for item in store.runs.page(RunQuery(), limit=9).items] == [1]


def test_a_store_without_summaries_records_and_leaves_the_rows_to_the_next_reconcile(
    store: Store, tmp_path: Path
) -> None:
    other = open_store(tmp_path, reconcile=False)
    other.runs._summarise = None
    stored = other.runs.put(make_members(US))
    assert not stored.indexed
    store.reconcile()
    assert listed_ids(store) == [stored.view.artifact.run_id]


# Events


def test_events_are_numbered_files_beside_the_run_chained_by_digests(store: Store, root: Path) -> None:
    run_id = put(store)
    original = path_of(root, run_id).read_bytes()
    assert [add(store, run_id, advisory_id=f"adv_{number}") for number in (1, 2, 3)] == [1, 2, 3]
    previous = original
    for number in (1, 2, 3):
        data = path_of(root, run_id, number).read_bytes()
        event = json.loads(data)
        assert digest.sealed_sha256(data)
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


def test_an_event_for_another_version_than_the_caller_saw_is_refused_and_writes_nothing(
    store: Store, root: Path
) -> None:
    run_id = put(store)
    how: dict[str, Any] = {"actor": ANNA, "us": US}
    assert store.runs.add_event(run_id, "advisory", {"advisory_id": "a"}, version=0, **how).view.version == 1
    for version in (0, 2, -1):
        with pytest.raises(VersionConflict) as caught:
            store.runs.add_event(run_id, "advisory", {"advisory_id": "a"}, version=version, **how)
        assert caught.value.members["version"] == 1
    assert store.runs.add_event(run_id, "advisory", {"advisory_id": "a"}, version=1, **how).view.version == 2
    assert len(os.listdir(root / DAY)) == 3


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


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x01
    write_raw(path, bytes(data))


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
        assert listed_ids(store) == []
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


# Ids that stay taken


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


# Reading


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

    def failing(folder: str) -> list[str]:
        raise ObjectUnreadable("The folder cannot be listed: permission denied.")

    monkeypatch.setattr(store.objects, "names", failing)
    assert damage_of(store, run_id) == "unreadable"


# Lists


def test_trap_13_a_walk_through_many_runs_shows_each_once_and_ends(store: Store) -> None:
    made = [
        put(store, US + number // 4, run_id=f"run_{number:012x}", tool_id=("a", "b")[number % 2])
        for number in range(33)
    ]
    assert listed_ids(store) == made[::-1]
    assert listed_ids(store, tool_id="b") == made[1::2][::-1]
    assert store.runs.page(RunQuery(), limit=33).next_cursor is None
    assert store.runs.page(RunQuery(), limit=32).next_cursor is not None
    assert [json.loads(item)["run_id"] for item in store.runs.page(RunQuery(), limit=3, offset=30).items] == made[2::-1]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "é", "MjAyNS0xMi0yM3xydW5fMQ"])
def test_trap_13_a_bad_cursor_is_an_error_and_never_the_first_page(store: Store, cursor: str) -> None:
    put(store)
    with pytest.raises(BadCursor):
        store.runs.page(RunQuery(), limit=5, cursor=cursor)


def test_trap_36_a_list_opens_no_artifact(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [put(store, US + number) for number in range(5)]

    def never(*_: object) -> Any:
        raise AssertionError("a list read the record")

    for name in ("read", "names", "entries", "digest"):
        monkeypatch.setattr(store.objects, name, never)
    assert listed_ids(store) == made[::-1]
    assert store.runs.count(RunQuery(status="OK")) == 5


def test_trap_01_what_a_put_costs_does_not_grow_with_the_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def calls() -> int:
        made: list[int] = []
        genuine_open, genuine_write = os.open, os.write
        with monkeypatch.context() as patched:
            patched.setattr(os, "open", lambda *a, **k: made.append(1) or genuine_open(*a, **k))
            patched.setattr(os, "write", lambda fd, data: made.append(len(data)) or genuine_write(fd, data))
            patched.setattr(os, "listdir", lambda *_: pytest.fail("a put listed a folder"))
            patched.setattr(os, "scandir", lambda *_: pytest.fail("a put listed a folder"))
            put(store, ids.now_us())
        return sum(made)

    put(store, ids.now_us())
    first = calls()
    for _ in range(150):
        put(store, ids.now_us())
    assert calls() == first


def test_lists_are_refused_until_this_process_has_reconciled(store: Store, tmp_path: Path) -> None:
    put(store)
    other = open_store(tmp_path, reconcile=False)
    for ask in (lambda: other.runs.page(RunQuery(), limit=5), lambda: other.runs.count(RunQuery())):
        with pytest.raises(IndexRebuilding) as caught:
            ask()
        assert caught.value.retry_after_s
    other.reconcile()
    assert other.runs.count(RunQuery()) == 1
