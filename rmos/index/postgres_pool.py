"""The connections of one process to PostgreSQL: opened when they are needed, given back, thrown away when they fail.

    with pool.lend() as held:
        held.cursor.execute("SELECT 1")

Whoever comes while all are taken waits, but not long. After an attempt to connect has failed nobody tries for a second:
all fail at once, so that a database that is away costs nobody the time of finding that out again.
"""

import contextlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus

from rmos.errors.installation import ConfigError
from rmos.errors.store import IndexUnavailable
from rmos.index.postgres_errors import translate
from rmos.index.postgres_url import PostgresTarget
from rmos.index.postgres_watch import Watch
from rmos.observer import NO_OBSERVER, Observer

# What fails is raised, and told by whoever asked; that a batch was broken off by it is no news to anybody.
logging.getLogger("psycopg").setLevel(logging.ERROR)
_WAIT_S: Final = 2.0
_PAUSE_S: Final = 1.0
"""How long nobody tries to connect after it failed."""
_LIMIT_S: Final = 8.0
"""How long a connection may be used for one question: longer than the server lets a statement run."""
_SCHEMA: Final = """
SELECT CASE WHEN first = '$user' THEN current_schema() ELSE first END
FROM (SELECT btrim(split_part(current_setting('search_path'), ',', 1), ' "')) AS path (first)
"""
# When a backend is killed, the server begins anew without being started: its own processes are other ones from then on.
# One schema: with a second one behind it, tables of another store might answer for those that are not there.
# What an index holds is in memory, or on a disk that does not turn, so one is worth more than PostgreSQL takes it for.
_BEGIN: Final = f"""
SELECT current_setting('server_encoding'), set_config('search_path', quote_ident(({_SCHEMA})), false), ({_SCHEMA}),
    set_config('statement_timeout', %(timeout)s, false), set_config('lock_timeout', '2s', false),
    set_config('idle_in_transaction_session_timeout', '15s', false), set_config('jit', 'off', false),
    set_config('random_page_cost', '1.1', false),
    set_config('default_transaction_read_only',
        coalesce(%(read_only)s, current_setting('default_transaction_read_only')), false),
    (SELECT system_identifier::text FROM pg_control_system()),
    CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
        ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END,
    concat_ws(' ', pg_postmaster_start_time(),
        (SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE datid IS NULL AND usesysid IS NULL))
"""  # noqa: S608 (no value in it)

_inherited: Final[list[psycopg.Connection[Any]]] = []


class Server(NamedTuple):
    """Which server answers: another one after a failover or a restore, and since it began the last time.

    A crash may take commits that waited for no disk, and their numbers are given again: by these, what was remembered
    before it might pass for what stands there now.
    """

    system: str
    timeline: int
    begun: str


class _WholeNumber(Loader):
    """Sums of whole numbers are `numeric` to PostgreSQL, and whole all the same."""

    def load(self, data: Any) -> int:
        return int(bytes(data))


class PostgresConnection:
    """One connection to the database."""

    def __init__(self, target: PostgresTarget, *, read_only: bool, timeout_s: float = 5) -> None:
        self.connection: psycopg.Connection[Any] = psycopg.connect(**target.parameters, autocommit=True)
        try:
            self.connection.adapters.register_loader("numeric", _WholeNumber)
            self.cursor = self.connection.cursor()
            values = {"timeout": f"{timeout_s:g}s", "read_only": "on" if read_only else None}
            encoding, _, self.schema, *_, system, timeline, begun = self._row(_BEGIN, values)
            self.server = Server(system, timeline, begun)
            if encoding != "UTF8":
                raise ConfigError(f"The database of RMOS_DATABASE_URL has the encoding {encoding}; it must be UTF8.")
        except BaseException:  # whatever it is, nobody else has the connection to close it
            self.connection.close()
            raise

    def _row(self, text: str, values: dict[str, Any]) -> Any:
        return self.cursor.execute(text, values).fetchone()

    def is_usable(self) -> bool:
        """Tell whether another question can be asked: the connection stands and is in no transaction."""
        return self.connection.info.transaction_status == TransactionStatus.IDLE

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(psycopg.Error):
            self.connection.close()


class _Idle:
    """The connections that nobody uses, and the process that opened them."""

    def __init__(self) -> None:
        self.connections: list[PostgresConnection] = []
        self._pid = os.getpid()

    def is_inherited(self) -> bool:
        """Tell whether another process opened them."""
        return self._pid != os.getpid()

    def leave_to_parent(self) -> None:
        """Keep a fork's copies as they are, and unused: closing them would end the sessions of the parent."""
        _inherited.extend(held.connection for held in self.connections)
        self.connections.clear()
        self._pid = os.getpid()

    def close(self) -> None:
        """Close them."""
        while self.connections and not self.is_inherited():
            with contextlib.suppress(IndexError):
                self.connections.pop().close()


class Pool:
    """The connections of this process."""

    def __init__(self, target: PostgresTarget, *, read_only: bool) -> None:
        self._target = target
        self._read_only = read_only
        self.observer: Observer = NO_OBSERVER
        self._idle = _Idle()
        self._begin()
        # No `__del__`: it would have to outlive what it closes.
        weakref.finalize(self, self._idle.close)

    def _begin(self) -> None:
        self._free = threading.BoundedSemaphore(self._target.pool_size)
        self._paused_until = 0.0
        self._watch = Watch()

    def connect(self, *, timeout_s: float = 5) -> PostgresConnection:
        """Open a connection of its own.

        Args:
            timeout_s: how long a statement may take; 0 is without end.

        Raises:
            IndexUnavailable: the database cannot be reached.
            ConfigError: it is not of a kind that can be used.
        """
        if time.monotonic() < self._paused_until:
            raise IndexUnavailable("The index did not answer: the database cannot be reached, or failed.")
        try:
            return PostgresConnection(self._target, read_only=self._read_only, timeout_s=timeout_s)
        except psycopg.Error as error:
            self._paused_until = time.monotonic() + _PAUSE_S
            translate(error)
            raise IndexUnavailable("The database of the index cannot be connected to.") from None

    @contextlib.contextmanager
    def lend(self, *, extra_s: float = 0.0) -> Iterator[PostgresConnection]:
        """Lend a connection; one that failed is closed.

        Args:
            extra_s: for how much longer than one question it may be used, whatever the server does; it is lost then.

        Raises:
            IndexUnavailable, ConfigError: as `connect`; or all connections are taken, and stay so.
        """
        if self._idle.is_inherited():
            self._idle.leave_to_parent()
            self._begin()
        free = self._free
        if not free.acquire(blocking=False) and not self._wait_for(free):
            raise IndexUnavailable("The index did not answer: it is busy.")
        try:
            try:
                held = self._idle.connections.pop()
            except IndexError:
                held = self.connect()
            try:
                with self._watch.over(held.connection, _LIMIT_S + extra_s):
                    yield held
            finally:
                if held.is_usable():
                    self._idle.connections.append(held)
                else:
                    held.close()
        finally:
            free.release()

    def _wait_for(self, free: threading.BoundedSemaphore) -> bool:
        began = time.monotonic()
        was_freed = free.acquire(timeout=_WAIT_S)
        self.observer.pool_wait(time.monotonic() - began)
        return was_freed

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._idle.close()
