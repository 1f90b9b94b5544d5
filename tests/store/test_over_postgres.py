"""The store of several hosts over a real PostgreSQL: what it writes, deletes, lists and brings in is as over a file."""

import contextlib
import secrets

import pytest

from rmos import ids
from rmos.checks.verify import verify_store
from rmos.errors.records import RunDeleted
from rmos.errors.store import IndexUnavailable, RecordDamaged
from rmos.index import open_index
from rmos.place import DatabaseUrl
from rmos.row_models import RunRow, SessionQuery
from rmos.store import Store, layout, quick_pass
from rmos.store.sessions import SessionChange
from rmos.store.specimens import row_schema
from tests.helpers.memory_objects import MemoryObjects
from tests.helpers.postgres import PostgresServer, find_server
from tests.makers import ANNA, US, listed_ids, make_members, summarise
from tests.store.writing import DAY, add, answers, fill, put


class SharedStores:
    """Stores of several hosts over one bucket and one schema of PostgreSQL."""

    def __init__(self, server: PostgresServer) -> None:
        self._schema = f"hosts_{secrets.token_hex(6)}"
        server.execute(f"CREATE SCHEMA {self._schema}")
        self._server = server
        self.objects = MemoryObjects()

    def open_host(self) -> Store:
        """Open the store as one more host does."""
        url = DatabaseUrl(self._server.url(self._schema))
        made = Store(self.objects, open_index(None, url, row_schema=row_schema(summarise)), summarise=summarise)
        made.reconcile()
        return made

    def execute(self, text: str) -> list[object]:
        """Carry out a statement beside the stores."""
        return self._server.execute(text, schema=self._schema)


@pytest.fixture
def stores() -> SharedStores:
    return SharedStores(find_server(18))


def test_all_that_is_written_is_listed_read_and_verified(stores: SharedStores) -> None:
    store = stores.open_host()
    runs = fill(store)
    store.sessions.create(ids.new_session_id(US), SessionChange(fields={"workflow_type": "rosette"}), actor=ANNA, us=US)
    store.deletes.hard(runs[3], "a customer's name", actor=ANNA, us=US)
    with pytest.raises(RunDeleted):
        store.runs.record(runs[3])
    assert store.index.announcements is not None
    assert store.index.announcements.older_than(-1) == []
    before = answers(store)
    other = stores.open_host()
    assert answers(other) == before
    other.reconcile(full=True)
    assert answers(store) == before
    assert store.session_lists.page(SessionQuery(), limit=5).count == 1
    assert verify_store(store, recheck_s=0).ok


def test_damage_and_quarantine_are_what_they_are_over_a_file(stores: SharedStores) -> None:
    store = stores.open_host()
    runs = fill(store)
    key = layout.artifact_key(DAY, runs[0])
    stores.objects.put_raw(key, stores.objects.read(key)[:-1])
    assert store.reconcile(full=True).damaged == 1
    with pytest.raises(RecordDamaged):
        store.runs.record(runs[0])
    assert [found.kind for found in verify_store(store, recheck_s=0).findings] == ["corrupt"]
    stores.objects.quarantine(key)
    store.reconcile(full=True)
    assert runs[0] in listed_ids(store)
    report = verify_store(store, recheck_s=0)
    assert (report.ok, report.quarantined) == (True, [key])


def test_what_one_host_could_not_index_another_one_brings_in(
    stores: SharedStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = stores.open_host(), stores.open_host()
    run_id = put(other)

    def refuse(*rows: object, **how: object) -> None:
        raise IndexUnavailable("The database went away.")

    with monkeypatch.context() as patched:
        patched.setattr(one.index.runs, "upsert", refuse)
        late = one.runs.put(make_members(US + 1))
        add_unindexed(one, run_id)
        assert not late.indexed
    stores.execute("DELETE FROM announced")  # as after a crash, which forgets the last ones
    assert len(listed_ids(other)) == 1
    other.reconcile(thorough=True)
    assert len(listed_ids(other)) == 2
    known = other.index.runs.find(run_id).value
    assert known is not None
    assert known.version == 1
    assert other.announcer.list_behind() == []


def add_unindexed(store: Store, run_id: str) -> None:
    assert store.runs.append(run_id, "advisory", lambda run: {"advisory_id": "adv"}, actor=ANNA, us=US).made


def test_what_a_host_that_died_has_left_comes_in_and_lists_close_only_for_many(
    stores: SharedStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = stores.open_host(), stores.open_host()
    monkeypatch.setattr(quick_pass, "AT_ONCE", 2)
    for runs in (2, 3):
        silent = Store(stores.objects, one.index, summarise=None)  # its rows never come
        for number in range(runs):
            silent.runs.put(make_members(US + 10 * runs + number))
        stores.execute("UPDATE announced SET announced_at = announced_at - interval '60 seconds'")
        seen: list[bool] = []
        genuine = other.index.runs.upsert

        def upsert(rows: list[RunRow], was: object = genuine, looks: list[bool] = seen, **how: object) -> None:
            looks.append(one.is_listable())
            was(rows)  # type: ignore[operator]

        with monkeypatch.context() as patched:
            patched.setattr(other.index.runs, "upsert", upsert)
            other.reconcile(thorough=False)
        assert seen
        assert set(seen) == {runs <= 2}
    assert len(listed_ids(one)) == 5


def test_a_restored_database_is_scanned_before_it_lists(stores: SharedStores) -> None:
    store = stores.open_host()
    run_id = put(store)
    add(store, run_id)
    stores.execute("DELETE FROM runs")
    stores.execute("DELETE FROM folders WHERE name = 'pass:names'")
    fresh = stores.open_host()
    assert listed_ids(fresh) == [run_id]


@pytest.mark.parametrize("loses_session", [False, True])
def test_a_holder_of_the_lock_that_stops_keeps_nobody_from_work_and_undoes_nothing(
    stores: SharedStores, monkeypatch: pytest.MonkeyPatch, loses_session: bool
) -> None:
    holder, other = stores.open_host(), stores.open_host()
    runs = [put(other), put(other, US + 1)]
    genuine = holder.index.runs.upsert
    stops = []

    def upsert(rows: list[RunRow], **how: object) -> None:
        if not stops:  # its rows are made; before they are written the others go on
            stops.append(len(rows))
            add(other, runs[0])
            runs.append(put(other, US + 2))
            assert listed_ids(other) == sorted(runs, reverse=True)
            if loses_session:
                stores.execute(_END_HOLDERS)
        genuine(rows, **how)

    monkeypatch.setattr(holder.index.runs, "upsert", upsert)
    with pytest.raises(IndexUnavailable) if loses_session else contextlib.nullcontext():
        holder.reconcile(full=True)
    assert stops == [2]
    assert listed_ids(other) == sorted(runs, reverse=True)
    known = other.index.runs.find(runs[0]).value
    assert known is not None
    assert known.version == 1
    other.reconcile()  # nobody holds the lock any more


_END_HOLDERS = "SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE locktype = 'advisory'"
