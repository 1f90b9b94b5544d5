"""The index on SQLite: the rows of runs and folders, in the file that `sqlite_file` keeps."""

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rmos.errors.base import RmosError
from rmos.errors.store import IndexUnavailable
from rmos.index import tables
from rmos.index.base import SEPARATOR, VISIBILITY, BriefRun, KnownRun, ListedPage
from rmos.index.sqlite_sessions import SqliteSessions
from rmos.models import RunQuery, RunRow, RunState

_FORGET: Final = "DELETE FROM runs WHERE run_id = ?"
_FORGET_VERSION: Final = "DELETE FROM runs WHERE run_id = ? AND version = ?"


class SqliteIndex(SqliteSessions):
    """One SQLite file as the index; `read_only` never creates or changes anything in its folder."""

    def __init__(self, path: Path, *, lock: Path, read_only: bool = False) -> None:
        super().__init__(path, lock=lock, read_only=read_only)
        self._turn = threading.Lock()
        self._waiting: deque[_Write] = deque()

    # Runs

    def upsert(self, rows: Sequence[RunRow], *, instead_of: Mapping[str, int] | None = None) -> None:
        """Write rows in one transaction; threads that come meanwhile share the next one.

        A row alone dirties a page of each secondary index, so a commit costs the same for one row as for ten.
        """
        if not rows:
            return
        mine = _Write(rows, instead_of or {})
        self._waiting.append(mine)
        with self._turn:
            if not mine.done:
                self._write_waiting()
        if mine.failure is not None:
            raise mine.failure

    def _write_waiting(self) -> None:
        writes = []
        while self._waiting:
            writes.append(self._waiting.popleft())
        # Whatever happens here, nobody who waits may take it for a success.
        failure: RmosError | None = IndexUnavailable("The index did not take the rows.")
        try:
            self._ask(lambda connection: _write_rows(connection, writes))
            failure = None
        except RmosError as error:
            failure = error
        finally:
            for write in writes:
                write.failure, write.done = failure, True

    def find(self, run_id: str) -> KnownRun | None:
        """Return what is known of a run."""
        row = self._ask(lambda c: c.execute(tables.FIND, {"run_id": run_id}).fetchone())
        return KnownRun(*row) if row else None

    def page(
        self, query: RunQuery, *, limit: int, before: tuple[int, str] | None = None, offset: int = 0
    ) -> ListedPage:
        """Return matching runs, newest first."""
        values = tables.query_values(query)
        text = tables.page_text(frozenset(values), query.include_deleted, query.ignore_case, before is not None)
        values |= {"limit": limit + 1, "offset": offset}
        if before is not None:
            values["before_us"], values["before_id"] = before
        return self._list(text, values, lambda cursor: _listed(cursor, limit), limit)

    def brief_page(
        self, query: RunQuery, *, limit: int, before: tuple[int, str] | None = None, offset: int = 0
    ) -> list[BriefRun]:
        """Return matching runs, newest first, without their summaries."""
        values = tables.query_values(query)
        text = tables.brief_text(frozenset(values), query.include_deleted, query.ignore_case, before is not None)
        values |= {"limit": limit, "offset": offset}
        if before is not None:
            values["before_us"], values["before_id"] = before
        return self._list(text, values, lambda cursor: list(map(BriefRun._make, cursor)), limit)

    def count(self, query: RunQuery) -> int:
        """Return how many runs match."""
        values = tables.query_values(query)
        text = tables.count_text(frozenset(values), query.include_deleted, query.ignore_case)
        return self._list(text, values, lambda cursor: int(cursor.fetchone()[0]))

    def known(self, partition: str) -> dict[str, KnownRun]:
        """Return what is known of each run of a partition."""
        rows = self._ask(lambda c: c.execute(tables.KNOWN, {"partition": partition}).fetchall())
        return {row[0]: KnownRun(*row[1:]) for row in rows}

    def rows(self, partition: str, first: str, last: str) -> list[tuple[RunRow, bool]]:
        """Return the rows of a partition from id to id, each with whether its checksum holds."""
        values = {"partition": partition, "first": first, "last": last}
        found = self._ask(lambda c: c.execute(tables.ROWS, values).fetchall())
        return [_checked(row) for row in found]

    def partitions(self) -> list[str]:
        """Return the partitions that have rows."""
        return [row[0] for row in self._ask(lambda c: c.execute(tables.PARTITIONS).fetchall())]

    def missing(self) -> list[tuple[str, str]]:
        """Return partition and id of each row whose object was gone."""
        return [tuple(row) for row in self._ask(lambda c: c.execute(tables.MISSING).fetchall())]

    def mark_missing(self, partition: str, run_ids: Iterable[str]) -> None:
        """Unlist runs whose object is gone."""
        gone = set(run_ids)
        if gone:
            lowest, highest = min(gone), max(gone)
            rows = [row for row, _ in self.rows(partition, lowest, highest) if row.run_id in gone]
            marked = (tables.missing_row(row) for row in rows)
            self.upsert([row for row in marked if row is not None])

    def forget(self, run_ids: Iterable[str]) -> None:
        """Remove rows."""
        values = [(run_id,) for run_id in run_ids]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(_FORGET, values)

        self._ask(write)

    # Folders

    def change_tokens(self) -> dict[str, str]:
        """Return each folder's change token."""
        return dict(self._ask(lambda c: c.execute("SELECT name, change_token FROM folders").fetchall()))

    def set_change_token(self, folder: str, token: str | None) -> None:
        """Keep or forget a folder's change token."""
        if token is None:
            self._ask(lambda c: c.execute("DELETE FROM folders WHERE name = ?", (folder,)))
        else:
            self._ask(lambda c: c.execute("INSERT OR REPLACE INTO folders VALUES (?, ?)", (folder, token)))

    def state_counts(self) -> dict[RunState, int]:
        """Return how many rows there are in each state."""
        return dict(self._ask(lambda c: c.execute(tables.STATE_COUNTS).fetchall()))


class _Write:
    """Rows on their way into the file, and what became of them."""

    def __init__(self, rows: Sequence[RunRow], instead_of: Mapping[str, int]) -> None:
        self.replaced = [(row.run_id, instead_of[row.run_id]) for row in rows if row.run_id in instead_of]
        self.damaged = [tables.row_values(row) for row in rows if row.state in ("damaged", "missing")]
        self.healthy = [tables.row_values(row) for row in rows if row.state not in ("damaged", "missing")]
        self.done = False
        self.failure: RmosError | None = None


def _write_rows(connection: sqlite3.Connection, writes: Sequence[_Write]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for write in writes:
            connection.executemany(_FORGET_VERSION, write.replaced)
            connection.executemany(tables.UPSERT, write.healthy)
            connection.executemany(tables.UPSERT_DAMAGED, write.damaged)
        connection.execute("COMMIT")
    except BaseException:  # also what is no error of SQLite must not leave the file locked
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _listed(cursor: sqlite3.Cursor, limit: int) -> ListedPage:
    """Return the page that a statement gives as one row, and where it goes on."""
    items, keys = cursor.fetchone()
    if items is None:
        return ListedPage("", 0, None)
    count = keys.count(" ") + 1
    if count <= limit:
        return ListedPage(items, count, None)
    us, _, run_id = keys.rsplit(" ", 2)[-2].partition("|")
    return ListedPage(items[: items.rindex(SEPARATOR)], limit, (int(us), run_id))


def _checked(values: tuple[Any, ...]) -> tuple[RunRow, bool]:
    row = RunRow(*values[:-2])
    return row, row.state in VISIBILITY and tables.row_values(row)[-2:] == values[-2:]
