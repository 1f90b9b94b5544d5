"""The rows of runs and of sessions in the SQLite file: one kind of table, with other filters."""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from rmos.errors.base import RmosError
from rmos.errors.store import IndexUnavailable
from rmos.index.base import (
    LAST_ID,
    SEPARATOR,
    Answer,
    KnownRun,
    ListedPage,
    LoggedPage,
    PagePosition,
    RunFigures,
    TalliedRuns,
)
from rmos.index.batch_queries import BatchQueries
from rmos.index.run_queries import RunQueries
from rmos.index.sqlite_connections import Connections, Held
from rmos.index.statements import BoundStatement, Row, Statements
from rmos.log_rows import BatchQuery, BatchRun, CountedValue, LoggedRun
from rmos.models import RunState
from rmos.row_models import RunQuery, RunRow

T = TypeVar("T")
Query = TypeVar("Query")
AnyQuery = TypeVar("AnyQuery", contravariant=True)
Known = TypeVar("Known")

_batches: Final = BatchQueries()
_LONGEST_CACHED: Final = 100
"""Longer pages are not cached: they are walked through once."""


def ask_list(
    connections: Connections, question: BoundStatement, read: Callable[[sqlite3.Cursor], T], limit: int
) -> Answer[T]:
    """Return what `read` gets from a statement's cursor, or got before when nothing was written since."""

    def ask(held: Held) -> T:
        def run() -> T:
            return read(held.connection.execute(question.text, question.values))

        if limit > _LONGEST_CACHED:
            return run()
        return held.cache.answer(held.connection, (question.text, *question.values.values()), run)

    return connections.answer(ask)


class Queries(Protocol[AnyQuery]):
    """The questions that lists of one table ask."""

    def page(self, query: AnyQuery, limit: int, before: PagePosition | None, offset: int) -> BoundStatement:
        """Return the question for a page."""

    def count(self, query: AnyQuery) -> BoundStatement:
        """Return the question for how many rows a list shows."""


class SqliteTable(Generic[Row, Query, Known]):
    """The rows of one kind of records."""

    def __init__(
        self,
        connections: Connections,
        writes: "SharedWrites",
        statements: Statements[Row],
        queries: Queries[Query],
        known: Callable[..., Known],
    ) -> None:
        self._connections = connections
        self._writes = writes
        self._statements: Statements[Row] = statements
        self._queries = queries
        self._known = known

    def upsert(self, rows: Sequence[Row], *, instead_of: Mapping[str, int] | None = None) -> None:
        """Write rows in one transaction; threads that come meanwhile share the next one."""
        if not rows:
            return
        to, seen = self._statements, instead_of or {}
        bound = [(row.state in ("damaged", "missing"), to.bound(row)) for row in rows]
        self._writes.write(
            [
                (to.forget_version, [(row[0], seen[row[0]]) for _, row in bound if row[0] in seen]),
                (to.upsert, [row for damaged, row in bound if not damaged]),
                (to.upsert_damaged, [row for damaged, row in bound if damaged]),
            ]
        )

    def find(self, record_id: str) -> Answer[Known | None]:
        """Return what is known of a record."""
        return self._connections.answer(lambda held: self._find(held.connection, record_id))

    def _find(self, connection: sqlite3.Connection, record_id: str) -> Known | None:
        row = connection.execute(self._statements.find, (record_id,)).fetchone()
        return self._known(*row) if row else None

    def page(
        self, query: Query, *, limit: int, before: PagePosition | None = None, offset: int = 0
    ) -> Answer[ListedPage]:
        """Return matching rows' summaries, newest first."""
        question = self._queries.page(query, limit + 1, before, offset)
        return self._list(question, lambda cursor: read_page(cursor, limit), limit)

    def count(self, query: Query) -> Answer[int]:
        """Return how many rows match."""
        return self._list(self._queries.count(query), lambda cursor: int(cursor.fetchone()[0]), 1)

    def _list(self, question: BoundStatement, read: Callable[[sqlite3.Cursor], T], limit: int) -> Answer[T]:
        return ask_list(self._connections, question, read, limit)

    def known(self, partition: str) -> dict[str, Known]:
        """Return what is known of each record of a partition."""
        return {row[0]: self._known(*row[1:]) for row in self._all(self._statements.known, partition=partition)}

    def rows(self, partition: str, first: str = "", last: str = LAST_ID) -> list[tuple[Row, bool]]:
        """Return the rows of a partition from id to id, each with whether its checksum holds."""
        found = self._all(self._statements.rows, partition=partition, first=first, last=last)
        return [self._statements.read(values) for values in found]

    def partitions(self) -> list[str]:
        """Return the partitions that have rows."""
        return [row[0] for row in self._all(self._statements.partitions)]

    def state_counts(self) -> dict[RunState, int]:
        """Return how many rows there are in each state."""
        return dict(self._all(self._statements.state_counts))

    def _all(self, text: str, **values: str) -> list[Any]:
        return self._connections.ask(lambda c: c.execute(text, values).fetchall())

    def forget(self, record_ids: Iterable[str]) -> None:
        """Remove rows."""
        values = [(record_id,) for record_id in record_ids]
        self._connections.ask(lambda c: c.executemany(self._statements.forget, values))


