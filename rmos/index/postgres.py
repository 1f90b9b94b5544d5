"""The index in PostgreSQL, shared by all processes of all hosts: whether it is complete, its lock, and its tables.

`postgres_pool` has the connections, `postgres_asker` asks by them, `tables` has the rows, as over SQLite. Several
stores share one database when their URLs name different schemas (`?options=-csearch_path%3Dshop`).
"""

import contextlib
import logging
import secrets
import time
from collections.abc import Iterator
from typing import Final

import psycopg

from rmos.errors.installation import ConfigError
from rmos.errors.store import IndexBroken, StoreLocked
from rmos.index import schema
from rmos.index.base import NO_INDEX, Generation, IndexState, KnownRun, KnownSession
from rmos.index.batch_queries import BatchQueries
from rmos.index.outcome_queries import OutcomeQueries
from rmos.index.outcome_tables import OutcomeRows, ToolWorkRows
from rmos.index.postgres_asker import PostgresAsker
from rmos.index.postgres_dialect import POSTGRES
from rmos.index.postgres_errors import translate
from rmos.index.postgres_log import PostgresLog
from rmos.index.postgres_pool import Pool, PostgresConnection
from rmos.index.postgres_schema import CREATE, DROP, KEPT, TABLES, postgres_schema_of
from rmos.index.postgres_shared import PostgresAnnouncements, PostgresHosts
from rmos.index.postgres_url import read_url
from rmos.index.run_queries import RunQueries
from rmos.index.schema import Schema
from rmos.index.session_queries import SessionQueries
from rmos.index.statements import Statements
from rmos.index.tables import RunRows, SessionRows, WriteBatch, known_session
from rmos.index.work_queries import WorkQueries
from rmos.observer import Observer
from rmos.row_models import RunRow, SessionRow

log = logging.getLogger(__name__)

_runs: Final = Statements(POSTGRES, schema.runs, RunRow, KnownRun._fields)
_sessions: Final = Statements(POSTGRES, schema.sessions, SessionRow, KnownSession._fields)
_POLL_S: Final = 0.05
_LOCK: Final = "SELECT pg_try_advisory_lock(7261, hashtext(%s))"
_MAINTENANCE_S: Final = 600.0
_UNLOCK: Final = "SELECT pg_advisory_unlock_all()"
_POOLER: Final = (
    "RMOS_DATABASE_URL leads to a pooler that gives each transaction another held, which holds no lock: "
    "name the server itself, or let the pooler keep sessions."
)


