"""Lists are answered by a complete index or not at all: no list is ever silently short.

    answers = CompleteAnswers(index, lambda: reconciled_in_full(index, generation))
    answers.of(lambda: index.count(query))         # IndexRebuilding while the index is being filled

Between the look at the index and its answer it may have been replaced by one that is half filled. So an answer counts
only when it came from the very index that was found to answer in full.
"""

from collections.abc import Callable
from typing import TypeVar

from rmos.errors.store import IndexBroken, IndexRebuilding
from rmos.index.base import Index

T = TypeVar("T")


class CompleteAnswers:
    """Asks one index, as long as it can answer in full.

    Args:
        in_full: gives the generation of the index that can answer in full, None when there is none; it may raise
            `IndexBroken`.
    """

    def __init__(self, index: Index, in_full: Callable[[], object]) -> None:
        self._index = index
        self._in_full = in_full

    def of(self, ask: Callable[[], T]) -> T:
        """Return an answer of the index that can answer in full.

        Raises:
            IndexRebuilding: there is no such index just now.
        """
        try:
            generation = self._in_full()
            if generation is not None:
                answer = ask()
                if self._index.answered_by() == generation:
                    return answer
        except IndexBroken:
            pass
        raise IndexRebuilding("The index is being filled from the record; try again in a moment.", retry_after_s=2)


def reconciled_in_full(index: Index, reconciled: object) -> object:
    """Return the generation that this process reconciled, if this thread will ask it and it is complete; else None.

    Raises:
        IndexBroken: it cannot be read.
    """
    if reconciled is None:
        return None
    # What the thread has at hand may be the one before; a look at what stands there now moves on.
    complete = index.completed() == reconciled or (index.is_complete() and index.completed() == reconciled)
    return reconciled if complete else None


def completed_once(index: Index) -> object:
    """Return the generation that stands there if it was complete at some time; the caller tells what it lacks since.

    Raises:
        IndexBroken: it cannot be read.
    """
    return index.answered_by() if index.was_completed() else None
