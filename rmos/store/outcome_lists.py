"""What became of cuts, in lists and totals: from the index alone, and in full or not at all.

lists.page(OutcomeQuery(part="scrap"), limit=50)
lists.totals(OutcomeQuery(since_us=…), "tool")
"""

from rmos import ids
from rmos.index.base import Index
from rmos.row_models import CountedJobs, OutcomeColumn, OutcomeGroup, OutcomeQuery, OutcomeTotals, Page
from rmos.store.complete import CompleteAnswers


class OutcomeLists:
    """Lists and totals of one store's outcomes, from its index."""

    def __init__(self, index: Index, answers: CompleteAnswers) -> None:
        self._index = index
        self._answers = answers

    def page(
        self,
        query: OutcomeQuery,
        *,
        limit: int,
        cursor: str | None = None,
        offset: int = 0,
        include_total: bool = False,
    ) -> Page:
        """Return one page of outcomes that count, those of the latest jobs first.

        Raises:
            BadCursor: the cursor is not one of ours.
            IndexRebuilding: the index is not complete; no answer is ever silently short.
        """
        before = None if cursor is None else ids.read_cursor(cursor, is_id=ids.is_outcome_id)
        return self._answers.read_page(
            self._index.outcomes, query, before=before, limit=limit, offset=offset, include_total=include_total
        )

    def totals(self, query: OutcomeQuery, by: OutcomeGroup) -> list[OutcomeTotals]:
        """Return what the outcomes that count amount to, in groups, in the order of the groups' names.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        return self._answers.ask(lambda: self._index.outcomes.totals(query, by))

    def count_groups(self, query: OutcomeQuery, by: tuple[OutcomeColumn, ...]) -> list[CountedJobs]:
        """Return how many jobs that count match, by the values of columns and in their order, None first.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        return self._answers.ask(lambda: self._index.outcomes.count_groups(query, by))
