"""The SQLite file (WAL) of the index: watched, found broken, replaced.

The file may vanish, be truncated or be replaced at any moment: it is only an index. It is never opened by anything but
SQLite, because closing any other descriptor of it would drop SQLite's locks. A new one is made under another name and
renamed into place, so that nobody ever sees half a schema.
"""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Callable
from typing import Final, NamedTuple

from rmos.errors.store import IndexUnavailable
from rmos.index import schema
from rmos.index.sqlite_errors import describe_trouble

PAGE_BYTES: Final = 4096
INODE: Final = "inode"
"""The fact that names the inode under which the file was made: a copy that was put in its place has another."""
EPOCH: Final = "epoch"
"""The fact that tells a file from every other one: the inode of one that went is given to one that comes."""


class Identity(NamedTuple):
    """Which file stands under the path."""

    device: int
    inode: int


class SqliteFile:
    """One path, what stands there, and what was found wrong with it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._largest: tuple[Identity | None, int] = (None, 0)
        self._broken: tuple[Identity, int] | None = None
        """The file that could not be read, and when it had last changed: its inode may be given to the next one."""

    def identity(self) -> Identity | None:
        """Return which file stands there now; one that was truncated is found broken on the way.

        Raises:
            IndexUnavailable: the disk does not say. Taken for absent, a whole index would be replaced by an empty one.
        """
        known, largest = self._largest  # read before the size, which only grows: other threads cannot mislead us
        try:
            status = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise IndexUnavailable(f"The index cannot be looked at: {describe_trouble(error)}.") from None
        identity = Identity(status.st_dev, status.st_ino)
        if identity == known and status.st_size < largest:
            self._largest = (None, 0)  # the next file may be given its inode and be smaller
            self._broken = (identity, status.st_ctime_ns)  # the file never shrinks by itself: it was truncated under us
        elif self._broken == (identity, status.st_ctime_ns):
            pass  # its size says nothing of the next file, which may be given its inode and be smaller
        elif identity != known or status.st_size > largest:
            self._largest = (identity, status.st_size)
        return identity

    def is_broken(self, identity: Identity) -> bool:
        """Tell whether this file was found broken and has not changed since."""
        broken = self._broken
        return broken is not None and broken == (identity, self._changed_ns())

    def was_broken(self, identity: Identity) -> bool:
        """Tell whether this file was found broken, without looking at it again."""
        return self._broken is not None and self._broken[0] == identity

    def mark_broken(self, identity: Identity) -> None:
        """Note that this file cannot be read."""
        self._largest = (None, 0)
        self._broken = (identity, self._changed_ns())

    def _changed_ns(self) -> int:
        try:
            return os.stat(self.path).st_ctime_ns
        except OSError:
            return 0

    def has_wal(self) -> bool:
        """Tell whether a WAL with something in it stands beside the file."""
        try:
            return os.path.getsize(self.path + "-wal") > 0
        except FileNotFoundError:
            return False

    def require_whole_pages(self) -> None:
        """Refuse a file that ends within a page.

        SQLite would take what is gone from the last page for zeros, and leave out rows without a word.

        Raises:
            sqlite3.DatabaseError, OSError.
        """
        if os.path.getsize(self.path) % PAGE_BYTES:
            raise sqlite3.DatabaseError("the file ends within a page")

    def replace(self, facts: dict[str, str], *, close: Callable[[], None]) -> None:
        """Put a new, empty file in place of what stands there.

        Args:
            close: closes this thread's connection. It is called once the new file is made: as long as the old one is
                open its inode is not given to the new one, by which others know that it is another.

        Raises:
            IndexUnavailable: it cannot be made.
        """
        fresh = f"{self.path}.new-{secrets.token_hex(8)}"
        try:
            _make(fresh, facts)
            close()
            # The old WAL must go before the new file comes: SQLite would replay it into the new index. A crash in
            # between leaves no index, which the next reconcile makes.
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.path + suffix)
            os.rename(fresh, self.path)
        except (OSError, sqlite3.Error) as error:
            with contextlib.suppress(OSError):
                os.unlink(fresh)
            raise IndexUnavailable(f"The index cannot be made: {describe_trouble(error)}.") from None
        self._broken = None


def _make(path: str, facts: dict[str, str]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")  # one fsync instead of one for each statement
        for statement in (*schema.CREATE_TABLES, *schema.CREATE_INDEXES, *schema.CREATE_TRIGGERS):
            connection.execute(statement)
        facts = {**facts, INODE: str(os.stat(path).st_ino), EPOCH: secrets.token_hex(8)}
        connection.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
        connection.execute("COMMIT")
    finally:
        connection.close()
