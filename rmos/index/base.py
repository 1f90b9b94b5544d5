"""What every index backend answers; one contract suite tests them all.

    page, state = index.runs.page(RunQuery(), limit=50)
    state.complete, state.generation                 # is a list of this index short, and which index is it
    index.runs.upsert([row])
    index.sessions.find(session_id).value

Runs and sessions are two tables of the same kind. Whether the index is complete is said in one word, its state; an
answer on which somebody relies brings along the state that the very index had which gave it.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from rmos.errors.installation import StoreUnusable
from rmos.errors.store import IndexBroken, IndexUnavailable
from rmos.index.announcements import Announcements
from rmos.index.hosts import Hosts
from rmos.index.log_table import LogTable
from rmos.log_rows import BatchQuery, BatchRun, CountedValue, LoggedRun
from rmos.models import RunState
from rmos.row_models import (
    CountedJobs,
    OutcomeColumn,
    OutcomeGroup,
    OutcomeQuery,
    OutcomeTotals,
    RunQuery,
    RunRow,
    SessionQuery,
    SessionRow,
    ToolSpan,
    ToolSpanTotals,
    WorkedTool,
)

VISIBILITY: Final[dict[RunState, int]] = {"live": 2, "damaged": 2, "deleted": 1, "missing": 0, "erased": 0}
"""2 is listed, 1 only with `include_deleted`. Damaged runs are listed, as errors: a list is never silently short."""
INDEX_ERRORS: Final = (IndexBroken, IndexUnavailable, StoreUnusable)
"""What an index may answer that keeps no record from being acknowledged."""
SEPARATOR: Final = ",\n"
"""Stands between the summaries of a page: valid JSON, and in no summary, which is one line."""
LAST_ID: Final = "\x7f"
"""Sorts after every id."""

Generation = Hashable
"""Stands for one index, from when it was made until it is replaced."""
PagePosition = tuple[int, str]
"""Where a row stands in the order of lists: when its record was created, and its id."""


class IndexState(NamedTuple):
    """The index as it stands."""

    generation: Generation | None
    """Which one it is; None when there is none."""
    schema: str
    """By which tables and rows it was made: another one is filled anew."""
    complete: bool
    """Whether every object has its row, as far as anybody was told."""
    was_complete: bool
    """Whether it was complete at some time: what it lacks since then can be found by comparing."""


NO_INDEX: Final = IndexState(None, "", False, False)


Value = TypeVar("Value", covariant=True)


class Answer(NamedTuple, Generic[Value]):
    """What the index answered, and its state: that of just before, of the very index that answered."""

    value: Value
    state: IndexState


class ListedPage(NamedTuple):
    """One page of a list, as one text: the database joins the summaries, in one step (see docs/performance.md)."""

    text: str
    """The finished summaries, `SEPARATOR` between them."""
    size: int
    """How many there are."""
    last: PagePosition | None
    """Where the last row shown stands, when more rows follow it."""


class LoggedPage(NamedTuple):
    """One page of the run log."""

    runs: list[LoggedRun]
    last: PagePosition | None
    """Where the last row shown stands, when more rows follow it."""


class KnownRun(NamedTuple):
    """What the index knows of a run's place and age."""

    partition: str
    version: int
    state: RunState
    sha256: str


class KnownSession(NamedTuple):
    """What the index knows of a session's place, age and state."""

    partition: str
    version: int
    state: RunState
    cascade: bool


class RunFigures(NamedTuple):
    """How many runs of a session are alike in these three, and when the latest of their advisories was made."""

    explanation_status: str | None
    risk_level: str
    advisory_kinds: str | None
    runs: int
    latest_advisory_us: int | None


class TalliedRuns(NamedTuple):
    """How many listed runs of a partition have a value."""

    partition: str
    value: str
    runs: int


Row = TypeVar("Row")
Query = TypeVar("Query", contravariant=True)
Known = TypeVar("Known")


class Table(Protocol[Row, Query, Known]):
    """The rows of one kind of records, by id, and lists of them."""

    def upsert(self, rows: Sequence[Row], *, instead_of: Mapping[str, int] | None = None) -> None:
        """Write rows in one transaction; an older version never replaces a newer one.

        Args:
            instead_of: ids of rows, and the versions of those that they replace whatever they say, if they still stand.
        """

    def find(self, record_id: str) -> Answer[Known | None]:
        """Return what is known of a record."""

    def page(
        self, query: Query, *, limit: int, before: PagePosition | None = None, offset: int = 0
    ) -> Answer[ListedPage]:
        """Return matching rows' summaries, newest first by (created, id), from after `before` on."""

    def count(self, query: Query) -> Answer[int]:
        """Return how many rows match."""

    def known(self, partition: str) -> dict[str, Known]:
        """Return what is known of each record of a partition."""

    def rows(self, partition: str, first: str = "", last: str = LAST_ID) -> list[tuple[Row, bool]]:
        """Return the rows of a partition from id to id, in order, each with whether its checksum holds."""

    def known_between(self, partition: str, first: str, last: str) -> dict[str, tuple[Known, bool]]:
        """Return what is known of each record of a partition from id to id, as quickly as `rows` does not."""

    def partitions(self) -> list[str]:
        """Return the partitions that have rows, in order."""

    def forget(self, record_ids: Iterable[str]) -> None:
        """Remove rows (an operator's choice, for records whose objects are gone)."""

    def state_counts(self) -> dict[RunState, int]:
        """Return how many rows there are in each state."""


