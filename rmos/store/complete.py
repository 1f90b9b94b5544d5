"""Lists are answered by a complete index or not at all: no list is ever silently short.

    answers = CompleteAnswers(index, listable)
    answers.of(lambda: index.count(query))         # IndexRebuilding while the index is being filled

Which index answers is looked at before and after: between the two it may have been replaced by one that was half filled
when it was asked, though it is complete by now.
"""

from collections.abc import Callable
from typing import TypeVar

from rmos.errors import IndexBroken, IndexRebuilding
from rmos.index import Index

T = TypeVar("T")


class CompleteAnswers:
    """Asks one index, as long as it can answer in full."""

    def __init__(self, index: Index, listable: Callable[[], bool]) -> None:
        self._index = index
        self._listable = listable

    def of(self, ask: Callable[[], T]) -> T:
        """Return an answer of an index that was complete before it and is the same after it.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        generation = self._generation()
        try:
            answer = ask()
        except IndexBroken:
            raise _rebuilding() from None
        if self._generation() != generation:
            raise _rebuilding()
        return answer

    def _generation(self) -> object:
        """Return which index can answer in full."""
        generation = self._index.generation()
        try:
            listable = self._listable()
        except IndexBroken:
            listable = False
        if not listable:
            raise _rebuilding()
        return generation


def _rebuilding() -> IndexRebuilding:
    return IndexRebuilding("The index is being filled from the record; try again in a moment.", retry_after_s=2)
