"""Work spread over processes or threads: its order, its bound, and that a backend which cannot be forked never is."""

import os
import threading
from collections.abc import Iterator

import pytest

from rmos.objects.base import WorksWith
from rmos.store.workers import ordered_pool


@pytest.mark.parametrize("works_with", ["processes", "threads"])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_results_come_in_the_order_of_their_items(workers: int, works_with: WorksWith) -> None:
    with ordered_pool(lambda item: item * item, workers, works_with) as square:
        assert list(square(range(50))) == [item * item for item in range(50)]
        assert list(square([])) == []


def test_threads_share_the_process_and_do_work_at_once() -> None:
    both = threading.Barrier(2, timeout=30)

    def work(item: int) -> int:
        both.wait()  # breaks unless two are at work
        return os.getpid()

    with ordered_pool(work, 2, "threads") as each:
        assert set(each(range(8))) == {os.getpid()}


@pytest.mark.parametrize("works_with", ["processes", "threads"])
def test_only_a_few_items_are_taken_ahead(works_with: WorksWith) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    with ordered_pool(lambda item: item, 2, works_with) as each:
        assert next(each(items())) == 0
    assert len(taken) <= 6


@pytest.mark.parametrize("works_with", ["processes", "threads"])
def test_an_error_of_the_work_is_passed_on_and_ends_the_rest(works_with: WorksWith) -> None:
    def work(item: int) -> int:
        if item == 3:
            raise ValueError("three")
        return item

    with pytest.raises(ValueError, match="three"), ordered_pool(work, 2, works_with) as each:
        list(each(range(1000)))
