"""The log's part of the index in PostgreSQL: which objects have an entry, in which batch, and the tree's right edge."""

from collections.abc import Sequence
from typing import Final

from rmos.index.log_table import LoggedBatch
from rmos.index.postgres_asker import PostgresAsker
from rmos.index.tables import WriteBatch

_EDGE: Final = "log_edge"
_ENTRY: Final = """
INSERT INTO entries (key, number) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET number = excluded.number
"""
_BATCH: Final = """
INSERT INTO batches (number, first, size) VALUES (%s, %s, %s)
ON CONFLICT (number) DO UPDATE SET first = excluded.first, size = excluded.size
"""
_FACT: Final = """
INSERT INTO facts (name, value) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
_LAST: Final = """
SELECT number, first, size, (SELECT value FROM facts WHERE name = %(name)s) FROM batches ORDER BY number DESC LIMIT 1
"""
_NAMES: Final = """
SELECT string_agg(substr(key, %(after)s), chr(10)) FROM entries WHERE key > %(first)s AND key < %(last)s
"""
_AT: Final = "SELECT number, first, size FROM batches WHERE first <= %(leaf)s ORDER BY first DESC LIMIT 1"


class PostgresLog:
    """What the index knows of the log."""

    def __init__(self, asker: PostgresAsker) -> None:
        self._asker = asker

    def add(self, batch: LoggedBatch, keys: Sequence[str], edge: str) -> None:
        """Add a batch with its keys and the edge behind it, in one transaction."""
        entries = [(key, batch.number) for key in keys]
        fact = (_EDGE, f"{batch.number} {edge}")
        self._asker.write([WriteBatch(_ENTRY, entries), WriteBatch(_BATCH, [batch]), WriteBatch(_FACT, [fact])])

    def last(self) -> tuple[LoggedBatch, str] | None:
        """Return the last batch and the edge behind it."""
        for *found, fact in self._asker.ask_rows(_LAST, {"name": _EDGE}):
            number, _, edge = (fact or "").partition(" ")
            return (LoggedBatch(*found), edge) if str(found[0]) == number else None
        return None

    def names_in(self, folder: str) -> set[str]:
        """Return the names, below a folder, of the objects there that have an entry."""
        # "0" comes behind "/", and no key of the store holds a sign between them
        values = {"after": len(folder) + 2, "first": f"{folder}/", "last": f"{folder}0"}
        ((names,),) = self._asker.ask_rows(_NAMES, values)
        return set(names.split("\n")) if names else set()

    def batch_of(self, key: str) -> int | None:
        """Return the number of the last batch that holds a key."""
        found = self._asker.ask_rows("SELECT number FROM entries WHERE key = %(key)s", {"key": key})
        return found[0][0] if found else None

    def batch_at(self, leaf: int) -> LoggedBatch | None:
        """Return the batch that holds a leaf of the tree."""
        for values in self._asker.ask_rows(_AT, {"leaf": leaf}):
            batch = LoggedBatch(*values)
            return batch if leaf < batch.first + batch.size else None
        return None

    def clear(self) -> None:
        """Forget all of it; it is computed again from the batches."""
        self._asker.write(
            [
                WriteBatch("DELETE FROM entries", [()]),
                WriteBatch("DELETE FROM batches", [()]),
                WriteBatch("DELETE FROM facts WHERE name = %s", [(_EDGE,)]),
            ]
        )