class RunTable(Table[RunRow, RunQuery, KnownRun], Protocol):
    """The rows of runs."""

    def figures(self, session_id: str) -> Answer[list[RunFigures]]:
        """Return what the listed runs of a session amount to."""

    def count_up_to(self, query: RunQuery, limit: int) -> Answer[int]:
        """Return how many runs match, counting no further than `limit`."""

    def tally(self, name: str, first: str = "", last: str = LAST_ID) -> Answer[list[TalliedRuns]]:
        """Return how many listed runs of each partition from `first` to `last` have each value of a column.

        Args:
            name: one of `TALLIED`; runs that have no value there are not counted.
        """

    def total(self, name: str, value: str | None) -> Answer[int]:
        """Return how many listed runs have a value in a column, folded; None is any value.

        Args:
            name: one of `TALLIED`.
        """

    def values(self, name: str, *, limit: int) -> Answer[list[str]]:
        """Return the values that runs have in a column, folded, in order, the first so many.

        Args:
            name: one of `EQUAL_FILTERS`.
        """

    def counts_by(
        self, name: str, created_from_us: int | None = None, created_to_us: int | None = None
    ) -> Answer[list[CountedValue]]:
        """Return how many listed runs, made in a time, have each value of a column, folded, in order.

        Args:
            name: one of `EQUAL_FILTERS`; runs that have no value there are not counted.
            created_from_us: included; `created_to_us` is not.
        """

    def span(self, created_from_us: int | None, created_to_us: int | None) -> Answer[tuple[int | None, int | None]]:
        """Return when the first and the last of the listed runs of a time were made."""

    def log_page(self, query: RunQuery, *, limit: int, before: PagePosition | None = None) -> Answer[LoggedPage]:
        """Return what the run log says of matching runs, in the order of `page`."""

    def batch(self, query: BatchQuery, *, limit: int) -> Answer[list[BatchRun]]:
        """Return the listed runs of a batch by (created, id), the first so many."""

    def count_batch(self, query: BatchQuery) -> Answer[int]:
        """Return how many runs `batch` has without a limit."""

    def pending(self) -> list[tuple[str, str]]:
        """Return the partition and the id of each run whose explanation an event has left in the making."""


SessionTable = Table[SessionRow, SessionQuery, KnownSession]


class OutcomeTable(Protocol):
    """The outcomes of listed runs: a view of what the rows of `runs` carry, and written with them."""

    def page(
        self, query: OutcomeQuery, *, limit: int, before: PagePosition | None = None, offset: int = 0
    ) -> Answer[ListedPage]:
        """Return matching outcomes' summaries, those of the latest jobs first, from after `before` on."""

    def count(self, query: OutcomeQuery) -> Answer[int]:
        """Return how many match."""

    def totals(self, query: OutcomeQuery, by: OutcomeGroup) -> Answer[list[OutcomeTotals]]:
        """Return what those that match amount to, in groups, in the order of the groups' names."""

    def count_groups(self, query: OutcomeQuery, by: tuple[OutcomeColumn, ...]) -> Answer[list[CountedJobs]]:
        """Return how many jobs match, by the values of columns and in their order, None first."""


class ToolWorkTable(Protocol):
    """What tools did in the jobs of listed runs: written with their rows, as outcomes are."""

    def tools(self) -> Answer[list[WorkedTool]]:
        """Return the tools that took part in a job, each with its serials, in order."""

    def totals(self, spans: Sequence[ToolSpan]) -> Answer[list[ToolSpanTotals]]:
        """Return what tools did in spans of time, in the order of the spans."""


class Index(Protocol):
    """Rows that can be computed again from the record, and what is needed to keep them true.

    Every method, also of the tables, may raise `IndexBroken` (absent, unreadable or of another schema: to be replaced),
    `IndexUnavailable` (busy, full, read-only, not reached) and `StoreUnusable` (written by a newer release).
    """

    @property
    def runs(self) -> RunTable:
        """The rows of runs."""

    @property
    def sessions(self) -> SessionTable:
        """The rows of sessions."""

    @property
    def outcomes(self) -> OutcomeTable:
        """The outcomes of runs."""

    @property
    def tool_work(self) -> ToolWorkTable:
        """What tools did in them."""

    @property
    def log(self) -> LogTable:
        """Which objects are in the log."""

    @property
    def announcements(self) -> Announcements | None:
        """What may lack a row; None where the folders themselves tell what is new in them."""

    @property
    def hosts(self) -> Hosts | None:
        """Which processes serve the record; None where all of them are on this machine."""

    def state(self) -> IndexState:
        """Return which index stands there now, by which schema it was made, and whether it is complete.

        An index that is absent has a state, `NO_INDEX`; one that cannot be read is `IndexBroken`.
        """

    def lock(self, *, wait_s: float) -> AbstractContextManager[None]:
        """Hold the lock of reconcile, rebuild and repair.

        Raises:
            StoreLocked: another process holds it and did not release it in time.
        """

    def prepare(self) -> bool:
        """Make the index, or replace one that is broken or of another schema, under the lock; True when it is new."""

    def fall_behind(self) -> None:
        """Tell all processes that an object has no row: the index is not complete until the next reconcile."""

    def complete(self, generation: Generation | None) -> None:
        """Declare that every object has its row, unless an object fell behind since `prepare`.

        Args:
            generation: the index that was filled; `IndexBroken` when another one stands there by now, unless it is
                None, which is whichever stands there.
        """

    def change_tokens(self) -> dict[str, str]:
        """Return for each folder the change token from before its last complete listing."""

    def set_change_token(self, folder: str, token: str | None) -> None:
        """Keep a folder's change token, which only the objects' backend reads; None forgets it."""

    def close(self) -> None:
        """Close what this thread holds open; the next question opens it again."""
