"""What every index backend must do; see `conftest.py` for the backends.

What the rows of both kinds must do is in `test_contract_tables.py`, lists are in `test_contract_lists.py`.
"""

import threading
import time
from collections.abc import Callable

import pytest

from rmos.errors.store import IndexBroken, IndexUnavailable, StoreLocked
from rmos.index.base import NO_INDEX, Answer, Index, KnownRun
from rmos.row_models import RunQuery, SessionQuery
from tests.helpers.waiting import PATIENCE_S
from tests.index.conftest import OpenAgain
from tests.index.rows import changed, complete, listed, make_session_row
from tests.makers import US, known_of, make_row

DAY = "2025-12-23"
RUN = "run_361afb660060"


# Making it


def test_an_index_that_is_not_there_is_broken_and_not_empty(open_again: OpenAgain) -> None:
    index = open_again()
    assert index.state() == NO_INDEX
    asks: list[Callable[[], object]] = [
        lambda: index.runs.upsert([make_row()]),
        lambda: index.sessions.upsert([make_session_row()]),
        lambda: index.runs.figures("ws_x").value,
        lambda: index.runs.count(RunQuery()).value,
        lambda: index.sessions.count(SessionQuery()).value,
        lambda: index.runs.page(RunQuery(), limit=1).value,
        lambda: index.sessions.page(SessionQuery(), limit=1).value,
        lambda: index.complete(None),
        index.change_tokens,
        lambda: index.set_change_token(DAY, "1"),
        lambda: index.set_change_token(DAY, None),
    ]
    for table in (index.runs, index.sessions):
        asks += [
            lambda table=table: table.find(RUN).value,
            lambda table=table: table.known(DAY),
            lambda table=table: table.rows(DAY),
            lambda table=table: table.forget([RUN]),
            table.partitions,
            table.state_counts,
        ]
    for ask in asks:
        with pytest.raises(IndexBroken):
            ask()
    assert index.state() == NO_INDEX


def test_a_new_index_is_empty_and_not_complete_until_it_is_said_to_be(open_again: OpenAgain) -> None:
    index = open_again()
    assert index.prepare() is True
    state = index.state()
    assert state.generation is not None
    assert (state.complete, state.was_complete) == (False, False)
    assert index.runs.count(RunQuery()).value == index.sessions.count(SessionQuery()).value == 0
    assert index.runs.partitions() == index.sessions.partitions() == []
    complete(index)
    assert index.state() == open_again().state() == state._replace(complete=True, was_complete=True)
    index.close()


def test_an_index_that_fell_behind_is_not_complete_for_anybody_until_it_is_completed_again(
    index: Index, open_again: OpenAgain
) -> None:
    before = index.state()
    other = open_again()
    with index.lock(wait_s=0):
        other.fall_behind()
    assert index.state() == other.state() == before._replace(complete=False)
    with index.lock(wait_s=0):
        assert index.prepare() is False
        complete(index)
    assert index.state() == other.state() == before
    other.close()


def test_trap_46_an_index_falls_behind_also_while_the_clock_shows_the_time_of_its_last_completion(
    index: Index, open_again: OpenAgain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_790_000_000_000_000_000)
    for _ in range(2):
        open_again().fall_behind()
        assert index.state().complete is False
        with index.lock(wait_s=0):
            index.prepare()
            complete(index)
        assert index.state().complete is True


def test_what_falls_behind_while_the_index_is_brought_up_is_not_declared_complete(
    index: Index, open_again: OpenAgain
) -> None:
    with index.lock(wait_s=0):
        index.prepare()
        open_again().fall_behind()
        complete(index)
    assert index.state().complete is False


def test_an_index_whose_rows_hold_something_else_is_broken_and_made_again(open_again: OpenAgain) -> None:
    made = open_again("rows as they were")
    made.prepare()
    made.runs.upsert([make_row(run_id=RUN)])
    complete(made)
    schema = made.state().schema
    assert open_again("rows as they were").state() == made.state()
    assert open_again().runs.find(RUN) is not None  # who knows no rows reads any
    changed_rows = open_again("rows with another field")
    for ask in (
        changed_rows.state,
        lambda: changed_rows.runs.find(RUN).value,
        lambda: changed_rows.sessions.count(SessionQuery()).value,
    ):
        with pytest.raises(IndexBroken):
            ask()
    assert changed_rows.prepare() is True
    assert changed_rows.runs.find(RUN).value is None
    assert changed_rows.state().schema != schema
    with pytest.raises(IndexBroken):
        made.runs.find(RUN)
    changed_rows.close()
    made.close()


def test_preparing_again_keeps_what_is_there(index: Index) -> None:
    index.runs.upsert([make_row()])
    index.set_change_token(DAY, "1")
    before = index.state()
    assert index.prepare() is False
    assert index.runs.count(RunQuery()).value == 1
    assert index.change_tokens() == {DAY: "1"}
    assert index.state() == before


