"""Hosts that share one record, in whatever order things happen: nothing acknowledged is lost, no list silently short.

PUTs are lost, come late or twice; hosts die before any step, and cannot reach the storage or the index; passes
run in between. At each moment what was acknowledged stands in the bucket, and a list that is answered has all that was
acknowledged as indexed. In the end, once nothing is on its way, lists are those of a plain model and verify is content.
"""

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rmos import ids
from rmos.checks.verify import verify_store
from rmos.errors.base import RmosError
from rmos.errors.store import IndexRebuilding, IndexUnavailable
from rmos.row_models import RunQuery, SessionQuery
from rmos.store import Store, layout
from rmos.store.quick_pass import GIVEN_UP_S, WRITING_S
from rmos.store.sessions import SessionChange
from tests.helpers.faulty_bucket import CHANGES, PLAIN, Change, HostDied
from tests.helpers.hosts import Cluster, Host
from tests.makers import ANNA, US, make_members
from tests.store.writing import DAY
from tests.trying import tries

HOSTS = 3
_LONG_S = GIVEN_UP_S + 1
fates = st.lists(st.sampled_from(CHANGES), max_size=4) | st.just([PLAIN])
deaths = st.none() | st.none() | st.integers(0, 25)


class SharedRecord(RuleBasedStateMachine):
    """Some hosts, what they acknowledged, and what becomes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()
        self.hosts: list[Host] = []
        self.moments = 0
        self.under_way_s = 0.0
        self.acknowledged: dict[str, int] = {}
        """Runs and sessions, and up to which version somebody was told that they are durable."""
        self.indexed: dict[str, int] = {}
        """Those of which it was said that they are indexed."""
        self.deleted: set[str] = set()
        """Runs whose hard delete was begun: they may be gone."""

    @initialize()
    def start_two(self) -> None:
        self.hosts = [self.cluster.add_host(), self.cluster.add_host()]

    def _next_us(self) -> int:
        self.moments += 1
        return US + self.moments

    def _host(self, number: int) -> Host:
        return self.hosts[number % len(self.hosts)]

    def _try(self, host: Host, fate: list[Change], dies_in: int | None, act: Callable[[], None]) -> None:
        """Let a host do something, as far as it comes; one that dies is replaced by a new process."""
        host.objects.changes.clear()
        host.objects.changes += fate
        host.dies_in = dies_in
        try:
            act()
        except HostDied:
            self.hosts.remove(host)
            self.hosts.append(Host(self.cluster.bucket, self.cluster.database))
            return
        except RmosError:
            pass
        host.objects.changes.clear()
        host.dies_in = None

    def _note(self, record_id: str, version: int, indexed: bool) -> None:
        self.acknowledged[record_id] = max(version, self.acknowledged.get(record_id, 0))
        if indexed:
            self.indexed[record_id] = max(version, self.indexed.get(record_id, 0))

    # What hosts do

    @rule(number=st.integers(0, 9), fate=fates, dies_in=deaths)
    def put(self, number: int, fate: list[Change], dies_in: int | None) -> None:
        host, members = self._host(number), make_members(self._next_us())

        def act() -> None:
            stored = host.store.runs.put(members)
            self._note(members["run_id"], 0, stored.indexed)

        self._try(host, fate, dies_in, act)

    def _runs(self) -> list[str]:
        return sorted(key[len(DAY) + 1 : -5] for key in self.cluster.keys(f"{DAY}/") if key.count(".") == 1)

    @precondition(lambda self: self._runs())
    @rule(number=st.integers(0, 9), which=st.integers(0, 99), fate=fates, dies_in=deaths)
    def append(self, number: int, which: int, fate: list[Change], dies_in: int | None) -> None:
        host, run_id, us = self._host(number), self._runs()[which % len(self._runs())], self._next_us()

        def act() -> None:
            changed = host.store.runs.append(
                run_id, "advisory", lambda run: {"advisory_id": f"a{us}"}, actor=ANNA, us=us
            )
            self._note(run_id, changed.view.version, False)

        self._try(host, fate, dies_in, act)

    @precondition(lambda self: self._runs())
    @rule(number=st.integers(0, 9), which=st.integers(0, 99), fate=fates, dies_in=deaths)
    def delete(self, number: int, which: int, fate: list[Change], dies_in: int | None) -> None:
        host, run_id, us = self._host(number), self._runs()[which % len(self._runs())], self._next_us()
        self.deleted.add(run_id)
        self._try(host, fate, dies_in, lambda: _delete(host.store, run_id, us))

    @rule(number=st.integers(0, 9), fate=fates, dies_in=deaths)
    def create_session(self, number: int, fate: list[Change], dies_in: int | None) -> None:
        host, us = self._host(number), self._next_us()
        session_id = ids.new_session_id(us)

        def act() -> None:
            change = SessionChange(fields={"workflow_type": "rosette"})
            stored = host.store.sessions.create(session_id, change, actor=ANNA, us=us)
            self._note(session_id, 1, stored.indexed)

        self._try(host, fate, dies_in, act)

    @rule(number=st.integers(0, 9), full=st.sampled_from([False] * 4 + [True]), thorough=st.booleans(), dies_in=deaths)
    def reconcile(self, number: int, full: bool, thorough: bool, dies_in: int | None) -> None:
        host = self._host(number)

        def act() -> None:
            host.store.reconcile(full=full, thorough=thorough)

        self._try(host, [], dies_in, act)

    # What happens to them

    @rule(number=st.integers(0, 9), storage=st.booleans(), index=st.booleans())
    def reach(self, number: int, storage: bool, index: bool) -> None:
        host = self._host(number)
        host.objects.cut_off, host.index.cut_off = not storage, not index

    @precondition(lambda self: self.cluster.bucket.late)
    @rule(which=st.integers(0, 9))
    def deliver(self, which: int) -> None:
        self.cluster.bucket.deliver(which % len(self.cluster.bucket.late))

    @rule(seconds=st.sampled_from([1.0, WRITING_S + 1, 200.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass; no request is on its way for as long as an announcement is looked at."""
        self.under_way_s = self.under_way_s + seconds if self.cluster.bucket.late else 0.0
        if self.under_way_s >= GIVEN_UP_S / 2:
            self.cluster.bucket.deliver_all()
        self.cluster.database.now_s += seconds

    @rule()
    def crash_database(self) -> None:
        """Let it forget its last announcements, as one does that acknowledges them before they are durable.

        That of a write which nobody was told of is kept: with a host that died as well, only a pass over all names
        would find the object.
        """
        for key, at_s in list(self.cluster.database.announced.items()):
            _, record_id, number = key
            if at_s == self.cluster.database.now_s and number <= self.acknowledged.get(record_id, -1):
                del self.cluster.database.announced[key]

    # What holds

    @invariant()
    def what_was_acknowledged_stands(self) -> None:
        for record_id, version in self.acknowledged.items():
            if record_id in self.deleted:
                continue
            folder = layout.session_folder(record_id) if record_id.startswith("ws_") else DAY
            assert folder is not None
            assert self.cluster.bucket.objects.has(layout.last_key(folder, record_id, version)), record_id

    @invariant()
    def no_list_is_silently_short(self) -> None:
        for host in self.hosts:
            if host.objects.cut_off or host.index.cut_off:
                continue
            try:
                runs, sessions = _list_runs(host.store), host.store.session_lists.page(SessionQuery(), limit=500).text
            except (IndexRebuilding, IndexUnavailable):
                continue
            for record_id in self.indexed.keys() - self.deleted:
                assert record_id in (sessions if record_id.startswith("ws_") else runs), record_id

    def teardown(self) -> None:
        """Let all arrive that is on its way; then lists are those of the objects that stand, and nothing is left."""
        self.cluster.bucket.deliver_all()
        host = self.cluster.add_host()
        host.objects.age_s = lambda key: _LONG_S  # type: ignore[method-assign]
        for _ in range(2):
            self.cluster.database.now_s += _LONG_S
            host.store.reconcile()
        assert self.cluster.database.announced == {}
        assert self.cluster.keys("_behind") == []
        gone = {run_id for run_id in self._runs() if run_id in self.deleted and not _is_listable(host.store, run_id)}
        assert _list_runs(host.store) == set(self._runs()) - gone
        # A late PUT makes an artifact again that was erased meanwhile: that is named, and repair erases it once more.
        found = verify_store(host.store, recheck_s=0).findings
        assert [one for one in found if one.kind != "delete_unfinished" or one.run_id not in self.deleted] == []


def _delete(store: Store, run_id: str, us: int) -> None:
    store.deletes.hard(run_id, "a customer's name", actor=ANNA, us=us)


def _is_listable(store: Store, run_id: str) -> bool:
    return store.deletes.find(run_id) is None


def _list_runs(store: Store) -> set[str]:
    page = store.runs.page(RunQuery(), limit=500)
    return {run_id for run_id in (text.partition('"run_id":"')[2][:36] for text in page.items) if run_id}


TestSharedRecord = SharedRecord.TestCase
TestSharedRecord.settings = settings(max_examples=tries(100), stateful_step_count=40, deadline=None)
