"""The rows of runs and of sessions in a database: one kind of table, with other filters, over whichever is asked.

    RunRows(asker, Statements(SQLITE, schema.runs, RunRow, known), RunQueries(SQLITE), BatchQueries(SQLITE))

What differs between databases is how they are asked (`Asker`) and the SQL that they are asked (`dialects`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from rmos.index.base import (
    LAST_ID,
    SEPARATOR,
    Answer,
    KnownRun,
    KnownSession,
    ListedPage,
    LoggedPage,
    PagePosition,
    RunFigures,
    TalliedRuns,
)
from rmos.index.batch_queries import BatchQueries
from rmos.index.run_queries import RunQueries
from rmos.index.statements import BoundStatement, Row, Statements
from rmos.log_rows import BatchQuery, BatchRun, CountedValue, LoggedRun
from rmos.models import RunState
from rmos.row_models import RunQuery, RunRow, SessionQuery, SessionRow

T = TypeVar("T")
Query = TypeVar("Query")
AnyQuery = TypeVar("AnyQuery", contravariant=True)
Known = TypeVar("Known")

LONGEST_CACHED: Final = 100
"""Longer pages are not cached: they are walked through once."""

Rows = Iterator[Any]
"""The rows of an answer, each a tuple."""


class WriteBatch(NamedTuple):
    """A statement, and the values of each time that it is carried out."""

    text: str
    values: Sequence[tuple[Any, ...]]
    json_names: tuple[str, ...] = ()
    """The names of the values, where the statement takes those of many times at once, as JSON."""


class Placed(NamedTuple):
    """A record whose row is written."""

    record_id: str
    version: int
    partition: str


class Asker(Protocol):
    """One database as it is asked: each answer is of the index that stands there, or it is an error of `Index`."""

    def ask_list(self, question: BoundStatement, read: Callable[[Rows], T], limit: int) -> Answer[T]:
        """Return what `read` gets from the rows, or got before when nothing was written since; longer lists anew."""

    def ask_row(self, text: str, values: tuple[Any, ...]) -> Answer[Any | None]:
        """Return the row that a statement gives, whose values are bound by position."""

    def ask_rows(self, text: str, values: Mapping[str, Any]) -> list[Any]:
        """Return all rows that a statement gives."""

    def write(self, batches: Sequence[WriteBatch], placed: Sequence[Placed] = ()) -> None:
        """Carry out batches in one transaction, which may be shared with others that come at the same time.

        Args:
            placed: of which records they write the rows.
        """

    def remove(self, text: str, values: Sequence[tuple[Any, ...]]) -> None:
        """Carry out a statement for each of some values."""


class Queries(Protocol[AnyQuery]):
    """The questions that lists of one table ask."""

    def page(self, query: AnyQuery, limit: int, before: PagePosition | None, offset: int) -> BoundStatement:
        """Return the question for a page."""

    def count(self, query: AnyQuery) -> BoundStatement:
        """Return the question for how many rows a list shows."""


class RowTable(Generic[Row, Query, Known]):
    """The rows of one kind of records."""

    def __init__(
        self,
        asker: Asker,
        statements: Statements[Row],
        queries: Queries[Query],
        known: Callable[..., Known],
    ) -> None:
        self._asker = asker
        self._statements: Statements[Row] = statements
        self._queries = queries
        self._known = known

    def upsert(self, rows: Sequence[Row], *, instead_of: Mapping[str, int] | None = None) -> None:
        """Write rows in one transaction."""
        if not rows:
            return
        to, seen = self._statements, instead_of or {}
        bound = [(row.state in ("damaged", "missing"), to.bound(row)) for row in rows]
        self._asker.write(
            [
                WriteBatch(to.forget_version, [(row[0], seen[row[0]]) for _, row in bound if row[0] in seen]),
                WriteBatch(to.upsert, [row for damaged, row in bound if not damaged], to.json_names),
                WriteBatch(to.upsert_damaged, [row for damaged, row in bound if damaged], to.json_names),
            ],
            [Placed(values[0], row.version, row.partition) for row, (_, values) in zip(rows, bound, strict=True)],
        )

    def find(self, record_id: str) -> Answer[Known | None]:
        """Return what is known of a record."""
        row, state = self._asker.ask_row(self._statements.find, (record_id,))
        return Answer(self._known(*row) if row else None, state)

    def page(
        self, query: Query, *, limit: int, before: PagePosition | None = None, offset: int = 0
    ) -> Answer[ListedPage]:
        """Return matching rows' summaries, newest first."""
        question = self._queries.page(query, limit + 1, before, offset)
        return self._asker.ask_list(question, lambda rows: read_page(rows, limit), limit)

    def count(self, query: Query) -> Answer[int]:
        """Return how many rows match."""
        return self._asker.ask_list(self._queries.count(query), read_number, 1)

    def known(self, partition: str) -> dict[str, Known]:
        """Return what is known of each record of a partition."""
        return {
            row[0]: self._known(*row[1:])
            for row in self._asker.ask_rows(self._statements.known, {"partition": partition})
        }

    def rows(self, partition: str, first: str = "", last: str = LAST_ID) -> list[tuple[Row, bool]]:
        """Return the rows of a partition from id to id, each with whether its checksum holds."""
        found = self._asker.ask_rows(self._statements.rows, {"partition": partition, "first": first, "last": last})
        return [self._statements.read(values) for values in found]

    def known_between(self, partition: str, first: str, last: str) -> dict[str, tuple[Known, bool]]:
        """Return what is known of each record of a partition from id to id, each with whether its checksum holds."""
        found = self._asker.ask_rows(self._statements.rows, {"partition": partition, "first": first, "last": last})
        pick, holds = self._statements.pick_known, self._statements.holds
        return {values[0]: (self._known(*pick(values)), holds(values)) for values in found}

    def partitions(self) -> list[str]:
        """Return the partitions that have rows."""
        return [row[0] for row in self._asker.ask_rows(self._statements.partitions, {})]

    def state_counts(self) -> dict[RunState, int]:
        """Return how many rows there are in each state."""
        return dict(self._asker.ask_rows(self._statements.state_counts, {}))

    def forget(self, record_ids: Iterable[str]) -> None:
        """Remove rows."""
        values = [(record_id,) for record_id in record_ids]
        self._asker.remove(self._statements.forget, values)


