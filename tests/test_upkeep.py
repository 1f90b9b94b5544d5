"""The upkeep thread: it heals what it is woken for, retries what it could not do, and nothing ends it but `stop`."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from rmos import upkeep as module
from rmos.config import Settings
from rmos.errors.evidence import EvidenceKeyUnusable
from rmos.errors.store import IndexUnavailable, StoreLocked
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from rmos.upkeep import Upkeep
from tests.helpers.waiting import PATIENCE_S, wait_until
from tests.makers import make_members


class Watched(threading.Event):
    """An event that keeps for how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return super().wait(timeout)


@pytest.fixture
def fresh_store(settings: Settings) -> Iterator[Store]:
    """A store that was never reconciled in this process."""
    store = Store.open(settings, summarise=dump_summary)
    yield store
    store.index.close()


@pytest.fixture
def upkeep(fresh_store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upkeep]:
    """The upkeep of that store, impatient, not yet started."""
    monkeypatch.setattr(module, "_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "SOON_S", 0.02)
    upkeep = Upkeep(fresh_store)
    yield upkeep
    upkeep.stop()


def test_the_first_pass_makes_lists_possible(upkeep: Upkeep, fresh_store: Store) -> None:
    upkeep.start(wait_s=PATIENCE_S)
    upkeep.wait_first()
    assert fresh_store.is_listable()


def test_waking_brings_what_the_index_missed(upkeep: Upkeep, fresh_store: Store, settings: Settings) -> None:
    upkeep.start(wait_s=PATIENCE_S)
    upkeep.wait_first()
    writer = Store.open(settings)
    run_id = writer.runs.put(make_members()).view.artifact.run_id
    assert fresh_store.index.runs.find(run_id).value is None
    upkeep.request_pass()
    wait_until(lambda: fresh_store.index.runs.find(run_id).value is not None)


def test_it_passes_by_itself_every_few_minutes(
    upkeep: Upkeep, fresh_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.02)
    upkeep.start(wait_s=PATIENCE_S)
    upkeep.wait_first()
    run_id = Store.open(settings).runs.put(make_members()).view.artifact.run_id
    wait_until(lambda: fresh_store.index.runs.find(run_id).value is not None)


@pytest.mark.parametrize("error", [StoreLocked("busy"), IndexUnavailable("busy"), ZeroDivisionError()])
def test_a_pass_that_fails_neither_ends_the_thread_nor_is_given_up(
    upkeep: Upkeep, fresh_store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.02)
    reconcile, tries = fresh_store.reconcile, []

    def fail_twice() -> object:
        tries.append(error)
        if len(tries) < 3:
            raise error
        return reconcile()

    monkeypatch.setattr(fresh_store, "reconcile", fail_twice)
    upkeep.start(wait_s=PATIENCE_S)
    wait_until(fresh_store.is_listable)
    assert len(tries) >= 3


def test_waiting_ends_when_the_patience_does(
    upkeep: Upkeep, fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end, first = threading.Event(), Watched()
    reconcile = fresh_store.reconcile

    def slow() -> object:
        may_end.wait()
        return reconcile()

    moments = iter([100.0, 100.0, 100.5])
    monkeypatch.setattr(fresh_store, "reconcile", slow)
    monkeypatch.setattr(upkeep, "_first", first)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(moments), perf_counter=lambda: 0.0))
    upkeep.start(wait_s=0.25)
    upkeep.wait_first()
    upkeep.wait_first()
    listable = fresh_store.is_listable()
    may_end.set()
    assert first.waits == [0.25, 0.0]
    assert not listable


def test_many_wakes_are_one_pass_at_a_time(upkeep: Upkeep, fresh_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    reconcile, may_end, passes = fresh_store.reconcile, threading.Event(), []
    woken, stopped = Watched(), Watched()

    def counted() -> object:
        passes.append(len(stopped.waits))
        may_end.wait()
        return reconcile()

    monkeypatch.setattr(fresh_store, "reconcile", counted)
    monkeypatch.setattr(upkeep, "_woken", woken)
    monkeypatch.setattr(upkeep, "_stopped", stopped)
    upkeep.start(wait_s=PATIENCE_S)
    wait_until(lambda: passes, "the first pass")
    for _ in range(100):
        upkeep.request_pass()
    may_end.set()
    wait_until(lambda: len(woken.waits) == 2, "the end of the second pass")
    assert not woken.is_set()  # so that there is no third one
    assert passes == [0, 1]
    assert stopped.waits == [module.__dict__["_PAUSE_S"]] * 2


def test_stopping_ends_the_thread(fresh_store: Store) -> None:
    before = set(threading.enumerate())
    upkeep = Upkeep(fresh_store)
    upkeep.start(wait_s=PATIENCE_S)
    upkeep.stop()
    assert not [thread for thread in threading.enumerate() if thread not in before and thread.name == "rmos-upkeep"]


def test_stopping_is_not_missed_between_two_looks(
    upkeep: Upkeep, fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call to stop comes just before the thread forgets that it was woken."""
    woken, passes = threading.Event(), []
    clear = woken.clear

    def stop_first() -> None:
        upkeep.stop(wait_s=0)
        clear()

    def counted() -> None:
        passes.append(1)

    monkeypatch.setattr(woken, "clear", stop_first)
    monkeypatch.setattr(upkeep, "_woken", woken)
    monkeypatch.setattr(upkeep._thread, "join", lambda wait_s: None)
    monkeypatch.setattr(fresh_store, "reconcile", counted)
    upkeep.start(wait_s=0)
    wait_until(lambda: not upkeep._thread.is_alive(), "the end of the thread")
    assert passes == []
    monkeypatch.undo()


def test_the_log_is_appended_to_after_each_pass_when_nobody_waits_any_more(
    fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.01)
    seen: list[tuple[bool, bool]] = []
    failures = [IndexUnavailable("busy"), EvidenceKeyUnusable("pulled out"), ZeroDivisionError()]

    def append(everywhere: bool) -> None:
        seen.append((everywhere, upkeep.wait_first()))
        upkeep.request_pass()
        if failures:
            raise failures.pop()

    upkeep = Upkeep(fresh_store, append=append)
    upkeep.start(wait_s=0)
    wait_until(lambda: len(seen) > 4)
    upkeep.stop()
    # The first one that succeeds looks everywhere, and none holds up a request that waits for the first pass.
    assert seen[:5] == [(True, True)] * 4 + [(False, True)]
