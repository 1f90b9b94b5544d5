"""When requests fail at once, and how a storage that is back is found."""

import pytest

from rmos.errors.store import StorageUnavailable
from rmos.objects.breaker import FAILURES, OPEN_S, Breaker, StorageAway


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def changes() -> list[bool]:
    return []


@pytest.fixture
def breaker(clock: Clock, changes: list[bool]) -> Breaker:
    return Breaker(clock, changes.append)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.note(answered=False)


def test_failures_in_a_row_open_it_and_one_answer_among_them_does_not(breaker: Breaker, changes: list[bool]) -> None:
    fail(breaker, FAILURES - 1)
    breaker.note(answered=True)
    fail(breaker, FAILURES - 1)
    breaker.enter()
    assert not breaker.is_open
    breaker.note(answered=False)
    assert breaker.is_open
    with pytest.raises(StorageUnavailable) as refusal:
        breaker.enter()
    assert refusal.value.headers["Retry-After"] == "1"
    assert changes == [True]


def test_after_a_while_one_tries_and_the_others_wait_for_what_comes_of_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now += OPEN_S
    breaker.enter()
    with pytest.raises(StorageAway):
        breaker.enter()
    clock.now += OPEN_S / 2
    breaker.note(answered=False)
    clock.now += OPEN_S / 2
    with pytest.raises(StorageAway):
        breaker.enter()


def test_one_answer_closes_it(breaker: Breaker, clock: Clock, changes: list[bool]) -> None:
    fail(breaker, FAILURES)
    clock.now += OPEN_S
    breaker.enter()
    breaker.note(answered=True)
    for _ in range(3):
        breaker.enter()
    assert changes == [True, False]


def test_one_that_tries_and_never_comes_back_does_not_keep_it_open(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now += OPEN_S
    breaker.enter()
    clock.now += OPEN_S
    breaker.enter()
