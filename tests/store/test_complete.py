"""Answers of a complete index, and of no other."""

import threading
from pathlib import Path

import pytest

from rmos.errors.store import IndexBroken, IndexRebuilding, IndexUnavailable
from rmos.models import RunQuery
from rmos.store import Store
from rmos.store.complete import CompleteAnswers, completed_once, reconciled_in_full
from tests.makers import US, make_members


def make_answers(store: Store) -> CompleteAnswers:
    """Return the answers of an index that this process has reconciled."""
    reconciled = store.index.generation()
    return CompleteAnswers(store.index, lambda: reconciled_in_full(store.index, reconciled), store.gaps)


def test_a_complete_index_answers(store: Store) -> None:
    store.runs.put(make_members(US))
    assert make_answers(store).of(lambda: store.index.count(RunQuery())) == 1


@pytest.mark.parametrize("reconciled", [None, "another one"])
def test_an_index_that_this_process_has_not_reconciled_is_not_asked(store: Store, reconciled: object) -> None:
    asked: list[str] = []
    with pytest.raises(IndexRebuilding) as refused:
        CompleteAnswers(store.index, lambda: reconciled_in_full(store.index, reconciled), store.gaps).of(
            lambda: asked.append("asked")
        )
    assert refused.value.retry_after_s
    assert asked == []


def test_an_index_that_fell_behind_is_not_asked(store: Store) -> None:
    answers = make_answers(store)
    assert answers.of(lambda: store.index.count(RunQuery())) == 0
    asked: list[str] = []
    store.index.fall_behind()
    with pytest.raises(IndexRebuilding):
        answers.of(lambda: asked.append("asked"))
    assert asked == []
    store.reconcile()
    assert answers.of(lambda: store.index.count(RunQuery())) == 0


def test_an_answer_of_an_index_that_was_replaced_meanwhile_is_dropped(store: Store, root: Path) -> None:
    def replace() -> int:
        (root / "_index.sqlite").unlink()
        store.reconcile()
        return store.index.count(RunQuery())

    with pytest.raises(IndexRebuilding):
        make_answers(store).of(replace)


def test_an_index_that_is_found_broken_is_being_filled_and_other_errors_stay_what_they_are(store: Store) -> None:
    def broken() -> bool:
        raise IndexBroken("It cannot be read.")

    def unavailable() -> bool:
        raise IndexUnavailable("It is busy.")

    with pytest.raises(IndexRebuilding):
        make_answers(store).of(broken)
    with pytest.raises(IndexUnavailable):
        make_answers(store).of(unavailable)


def test_an_index_that_is_gone_is_being_filled(store: Store, root: Path) -> None:
    answers = make_answers(store)
    (root / "_index.sqlite").unlink()
    with pytest.raises(IndexRebuilding):
        answers.of(lambda: store.index.count(RunQuery()))


def test_a_thread_that_has_the_lost_index_at_hand_moves_on_to_the_new_one(store: Store, root: Path) -> None:
    assert make_answers(store).of(lambda: store.index.count(RunQuery())) == 0
    (root / "_index.sqlite").unlink()
    reconcile = threading.Thread(target=lambda: (store.reconcile(), store.index.close()))
    reconcile.start()
    reconcile.join()
    assert make_answers(store).of(lambda: store.index.count(RunQuery())) == 0


def test_an_index_as_it_stands_answers_though_nobody_here_reconciled_it_and_it_fell_behind(store: Store) -> None:
    answers = CompleteAnswers(store.index, lambda: completed_once(store.index), store.gaps)
    store.runs.put(make_members(US))
    store.index.fall_behind()
    assert answers.of(lambda: store.index.count(RunQuery())) == 1


def test_an_index_that_was_never_complete_does_not_answer_as_it_stands(store: Store, root: Path) -> None:
    (root / "_index.sqlite").unlink()
    store.index.prepare()
    with pytest.raises(IndexRebuilding):
        CompleteAnswers(store.index, lambda: completed_once(store.index), store.gaps).of(
            lambda: store.index.count(RunQuery())
        )
