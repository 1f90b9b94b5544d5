"""The outcomes of runs and what tools did in them: asked here, written by triggers of the table of runs."""

from collections.abc import Sequence

from rmos.index.base import Answer, ListedPage, PagePosition
from rmos.index.outcome_queries import OutcomeQueries
from rmos.index.tables import Asker, Rows, read_number, read_page
from rmos.index.work_queries import WorkQueries
from rmos.row_models import (
    CountedJobs,
    OutcomeColumn,
    OutcomeGroup,
    OutcomeQuery,
    OutcomeTotals,
    ToolSpan,
    ToolSpanTotals,
    WorkedTool,
)


class OutcomeRows:
    """The outcomes of listed runs."""

    def __init__(self, asker: Asker, queries: OutcomeQueries) -> None:
        self._asker = asker
        self._queries = queries

    def page(
        self, query: OutcomeQuery, *, limit: int, before: PagePosition | None = None, offset: int = 0
    ) -> Answer[ListedPage]:
        """Return matching outcomes' summaries, those of the latest jobs first."""
        question = self._queries.page(query, limit + 1, before, offset)
        return self._asker.ask_list(question, lambda rows: read_page(rows, limit), limit)

    def count(self, query: OutcomeQuery) -> Answer[int]:
        """Return how many match."""
        return self._asker.ask_list(self._queries.count(query), read_number, 1)

    def totals(self, query: OutcomeQuery, by: OutcomeGroup) -> Answer[list[OutcomeTotals]]:
        """Return what those that match amount to, in groups."""
        question = self._queries.totals(query, by)
        return self._asker.ask_list(question, lambda rows: list(map(OutcomeTotals._make, rows)), 1)

    def count_groups(self, query: OutcomeQuery, by: tuple[OutcomeColumn, ...]) -> Answer[list[CountedJobs]]:
        """Return how many jobs match, by the values of columns."""

        def read(rows: Rows) -> list[CountedJobs]:
            return [CountedJobs(tuple(values), jobs) for *values, jobs in rows]

        return self._asker.ask_list(self._queries.count_groups(query, by), read, 1)


class ToolWorkRows:
    """What tools did in the jobs of listed runs."""

    def __init__(self, asker: Asker, queries: WorkQueries) -> None:
        self._asker = asker
        self._queries = queries

    def tools(self) -> Answer[list[WorkedTool]]:
        """Return the tools that took part in a job."""
        return self._asker.ask_list(self._queries.tools(), lambda rows: list(map(WorkedTool._make, rows)), 1)

    def totals(self, spans: Sequence[ToolSpan]) -> Answer[list[ToolSpanTotals]]:
        """Return what tools did in spans."""
        question = self._queries.totals(spans)
        return self._asker.ask_list(question, lambda rows: list(map(ToolSpanTotals._make, rows)), 1)
