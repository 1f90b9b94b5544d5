"""The rows of sessions in the SQLite file, and what is counted of their runs."""

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rmos.index import session_tables as tables
from rmos.index.base import KnownSession, ListedSession, RunFigures
from rmos.index.sqlite_file import SqliteFile
from rmos.models import RunState, SessionQuery, SessionRow

_FORGET: Final = "DELETE FROM sessions WHERE session_id = ?"
_FORGET_VERSION: Final = "DELETE FROM sessions WHERE session_id = ? AND version = ?"


class SqliteSessions(SqliteFile):
    """What an index answers on sessions."""

    def upsert_sessions(self, rows: Sequence[SessionRow], *, instead_of: Mapping[str, int] | None = None) -> None:
        """Write rows in one transaction; an older version never replaces a newer one."""
        if not rows:
            return
        replaced = [(session_id, version) for session_id, version in (instead_of or {}).items()]
        values = [tables.session_values(row) for row in rows]

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(_FORGET_VERSION, replaced)
                connection.executemany(tables.UPSERT, values)
                connection.execute("COMMIT")
            except BaseException:  # also what is no error of SQLite must not leave the file locked
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

        self._ask(write)

    def find_session(self, session_id: str) -> KnownSession | None:
        """Return what is known of a session."""
        row = self._ask(lambda c: c.execute(tables.FIND, {"session_id": session_id}).fetchone())
        return KnownSession(row[0], row[1], row[2], bool(row[3])) if row else None

    def session_page(
        self, query: SessionQuery, *, limit: int, before: tuple[int, str] | None = None, offset: int = 0
    ) -> list[ListedSession]:
        """Return matching sessions, newest first."""
        values: dict[str, Any] = tables.query_values(query)
        text = tables.page_text(frozenset(values), tables.shows_deleted(query), before is not None)
        values |= {"limit": limit, "offset": offset}
        if before is not None:
            values["before_us"], values["before_id"] = before
        return self._list(text, values, lambda cursor: list(map(ListedSession._make, cursor)), limit)

    def count_sessions(self, query: SessionQuery) -> int:
        """Return how many sessions match."""
        values = tables.query_values(query)
        text = tables.count_text(frozenset(values), tables.shows_deleted(query))
        return self._list(text, values, lambda cursor: int(cursor.fetchone()[0]))

    def session_rows(self, partition: str) -> list[tuple[SessionRow, bool]]:
        """Return the rows of a date, each with whether its checksum holds."""
        found = self._ask(lambda c: c.execute(tables.ROWS, {"partition": partition}).fetchall())
        return [tables.checked_session(row) for row in found]

    def session_partitions(self) -> list[str]:
        """Return the dates that have rows of sessions."""
        return [row[0] for row in self._ask(lambda c: c.execute(tables.PARTITIONS).fetchall())]

    def forget_sessions(self, session_ids: Iterable[str]) -> None:
        """Remove rows."""
        values = [(session_id,) for session_id in session_ids]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(_FORGET, values)

        self._ask(write)

    def session_state_counts(self) -> dict[RunState, int]:
        """Return how many rows of sessions there are in each state."""
        return dict(self._ask(lambda c: c.execute(tables.STATE_COUNTS).fetchall()))

    def figures(self, session_id: str) -> list[RunFigures]:
        """Return what the listed runs of a session amount to."""
        values = {"session_id": session_id}
        return self._list(tables.FIGURES, values, lambda cursor: list(map(RunFigures._make, cursor)))
