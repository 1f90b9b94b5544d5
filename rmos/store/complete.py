"""Lists are answered by a complete index or not at all: no list is ever silently short.

    answers = CompleteAnswers(index, reconciled)
    answers.of(lambda: index.count(query))         # IndexRebuilding while the index is being filled

Between the look at the index and its answer it may have been replaced by one that is half filled. So an answer counts
only when it came from the very index that this process has reconciled.
"""

from collections.abc import Callable
from typing import TypeVar

from rmos.errors import IndexBroken, IndexRebuilding
from rmos.index import Index

T = TypeVar("T")


class CompleteAnswers:
    """Asks one index, as long as it can answer in full.

    Args:
        reconciled: gives the generation of the index that this process has reconciled; None before that.
    """

    def __init__(self, index: Index, reconciled: Callable[[], object]) -> None:
        self._index = index
        self._reconciled = reconciled

    def of(self, ask: Callable[[], T]) -> T:
        """Return an answer of the index that was reconciled, and that is complete.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        reconciled = self._reconciled()
        try:
            if reconciled is not None and self._is_complete(reconciled):
                answer = ask()
                if self._index.answered_by() == reconciled:
                    return answer
        except IndexBroken:
            pass
        raise IndexRebuilding("The index is being filled from the record; try again in a moment.", retry_after_s=2)

    def _is_complete(self, reconciled: object) -> bool:
        """Tell whether the index that this thread will ask is the reconciled one, and complete."""
        if self._index.completed() == reconciled:
            return True
        # What the thread has at hand may be the one before; a look at what stands there now moves on.
        return self._index.is_complete() and self._index.completed() == reconciled
