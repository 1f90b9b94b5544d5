"""The upkeep thread: it heals what it is woken for, retries what it could not do, and nothing ends it but `stop`."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rmos import upkeep as module
from rmos.config import Settings
from rmos.errors.store import IndexUnavailable, StoreLocked
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from rmos.upkeep import Upkeep
from tests.makers import make_members


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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
    upkeep.start(wait_s=30)
    upkeep.wait_first()
    assert fresh_store.is_listable()


def test_waking_brings_what_the_index_missed(upkeep: Upkeep, fresh_store: Store, settings: Settings) -> None:
    upkeep.start(wait_s=30)
    upkeep.wait_first()
    writer = Store.open(settings)
    run_id = writer.runs.put(make_members()).view.artifact.run_id
    assert fresh_store.index.find(run_id) is None
    upkeep.wake()
    wait_until(lambda: fresh_store.index.find(run_id) is not None)


def test_it_passes_by_itself_every_few_minutes(
    upkeep: Upkeep, fresh_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.02)
    upkeep.start(wait_s=30)
    run_id = Store.open(settings).runs.put(make_members()).view.artifact.run_id
    upkeep.wait_first()
    wait_until(lambda: fresh_store.index.find(run_id) is not None)
    assert module.__dict__["EVERY_S"] == 0.02


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
    upkeep.start(wait_s=30)
    wait_until(fresh_store.is_listable)
    assert len(tries) >= 3


def test_waiting_ends_when_the_patience_does(
    upkeep: Upkeep, fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = threading.Event()
    reconcile = fresh_store.reconcile

    def slow() -> object:
        may_end.wait(20)
        return reconcile()

    monkeypatch.setattr(fresh_store, "reconcile", slow)
    started = time.monotonic()
    upkeep.start(wait_s=0.05)
    upkeep.wait_first()
    upkeep.wait_first()
    assert 0.04 < time.monotonic() - started < 10
    assert not fresh_store.is_listable()
    may_end.set()


def test_many_wakes_are_one_pass_at_a_time(upkeep: Upkeep, fresh_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.2)
    reconcile, passes = fresh_store.reconcile, []

    def counted() -> object:
        passes.append(time.monotonic())
        return reconcile()

    monkeypatch.setattr(fresh_store, "reconcile", counted)
    upkeep.start(wait_s=30)
    upkeep.wait_first()
    for _ in range(100):
        upkeep.wake()
        time.sleep(0.002)
    wait_until(lambda: len(passes) == 2)
    assert passes[1] - passes[0] >= 0.2


def test_stopping_ends_the_thread(fresh_store: Store) -> None:
    before = threading.active_count()
    upkeep = Upkeep(fresh_store)
    upkeep.start(wait_s=30)
    upkeep.stop()
    assert threading.active_count() == before