def test_an_answer_brings_the_state_of_the_index_that_gave_it(index: Index, open_again: OpenAgain) -> None:
    index.runs.upsert([make_row(run_id=RUN, workflow_session_id="ws_x")])
    index.sessions.upsert([session := make_session_row()])
    asks: list[Callable[[Index], Answer[object]]] = [
        lambda index: index.runs.find(RUN),
        lambda index: index.runs.page(RunQuery(), limit=1),
        lambda index: index.runs.page(RunQuery(), limit=1000),
        lambda index: index.runs.count(RunQuery()),
        lambda index: index.runs.figures("ws_x"),
        lambda index: index.sessions.find(session.session_id),
        lambda index: index.sessions.page(SessionQuery(), limit=1),
        lambda index: index.sessions.count(SessionQuery()),
    ]
    other = open_again()
    state = index.state()
    for asked in (index, other):
        assert all(ask(asked).value for ask in asks)
        assert {ask(asked).state for ask in asks} == {state}
    index.fall_behind()
    for asked in (index, other):
        assert {ask(asked).state for ask in asks} == {state._replace(complete=False)}
    other.close()


def test_only_the_index_that_was_filled_is_declared_complete(index: Index) -> None:
    before = index.state()
    index.fall_behind()
    index.prepare()
    with pytest.raises(IndexBroken):
        index.complete("another one")
    assert index.state() == before._replace(complete=False)
    index.complete(before.generation)
    assert index.state() == before


# Change tokens and the lock


def test_change_tokens_are_kept_as_they_are_and_forgotten(index: Index, open_again: OpenAgain) -> None:
    index.set_change_token(DAY, "1766483173123456789 young")
    index.set_change_token("2025-12-24", "")
    index.set_change_token("2025-12-24", '{"é": ["\\u0001"]}')
    index.set_change_token("2025-12-25", "x")
    index.set_change_token("2025-12-25", None)
    index.set_change_token("2025-12-26", None)
    again = open_again()
    assert again.change_tokens() == {DAY: "1766483173123456789 young", "2025-12-24": '{"é": ["\\u0001"]}'}
    again.close()


def test_the_lock_is_one_for_all_and_waited_for_no_longer_than_asked(open_again: OpenAgain) -> None:
    with open_again().lock(wait_s=0):
        started = time.monotonic()
        with pytest.raises(StoreLocked), open_again().lock(wait_s=0.2):
            pass
        assert time.monotonic() - started >= 0.2
    with open_again().lock(wait_s=0):
        pass


def test_the_lock_is_let_go_when_its_holder_fails(open_again: OpenAgain) -> None:
    with pytest.raises(RuntimeError), open_again().lock(wait_s=0):
        raise RuntimeError
    with open_again().lock(wait_s=0):
        pass


def test_a_waiter_gets_the_lock_when_it_is_let_go(open_again: OpenAgain) -> None:
    happened: list[str] = []

    def wait() -> None:
        with open_again().lock(wait_s=PATIENCE_S):
            happened.append("taken")

    waiter = threading.Thread(target=wait)
    with open_again().lock(wait_s=0):
        waiter.start()
        happened.append("let go")
    waiter.join()
    assert happened == ["let go", "taken"]


# Several at once


def test_what_one_wrote_another_sees_at_once(index: Index, open_again: OpenAgain) -> None:
    other = open_again()
    for number in range(20):
        row = make_row(US + number)
        (index if number % 2 else other).runs.upsert([row])
        assert (other if number % 2 else index).runs.find(row.run_id).value == known_of(row)
    assert other.runs.count(RunQuery()).value == index.runs.count(RunQuery()).value == 20
    other.close()


def test_threads_may_share_one_index(index: Index) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(40):
                row = make_row(US + worker * 1000 + number)
                index.runs.upsert([row, changed(row, version=1)])
                assert index.runs.find(row.run_id).value == KnownRun(DAY, 1, "live", row.sha256)
                assert index.runs.page(RunQuery(), limit=3).value
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        finally:
            index.close()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert index.runs.count(RunQuery()).value == 320


def test_a_row_that_cannot_be_written_fails_alone_or_with_those_it_was_written_with_and_locks_nobody_out(
    index: Index, open_again: OpenAgain
) -> None:
    barrier = threading.Barrier(8)
    claimed: list[str] = []

    def work(worker: int) -> None:
        barrier.wait()
        for number in range(25):
            row = make_row(US + worker * 1000 + number, version=2**70 if worker % 4 == 0 else 0)
            try:
                index.runs.upsert([row])
            except (OverflowError, IndexUnavailable):
                continue
            claimed.append(row.run_id)
        index.close()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert claimed
    assert set(claimed) == set(listed(index))
    other = open_again()
    other.runs.upsert([make_row(US - 1)])  # IndexUnavailable if the file was left locked
    other.close()
