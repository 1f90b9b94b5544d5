"""Many runs put together are what they would be one after the other, in the record, in the index and on the wire."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rmos import digest, ids
from rmos.digest import NotCanonical
from rmos.errors.records import RunExists
from rmos.errors.request import IdempotencyKeyReused
from rmos.errors.store import IndexUnavailable, OutOfSpace, StorageUnavailable
from rmos.models import Stored
from rmos.objects.base import NewObject
from rmos.row_models import RunQuery
from rmos.store import Store, layout, quick_pass
from rmos.store.claims import Claims, WantedRun
from rmos.store.records import Damage
from rmos.store.runs import NewRun
from tests.helpers.faulty_bucket import HostDied
from tests.helpers.hosts import Cluster
from tests.helpers.memory_objects import MemoryObjects
from tests.makers import ANNA, US, listed_ids, make_members, open_store
from tests.store.writing import DELETE, path_of
from tests.trying import tries


def make_new(count: int, us: int = US) -> list[NewRun]:
    return [NewRun(make_members(us + place), fresh=True) for place in range(count)]


def ids_of(new: list[NewRun]) -> list[str]:
    return [one.members["run_id"] for one in new]


def test_many_runs_are_durable_listed_and_read_back(store: Store, root: Path) -> None:
    new = make_new(30)
    told: list[str] = []
    store.runs.on_put = lambda stored, seconds: told.append(stored.view.artifact.run_id)
    results = store.runs.put_many(new)
    assert [type(result) for result in results] == [Stored] * 30
    for one, result in zip(new, results, strict=True):
        assert isinstance(result, Stored)
        assert (result.created, result.indexed) == (True, True)
        assert path_of(root, one.members["run_id"]).read_bytes() == result.data == digest.encode_record(one.members)
    assert told == ids_of(new)
    assert listed_ids(store) == ids_of(new)[::-1]
    assert store.runs.put_many([]) == []


def test_one_that_is_refused_keeps_no_other_from_being_recorded(store: Store) -> None:
    there = make_members(US + 50)
    store.runs.put(there)
    new = make_new(6)
    broken = [
        NewRun({**make_members(US + 60), "run_id": "../x"}),
        NewRun({**make_members(US + 61), "notes": "\ud800"}),
        NewRun({**there, "notes": "other bytes"}),
        NewRun({**make_members(US + 62), "created_at_utc": ids.utc_text(US)}),
    ]
    mixed = [new[0], broken[0], new[1], broken[1], broken[2], *new[2:], broken[3], NewRun(there)]
    results = store.runs.put_many(mixed)
    assert [type(result) for result in results] == [
        *(Stored, Damage, Stored, NotCanonical, RunExists),
        *[Stored] * 4,
        *(Damage, Stored),
    ]
    assert isinstance(results[-1], Stored)
    assert not results[-1].created
    assert sorted(listed_ids(store)) == sorted([*ids_of(new), there["run_id"]])


def test_a_run_that_was_there_comes_with_its_events(store: Store) -> None:
    (one,) = new = make_new(1)
    store.runs.put(one.members)
    store.runs.append(one.members["run_id"], "delete", lambda run: DELETE, actor=ANNA, us=US)
    (again,) = store.runs.put_many([NewRun(one.members)])
    assert isinstance(again, Stored)
    assert again.view.version == 1
    assert listed_ids(store) == []
    assert ids_of(new)


def test_when_only_the_index_fails_all_stand_and_are_told_as_not_indexed(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(rows: object) -> None:
        raise IndexUnavailable("The index is away.")

    new = make_new(3)
    with monkeypatch.context() as patched:
        patched.setattr(store.index.runs, "upsert", refuse)
        results = store.runs.put_many(new)
    assert [isinstance(result, Stored) and not result.indexed for result in results] == [True] * 3
    assert not store.index.state().complete
    store.reconcile()
    assert listed_ids(store) == ids_of(new)[::-1]


def test_rows_of_many_are_written_in_one_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine, sizes = store.index.runs.upsert, []

    def upsert(rows: list[Any]) -> None:
        sizes.append(len(rows))
        genuine(rows)

    monkeypatch.setattr(store.index.runs, "upsert", upsert)
    store.runs.put_many(make_new(40))
    assert sizes == [40]


actions = st.lists(st.tuples(st.sampled_from(["new", "there", "other", "broken"]), st.booleans()), max_size=12)


@settings(max_examples=tries(25), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(what=actions)
def test_many_are_what_they_would_be_one_after_the_other(
    tmp_path_factory: pytest.TempPathFactory, what: list[tuple[str, bool]]
) -> None:
    new, there = [], []
    for place, (kind, fresh) in enumerate(what):
        members = make_members(US + place, notes=kind)
        if kind in ("there", "other"):
            there.append(members)
        changed = {"other": {"notes": "?"}, "broken": {"created_at_utc": "never"}}.get(kind, {})
        new.append(NewRun({**members, **changed}, fresh=fresh and kind == "new"))
    told = []
    for together in (True, False):
        store = open_store(tmp_path_factory.mktemp("store"))
        for members in there:
            store.runs.put(members)
        if together:
            results = [describe(result) for result in store.runs.put_many(new)]
        else:
            results = [put_one(store, one) for one in new]
        objects = {
            f"{day}/{name}": store.objects.read(f"{day}/{name}")
            for day in store.objects.names("")
            if ids.is_partition(day)
            for name in store.objects.names(day)
        }
        rows = [store.index.runs.rows(day) for day in store.index.runs.partitions()]
        told.append((results, objects, rows, store.runs.count(RunQuery())))
        store.index.close()
    assert told[0] == told[1]


def describe(result: object) -> object:
    return (result.created, result.indexed, result.data) if isinstance(result, Stored) else type(result)


def put_one(store: Store, one: NewRun) -> object:
    try:
        return describe(store.runs.put(one.members, fresh=one.fresh))
    except (RunExists, Damage, NotCanonical) as error:
        return type(error)


# Several hosts


def test_all_are_announced_by_one_statement_before_the_first_is_written() -> None:
    cluster = Cluster()
    host = cluster.add_host()
    store, new = host.store, make_new(5)
    seen: dict[str, int] = {}
    watched = [layout.artifact_key(layout.home_partition(run_id) or "", run_id) for run_id in ids_of(new)]
    assert store.index.announcements is not None
    statements: list[int] = []
    genuine = store.index.announcements.add_many
    store.index.announcements.add_many = lambda announced: (  # type: ignore[method-assign]
        statements.append(len(announced)),
        genuine(announced),
    )[1]
    host.objects.fail = lambda verb, key: seen.setdefault(key, len(cluster.database.announced)) and None
    assert all(isinstance(result, Stored) and result.indexed for result in store.runs.put_many(new))
    assert {key: seen[key] for key in watched} == dict.fromkeys(watched, 5)
    assert statements == [5]
    assert cluster.database.announced == {}, "their rows took them off"


@pytest.mark.parametrize("cut_off", [False, True], ids=["announced in the index", "announced by objects"])
def test_of_a_host_that_dies_at_any_step_another_lists_all_that_stands(cut_off: bool) -> None:
    died = -1
    for step in range(100):
        cluster = Cluster()
        one, other = cluster.add_host(), cluster.add_host()
        one.index.cut_off = cut_off
        one.dies_in = step
        try:
            one.store.runs.put_many(make_new(4))
        except HostDied:
            died = step
        cluster.database.now_s += quick_pass.WRITING_S + 1
        other.store.reconcile(thorough=cut_off)  # the objects are looked at every ten seconds of a real clock
        assert len(listed_ids(other.store)) == len(cluster.keys(layout.home_partition(ids.new_run_id(US)) or ""))
        if died < step:
            break
    assert died >= 4, "it died before each artifact"


def test_two_hosts_that_record_the_same_runs_make_each_once() -> None:
    cluster = Cluster()
    one, other = cluster.add_host(), cluster.add_host()
    new = make_new(6)
    first = one.store.runs.put_many([*new[:4]])
    second = other.store.runs.put_many([run._replace(fresh=False) for run in new])
    changed = other.store.runs.put_many([NewRun({**run.members, "notes": "?"}) for run in new])
    assert [isinstance(result, Stored) and result.created for result in first] == [True] * 4
    assert [isinstance(result, Stored) and result.created for result in second] == [False] * 4 + [True] * 2
    assert [type(result) for result in changed] == [RunExists] * 6
    assert listed_ids(one.store) == listed_ids(other.store) == ids_of(new)[::-1]


# Claims


def wanted(*keys: str, body: str = "a" * 64) -> list[WantedRun]:
    return [WantedRun(key, body, US + place, ids.new_run_id(US + place)) for place, key in enumerate(keys)]


def test_many_keys_are_claimed_together_or_found_or_refused() -> None:
    objects = MemoryObjects()
    claims = Claims(objects)
    first = claims.take_run_id("anna", "b", "a" * 64, US)
    other = claims.take_run_id("anna", "c", "b" * 64, US)
    asked = wanted("a", "b", "c", "d")
    taken = claims.take_run_ids("anna", asked)
    assert [taken[0], taken[1], taken[3]] == [asked[0].run_id, first, asked[3].run_id]
    assert isinstance(taken[2], IdempotencyKeyReused)
    assert taken[2].members["run_id"] == other
    assert claims.take_run_ids("anna", asked[:1]) == [asked[0].run_id]
    assert claims.take_run_id("anna", "a", "a" * 64, US) == asked[0].run_id


def test_a_claim_that_could_not_be_made_promises_nothing() -> None:
    objects = MemoryObjects()
    name = layout.claim_key("anna", "b")
    objects.fail = lambda verb, key: StorageUnavailable("No answer.") if key == name else None
    taken = Claims(objects).take_run_ids("anna", wanted("a", "b"))
    assert [type(one) for one in taken] == [str, StorageUnavailable]


def test_runs_without_space_are_refused_and_the_others_stand() -> None:
    cluster = Cluster()
    host, new = cluster.add_host(), make_new(4)
    full = ids_of(new)[1]
    host.objects.fail = lambda verb, key: OutOfSpace("Full.") if verb == "create" and full in key else None
    results = host.store.runs.put_many(new)
    assert [type(result) for result in results] == [Stored, OutOfSpace, Stored, Stored]
    assert host.objects.create_many([NewObject("a/b", b"")]) == [True]
    assert sorted(listed_ids(host.store)) == sorted(set(ids_of(new)) - {full})
