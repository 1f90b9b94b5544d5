"""The outcomes of runs in the SQLite file: asked here, written by triggers (`outcome_triggers`)."""

import sqlite3
from collections.abc import Sequence

from rmos.index.base import Answer, ListedPage, PagePosition
from rmos.index.outcome_queries import OutcomeQueries
from rmos.index.sqlite_connections import Connections
from rmos.index.sqlite_tables import ask_list, read_page
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


class SqliteOutcomes:
    """The outcomes of listed runs."""

    def __init__(self, connections: Connections, queries: OutcomeQueries) -> None:
        self._connections = connections
        self._queries = queries

    def page(
        self, query: OutcomeQuery, *, limit: int, before: PagePosition | None = None, offset: int = 0
    ) -> Answer[ListedPage]:
        """Return matching outcomes' summaries, those of the latest jobs first."""
        question = self._queries.page(query, limit + 1, before, offset)
        return ask_list(self._connections, question, lambda cursor: read_page(cursor, limit), limit)

    def count(self, query: OutcomeQuery) -> Answer[int]:
        """Return how many match."""
        return ask_list(self._connections, self._queries.count(query), lambda cursor: int(cursor.fetchone()[0]), 1)

    def totals(self, query: OutcomeQuery, by: OutcomeGroup) -> Answer[list[OutcomeTotals]]:
        """Return what those that match amount to, in groups."""
        question = self._queries.totals(query, by)
        return ask_list(self._connections, question, lambda cursor: list(map(OutcomeTotals._make, cursor)), 1)

    def count_groups(self, query: OutcomeQuery, by: tuple[OutcomeColumn, ...]) -> Answer[list[CountedJobs]]:
        """Return how many jobs match, by the values of columns."""

        def read(cursor: sqlite3.Cursor) -> list[CountedJobs]:
            return [CountedJobs(tuple(values), jobs) for *values, jobs in cursor]

        return ask_list(self._connections, self._queries.count_groups(query, by), read, 1)


class SqliteToolWork:
    """What tools did in the jobs of listed runs."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._queries = WorkQueries()

    def tools(self) -> Answer[list[WorkedTool]]:
        """Return the tools that took part in a job."""
        return ask_list(self._connections, self._queries.tools(), lambda cursor: list(map(WorkedTool._make, cursor)), 1)

    def totals(self, spans: Sequence[ToolSpan]) -> Answer[list[ToolSpanTotals]]:
        """Return what tools did in spans."""
        question = self._queries.totals(spans)
        return ask_list(self._connections, question, lambda cursor: list(map(ToolSpanTotals._make, cursor)), 1)
