"""Lists are answered by a complete index or not at all: no list is ever silently short.

    answers = CompleteAnswers(index, lambda: reconciled_in_full(index, generation), gaps)
    answers.of(lambda: index.count(query))         # IndexRebuilding while the index is being filled

Between the look at the index and its answer it may have been replaced by one that is half filled. So an answer counts
only when it came from the very index that was found to answer in full.
"""

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from rmos.errors.store import IndexBroken, IndexRebuilding, IndexUnavailable, StoreUnusable
from rmos.index.base import Index

T = TypeVar("T")

log = logging.getLogger(__name__)

INDEX_ERRORS: Final = (IndexBroken, IndexUnavailable, StoreUnusable)
"""What an index may answer that keeps no record from being acknowledged."""


class IndexGaps:
    """Writes rows of one index; whoever wants to fill a gap (`on_gap`) is called when one is met.

    A gap is a row that the index did not take, or a list that it could not answer in full.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self.on_gap: Callable[[], None] = lambda: None

    def write(self, upsert: Callable[[], None], *, record_id: str) -> bool:
        """Write rows; return False, and leave a line in the log, when the index did not take them."""
        try:
            upsert()
        except INDEX_ERRORS as error:
            log.warning("not indexed record_id=%s: %s", record_id, error.detail)
            self._index.fall_behind()
            self.on_gap()
            return False
        return True


class CompleteAnswers:
    """Asks one index, as long as it can answer in full.

    Args:
        in_full: gives the generation of the index that can answer in full, None when there is none; it may raise
            `IndexBroken`.
        gaps: is told when there is no such index.
    """

    def __init__(self, index: Index, in_full: Callable[[], object], gaps: IndexGaps) -> None:
        self._index = index
        self._in_full = in_full
        self._gaps = gaps

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
        self._gaps.on_gap()
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


def find_known(index: Index, find: Callable[[str], T | None], record_id: str) -> tuple[T | None, bool]:
    """Return what the index knows of a record, and whether that is of its last event, as far as any process knows.

    Args:
        find: the index's own look-up of such a record.
    """
    try:
        generation = index.completed()
        known = find(record_id)
    except INDEX_ERRORS:
        return None, False
    return known, generation is not None and generation == index.answered_by()
