"""Answers of a complete index, and of no other."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos.errors.store import IndexBroken, IndexRebuilding, IndexUnavailable
from rmos.index.base import Answer, Generation, IndexState
from rmos.row_models import RunQuery, SessionQuery
from rmos.store import Store
from rmos.store.complete import CompleteAnswers, find_known, is_absent
from tests.makers import US, make_members

Count = Callable[[], Answer[int]]


def make_answers(store: Store) -> CompleteAnswers:
    """Return the answers of the index that stands there now."""
    reconciled = store.index.state().generation
    return answers_of(store, reconciled)


def answers_of(store: Store, reconciled: Generation | None) -> CompleteAnswers:
    """Return the answers of one index, as long as it is complete."""
    return CompleteAnswers(lambda state: state.complete and state.generation == reconciled, store.gaps)


def as_it_stands(store: Store) -> CompleteAnswers:
    """Return the answers of whichever index was ever complete."""
    return CompleteAnswers(was_complete, store.gaps)


def was_complete(state: IndexState) -> bool:
    return state.was_complete


@pytest.fixture
def count(store: Store) -> Count:
    """Count the runs."""
    return lambda: store.index.runs.count(RunQuery())


@pytest.fixture
def gaps(store: Store) -> list[str]:
    """The gaps that were met."""
    met: list[str] = []
    store.gaps.on_gap = lambda: met.append("a gap")
    return met


def test_a_complete_index_answers(store: Store, count: Count, gaps: list[str]) -> None:
    store.runs.put(make_members(US))
    assert make_answers(store).ask(count) == 1
    assert gaps == []


@pytest.mark.parametrize("reconciled", [None, "another one"])
def test_an_index_that_this_process_has_not_reconciled_does_not_answer(
    store: Store, reconciled: object, count: Count, gaps: list[str]
) -> None:
    with pytest.raises(IndexRebuilding) as refused:
        answers_of(store, reconciled).ask(count)
    assert refused.value.retry_after_s
    assert gaps == ["a gap"]


def test_an_index_that_fell_behind_does_not_answer(store: Store, count: Count) -> None:
    answers = make_answers(store)
    assert answers.ask(count) == 0
    store.index.fall_behind()
    with pytest.raises(IndexRebuilding):
        answers.ask(count)
    store.reconcile()
    assert answers.ask(count) == 0


def test_an_answer_of_an_index_that_was_replaced_meanwhile_is_dropped(store: Store, root: Path, count: Count) -> None:
    def replace() -> Answer[int]:
        (root / "_index.sqlite").unlink()
        store.reconcile()
        return count()

    with pytest.raises(IndexRebuilding):
        make_answers(store).ask(replace)


def test_an_index_that_is_found_broken_is_being_filled_and_other_errors_stay_what_they_are(store: Store) -> None:
    def broken() -> Answer[int]:
        raise IndexBroken("It cannot be read.")

    def unavailable() -> Answer[int]:
        raise IndexUnavailable("It is busy.")

    with pytest.raises(IndexRebuilding):
        make_answers(store).ask(broken)
    with pytest.raises(IndexUnavailable):
        make_answers(store).ask(unavailable)


def test_an_index_that_is_gone_is_being_filled(store: Store, root: Path, count: Count) -> None:
    answers = make_answers(store)
    (root / "_index.sqlite").unlink()
    with pytest.raises(IndexRebuilding):
        answers.ask(count)
    with pytest.raises(IndexRebuilding):
        CompleteAnswers(lambda state: True, store.gaps).ask(count)


def test_a_thread_that_has_the_lost_index_at_hand_moves_on_to_the_new_one(
    store: Store, root: Path, count: Count
) -> None:
    assert make_answers(store).ask(count) == 0
    (root / "_index.sqlite").unlink()
    reconcile = threading.Thread(target=lambda: (store.reconcile(), store.index.close()))
    reconcile.start()
    reconcile.join()
    assert make_answers(store).ask(count) == 0


def test_an_index_as_it_stands_answers_though_it_fell_behind(store: Store, count: Count) -> None:
    store.runs.put(make_members(US))
    store.index.fall_behind()
    assert as_it_stands(store).ask(count) == 1


def test_an_index_that_was_never_complete_does_not_answer_as_it_stands(store: Store, root: Path, count: Count) -> None:
    (root / "_index.sqlite").unlink()
    store.index.prepare()
    with pytest.raises(IndexRebuilding):
        as_it_stands(store).ask(count)


def test_what_the_index_knows_of_a_record_is_current_as_long_as_nothing_fell_behind(store: Store, root: Path) -> None:
    run_id = store.runs.put(make_members(US)).view.artifact.run_id
    known, is_current = find_known(store.index.runs, run_id)
    assert known is not None
    assert is_current
    store.index.fall_behind()
    assert find_known(store.index.runs, run_id) == (known, False)
    (root / "_index.sqlite").unlink()
    assert find_known(store.index.runs, run_id) == (None, False)


def test_an_index_that_cannot_be_read_is_not_absent(store: Store, root: Path) -> None:
    assert not is_absent(store.index)
    store.index.close()
    (root / "_index.sqlite").write_bytes(b"junk" * 2048)
    assert not is_absent(store.index)
    (root / "_index.sqlite").unlink()
    assert is_absent(store.index)


def test_the_lists_of_a_store_are_refused_from_when_its_index_fell_behind_until_it_is_brought_up(store: Store) -> None:
    asks: list[Callable[[], object]] = [
        lambda: store.runs.page(RunQuery(), limit=5),
        lambda: store.runs.count(RunQuery()),
        lambda: store.session_lists.page(SessionQuery(), limit=5),
        lambda: store.session_lists.figures("ws_x"),
    ]
    for ask in asks:
        ask()
    assert store.is_listable()
    store.index.fall_behind()
    for ask in asks:
        with pytest.raises(IndexRebuilding):
            ask()
    assert not store.is_listable()
    store.reconcile()
    assert store.is_listable()
