"""What may lack its row, where several hosts share one record: announced before it is written, brought in by a pass."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rmos import ids
from rmos.errors.base import RmosError
from rmos.errors.store import IndexRebuilding, IndexUnavailable, StorageFailed, StorageUnavailable
from rmos.models import RunState
from rmos.row_models import RunRow, SessionQuery
from rmos.store import Store, layout, quick_pass
from rmos.store.seen import RecordVersion
from rmos.store.sessions import SessionChange
from rmos.transfer.importing import import_runs
from tests.helpers.faulty_bucket import DROPPED, LATE, LOST, HostDied
from tests.helpers.hosts import Cluster, Host
from tests.makers import ANNA, US, listed_ids, make_members, open_store
from tests.store.writing import DAY, add, put


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def one(cluster: Cluster) -> Host:
    return cluster.add_host()


@pytest.fixture
def other(cluster: Cluster, one: Host) -> Host:
    return cluster.add_host()


def announced(cluster: Cluster) -> list[tuple[str, str, int]]:
    return sorted(cluster.database.announced)


def create_session(store: Store) -> str:
    session_id = ids.new_session_id(US)
    store.sessions.create(session_id, SessionChange(fields={"workflow_type": "rosette"}), actor=ANNA, us=US)
    return session_id


def listed_sessions(store: Store) -> int:
    return store.session_lists.page(SessionQuery(), limit=9).count


def watch_creates(host: Host, look: Callable[[], Any]) -> dict[str, Any]:
    """Return, by key, what `look` saw just before each object of the record was created."""
    seen: dict[str, Any] = {}

    def fail(verb: str, key: str) -> RmosError | None:
        if verb == "create":
            seen[key] = look()
        return None

    host.objects.fail = fail
    return seen


# Announcing


def test_each_object_is_announced_before_it_is_created_and_its_row_takes_that_off(cluster: Cluster, one: Host) -> None:
    seen = watch_creates(one, lambda: announced(cluster))
    run_id = put(one.store)
    add(one.store, run_id)
    session_id = create_session(one.store)
    folder = f"_sessions/{DAY}"
    assert seen == {
        f"{DAY}/{run_id}.json": [(DAY, run_id, 0)],
        f"{DAY}/{run_id}.000001.json": [(DAY, run_id, 1)],
        f"{folder}/{session_id}.000001.json": [(folder, session_id, 1)],
    }
    assert announced(cluster) == []


def test_where_the_index_cannot_be_told_an_empty_object_says_so_first(cluster: Cluster, one: Host, other: Host) -> None:
    one.index.cut_off = True
    seen = watch_creates(one, lambda: cluster.keys("_behind"))
    stored = one.store.runs.put(make_members(US))
    run_id = stored.view.artifact.run_id
    behind = f"_behind/{DAY}/{run_id}.0"
    assert (stored.indexed, seen[f"{DAY}/{run_id}.json"]) == (False, [behind])
    assert list(seen) == [behind, f"{DAY}/{run_id}.json"]  # one request more than otherwise
    assert other.store.runs.record(run_id).version == 0
    other.store.reconcile()
    assert listed_ids(other.store) == [run_id]
    assert cluster.keys("_behind") == []


def test_what_can_be_announced_nowhere_is_not_written(cluster: Cluster, one: Host) -> None:
    one.index.cut_off = True
    one.objects.fail = lambda verb, key: StorageFailed("Away.") if key.startswith("_behind") else None
    with pytest.raises(StorageFailed):
        one.store.runs.put(make_members(US))
    assert cluster.keys(DAY) == []


def test_a_row_that_is_not_taken_is_kept_as_an_object_that_any_host_sees(
    cluster: Cluster, one: Host, other: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(rows: list[RunRow]) -> None:
        raise IndexUnavailable("The database went away.")

    monkeypatch.setattr(one.index.runs, "upsert", refuse)
    assert not one.store.runs.put(make_members(US)).indexed
    cluster.database.announced.clear()  # a database that crashed has forgotten its last moments
    other.store.reconcile()
    assert len(listed_ids(other.store)) == 1


def test_a_process_takes_its_own_objects_back_once_the_row_is_in(
    cluster: Cluster, one: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        assert one.index.announcements is not None
        patched.setattr(one.index.announcements, "add", lambda *what: (_ for _ in ()).throw(IndexUnavailable("Away.")))
        assert put(one.store)
    assert cluster.keys("_behind") == []


def test_what_only_a_process_knows_it_brings_in_itself(cluster: Cluster, one: Host) -> None:
    run_id = put(one.store)
    one.objects.fail = lambda verb, key: StorageFailed("Away.") if verb == "create" else None
    one.store.announcer.keep(RecordVersion(DAY, run_id, 0))
    cluster.database.tables["runs"].clear()
    one.store.reconcile()
    assert listed_ids(one.store) == [run_id]
    one.objects.fail = lambda verb, key: None
    assert one.store.announcer.list_behind() == []


# The quick pass


def test_what_a_host_wrote_that_died_comes_in_once_its_writer_cannot_be_at_work(
    cluster: Cluster, one: Host, other: Host
) -> None:
    put(other.store, US + 1)
    one.dies_in = 4  # two looks for an earlier run of the id, announced, created
    with pytest.raises(HostDied):
        one.store.runs.put(make_members(US))
    assert len(cluster.keys(DAY)) == 2
    other.store.reconcile()
    assert len(listed_ids(other.store)) == 1
    cluster.database.now_s += quick_pass.WRITING_S + 1
    assert other.store.reconcile(thorough=False).indexed == 1
    assert len(listed_ids(other.store)) == 2
    assert announced(cluster) == []


def test_a_quick_pass_lists_no_partition(cluster: Cluster, one: Host, other: Host) -> None:
    run_id = put(other.store)
    create_session(other.store)
    asked: list[tuple[str, str]] = []
    one.index.cut_off = True
    add_unindexed(one.store, run_id)
    other.objects.fail = lambda verb, key: asked.append((verb, key))
    other.store.reconcile()
    assert other.index.runs.find(run_id).value == (DAY, 1, "live", other.store.runs.record(run_id).sha256)
    assert {key for verb, key in asked if verb == "entries"} <= {"_behind", f"_behind/{DAY}"}
    assert [key for verb, key in asked if verb == "names"] == [DAY]  # of one run, by its beginning


def add_unindexed(store: Store, run_id: str) -> None:
    assert store.runs.append(run_id, "advisory", lambda run: {"advisory_id": "adv"}, actor=ANNA, us=US).made


def test_what_never_arrived_is_looked_for_a_while_and_then_dropped(cluster: Cluster, one: Host, other: Host) -> None:
    one.objects.changes += [DROPPED]
    with pytest.raises(StorageUnavailable):
        one.store.runs.put(make_members(US))
    cluster.database.now_s += quick_pass.GIVEN_UP_S - 1
    other.store.reconcile()
    assert len(announced(cluster)) == 1
    cluster.database.now_s += 1
    other.store.reconcile()
    assert announced(cluster) == []
    assert listed_ids(other.store) == []


def test_what_arrives_late_comes_in_late(cluster: Cluster, one: Host, other: Host) -> None:
    one.objects.changes += [LATE]
    with pytest.raises(StorageUnavailable):
        one.store.runs.put(make_members(US))
    cluster.database.now_s += quick_pass.LATE_S + 1
    other.store.reconcile()
    cluster.bucket.deliver(0)
    other.store.reconcile(thorough=False)
    assert listed_ids(other.store) == []  # a late one is looked at now and then only
    other.store.reconcile()
    assert len(listed_ids(other.store)) == 1


def test_lists_are_refused_only_while_more_records_lack_their_rows_than_are_folded_at_once(
    cluster: Cluster, one: Host, other: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_pass, "AT_ONCE", 2)
    put(other.store, US + 9)
    one.index.cut_off = True
    shown: list[object] = []

    def look(verb: str, key: str) -> None:
        if verb == "read_all":
            shown.append(try_to_list(one.store))

    for runs in (2, 3):
        made = [one.store.runs.put(make_members(US + 10 * runs + place)).indexed for place in range(runs)]
        assert made == [False] * runs
        one.index.cut_off = False
        shown.clear()
        one.store.reconcile(thorough=False)
        other.objects.fail = look
        other.store.reconcile()
        other.objects.fail = lambda verb, key: None
        one.index.cut_off = True
    assert len(listed_ids(other.store)) == 6


def try_to_list(store: Store) -> object:
    try:
        return len(listed_ids(store))
    except IndexRebuilding:
        return "refused"


def test_a_row_that_the_index_does_not_take_keeps_no_other_out_and_is_listed_as_an_error_in_the_end(
    cluster: Cluster, one: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, taken = make_members(US), make_members(US + 1)
    genuine = one.index.runs.upsert

    def upsert(rows: list[RunRow], **how: object) -> None:
        if any(row.run_id == refused["run_id"] and row.state != "damaged" for row in rows):
            raise IndexUnavailable("A value is out of range.")
        genuine(rows)

    monkeypatch.setattr(one.index.runs, "upsert", upsert)
    one.index.cut_off = True
    assert [one.store.runs.put(members).indexed for members in (refused, taken)] == [False, False]
    one.index.cut_off = False
    one.store.reconcile()
    assert listed_ids(one.store) == [taken["run_id"]]
    monkeypatch.setattr(one.objects, "age_s", lambda key: quick_pass.GIVEN_UP_S)
    one.store.reconcile()
    assert listed_ids(one.store) == [taken["run_id"], refused["run_id"]]
    assert cluster.keys("_behind") == []


def test_a_hard_delete_that_was_cut_off_is_finished_before_its_row_says_so(
    cluster: Cluster, one: Host, other: Host
) -> None:
    run_id = put(one.store)
    one.objects.changes += [LOST]
    with pytest.raises(StorageUnavailable):
        one.store.deletes.hard(run_id, "a customer's name", actor=ANNA, us=US)
    cluster.database.now_s += 60
    other.objects.fail = lambda verb, key: StorageUnavailable("Away.") if verb == "erase" else None
    other.store.reconcile()
    assert state_of(other, run_id) == "live"
    other.objects.fail = lambda verb, key: None
    other.store.reconcile()
    assert state_of(other, run_id) == "erased"
    assert cluster.keys(DAY) == [layout.event_key(DAY, run_id, 1)]


def state_of(host: Host, run_id: str) -> RunState | None:
    known = host.index.runs.find(run_id).value
    return None if known is None else known.state


# The names pass


def watch_listings(host: Host) -> list[str]:
    """Return the folders that this host asks whether they changed, from now on."""
    listed: list[str] = []

    def fail(verb: str, key: str) -> RmosError | None:
        if verb == "changed_since":
            listed.append(key)
        return None

    host.objects.fail = fail
    return listed


def test_all_names_are_listed_for_an_index_that_is_new_and_once_a_day(
    cluster: Cluster, one: Host, other: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(one.store)
    listed = watch_listings(one)
    one.store.reconcile()
    assert listed == []
    cluster.database.generation = 10**9  # as after a failover, with all its tables
    assert not one.store.is_listable()
    one.store.reconcile()
    assert DAY in listed
    assert one.store.is_listable()
    listed.clear()
    other.store.reconcile()  # one host has done it for all
    assert other.store.is_listable()
    later = ids.now_us() + 24 * 3_600_000_000
    monkeypatch.setattr(ids, "now_us", lambda: later)
    others = watch_listings(other)
    one.store.reconcile()
    other.store.reconcile()
    assert (DAY in listed, DAY in others) == (True, False)


def test_what_somebody_else_put_into_the_bucket_shows_at_the_next_pass_over_all_names(
    cluster: Cluster, one: Host
) -> None:
    writer = Store(cluster.bucket.objects, one.index, summarise=None)
    run_id = writer.runs.put(make_members(US)).view.artifact.run_id
    cluster.database.announced.clear()
    one.store.reconcile()
    assert listed_ids(one.store) == []
    one.store.reconcile(full=True)
    assert listed_ids(one.store) == [run_id]


def test_a_host_lists_though_another_one_holds_the_lock_for_long(cluster: Cluster, one: Host) -> None:
    put(one.store)
    fresh = Host(cluster.bucket, cluster.database)
    with one.index.lock(wait_s=1), pytest.raises(RmosError):
        fresh.store.reconcile(wait_s=0)
    assert len(listed_ids(fresh.store)) == 1


def test_a_storage_that_is_away_ends_a_pass_and_leaves_what_was_announced(
    cluster: Cluster, one: Host, other: Host
) -> None:
    one.index.cut_off = True
    one.store.runs.put(make_members(US))
    create_session(one.store)
    for verb in ("names", "read", "entries"):
        other.objects.fail = lambda asked, key, verb=verb: StorageUnavailable("Away.") if asked == verb else None
        with pytest.raises(StorageUnavailable):
            other.store.reconcile()
        assert try_to_list(other.store) == 0
        assert listed_sessions(other.store) == 0
    other.objects.fail = lambda verb, key: None
    other.store.reconcile()
    assert len(listed_ids(other.store)) == 1
    assert listed_sessions(other.store) == 1


def test_what_is_imported_is_announced_too(cluster: Cluster, one: Host, tmp_path: Path) -> None:
    source = open_store(tmp_path)
    run_id = put(source)
    add(source, run_id)
    session_id = create_session(source)
    source.index.close()
    seen = watch_creates(one, lambda: announced(cluster))
    assert import_runs(one.store, tmp_path / "runs", actor=ANNA, us=US).ok
    assert seen[f"{DAY}/{run_id}.json"] == [(DAY, run_id, 1)]
    assert (f"_sessions/{DAY}", session_id, 1) in seen[f"_sessions/{DAY}/{session_id}.000001.json"]
    assert listed_ids(one.store) == [run_id]
    assert announced(cluster) == []


def test_one_host_announces_nothing(store: Store) -> None:
    assert not store.announcer.is_needed
    run_id = put(store)
    store.index.fall_behind()
    assert not store.is_listable()
    store.reconcile()
    assert listed_ids(store) == [run_id]
    assert store.announcer.list_behind() == []
