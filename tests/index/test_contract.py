"""What every index backend must do; see `conftest.py` for the backends, `test_contract_lists.py` for lists."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.errors.store import IndexBroken, IndexUnavailable, StoreLocked
from rmos.index.base import Index, KnownRun
from rmos.models import RunQuery, RunRow, RunState
from tests.helpers.waiting import PATIENCE_S, wait_until
from tests.index.rows import changed, listed, stored
from tests.makers import US, known_of, make_row
from tests.trying import tries

DAY = "2025-12-23"


# Making it


def test_an_index_that_is_not_there_is_broken_and_not_empty(open_again: Callable[[], Index]) -> None:
    index = open_again()
    assert not index.exists()
    assert not index.is_complete()
    assert index.generation() is None
    asks: list[Callable[[], object]] = [
        lambda: index.count(RunQuery()),
        lambda: index.page(RunQuery(), limit=1),
        lambda: index.find("run_361afb660060"),
        lambda: index.known(DAY),
        lambda: index.rows(DAY, "", "z"),
        lambda: index.upsert([make_row()]),
        lambda: index.forget(["run_361afb660060"]),
        index.partitions,
        index.missing,
        index.change_tokens,
        index.state_counts,
        index.complete,
        lambda: index.set_change_token(DAY, "1"),
    ]
    for ask in asks:
        with pytest.raises(IndexBroken):
            ask()
    assert not index.exists()


def test_a_new_index_is_empty_and_not_complete_until_it_is_said_to_be(open_again: Callable[[], Index]) -> None:
    index = open_again()
    assert index.prepare() is True
    assert index.exists()
    assert index.count(RunQuery()) == 0
    assert index.partitions() == []
    assert not index.is_complete()
    index.complete()
    assert index.is_complete()
    assert open_again().is_complete()
    index.close()


def test_an_index_says_which_one_is_complete_and_which_one_answered(
    index: Index, open_again: Callable[[], Index]
) -> None:
    index.count(RunQuery())
    assert index.completed() == index.answered_by() == index.generation() is not None
    other = open_again()
    assert other.answered_by() is None
    assert other.completed() == index.generation() == other.answered_by()
    other.close()
    with index.lock(wait_s=0):
        index.fall_behind()
    assert index.completed() is None
    with index.lock(wait_s=0):
        index.prepare()
        index.complete()
    assert index.completed() == index.generation()


def test_preparing_again_keeps_what_is_there(index: Index) -> None:
    index.upsert([make_row()])
    before = index.generation()
    assert index.prepare() is False
    assert index.count(RunQuery()) == 1
    assert index.is_complete()
    assert index.generation() == before


# Rows


def test_a_row_comes_back_as_it_was_written(index: Index) -> None:
    row = make_row(
        version=3,
        state="deleted",
        summary='{"é":"\U0001d11e"}',
        event_type="rosette",
        workflow_session_id="ws_1",
        batch_label="b\x00\x1f",
        session_id="",
        material_id="Ébène",
        machine_id="m",
        request_id="r",
        source="s",
    )
    index.upsert([row])
    assert stored(index, row) == row
    assert index.find(row.run_id) == KnownRun(DAY, 3, "deleted", row.sha256)
    assert index.known(DAY) == {row.run_id: known_of(row)}
    assert index.partitions() == [DAY]


def test_an_unknown_run_is_not_found(index: Index) -> None:
    assert index.find("run_361afb660060") is None
    assert index.known(DAY) == {}
    assert index.rows(DAY, "", "z") == []


def test_an_older_version_never_wins_a_newer_one_does_and_an_equal_one_refreshes(index: Index) -> None:
    row = make_row(version=2, summary='"2"')
    index.upsert([row])
    index.upsert([changed(row, version=1, summary='"1"', state="deleted")])
    assert stored(index, row).summary == '"2"'
    index.upsert([changed(row, summary='"2 again"')])
    assert stored(index, row).summary == '"2 again"'
    index.upsert([changed(row, version=3, summary='"3"', state="deleted")])
    assert stored(index, row).summary == '"3"'
    assert index.count(RunQuery()) == 0


def test_a_refresh_also_takes_values_away(index: Index) -> None:
    row = make_row(material_id="ebony")
    index.upsert([row])
    index.upsert([changed(row, material_id=None)])
    assert stored(index, row).material_id is None
    assert listed(index, RunQuery(material_id="ebony")) == []


@given(st.permutations(range(5)), st.lists(st.booleans(), min_size=5, max_size=5))
@settings(max_examples=tries(25))
def test_rows_in_any_order_end_at_the_newest_version(index: Index, order: list[int], alone: list[bool]) -> None:
    row = make_row()
    batch: list[RunRow] = []
    for version, single in zip(order, alone, strict=True):
        batch.append(changed(row, version=version, summary=f'"{version}"'))
        if single:
            index.upsert(batch)
            batch = []
    index.upsert(batch)
    assert stored(index, row).version == 4
    assert stored(index, row).summary == '"4"'


def test_an_altered_row_is_replaced_whatever_version_it_claims(index: Index) -> None:
    row, other = make_row(version=1), make_row(US + 1)
    index.upsert([changed(row, version=99, state="deleted"), other])
    index.upsert([row])
    assert listed(index) == [other.run_id]
    index.upsert([row], instead_of={row.run_id: 98})
    assert listed(index) == [other.run_id]  # another row stands there than was seen
    index.upsert([row], instead_of={row.run_id: 99, other.run_id: 0})
    assert stored(index, row) == row
    assert listed(index) == [other.run_id, row.run_id]


def test_writing_no_rows_is_no_error(index: Index) -> None:
    row = make_row()
    index.upsert([row])
    index.upsert([])
    assert listed(index) == [row.run_id]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("state", ["damaged", "missing"])
@pytest.mark.parametrize("version", [0, 7])
@pytest.mark.parametrize("first", [True, False])
def test_a_copy_or_event_in_another_partition_never_stands_for_the_healthy_run(
    index: Index, together: bool, state: RunState, version: int, first: bool
) -> None:
    row = make_row()
    misplaced = changed(row, partition="2025-12-01", state=state, version=version, status="ERROR")
    rows = [misplaced, row] if first else [row, misplaced]
    for batch in [[*rows, make_row(US + 1)]] if together else [[one] for one in rows]:
        index.upsert(batch)
    assert stored(index, row) == row


def test_damage_at_its_own_place_replaces_the_row_and_healing_replaces_it_again(index: Index) -> None:
    row = make_row(version=1)
    index.upsert([row])
    index.upsert([changed(row, state="damaged", risk_level="ERROR")])
    assert stored(index, row).state == "damaged"
    assert listed(index) == [row.run_id]
    index.upsert([row])
    assert stored(index, row) == row


def test_damage_of_an_older_version_does_not_replace_the_row(index: Index) -> None:
    row = make_row(version=2)
    index.upsert([row])
    index.upsert([changed(row, state="damaged", version=1)])
    assert stored(index, row) == row


def test_missing_runs_keep_their_rows_unlisted_until_they_are_found_again(index: Index) -> None:
    rows = [make_row(US + number) for number in range(5)]
    index.upsert(rows)
    index.mark_missing(DAY, [rows[1].run_id, rows[3].run_id, "run_000000000000"])
    assert listed(index) == [rows[number].run_id for number in (4, 2, 0)]
    assert index.missing() == sorted((DAY, rows[number].run_id) for number in (1, 3))
    assert stored(index, rows[1]) == changed(rows[1], state="missing")
    index.upsert([rows[1]])
    assert index.missing() == [(DAY, rows[3].run_id)]
    assert index.count(RunQuery()) == 4


def test_an_erased_run_stays_erased_when_its_object_is_gone(index: Index) -> None:
    row = make_row(state="erased", version=1)
    index.upsert([row])
    index.mark_missing(DAY, [row.run_id])
    assert stored(index, row).state == "erased"


def test_marking_nothing_is_no_error(index: Index) -> None:
    row = make_row()
    index.upsert([row])
    index.mark_missing(DAY, [])
    index.forget([])
    assert stored(index, row) == row


def test_forgetting_removes_just_those_rows(index: Index) -> None:
    rows = [make_row(US + number) for number in range(3)]
    index.upsert(rows)
    index.forget([rows[0].run_id, rows[2].run_id, "run_000000000000"])
    assert listed(index) == [rows[1].run_id]


@pytest.mark.parametrize(
    ("state", "plain", "with_deleted"),
    [("live", 1, 1), ("damaged", 1, 1), ("deleted", 0, 1), ("missing", 0, 0), ("erased", 0, 0)],
)
def test_trap_06_a_row_is_listed_and_counted_by_its_state(
    index: Index, state: RunState, plain: int, with_deleted: int
) -> None:
    index.upsert([make_row(state=state)])
    for query, expected in ((RunQuery(), plain), (RunQuery(include_deleted=True), with_deleted)):
        assert len(listed(index, query)) == index.count(query) == expected
    assert index.state_counts() == {state: 1}


def test_rows_of_a_partition_come_from_id_to_id_in_order(index: Index) -> None:
    rows = [make_row(US + number) for number in range(6)]
    index.upsert([*reversed(rows), make_row(US - 86_400_000_000)])
    found = index.rows(DAY, rows[1].run_id, rows[4].run_id)
    assert [row for row, _ in found] == rows[1:5]
    assert all(holds for _, holds in found)


# Folders and the lock


def test_change_tokens_are_kept_as_they_are_and_forgotten(index: Index, open_again: Callable[[], Index]) -> None:
    index.set_change_token(DAY, "1766483173123456789 young")
    index.set_change_token("2025-12-24", "")
    index.set_change_token("2025-12-24", '{"é": ["\\u0001"]}')
    index.set_change_token("2025-12-25", "x")
    index.set_change_token("2025-12-25", None)
    index.set_change_token("2025-12-26", None)
    again = open_again()
    assert again.change_tokens() == {DAY: "1766483173123456789 young", "2025-12-24": '{"é": ["\\u0001"]}'}
    again.close()


def test_the_lock_is_one_for_all_and_waited_for_no_longer_than_asked(open_again: Callable[[], Index]) -> None:
    with open_again().lock(wait_s=0):
        started = time.monotonic()
        with pytest.raises(StoreLocked), open_again().lock(wait_s=0.2):
            pass
        assert time.monotonic() - started >= 0.2
    with open_again().lock(wait_s=0):
        pass


def test_the_lock_is_let_go_when_its_holder_fails(open_again: Callable[[], Index]) -> None:
    with pytest.raises(RuntimeError), open_again().lock(wait_s=0):
        raise RuntimeError
    with open_again().lock(wait_s=0):
        pass


def opened(path: Path) -> int:
    """Return how often this process has a file open."""
    links = (os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd"))
    return sum(os.path.realpath(link) == str(path) for link in links)


def test_a_waiter_gets_the_lock_when_it_is_let_go(open_again: Callable[[], Index], tmp_path: Path) -> None:
    happened: list[str] = []

    def wait() -> None:
        with open_again().lock(wait_s=PATIENCE_S):
            happened.append("taken")

    waiter = threading.Thread(target=wait)
    with open_again().lock(wait_s=0):
        waiter.start()
        wait_until(lambda: opened(tmp_path / "_index.lock") == 2, "the other to come to the lock")
        time.sleep(0.15)  # it tries several times meanwhile
        happened.append("let go")
    waiter.join()
    assert happened == ["let go", "taken"]


# Several at once


def test_what_one_wrote_another_sees_at_once(index: Index, open_again: Callable[[], Index]) -> None:
    other = open_again()
    for number in range(20):
        row = make_row(US + number)
        (index if number % 2 else other).upsert([row])
        assert (other if number % 2 else index).find(row.run_id) == known_of(row)
    assert other.count(RunQuery()) == index.count(RunQuery()) == 20
    other.close()


def test_threads_may_share_one_index(index: Index) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(40):
                row = make_row(US + worker * 1000 + number)
                index.upsert([row, changed(row, version=1)])
                assert index.find(row.run_id) == KnownRun(DAY, 1, "live", row.sha256)
                assert index.page(RunQuery(), limit=3)
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
    assert index.count(RunQuery()) == 320


def test_a_row_that_cannot_be_written_fails_alone_or_with_those_it_was_written_with_and_locks_nobody_out(
    index: Index, open_again: Callable[[], Index]
) -> None:
    barrier = threading.Barrier(8)
    claimed: list[str] = []

    def work(worker: int) -> None:
        barrier.wait()
        for number in range(25):
            row = make_row(US + worker * 1000 + number, version=2**70 if worker % 4 == 0 else 0)
            try:
                index.upsert([row])
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
    other.upsert([make_row(US - 1)])  # IndexUnavailable if the file was left locked
    other.close()


def test_a_lock_file_that_was_removed_while_it_was_waited_for_excludes_nobody(
    open_again: Callable[[], Index], tmp_path: Path
) -> None:
    inside: list[str] = []

    def wait() -> None:
        with open_again().lock(wait_s=PATIENCE_S):
            inside.append("waiter")

    waiter = threading.Thread(target=wait)
    with open_again().lock(wait_s=0):
        waiter.start()
        wait_until(lambda: opened(tmp_path / "_index.lock") == 2, "the other to come to the lock")
        (tmp_path / "_index.lock").unlink()
    with open_again().lock(wait_s=PATIENCE_S):
        seen = list(inside)
        time.sleep(0.15)
        assert inside == seen  # nobody came in beside us
    waiter.join()
    assert inside == ["waiter"]
