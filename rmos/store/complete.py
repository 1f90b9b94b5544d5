"""Lists are answered by a complete index or not at all: no list is ever silently short.

    answers = CompleteAnswers(lambda state: state.complete, gaps)
    answers.ask(lambda: index.runs.count(query))        # IndexRebuilding while the index is being filled

Between a look at the index and its answer it may have been replaced by one that is half filled. So each answer brings
along the state of the very index that gave it, and counts only when that one can answer in full.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from rmos import ids
from rmos.errors.store import IndexBroken, IndexRebuilding
from rmos.index.base import INDEX_ERRORS, Answer, Index, IndexState, ListedPage, PagePosition
from rmos.row_models import Page
from rmos.store.seen import Announcer, RecordVersion

T = TypeVar("T")
Known = TypeVar("Known", covariant=True)
Query = TypeVar("Query", contravariant=True)

log = logging.getLogger(__name__)


class IndexGaps:
    """Writes rows of one index; whoever wants to fill a gap (`on_gap`) is called when one is met.

    A gap is a row that the index did not take, or a list that it could not answer in full. On one host it makes the
    whole index incomplete, until a reconcile of milliseconds. Where hosts share the record each gap has its own
    announcement, which a quick pass looks for: one row that failed refuses nobody's lists.
    """

    def __init__(self, index: Index, announcer: Announcer) -> None:
        self._index = index
        self.announcer = announcer
        self.on_gap: Callable[[], None] = lambda: None
        self.wait: Callable[[], bool] = lambda: False
        """Waits until the index was seen to, as a service does for a while after its start; False later."""

    def write(self, upsert: Callable[[], None], versions: Sequence[RecordVersion]) -> bool:
        """Write the rows of records; return False, and leave a line in the log, when the index did not take them."""
        try:
            try:
                upsert()
            except IndexBroken:  # a service that was started just now is about to make its first one
                self.on_gap()
                self.wait()
                upsert()
        except INDEX_ERRORS as error:
            more = f" and {len(versions) - 1} more" if len(versions) > 1 else ""
            log.warning("not indexed record_id=%s%s: %s", versions[0].record_id, more, error.detail)
            if self.announcer.is_needed:
                for version in versions:
                    self.announcer.keep(version)
            else:
                self._index.fall_behind()
            self.on_gap()
            return False
        for version in versions:
            self.announcer.clear(version)
        return True


class CompleteAnswers:
    """Asks one index, and takes its answers as long as it can answer in full.

    Args:
        in_full: tells from the state of the index whether it can.
        gaps: is told when it cannot.
    """

    def __init__(self, in_full: Callable[[IndexState], bool], gaps: IndexGaps) -> None:
        self._in_full = in_full
        self._gaps = gaps

    def ask(self, question: Callable[[], Answer[T]]) -> T:
        """Return an answer of an index that can answer in full.

        Raises:
            IndexRebuilding: there is no such index just now.
        """
        is_last = False
        while True:
            try:
                value, state = question()
                if self._in_full(state):
                    return value
            except IndexBroken:
                pass
            if is_last:
                raise IndexRebuilding(
                    "The index is being filled from the record; try again in a moment.", retry_after_s=2
                )
            self._gaps.on_gap()
            is_last = not self._gaps.wait()  # it may have been filled just before

    def read_page(
        self,
        table: "_Lists[Query]",
        query: Query,
        *,
        before: PagePosition | None,
        limit: int,
        offset: int,
        include_total: bool,
    ) -> Page:
        """Return one page of a table, newest first, with the cursor of the next one.

        Raises:
            IndexRebuilding: the index is not complete; no answer is ever silently short.
        """
        listed = self.ask(lambda: table.page(query, limit=limit, before=before, offset=offset))
        total = self.ask(lambda: table.count(query)) if include_total else None
        next_cursor = ids.make_cursor(*listed.last) if listed.last else None
        return Page(text=listed.text, count=listed.size, next_cursor=next_cursor, total=total)


class _Lists(Protocol[Query]):
    """A table of the index, as far as it lists."""

    def page(
        self, query: Query, *, limit: int, before: PagePosition | None = None, offset: int = 0
    ) -> Answer[ListedPage]: ...

    def count(self, query: Query) -> Answer[int]: ...


class _Finds(Protocol[Known]):
    """A table of the index, as far as it finds."""

    def find(self, record_id: str) -> Answer[Known | None]: ...


def find_known(table: _Finds[Known], record_id: str) -> tuple[Known | None, bool]:
    """Return what the index knows of a record, and whether that is of its last event, as far as any process knows."""
    try:
        known, state = table.find(record_id)
        return known, state.complete
    except INDEX_ERRORS:
        return None, False


def is_absent(index: Index) -> bool:
    """Tell whether there is no index at all; one that cannot be read is there.

    Raises:
        IndexUnavailable, StoreUnusable.
    """
    try:
        return index.state().generation is None
    except IndexBroken:
        return False
