"""Answers of a complete index, and of no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos.errors import IndexBroken, IndexRebuilding, IndexUnavailable
from rmos.models import RunQuery
from rmos.store import Store
from rmos.store.complete import CompleteAnswers
from tests.makers import US, make_members


def test_a_complete_index_answers(store: Store) -> None:
    store.runs.put(make_members(US))
    answers = CompleteAnswers(store.index, store.is_listable)
    assert answers.of(lambda: store.index.count(RunQuery())) == 1


def test_an_index_that_is_not_complete_is_not_asked(store: Store) -> None:
    asked: list[str] = []
    with pytest.raises(IndexRebuilding) as refused:
        CompleteAnswers(store.index, lambda: False).of(lambda: asked.append("asked"))
    assert refused.value.retry_after_s
    assert asked == []


def test_an_answer_of_an_index_that_was_lost_meanwhile_is_dropped(store: Store) -> None:
    complete: Iterator[bool] = iter([True, False])
    with pytest.raises(IndexRebuilding):
        CompleteAnswers(store.index, lambda: next(complete)).of(lambda: "short")


def test_an_answer_of_an_index_that_was_replaced_meanwhile_is_dropped(store: Store, root: Path) -> None:
    def replace() -> str:
        (root / "_index.sqlite").unlink()
        store.reconcile()
        return "short"

    with pytest.raises(IndexRebuilding):
        CompleteAnswers(store.index, lambda: True).of(replace)


def test_an_index_that_is_found_broken_is_being_filled_and_other_errors_stay_what_they_are(store: Store) -> None:
    def broken() -> bool:
        raise IndexBroken("It cannot be read.")

    def unavailable() -> bool:
        raise IndexUnavailable("It is busy.")

    with pytest.raises(IndexRebuilding):
        CompleteAnswers(store.index, broken).of(lambda: True)
    with pytest.raises(IndexRebuilding):
        CompleteAnswers(store.index, lambda: True).of(broken)
    with pytest.raises(IndexUnavailable):
        CompleteAnswers(store.index, lambda: True).of(unavailable)
