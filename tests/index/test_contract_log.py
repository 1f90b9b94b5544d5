"""What every index knows of the log: batches with their keys, whole or not at all."""

from typing import Any

import pytest

from rmos.errors.store import IndexBroken, IndexUnavailable
from rmos.index.base import Index
from rmos.index.log_table import LoggedBatch
from rmos.index.sqlite import SqliteIndex

DAY = "2025-12-23"


def test_a_batch_comes_back_as_it_was_added(index: Index) -> None:
    index.log.add(LoggedBatch(1, 0, 2), [f"{DAY}/a", f"{DAY}/b"], "edge 1")
    index.log.add(LoggedBatch(2, 2, 2), [f"{DAY}/b", "_tokens/c"], "edge 2")
    assert index.log.last() == (LoggedBatch(2, 2, 2), "edge 2")
    assert [index.log.batch_of(key) for key in (f"{DAY}/a", f"{DAY}/b", "_tokens/c", "_tokens/d")] == [1, 2, 2, None]
    assert [index.log.batch_at(leaf) for leaf in (0, 1, 2, 3, 4)] == [
        *[LoggedBatch(1, 0, 2)] * 2,
        *[LoggedBatch(2, 2, 2)] * 2,
        None,
    ]
    assert index.log.names_in(DAY) == {"a", "b"}
    assert index.log.names_in("_tokens") == {"c"}
    assert index.log.names_in("_token") == set()


def test_what_was_forgotten_is_gone_and_can_be_added_again(index: Index) -> None:
    index.log.add(LoggedBatch(1, 0, 1), ["a"], "edge")
    index.log.clear()
    assert (index.log.last(), index.log.batch_of("a"), index.log.batch_at(0)) == (None, None, None)
    index.log.add(LoggedBatch(1, 0, 1), ["a"], "edge")
    assert index.log.last() == (LoggedBatch(1, 0, 1), "edge")


def test_a_batch_of_which_one_row_cannot_be_added_is_not_added_at_all(filled: SqliteIndex) -> None:
    keys: list[Any] = ["a", None]
    with pytest.raises((IndexBroken, IndexUnavailable)):
        filled.log.add(LoggedBatch(1, 0, 2), keys, "edge")
    assert (filled.log.batch_of("a"), filled.log.last()) == (None, None)
