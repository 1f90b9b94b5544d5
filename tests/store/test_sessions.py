"""Workflow sessions: events, what they fold to, every damage to them, and lists from the index."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rmos import digest, ids
from rmos.errors.http import PreconditionFailed
from rmos.errors.request import BadCursor
from rmos.errors.store import IndexRebuilding
from rmos.errors.workflow import SessionNotFound
from rmos.row_models import SessionQuery
from rmos.services.sessions import create_session, delete_session, patch_session, restore_session
from rmos.store import Store
from rmos.store.records import Damage
from rmos.store.session_records import SessionRecord
from rmos.store.sessions import SessionChange
from tests.makers import ANNA, US, make_event, open_store, walked, write_raw
from tests.store.processes import in_processes
from tests.store.writing import DAY, flip, put

HOW: dict[str, Any] = {"actor": ANNA, "us": US + 5}


def make(store: Store, us: int = US, **fields: Any) -> str:
    """Make a session and return its id."""
    stored = create_session(store, fields, actor=ANNA, us=us)
    assert stored.indexed
    return stored.session.session_id


def rename(store: Store, session_id: str, name: str, **how: Any) -> int:
    """Change a session and return its version."""
    return patch_session(store, session_id, {"user_id": name}, **HOW, **how).session.version


def delete(store: Store, session_id: str, *, cascade: bool = False) -> None:
    delete_session(store, session_id, force=True, cascade=cascade, reason="a trial", **HOW)


def path_of(root: Path, session_id: str, number: int) -> Path:
    return root / "_sessions" / DAY / f"{session_id}.{number:06d}.json"


def listed(store: Store, **query: Any) -> list[str]:
    asked = SessionQuery(**query)
    pages = walked(lambda cursor: store.session_lists.page(asked, limit=3, cursor=cursor, include_total=True))
    return [item["session_id"] for item in pages]


def test_a_session_is_its_events_each_with_the_whole_state_after_it(store: Store, root: Path) -> None:
    session_id = make(store, user_id="anna")
    assert [rename(store, session_id, name) for name in ("ben", "cleo")] == [2, 3]
    previous = None
    for number, name in ((1, "anna"), (2, "ben"), (3, "cleo")):
        data = path_of(root, session_id, number).read_bytes()
        event = json.loads(data)
        assert digest.verify_self_digest(data)
        assert (event["number"], event["record_id"], event["previous_sha256"]) == (number, session_id, previous)
        assert (event["actor"], event["role"], event["request_id"]) == ("anna", "operator", ANNA.request_id)
        state = event["data"]["state"]
        assert (state["user_id"], state["version"], state["session_id"]) == (name, number, session_id)
        assert (event["data"]["action"], event["data"]["to_state"]) == (event["kind"], "draft")
        previous = digest.sha256_hex(data)
    record = store.sessions.record(session_id)
    assert record.session.user_id == "cleo"
    assert record.session.created_at_utc == ids.utc_text(US)
    assert record.session.updated_at_utc == ids.utc_text(US + 5)
    assert [event.kind for event in record.events] == ["create", "update", "update"]


def test_what_is_not_there_is_not_found_and_nothing_is_written_for_it(store: Store, root: Path) -> None:
    for session_id in (
        ids.new_session_id(US),
        "ws_361afb660060",
        "",
        "../../etc",
        "ws_ffffffffffff70008000000000000000",
    ):
        with pytest.raises(SessionNotFound):
            store.sessions.record(session_id)
        with pytest.raises(SessionNotFound):
            rename(store, session_id, "x")
        assert not store.sessions.exists(session_id)
        assert store.sessions.is_deleted_with_runs(session_id) is False
    assert not (root / "_sessions").exists()


def test_another_version_than_the_caller_saw_is_refused_and_writes_nothing(store: Store, root: Path) -> None:
    session_id = make(store)
    assert rename(store, session_id, "ben", version=1) == 2
    for version in (1, 3, 0):
        with pytest.raises(PreconditionFailed) as caught:
            rename(store, session_id, "cleo", version=version)
        assert caught.value.members["version"] == 2
    assert len(os.listdir(root / "_sessions" / DAY)) == 2


def test_what_changes_nothing_writes_nothing(store: Store, root: Path) -> None:
    session_id = make(store, user_id="anna")
    assert rename(store, session_id, "anna") == 1
    restore_session(store, session_id, **HOW)
    delete(store, session_id)
    delete(store, session_id)
    assert store.sessions.record(session_id).session.version == 2
    delete(store, session_id, cascade=True)
    delete(store, session_id, cascade=False)
    assert store.sessions.record(session_id).session.version == 3
    assert store.sessions.is_deleted_with_runs(session_id) is True


def test_a_lost_race_for_a_number_folds_again_and_loses_nothing(store: Store, root: Path) -> None:
    session_id = make(store, state_data={})
    other = open_store(root.parent, reconcile=False)
    raced = []

    def change(_: SessionRecord) -> SessionChange:
        if not raced:
            raced.append(rename(other, session_id, "ben"))
        return SessionChange(fields={"machine_id": "m1"})

    store.sessions.append(session_id, "update", change, **HOW)
    session = store.sessions.record(session_id).session
    assert (session.user_id, session.machine_id, session.version) == ("ben", "m1", 3)
    other.index.close()


def test_writers_in_many_processes_lose_no_change(store: Store, root: Path) -> None:
    session_id = make(store)
    store.index.close()

    def write(name: str) -> int:
        own = open_store(root.parent, reconcile=False)
        for number in range(5):
            patch_session(own, session_id, {"state_data": {f"{name}{number}": number}}, **HOW)
        return 5

    assert in_processes(write, ["a", "b", "c", "d"]) == [5] * 4
    session = store.sessions.record(session_id).session
    assert session.state_data == {f"{name}{number}": number for name in "abcd" for number in range(5)}
    assert session.version == 21
    assert store.session_lists.page(SessionQuery(), limit=1).items == [msgspec.json.encode(session).decode()]


def test_of_writers_in_two_processes_that_saw_the_same_version_one_wins(store: Store, root: Path) -> None:
    session_id = make(store)
    store.index.close()

    def write(name: str) -> str:
        own = open_store(root.parent, reconcile=False)
        try:
            return str(rename(own, session_id, name, version=1))
        except PreconditionFailed as error:
            return f"412 {error.members['version']}"

    assert sorted(in_processes(write, ["ben", "cleo"])) == ["2", "412 2"]
    assert store.sessions.record(session_id).session.user_id in ("ben", "cleo")


# Damage


DAMAGES: dict[str, tuple[int, Any]] = {
    "event_corrupt": (2, lambda path: flip(path, 400)),
    "event_hole": (2, lambda path: path.unlink()),
    "event_missing": (3, lambda path: path.unlink()),
    "unreadable": (2, lambda path: (path.unlink(), path.mkdir())),
}


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_session_is_answered_as_damaged_never_as_absent(
    store: Store, root: Path, kind: str, indexed: bool
) -> None:
    session_id, sound = make(store), make(store, US + 1)
    delete(store, session_id, cascade=True)
    rename(store, sound, "ben")
    restore_session(store, session_id, **HOW)
    number, damage = DAMAGES[kind]
    damage(path_of(root, session_id, number))
    if not indexed:
        store.index.close()
        os.unlink(root / "_index.sqlite")
    if kind == "event_missing" and not indexed:
        return  # the last event is gone, and with it the only witness of it
    with pytest.raises(Damage) as caught:
        store.sessions.record(session_id)
    assert caught.value.kind == ("event_missing" if kind == "event_hole" and indexed else kind)
    assert caught.value.code == "RECORD_DAMAGED"
    with pytest.raises(Damage):
        rename(store, session_id, "cleo")
    store.reconcile(full=True)
    assert store.sessions.is_deleted_with_runs(session_id) is None
    assert set(listed(store)) == {session_id, sound}
    shown = {
        item["session_id"]: item for item in map(json.loads, store.session_lists.page(SessionQuery(), limit=9).items)
    }
    assert shown[session_id]["status"] is None
    assert "damaged" in shown[session_id]["error_message"]
    assert listed(store, status="ACTIVE") == [sound]


@pytest.mark.parametrize(
    "over",
    [
        {"data": {"state": {"session_id": "ws_x"}}},
        {"data": {}},
        {"record_id": "ws_" + "0" * 32},
        {"previous_sha256": "0" * 64},
        {"schema": "rmos.event/2"},
    ],
)
def test_an_event_that_says_what_it_must_not_is_damage(store: Store, root: Path, over: dict[str, Any]) -> None:
    session_id = make(store)
    first = path_of(root, session_id, 1)
    data = make_event(session_id, 2, digest.sha256_hex(first.read_bytes()), {"kind": "update", **over})
    write_raw(path_of(root, session_id, 2), data)
    with pytest.raises(Damage):
        store.sessions.record(session_id)


def test_a_session_whose_events_are_gone_is_damaged_as_long_as_the_index_remembers_it(store: Store, root: Path) -> None:
    session_id = make(store)
    path_of(root, session_id, 1).unlink()
    for _ in range(2):
        with pytest.raises(Damage) as caught:
            store.sessions.record(session_id)
        assert caught.value.kind == "event_missing"
        store.reconcile(full=True)
    assert listed(store) == []


# Lists and the index


def test_trap_16_deleted_sessions_leave_the_list_and_come_with_their_status(store: Store) -> None:
    kept, gone, back = (make(store, US + number) for number in range(3))
    for session_id in (gone, back):
        delete(store, session_id)
    restore_session(store, back, **HOW)
    assert listed(store) == [back, kept]
    assert listed(store, status="ACTIVE") == [back, kept]
    assert listed(store, status="DELETED") == [gone]
    assert listed(store, include_deleted=True) == [back, gone, kept]


def test_lists_are_newest_first_and_filters_choose(store: Store) -> None:
    made = [
        make(store, US + number, user_id="ab"[number % 2], workflow_type="xyz"[number % 3], design={"b": 4.0, "a": 1})
        for number in range(10)
    ]
    patch_session(store, made[4], {"context": {"b": 1}}, **HOW)
    assert listed(store) == made[::-1]
    assert listed(store, user_id="a") == [made[n] for n in (8, 6, 4, 2, 0)]
    assert listed(store, workflow_type="z") == [made[n] for n in (8, 5, 2)]
    assert listed(store, workflow_state="context_ready") == [made[4]]
    assert listed(store, since_us=US + 3, until_us=US + 6) == [made[n] for n in (5, 4, 3)]
    assert listed(store, user_id="a", workflow_type="z") == [made[n] for n in (8, 2)]


def test_a_cursor_of_runs_is_none_of_sessions(store: Store) -> None:
    with pytest.raises(BadCursor):
        store.session_lists.page(SessionQuery(), limit=1, cursor=ids.make_cursor(US, ids.new_run_id(US)))


def test_an_index_that_is_lost_and_rebuilt_keeps_sessions_and_their_deletions(store: Store, root: Path) -> None:
    sessions = [make(store, US + number * 40_000_000_000, user_id=f"u{number}") for number in range(6)]
    put(store, workflow_session_id=sessions[1])
    delete(store, sessions[1], cascade=True)
    delete(store, sessions[2])
    before = (listed(store), listed(store, include_deleted=True))
    for _ in range(2):
        store.index.close()
        os.unlink(root / "_index.sqlite")
        with pytest.raises(IndexRebuilding):
            store.session_lists.page(SessionQuery(), limit=1)
        assert store.sessions.is_deleted_with_runs(sessions[1]) is True
        assert store.sessions.is_deleted(sessions[2]) is True
        store.reconcile()
        assert (listed(store), listed(store, include_deleted=True)) == before
        assert store.sessions.is_deleted_with_runs(sessions[1]) is True
        assert store.sessions.is_deleted_with_runs(sessions[2]) is False


def test_a_session_that_another_process_could_not_index_is_picked_up(store: Store, root: Path) -> None:
    session_id = make(store)
    os.utime(root / "_sessions" / DAY, ns=(1, 1))
    store.reconcile()
    other = Store(store.objects, open_store(root.parent / "elsewhere").index, summarise=None)
    rename(other, session_id, "ben")
    unknown = make_unindexed(other)
    assert store.sessions.record(session_id).session.user_id == "ben"
    report = store.reconcile()
    assert report.sessions == 2
    assert listed(store) == [unknown, session_id]
    other.index.close()


def make_unindexed(store: Store) -> str:
    return create_session(store, {}, actor=ANNA, us=US + 1).session.session_id
