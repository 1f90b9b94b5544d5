"""What a write or a look at the tokens asks of object storage, where each question is a request over a network."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos import ids
from rmos.auth.callers import Callers
from rmos.errors.callers import Unauthenticated
from rmos.errors.records import RunExists
from rmos.errors.store import StorageFailed, StorageUnavailable
from rmos.index import open_index
from rmos.objects.base import QUARANTINE
from rmos.store import Store, layout
from rmos.store.sessions import SessionChange
from rmos.store.tokens import Tokens, token_state
from tests.helpers.memory_objects import MemoryObjects
from tests.makers import ANNA, US, make_members, summarise
from tests.store.writing import DAY

BODY = "a" * 64
DAY_US = 86_400_000_000


class CountedObjects(MemoryObjects):
    """Objects in memory that remember what they were asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []
        self.fail = lambda verb, key: self.asked.append((verb, key))

    def verbs(self) -> list[str]:
        """Return what was asked since the last time."""
        verbs = [verb for verb, _ in self.asked]
        self.asked.clear()
        return verbs


@pytest.fixture
def objects() -> CountedObjects:
    return CountedObjects()


@pytest.fixture
def store(objects: CountedObjects, tmp_path: Path) -> Iterator[Store]:
    made = Store(objects, open_index(tmp_path), summarise=summarise)
    made.reconcile()
    objects.asked.clear()
    yield made
    made.index.close()


def test_a_new_claim_is_one_write_and_one_that_stands_is_read_and_made_durable(
    store: Store, objects: CountedObjects
) -> None:
    first = store.claims.take_run_id("anna", "key", BODY, US)
    assert objects.verbs() == ["create"]
    assert store.claims.take_run_id("anna", "key", BODY, US + 1, run_id=ids.new_run_id(US + 1)) == first
    assert objects.verbs() == ["create", "read", "ensure_durable"]


def test_a_run_whose_id_was_made_just_now_is_one_write(store: Store, objects: CountedObjects) -> None:
    assert store.runs.put(make_members(US), fresh=True).created
    assert objects.verbs() == ["create"]


def test_an_id_that_was_claimed_before_stays_refused_when_its_run_is_in_quarantine(
    store: Store, objects: CountedObjects
) -> None:
    members = make_members(US)
    run_id = store.runs.put(members).view.artifact.run_id
    objects.quarantine(layout.artifact_key(DAY, run_id))
    with pytest.raises(RunExists):
        store.runs.put(members)
    assert objects.has(f"{QUARANTINE}/{layout.artifact_key(DAY, run_id)}")


def test_a_pass_commits_nothing_where_every_folder_has_one_token_for_all_times(
    store: Store, objects: CountedObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a bucket, where nobody can say whether a folder has changed."""
    monkeypatch.setattr(objects, "changed_since", lambda key, token: "unknown")
    for us in (US, US + DAY_US):
        store.runs.put(make_members(us))
    store.sessions.create(ids.new_session_id(US), SessionChange(fields={}), actor=ANNA, us=US)
    store.reconcile()
    kept: list[str] = []
    monkeypatch.setattr(store.index, "set_change_token", lambda folder, token: kept.append(folder))
    store.reconcile()
    assert kept == []


def test_a_pass_lists_several_folders_at_once(store: Store, objects: CountedObjects) -> None:
    days = [ids.partition_of(us) for us in (US, US + DAY_US)]
    for us in (US, US + DAY_US):
        store.runs.put(make_members(us))
    both = threading.Barrier(2, timeout=20)

    def wait_for_the_other(verb: str, key: str) -> None:
        if verb == "names" and key in days:
            both.wait()

    objects.fail = wait_for_the_other
    assert store.reconcile(full=True).indexed == 2


def test_tokens_are_read_again_only_when_one_has_a_new_event(objects: CountedObjects) -> None:
    tokens = Tokens(objects)
    anna, _ = tokens.create("anna", "admin", expires_at_utc=None, actor=ANNA, us=US)
    tokens.create("ben", "viewer", expires_at_utc=None, actor=ANNA, us=US)
    listed, _ = tokens.list_all(), objects.asked.clear()
    assert tokens.list_all() == listed
    assert {verb for verb, _ in objects.asked} == {"names"}
    Tokens(objects).revoke(anna.token_id, actor=ANNA, us=US)  # by another host
    objects.asked.clear()
    states = {record.token_id: token_state(record.token, US) for record in tokens.list_all() if record.token}
    assert states.pop(anna.token_id) == "revoked"
    assert list(states.values()) != ["revoked"]
    assert {key for verb, key in objects.asked if verb.startswith("read")} == {
        f"_tokens/tok_{anna.token_id}.{number:06d}.json" for number in (1, 2)
    }


def test_a_token_that_was_not_given_is_asked_for_again(objects: CountedObjects) -> None:
    bearer = Tokens(objects).create("anna", "admin", expires_at_utc=None, actor=ANNA, us=US)[1]
    token_id, secret = bearer.removeprefix("rmos_").split("_", 1)
    now = [0.0]
    callers = Callers(Tokens(objects), local_mode=True, clock=lambda: now[0])
    objects.fail = lambda verb, key: StorageFailed("No answer.") if verb.startswith("read") else None
    with pytest.raises((StorageFailed, StorageUnavailable, Unauthenticated)):
        callers.read_table().authenticate(token_id, secret, US)
    objects.fail = lambda verb, key: None
    now[0] += 60
    assert callers.read_table().authenticate(token_id, secret, US).name == "anna"
