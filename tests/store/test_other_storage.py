"""The store over objects that are no files, and over a storage that does not answer."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from rmos import ids
from rmos.checks.verify import verify_store
from rmos.errors.base import RmosError
from rmos.errors.records import RunDeleted
from rmos.errors.store import RecordDamaged, StorageFailed
from rmos.objects.base import ReadResult
from rmos.row_models import SessionQuery
from rmos.store import Store, layout
from rmos.store.sessions import SessionChange
from tests.helpers.memory_objects import MemoryObjects
from tests.index.backends import Backend, forget_databases, memory, postgres_18, remove_index, sqlite
from tests.makers import ANNA, US, listed_ids, make_members, summarise
from tests.store.writing import DAY, add, answers, fill, put


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


SHARED: Final = (memory, pytest.param(postgres_18, marks=pytest.mark.long))
"""Indexes of several hosts: what changed is announced to them, and looked for only there."""
PASSES: Final = (
    (sqlite, False),
    (sqlite, True),
    (memory, True),
    pytest.param(postgres_18, True, marks=pytest.mark.long),
)


@pytest.fixture(params=[sqlite, *SHARED], ids=lambda make: make.__name__)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Where the rows of such a store are: in one host's file, or where several hosts find them."""
    made: Backend = request.param
    return made


@pytest.fixture
def store(objects: MemoryObjects, backend: Backend, tmp_path: Path) -> Iterator[Store]:
    """A store whose objects are in memory."""
    made = Store(objects, backend(tmp_path, None), summarise=summarise)
    made.reconcile()
    yield made
    made.index.close()
    forget_databases()


def test_runs_are_put_read_deleted_and_brought_back_by_a_reconcile(
    store: Store, objects: MemoryObjects, backend: Backend, tmp_path: Path
) -> None:
    runs = fill(store)
    store.sessions.create(ids.new_session_id(US), SessionChange(fields={"workflow_type": "rosette"}), actor=ANNA, us=US)
    store.deletes.hard(runs[3], "a customer's name", actor=ANNA, us=US)
    with pytest.raises(RunDeleted):
        store.runs.record(runs[3])
    before = answers(store)
    remove_index(backend, tmp_path)
    store.index.close()
    assert store.reconcile().replaced_index
    assert answers(store) == before
    assert store.session_lists.page(SessionQuery(), limit=5).count == 1
    assert verify_store(store, recheck_s=0).ok


@pytest.mark.parametrize("backend", [sqlite], indirect=True)
def test_what_another_process_wrote_is_found_by_its_change_token_and_nothing_else_is_listed(
    store: Store, objects: MemoryObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    store.reconcile()
    writer = Store(objects, store.index, summarise=None)
    late = writer.runs.put(make_members(US + 5)).view.artifact.run_id
    listed: list[str] = []
    genuine = objects.names

    def names(folder: str) -> list[str]:
        listed.append(folder)
        return genuine(folder)

    monkeypatch.setattr(objects, "names", names)
    assert store.reconcile().indexed == 1
    assert [folder for folder in listed if ids.is_partition(folder)] == [DAY]
    assert late in listed_ids(store)


def test_damage_and_quarantine_are_what_they_are_on_a_disk(store: Store, objects: MemoryObjects) -> None:
    runs = fill(store)
    key = layout.artifact_key(DAY, runs[0])
    objects.put_raw(key, objects.read(key)[:-1])
    assert store.reconcile(full=True).damaged == 1
    with pytest.raises(RecordDamaged):
        store.runs.record(runs[0])
    assert [found.kind for found in verify_store(store, recheck_s=0).findings] == ["corrupt"]
    objects.quarantine(key)
    store.reconcile()
    assert runs[0] in listed_ids(store)
    report = verify_store(store, recheck_s=0)
    assert (report.ok, report.quarantined) == (True, [key])


def no_answer(verb: str) -> Callable[[str, str], RmosError | None]:
    """Let one verb end as it does when the storage cannot be reached."""
    return lambda asked, key: StorageFailed("The storage did not answer.") if asked == verb else None


@pytest.mark.parametrize(("backend", "full"), PASSES, indirect=["backend"])
@pytest.mark.parametrize("verb", ["read", "names", "entries", "has", "changed_since"])
def test_a_storage_that_does_not_answer_stops_a_reconcile_and_marks_nothing(
    store: Store, objects: MemoryObjects, verb: str, full: bool
) -> None:
    runs = fill(store)
    before = answers(store)
    writer = Store(objects, store.index, summarise=None)
    writer.runs.put(make_members(US + 5))  # so that there is something to read
    objects.erase(layout.artifact_key(DAY, runs[0]))  # and something to look for twice
    states = store.index.runs.state_counts()
    objects.fail = no_answer(verb)
    with pytest.raises(StorageFailed):
        store.reconcile(full=full)
    assert store.index.runs.state_counts() == states
    assert answers(store) == before


def test_a_run_that_the_storage_does_not_give_is_neither_damaged_nor_absent(
    store: Store, objects: MemoryObjects
) -> None:
    run_id = put(store)
    add(store, run_id)
    for verb in ("read", "names"):
        objects.fail = no_answer(verb)
        with pytest.raises(StorageFailed):
            store.runs.record(run_id)
        store.index.fall_behind()  # so that the names are listed


def test_a_run_whose_row_is_trusted_is_one_question_to_a_storage_that_answers_many_at_once(
    store: Store, objects: MemoryObjects
) -> None:
    run_id = put(store)
    for _ in range(2):
        add(store, run_id)
    asked: list[tuple[str, str]] = []
    reads: list[list[str]] = []
    genuine = objects.read_all

    def read_all(keys: Sequence[str]) -> list[ReadResult]:
        reads.append(list(keys))
        return genuine(keys)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(objects, "read_all", read_all)
        objects.fail = lambda verb, key: asked.append((verb, key))
        assert store.runs.record(run_id).version == 2
        events = [layout.event_key(DAY, run_id, number) for number in (1, 2, 3)]
        assert reads == [[layout.artifact_key(DAY, run_id), *events]]
        assert asked == [("read", key) for key in reads[0]]  # of which the last is not there
        late = Store(objects, store.index, summarise=None)
        add(late, run_id)
        assert store.runs.record(run_id).version == 3
