"""Audit records and turns: the count is exact over processes, days and damage."""

from pathlib import Path

import msgspec
import pytest

from rmos import ids
from rmos.errors.callers import Forbidden, RateLimited
from rmos.models import Actor
from rmos.store import Store
from rmos.store.audit import Attempt, RateLimit
from tests.makers import ANNA, US, open_store
from tests.store.processes import in_processes
from tests.store.writing import flip

ATTEMPT = Attempt("delete", "run_0123456789ab", {"mode": "soft", "reason": "a trial cut"})
LIMIT = RateLimit(3, 60)
SECOND = 1_000_000


def admit(store: Store, us: int, actor: Actor = ANNA, limit: RateLimit = LIMIT) -> bool:
    try:
        store.audit.admit(ATTEMPT, limit, actor=actor, us=us)
    except RateLimited:
        return False
    return True


def test_a_caller_has_so_many_turns_within_any_window_and_is_told_when_the_next_is_free(store: Store) -> None:
    assert [admit(store, US + second * SECOND) for second in (0, 10, 20, 30, 59)] == [True, True, True, False, False]
    with pytest.raises(RateLimited) as caught:
        store.audit.admit(ATTEMPT, LIMIT, actor=ANNA, us=US + 40 * SECOND)
    assert caught.value.retry_after_s == 20
    assert [admit(store, US + second * SECOND) for second in (60, 61, 70, 80)] == [True, False, True, True]


def test_the_window_goes_on_over_midnight(store: Store) -> None:
    midnight = ids.parse_utc("2025-12-24")
    assert [admit(store, midnight + second * SECOND) for second in (-30, -20, -10)] == [True] * 3
    assert [admit(store, midnight + second * SECOND) for second in (10, 29, 31)] == [False, False, True]


@pytest.mark.parametrize("ahead_s", [30, 7200, 3 * 86_400])
def test_trap_46_a_clock_that_went_back_keeps_nobody_waiting_and_the_limit_holds_from_then_on(
    store: Store, ahead_s: int
) -> None:
    assert [admit(store, US + ahead_s * SECOND) for _ in range(4)] == [True] * 3 + [False]
    assert [admit(store, US + second * SECOND) for second in (0, 1, 2, 3)] == [True] * 3 + [False]
    with pytest.raises(RateLimited) as caught:
        store.audit.admit(ATTEMPT, LIMIT, actor=ANNA, us=US + 10 * SECOND)
    assert caught.value.retry_after_s == 50
    assert admit(store, US + 60 * SECOND)
    records = [record for date in store.audit.days() for record in store.audit.day(date)]
    assert sum(record.outcome == "admitted" for record in records) == 7


def test_clocks_of_two_hosts_that_are_a_little_apart_give_no_more_turns(store: Store) -> None:
    assert [admit(store, US + SECOND) for _ in range(3)] == [True] * 3
    assert not admit(store, US)


def test_each_caller_has_turns_of_their_own(store: Store) -> None:
    assert [admit(store, US) for _ in range(4)] == [True] * 3 + [False]
    assert admit(store, US, Actor(name="bo", role="operator"))


def test_refusals_take_turns_and_say_their_true_outcome(store: Store) -> None:
    for _ in range(3):
        store.audit.refuse(ATTEMPT, Forbidden("Not you."), LIMIT, actor=ANNA, us=US)
    assert not admit(store, US)
    records = list(store.audit.day("2025-12-23"))
    assert sorted((record.outcome, record.error) for record in records) == [
        *[("refused", "FORBIDDEN")] * 3,
        ("refused", "RATE_LIMITED"),
    ]


def test_what_is_too_much_leaves_one_record_for_each_caller_and_window(store: Store) -> None:
    for _ in range(3):
        admit(store, US)
    for number in range(50):
        assert not admit(store, US + number * SECOND)
    limited = [record for record in store.audit.day("2025-12-23") if record.error == "RATE_LIMITED"]
    assert len(limited) == 1


@pytest.mark.parametrize("most", [7, 16])
def test_trap_28_the_limit_holds_exactly_over_real_processes(store: Store, tmp_path: Path, most: int) -> None:
    store.index.close()

    def hammer(number: int) -> int:
        mine = open_store(tmp_path, reconcile=False)
        return sum(admit(mine, US + number, limit=RateLimit(most, 60)) for _ in range(8))

    assert sum(in_processes(hammer, range(4))) == most


def test_turns_are_counted_without_the_index_and_after_a_restart(store: Store, tmp_path: Path) -> None:
    assert [admit(store, US) for _ in range(3)] == [True] * 3
    store.index.close()
    for path in (tmp_path / "runs").glob("_index.sqlite*"):
        path.unlink()
    assert not admit(open_store(tmp_path, reconcile=False), US + SECOND)


def test_a_damaged_record_still_counts(store: Store, root: Path) -> None:
    us = ids.now_us()
    for _ in range(3):
        admit(store, us)
    for path in (root / "_audit").rglob("*.json"):
        flip(path, 120)
    assert not admit(store, us)


def test_a_client_s_words_are_kept_bounded_and_never_become_a_name(store: Store, root: Path) -> None:
    hostile = Attempt("delete", "../../x\x00\ud800" * 500, {"reason": "\x00" * 9})
    store.audit.refuse(hostile, Forbidden("Not you."), LIMIT, actor=ANNA, us=US)
    [record] = store.audit.day("2025-12-23")
    assert len(record.target) == 500
    assert {path.name for path in (root / "_audit" / "2025-12-23").iterdir()} == {f"{record.event_id}.json"}


def test_what_came_over_the_network_has_its_address_and_what_did_not_has_no_such_member(
    store: Store, root: Path
) -> None:
    far = msgspec.structs.replace(ANNA, address="192.0.2.7")
    store.audit.refuse(ATTEMPT, Forbidden("Not you."), LIMIT, actor=far, us=US)
    store.audit.admit(ATTEMPT, LIMIT, actor=far, us=US)
    store.audit.admit(ATTEMPT, LIMIT, actor=ANNA, us=US)
    assert sorted(str(record.address) for record in store.audit.day("2025-12-23")) == ["192.0.2.7", "192.0.2.7", "None"]
    texts = [path.read_text() for path in (root / "_audit").rglob("*.json")]
    assert sorted('"address"' in text for text in texts) == [False, True, True]