class SqliteRuns(SqliteTable[RunRow, RunQuery, KnownRun]):
    """The rows of runs."""

    def __init__(
        self, connections: Connections, writes: "SharedWrites", statements: Statements[RunRow], queries: RunQueries
    ) -> None:
        super().__init__(connections, writes, statements, queries, KnownRun)
        self._of_runs = queries

    def figures(self, session_id: str) -> Answer[list[RunFigures]]:
        """Return what the listed runs of a session amount to."""
        return self._list(self._of_runs.figures(session_id), lambda cursor: list(map(RunFigures._make, cursor)), 1)

    def count_up_to(self, query: RunQuery, limit: int) -> Answer[int]:
        """Return how many runs match, counting no further than `limit`."""
        return self._list(self._of_runs.count_up_to(query, limit), lambda cursor: int(cursor.fetchone()[0]), 1)

    def tally(self, name: str, first: str = "", last: str = LAST_ID) -> Answer[list[TalliedRuns]]:
        """Return how many listed runs of each partition have each value of a column."""
        question = self._of_runs.tally(name, first, last)
        return self._connections.answer(
            lambda held: list(map(TalliedRuns._make, held.connection.execute(question.text, question.values)))
        )

    def total(self, name: str, value: str | None) -> Answer[int]:
        """Return how many listed runs have a value in a column; None is any value."""
        question = self._of_runs.total(name, value)
        return self._list(question, lambda cursor: int(cursor.fetchone()[0]), 1)

    def log_page(self, query: RunQuery, *, limit: int, before: PagePosition | None = None) -> Answer[LoggedPage]:
        """Return what the run log says of matching runs, newest first."""
        question = self._of_runs.log_page(query, limit + 1, before)
        return self._list(question, lambda cursor: read_log_page(cursor, limit), _LONGEST_CACHED + 1)

    def batch(self, query: BatchQuery, *, limit: int) -> Answer[list[BatchRun]]:
        """Return the oldest runs of a batch."""
        question = _batches.runs(query, limit)
        return self._list(question, lambda cursor: list(map(BatchRun._make, cursor)), limit)

    def count_batch(self, query: BatchQuery) -> Answer[int]:
        """Return how many runs a batch has."""
        return self._list(_batches.count(query), lambda cursor: int(cursor.fetchone()[0]), 1)

    def counts_by(
        self, name: str, created_from_us: int | None = None, created_to_us: int | None = None
    ) -> Answer[list[CountedValue]]:
        """Return how many listed runs of a time have each value of a column."""
        question = self._of_runs.counts_by(name, created_from_us, created_to_us)
        return self._list(question, lambda cursor: list(map(CountedValue._make, cursor)), 1)

    def span(self, created_from_us: int | None, created_to_us: int | None) -> Answer[tuple[int | None, int | None]]:
        """Return when the first and the last of the listed runs of a time were made."""
        question = self._of_runs.span(created_from_us, created_to_us)
        return self._list(question, read_span, 1)

    def values(self, name: str, *, limit: int) -> Answer[list[str]]:
        """Return the values that runs have in a column, in order."""
        question = self._of_runs.values(name, limit)
        return self._connections.answer(
            lambda held: [value for (value,) in held.connection.execute(question.text, question.values)]
        )

    def pending(self) -> list[tuple[str, str]]:
        """Return the partition and the id of each run whose explanation an event has left in the making."""
        return [(partition, run_id) for partition, run_id in self._all(self._of_runs.pending())]


def read_page(cursor: sqlite3.Cursor, limit: int) -> ListedPage:
    """Return the page that a statement gives as one row, with one summary more where there are more."""
    items, keys = cursor.fetchone()
    if items is None:
        return ListedPage("", 0, None)
    count = keys.count(" ") + 1
    if count <= limit:
        return ListedPage(items, count, None)
    us, _, record_id = keys.rsplit(" ", 2)[-2].partition("|")
    return ListedPage(items[: items.rindex(SEPARATOR)], limit, (int(us), record_id))


def read_log_page(cursor: sqlite3.Cursor, limit: int) -> LoggedPage:
    """Return the page of the run log that a statement gives, with one row more where there are more."""
    rows = cursor.fetchall()
    last = rows[limit - 1][:2] if len(rows) > limit else None
    return LoggedPage([LoggedRun(summary, cells) for _, _, summary, cells in rows[:limit]], last)


def read_span(cursor: sqlite3.Cursor) -> tuple[int | None, int | None]:
    """Return the first and the last moment that a statement gives."""
    first_us, last_us = cursor.fetchone()
    return first_us, last_us


Batch = tuple[str, Sequence[tuple[Any, ...]]]
"""A statement, and the values of each time that it is carried out."""


class _Write(NamedTuple):
    batches: Sequence[Batch]
    outcome: list[RmosError | None]
    """Empty until it is known."""


class SharedWrites:
    """Writes of one process: each is one transaction or shares one with those that waited meanwhile.

    A row alone dirties a page of each secondary index, so a commit costs the same for one row as for ten.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._turn = threading.Lock()
        self._waiting: deque[_Write] = deque()

    def write(self, batches: Sequence[Batch]) -> None:
        """Carry out batches in one transaction.

        Raises:
            IndexBroken, IndexUnavailable, StoreUnusable: none of it was written.
        """
        mine = _Write(batches, [])
        self._waiting.append(mine)
        with self._turn:
            if not mine.outcome:
                self._write_waiting()
        (failure,) = mine.outcome
        if failure is not None:
            raise failure

    def _write_waiting(self) -> None:
        writes = []
        while self._waiting:
            writes.append(self._waiting.popleft())
        # Whatever happens here, nobody who waits may take it for a success.
        failure: RmosError | None = IndexUnavailable("The index did not take the rows.")
        try:
            self._connections.ask(lambda connection: _carry_out(connection, writes))
            failure = None
        except RmosError as error:
            failure = error
        finally:
            for write in writes:
                write.outcome.append(failure)


def _carry_out(connection: sqlite3.Connection, writes: Sequence[_Write]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for write in writes:
            for text, values in write.batches:
                if values:
                    connection.executemany(text, values)
        connection.execute("COMMIT")
    except BaseException:  # also what is no error of SQLite must not leave the file locked
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
