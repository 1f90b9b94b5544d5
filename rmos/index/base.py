"""What every index backend answers; one contract suite tests them all."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

from rmos.models import RunQuery, RunRow, RunState, SessionQuery, SessionRow

SCHEMA_VERSION: Final = 4
"""Raised whenever tables or summaries change: an index of an older version is rebuilt, a newer one refused."""

VISIBILITY: Final[dict[RunState, int]] = {"live": 2, "damaged": 2, "deleted": 1, "missing": 0, "erased": 0}
"""2 is listed, 1 only with `include_deleted`. Damaged runs are listed, as errors: a list is never silently short."""


class KnownRun(NamedTuple):
    """What the index knows of a run's place and age."""

    partition: str
    version: int
    state: RunState
    sha256: str


SEPARATOR: Final = ",\n"
"""Stands between the summaries of a page: valid JSON, and in no summary, which is one line."""


class ListedPage(NamedTuple):
    """One page of a list, as one text: the database joins the summaries, in one step (see docs/performance.md)."""

    text: str
    """The finished summaries, `SEPARATOR` between them."""
    size: int
    """How many there are."""
    last: tuple[int, str] | None
    """The key of the last run shown, when more runs follow it."""


class BriefRun(NamedTuple):
    """One line of a list that shows less than the summary."""

    created_us: int
    run_id: str
    status: str
    tool_id: str
    mode: str


class KnownSession(NamedTuple):
    """What the index knows of a session's place, age and state."""

    partition: str
    version: int
    state: RunState
    cascade: bool


class ListedSession(NamedTuple):
    """One line of a list: its key in the order of lists, and the session as finished text."""

    created_us: int
    session_id: str
    summary: str


class RunFigures(NamedTuple):
    """How many runs of a session are alike in these three, and when the latest of their advisories was made."""

    explanation_status: str | None
    risk_level: str
    advisory_kinds: str | None
    runs: int
    latest_advisory_us: int | None


class SessionIndex(Protocol):
    """What an index answers on sessions; what its methods may raise is said at `Index`."""

    def upsert_sessions(self, rows: Sequence[SessionRow], *, instead_of: Mapping[str, int] | None = None) -> None:
        """Write rows in one transaction; an older version never replaces a newer one.

        Args:
            instead_of: session ids and the versions of rows that go first, whatever they say, if they still stand.
        """

    def find_session(self, session_id: str) -> KnownSession | None:
        """Return what is known of a session."""

    def session_page(
        self, query: SessionQuery, *, limit: int, before: tuple[int, str] | None = None, offset: int = 0
    ) -> list[ListedSession]:
        """Return matching sessions, newest first by (created, id), from after `before` on."""

    def count_sessions(self, query: SessionQuery) -> int:
        """Return how many sessions match."""

    def session_rows(self, partition: str) -> list[tuple[SessionRow, bool]]:
        """Return the rows of a date's sessions, each with whether its checksum holds."""

    def session_partitions(self) -> list[str]:
        """Return the dates that have rows of sessions."""

    def forget_sessions(self, session_ids: Iterable[str]) -> None:
        """Remove rows (an operator's choice, for sessions whose events are gone)."""

    def session_state_counts(self) -> dict[RunState, int]:
        """Return how many rows of sessions there are in each state."""

    def figures(self, session_id: str) -> list[RunFigures]:
        """Return what the listed runs of a session amount to, from the rows of the runs alone."""


class Index(SessionIndex, Protocol):
    """Rows by run, pages of them, and what is needed to keep them true.

    Every method may raise `IndexBroken` (unreadable: to be replaced), `IndexUnavailable` (busy, full, read-only) and
    `StoreUnusable` (written by a newer release).
    """

    def lock(self, *, wait_s: float) -> AbstractContextManager[None]:
        """Hold the lock of reconcile, rebuild and repair.

        Raises:
            StoreLocked: another process holds it and did not let go in time.
        """

    def exists(self) -> bool:
        """Tell whether the index is there at all."""

    def generation(self) -> object:
        """Return what stands for the index as it is now: another value once it was replaced, None when it is gone."""

    def completed(self) -> object:
        """Return the generation that this thread will ask, if every object has its row in it; None if not.

        It is not looked at whether another one stands there now. So what an answer lacks is nothing only if
        `answered_by` is the same generation afterwards.
        """

    def answered_by(self) -> object:
        """Return the generation that gave this thread its last answer; None when none did."""

    def prepare(self) -> bool:
        """Make the index or replace it when it is absent, unreadable or older (only under the lock); True when new."""

    def is_complete(self) -> bool:
        """Tell whether every object of the record had its row when the index was last completed."""

    def was_completed(self) -> bool:
        """Tell whether the index was complete at some time: what it lacks since then can be found by comparing."""

    def fall_behind(self) -> None:
        """Tell all processes that an object has no row: the index is not complete until the next reconcile."""

    def complete(self) -> None:
        """Declare that every object has its row."""

    def upsert(self, rows: Sequence[RunRow], *, instead_of: Mapping[str, int] | None = None) -> None:
        """Write rows in one transaction; an older version never replaces a newer one.

        Args:
            instead_of: run ids and the versions of rows that are replaced whatever they say, if they still stand.
        """

    def find(self, run_id: str) -> KnownRun | None:
        """Return what is known of a run."""

    def page(
        self, query: RunQuery, *, limit: int, before: tuple[int, str] | None = None, offset: int = 0
    ) -> ListedPage:
        """Return matching runs, newest first by (created, id), from after `before` on."""

    def brief_page(
        self, query: RunQuery, *, limit: int, before: tuple[int, str] | None = None, offset: int = 0
    ) -> list[BriefRun]:
        """Return the same runs as `page`, without their summaries."""

    def count(self, query: RunQuery) -> int:
        """Return how many runs match."""

    def known(self, partition: str) -> dict[str, KnownRun]:
        """Return what is known of each run of a partition."""

    def rows(self, partition: str, first: str, last: str) -> list[tuple[RunRow, bool]]:
        """Return the rows of a partition from id to id, each with whether its checksum holds."""

    def partitions(self) -> list[str]:
        """Return the partitions that have rows."""

    def missing(self) -> list[tuple[str, str]]:
        """Return partition and id of each row whose object was not there at the last look."""

    def mark_missing(self, partition: str, run_ids: Iterable[str]) -> None:
        """Unlist runs whose object is gone; the rows stay."""

    def forget(self, run_ids: Iterable[str]) -> None:
        """Remove rows (an operator's choice, for runs whose object is gone)."""

    def change_tokens(self) -> dict[str, str]:
        """Return for each folder the change token from before its last complete listing."""

    def set_change_token(self, folder: str, token: str | None) -> None:
        """Keep a folder's change token, which only the objects' backend reads; None forgets it."""

    def state_counts(self) -> dict[RunState, int]:
        """Return how many rows there are in each state."""

    def close(self) -> None:
        """Close this thread's connection."""