class RunRows(RowTable[RunRow, RunQuery, KnownRun]):
    """The rows of runs."""

    def __init__(
        self, asker: Asker, statements: Statements[RunRow], queries: RunQueries, batches: BatchQueries
    ) -> None:
        super().__init__(asker, statements, queries, KnownRun)
        self._of_runs = queries
        self._batches = batches

    def figures(self, session_id: str) -> Answer[list[RunFigures]]:
        """Return what the listed runs of a session amount to."""
        return self._asker.ask_list(
            self._of_runs.figures(session_id), lambda rows: list(map(RunFigures._make, rows)), 1
        )

    def count_up_to(self, query: RunQuery, limit: int) -> Answer[int]:
        """Return how many runs match, counting no further than `limit`."""
        return self._asker.ask_list(self._of_runs.count_up_to(query, limit), read_number, 1)

    def tally(self, name: str, first: str = "", last: str = LAST_ID) -> Answer[list[TalliedRuns]]:
        """Return how many listed runs of each partition have each value of a column."""
        question = self._of_runs.tally(name, first, last)
        return self._asker.ask_list(question, lambda rows: list(map(TalliedRuns._make, rows)), LONGEST_CACHED + 1)

    def total(self, name: str, value: str | None) -> Answer[int]:
        """Return how many listed runs have a value in a column; None is any value."""
        question = self._of_runs.total(name, value)
        return self._asker.ask_list(question, read_number, 1)

    def log_page(self, query: RunQuery, *, limit: int, before: PagePosition | None = None) -> Answer[LoggedPage]:
        """Return what the run log says of matching runs, newest first."""
        question = self._of_runs.log_page(query, limit + 1, before)
        return self._asker.ask_list(question, lambda rows: read_log_page(rows, limit), LONGEST_CACHED + 1)

    def batch(self, query: BatchQuery, *, limit: int) -> Answer[list[BatchRun]]:
        """Return the oldest runs of a batch."""
        question = self._batches.runs(query, limit)
        return self._asker.ask_list(question, lambda rows: list(map(BatchRun._make, rows)), limit)

    def count_batch(self, query: BatchQuery) -> Answer[int]:
        """Return how many runs a batch has."""
        return self._asker.ask_list(self._batches.count(query), read_number, 1)

    def counts_by(
        self, name: str, created_from_us: int | None = None, created_to_us: int | None = None
    ) -> Answer[list[CountedValue]]:
        """Return how many listed runs of a time have each value of a column."""
        question = self._of_runs.counts_by(name, created_from_us, created_to_us)
        return self._asker.ask_list(question, lambda rows: list(map(CountedValue._make, rows)), 1)

    def span(self, created_from_us: int | None, created_to_us: int | None) -> Answer[tuple[int | None, int | None]]:
        """Return when the first and the last of the listed runs of a time were made."""
        question = self._of_runs.span(created_from_us, created_to_us)
        return self._asker.ask_list(question, read_span, 1)

    def values(self, name: str, *, limit: int) -> Answer[list[str]]:
        """Return the values that runs have in a column, in order."""
        question = self._of_runs.values(name, limit)
        return self._asker.ask_list(question, lambda rows: [value for (value,) in rows], LONGEST_CACHED + 1)

    def pending(self) -> list[tuple[str, str]]:
        """Return the partition and the id of each run whose explanation an event has left in the making."""
        return [(partition, run_id) for partition, run_id in self._asker.ask_rows(self._of_runs.pending(), {})]


SessionRows = RowTable[SessionRow, SessionQuery, KnownSession]
"""The rows of sessions."""


def known_session(partition: str, version: int, state: RunState, cascade: int) -> KnownSession:
    """Return what a row says of a session."""
    return KnownSession(partition, version, state, bool(cascade))


def read_page(rows: Rows, limit: int) -> ListedPage:
    """Return the page that a statement gives as one row, with one summary more where there are more."""
    items, keys = next(rows)
    if items is None:
        return ListedPage("", 0, None)
    count = keys.count(" ") + 1
    if count <= limit:
        return ListedPage(items, count, None)
    us, _, record_id = keys.rsplit(" ", 2)[-2].partition("|")
    return ListedPage(items[: items.rindex(SEPARATOR)], limit, (int(us), record_id))


def read_log_page(rows: Rows, limit: int) -> LoggedPage:
    """Return the page of the run log that a statement gives, with one row more where there are more."""
    found = list(rows)
    last = found[limit - 1][:2] if len(found) > limit else None
    return LoggedPage([LoggedRun(summary, cells) for _, _, summary, cells in found[:limit]], last)


def read_span(rows: Rows) -> tuple[int | None, int | None]:
    """Return the first and the last moment that a statement gives."""
    first_us, last_us = next(rows)
    return first_us, last_us


def read_number(rows: Rows) -> int:
    """Return the number that a statement gives."""
    return int(next(rows)[0])
