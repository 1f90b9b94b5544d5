"""How the SQLite file is asked for rows and takes them."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from rmos.index.base import Answer
from rmos.index.shared_writes import SharedWrites
from rmos.index.sqlite_connections import Connections, Held
from rmos.index.statements import BoundStatement
from rmos.index.tables import LONGEST_CACHED, Placed, Rows, WriteBatch

T = TypeVar("T")


class SqliteAsker:
    """The SQLite file of an index."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._writes = SharedWrites(lambda writes: connections.ask(lambda connection: _carry_out(connection, writes)))

    def ask_list(self, question: BoundStatement, read: Callable[[Rows], T], limit: int) -> Answer[T]:
        """Return what `read` gets from the rows, or got before when nothing was written since."""

        def ask(held: Held) -> T:
            def run() -> T:
                return read(held.connection.execute(question.text, question.values))

            if limit > LONGEST_CACHED:
                return run()
            return held.cache.answer(held.connection, (question.text, *question.values.values()), run)

        return self._connections.answer(ask)

    def ask_row(self, text: str, values: tuple[Any, ...]) -> Answer[Any | None]:
        """Return the row that a statement gives."""
        return self._connections.answer(lambda held: held.connection.execute(text, values).fetchone())

    def ask_rows(self, text: str, values: Mapping[str, Any]) -> list[Any]:
        """Return all rows that a statement gives."""
        return self._connections.ask(lambda connection: connection.execute(text, values).fetchall())

    def write(self, batches: Sequence[WriteBatch], placed: Sequence[Placed] = ()) -> None:
        """Carry out batches in one transaction; threads that come meanwhile share the next one."""
        self._writes.write(batches)

    def remove(self, text: str, values: Sequence[tuple[Any, ...]]) -> None:
        """Carry out a statement for each of some values."""
        self._connections.ask(lambda connection: connection.executemany(text, values))


def _carry_out(connection: sqlite3.Connection, writes: Sequence[Sequence[WriteBatch]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for batches in writes:
            for text, values, _ in batches:
                if values:
                    connection.executemany(text, values)
        connection.execute("COMMIT")
    except BaseException:  # also what is no error of SQLite must not leave the file locked
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