class PostgresIndex:
    """One schema of a PostgreSQL database as the index; `read_only` never changes anything in it."""

    def __init__(self, url: str, *, wanted: Schema, read_only: bool = False) -> None:
        self._schema = postgres_schema_of(wanted)
        self._pool = Pool(read_url(url, read_only=read_only), read_only=read_only)
        self._asker = PostgresAsker(self._pool, self._schema)
        self._holder: PostgresConnection | None = None
        """The connection that holds the lock."""
        self._mark_when_prepared = 0
        self.runs = RunRows(self._asker, _runs, RunQueries(POSTGRES), BatchQueries(POSTGRES))
        self.sessions = SessionRows(self._asker, _sessions, SessionQueries(POSTGRES), known_session)
        self.outcomes = OutcomeRows(self._asker, OutcomeQueries(POSTGRES))
        self.tool_work = ToolWorkRows(self._asker, WorkQueries(POSTGRES))
        self.log = PostgresLog(self._asker)
        self.announcements = PostgresAnnouncements(self._asker)
        self.hosts = PostgresHosts(self._asker)

    @property
    def observer(self) -> Observer:
        """Who counts how long connections are waited for."""
        return self._pool.observer

    @observer.setter
    def observer(self, observer: Observer) -> None:
        self._pool.observer = observer

    # The lock

    @contextlib.contextmanager
    def lock(self, *, wait_s: float) -> Iterator[None]:
        """Hold the lock of this schema, which the server lets go when the connection of its holder ends."""
        deadline = time.monotonic() + wait_s
        held = self._pool.connect(timeout_s=0)
        try:
            self._require_own_backend(held)
            while not self._try_lock(held):
                if time.monotonic() >= deadline:
                    raise StoreLocked("Another process is working on the index. Wait for it, then try again.")
                time.sleep(_POLL_S)
            self._holder = held
            yield
        finally:
            self._holder = None
            with contextlib.suppress(psycopg.Error):  # the server would let go a moment after the connection ends
                held.cursor.execute(_UNLOCK)
            held.close()

    def _try_lock(self, held: PostgresConnection) -> bool:
        try:
            return bool(held.cursor.execute(_LOCK, (held.schema,)).fetchone()[0])  # type: ignore[index]
        except psycopg.Error as error:
            raise translate(error) from None

    def _require_own_backend(self, held: PostgresConnection) -> None:
        """Refuse a pooler: two connections to one backend, or one to two.

        Raises:
            ConfigError: what is locked in one transaction would not be in the next.
        """
        pid = "SELECT pg_backend_pid()"
        try:
            before = held.cursor.execute(pid).fetchone()
            with self._pool.lend() as other, other.connection.transaction():
                others = other.cursor.execute(pid).fetchone()
                after = held.cursor.execute(pid).fetchone()
        except psycopg.Error as error:
            raise translate(error) from None
        if before != after or others == after:
            raise ConfigError(_POOLER)

    @contextlib.contextmanager
    def _maintenance(self) -> Iterator[PostgresConnection]:
        """Lend the connection that holds the lock: what is done there is not done once the lock is lost."""
        try:
            if self._holder is not None:
                yield self._holder
            else:
                with self._pool.lend(extra_s=_MAINTENANCE_S) as held:
                    yield held
        except psycopg.Error as error:
            raise translate(error) from None

    def prepare(self) -> bool:
        """Make the tables, or make them again when they are broken or of another schema, in one transaction."""
        with self._maintenance() as held, held.connection.transaction():
            execute = held.connection.execute
            execute("SET LOCAL statement_timeout = 0")
            if self._are_whole(held):
                (self._mark_when_prepared,) = execute("SELECT behind FROM index_state").fetchone()  # type: ignore[misc]
                return False
            if execute("SELECT current_schema()").fetchone() == (None,):
                execute(psycopg.sql.SQL("CREATE SCHEMA {}").format(psycopg.sql.Identifier(held.schema)))
            if execute("SELECT to_regclass('index_state')").fetchone() != (None,):
                execute("LOCK TABLE index_state IN ACCESS EXCLUSIVE MODE")  # first, as all who ask lock it first
            for statement in (*DROP, *CREATE, *KEPT):
                execute(statement)
            made_by = (secrets.token_hex(16), *self._schema)
            execute("INSERT INTO index_state VALUES (%s, %s, %s, %s, 0, NULL)", made_by)
            execute("ANALYZE index_state")  # every statement joins it: as one row, which nobody would guess
        self._mark_when_prepared, self._asker.corrupt = 0, False
        return True

    def _are_whole(self, held: PostgresConnection) -> bool:
        there = "SELECT count(*) FROM unnest(%s::text[]) AS wanted (name) WHERE to_regclass(name) IS NOT NULL"
        found = held.cursor.execute(there, ([*TABLES, "tally", "announced", "hosts"],)).fetchone()
        if self._asker.corrupt or found != (len(TABLES) + 3,):
            return False
        try:
            with held.connection.transaction():
                self._asker.read_state(held)
            return True
        except (IndexBroken, psycopg.errors.UndefinedColumn):
            return False

    # Completeness

    def state(self) -> IndexState:
        """Return which index stands there, and whether it has a row for every object."""
        try:
            return self._asker.state()
        except IndexBroken:
            if self._asker.run(_is_absent):
                return NO_INDEX
            raise

    def fall_behind(self) -> None:
        """Move the mark."""
        self._asker.run(lambda held: held.cursor.execute("UPDATE index_state SET behind = behind + 1"))

    def complete(self, generation: Generation | None) -> None:
        """Declare that every object has its row, unless the mark was moved since the tables were prepared."""
        with self._maintenance() as held, held.connection.transaction():
            state = self._asker.read_state(held)
            if generation not in (None, state.generation):
                raise IndexBroken("The index was replaced.")
            held.cursor.execute("UPDATE index_state SET completed = %s", (self._mark_when_prepared,))

    # Change tokens

    def change_tokens(self) -> dict[str, str]:
        """Return each folder's change token."""
        return dict(self._asker.ask_rows("SELECT name, change_token FROM folders", {}))

    def set_change_token(self, folder: str, token: str | None) -> None:
        """Keep or forget a folder's change token."""
        if token is None:
            self._asker.write([WriteBatch("DELETE FROM folders WHERE name = %s", [(folder,)])])
            return
        keep = (
            "INSERT INTO folders (name, change_token) VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET change_token = excluded.change_token"
        )
        self._asker.write([WriteBatch(keep, [(folder, token)])])

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._pool.close()


def _is_absent(held: PostgresConnection) -> bool:
    return held.cursor.execute("SELECT to_regclass('index_state')").fetchone() == (None,)
