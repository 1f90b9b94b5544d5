"""The index on SQLite, shared by all processes of one host: which file it is, whether it is complete, and its tables.

`sqlite_file` watches the file, `sqlite_connections` asks it, `tables` has the rows, and `behind` the mark up to
which the file must have been completed.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from rmos.errors.store import IndexBroken
from rmos.index import schema
from rmos.index.base import NO_INDEX, Generation, IndexState, KnownRun, KnownSession
from rmos.index.batch_queries import BatchQueries
from rmos.index.behind import BehindMark
from rmos.index.dialects import SQLITE
from rmos.index.hosts import Hosts
from rmos.index.locks import file_lock
from rmos.index.outcome_queries import OutcomeQueries
from rmos.index.outcome_tables import OutcomeRows, ToolWorkRows
from rmos.index.run_queries import RunQueries
from rmos.index.schema import Schema
from rmos.index.session_queries import SessionQueries
from rmos.index.sqlite_asker import SqliteAsker
from rmos.index.sqlite_connections import COMPLETED_AT, SCHEMA_FACTS, Connections, read_fact
from rmos.index.sqlite_file import SqliteFile
from rmos.index.sqlite_log import SqliteLog
from rmos.index.statements import Statements
from rmos.index.tables import RunRows, SessionRows, known_session
from rmos.index.work_queries import WorkQueries
from rmos.row_models import RunRow, SessionRow

_runs: Final = Statements(SQLITE, schema.runs, RunRow, KnownRun._fields)
_sessions: Final = Statements(SQLITE, schema.sessions, SessionRow, KnownSession._fields)


class SqliteIndex:
    """One SQLite file as the index; `read_only` never creates or changes anything in its folder."""

    announcements = None

    def __init__(self, path: Path, *, lock: Path, wanted: Schema, read_only: bool = False) -> None:
        self._lock_path = lock
        self._schema = wanted
        self._mark = BehindMark(lock)
        self._mark_when_prepared = ""
        self._file = SqliteFile(str(path))
        self._connections = Connections(self._file, self._mark, wanted, read_only=read_only)
        asker = SqliteAsker(self._connections)
        self.runs = RunRows(asker, _runs, RunQueries(SQLITE), BatchQueries(SQLITE))
        self.log = SqliteLog(self._connections, asker)
        self.outcomes = OutcomeRows(asker, OutcomeQueries(SQLITE))
        self.tool_work = ToolWorkRows(asker, WorkQueries(SQLITE))
        self.hosts: Hosts | None = None
        self.sessions = SessionRows(asker, _sessions, SessionQueries(SQLITE), known_session)

    def lock(self, *, wait_s: float) -> AbstractContextManager[None]:
        """Hold the lock file beside the record."""
        return file_lock(self._lock_path, wait_s=wait_s)

    def prepare(self) -> bool:
        """Make the file, or replace an unreadable one or one of another schema; only under the lock."""
        self._mark_when_prepared = self._mark.read()
        try:
            self._connections.ask(lambda c: read_fact(c, COMPLETED_AT))
            return False
        except IndexBroken:
            facts = dict(zip(SCHEMA_FACTS, self._schema, strict=True))
            self._file.replace(facts, close=self._connections.close)
            return True

    # Completeness

    def state(self) -> IndexState:
        """Return which file stands there, and whether it has a row for every object."""
        try:
            return self._connections.state()
        except IndexBroken:
            if self._file.identity() is None:
                return NO_INDEX
            raise

    def fall_behind(self) -> None:
        """Move the mark."""
        self._mark.move()

    def complete(self, generation: Generation | None) -> None:
        """Declare that every object has its row in this file, unless the mark was moved since it was prepared."""
        values = (COMPLETED_AT, self._mark_when_prepared)
        self._connections.ask(
            lambda c: c.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", values), generation=generation
        )

    # Change tokens

    def change_tokens(self) -> dict[str, str]:
        """Return each folder's change token."""
        return dict(self._connections.ask(lambda c: c.execute("SELECT name, change_token FROM folders").fetchall()))

    def set_change_token(self, folder: str, token: str | None) -> None:
        """Keep or forget a folder's change token."""
        if token is None:
            self._connections.ask(lambda c: c.execute("DELETE FROM folders WHERE name = ?", (folder,)))
        else:
            self._connections.ask(lambda c: c.execute("INSERT OR REPLACE INTO folders VALUES (?, ?)", (folder, token)))

    def close(self) -> None:
        """Close this thread's connection."""
        self._connections.close()
