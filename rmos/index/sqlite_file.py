"""The SQLite file (WAL) of the index, shared by all processes of one host: opened, watched, replaced.

The file may vanish, be truncated or be replaced at any moment: it is only an index. Each thread keeps one connection
and remembers which file (device, inode) it opened; around every transaction the path is looked at again, and when
another file stands there, or none, the answer is dropped and asked for anew. The file is never opened by anything but
SQLite, because closing any other descriptor of it would drop SQLite's locks. A new index is made under another name
and renamed into place, so that nobody ever sees half a schema.

Commits use synchronous=NORMAL: a power cut may take the latest rows, and reconcile brings them back from the record.
"""

import contextlib
import logging
import os
import secrets
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from rmos.errors.base import RmosError
from rmos.errors.store import IndexBroken, IndexUnavailable, StoreUnusable
from rmos.index import tables
from rmos.index.base import SCHEMA_VERSION
from rmos.index.locks import file_lock
from rmos.index.remembered import RememberedAnswers
from rmos.index.snapshots import open_read_only

_inherited: Final[list[sqlite3.Connection]] = []

log = logging.getLogger(__name__)

T = TypeVar("T")

_BUSY_TIMEOUT_S: Final = 10
_CHECKPOINT_PAGES: Final = 4000
"""Pages (16 MB) of the WAL before they move into the file: a put dirties the same few pages again and again."""
_UNAVAILABLE: Final = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_PROTOCOL,
)
_PAGE_BYTES: Final = 4096
_ATTEMPTS: Final = 5
"""How often a question is asked anew when the file is replaced under it."""
_KEPT_RUNS: Final = 100
"""Longer pages are not remembered: they are walked through once."""
_ADOPTION_LOOKS: Final = 10
_ADOPTION_PAUSE_S: Final = 0.05
_COMPLETE: Final = "complete"
_SCHEMA: Final = "schema_version"
_INODE: Final = "inode"
"""The inode under which the file was made: a copy that was put in its place has another."""


class _Identity(NamedTuple):
    device: int
    inode: int


class _Held:
    """A connection, the file it is to and the process that opened it; closed when its thread ends or forgets it."""

    def __init__(self, connection: sqlite3.Connection, identity: _Identity, pid: int) -> None:
        self.connection = connection
        self.identity = identity
        self.pid = pid
        self.answers = RememberedAnswers()
        # No `__del__`: in a cycle that is collected the connection might be finalised before it, and complain.
        self.close = weakref.finalize(self, _close, connection, pid)


def _close(connection: sqlite3.Connection, pid: int) -> None:
    """Close a connection; a fork's copy is kept as it is, because closing it would drop the parent's locks."""
    if pid != os.getpid():
        _inherited.append(connection)
        return
    with contextlib.suppress(sqlite3.Error):
        connection.close()


class SqliteFile:
    """One SQLite file; `read_only` never creates or changes anything in its folder."""

    def __init__(self, path: Path, *, lock: Path, read_only: bool = False) -> None:
        self._path = str(path)
        self._lock_path = lock
        self._read_only = read_only
        self._threads = threading.local()
        self._largest: tuple[_Identity | None, int] = (None, 0)
        self._broken: tuple[_Identity, int] | None = None
        """The file that could not be read, and when it had last changed: its inode may be given to the next one."""
        self._mark_when_prepared = ""

    # The file

    def lock(self, *, wait_s: float) -> AbstractContextManager[None]:
        """Hold the lock file beside the record."""
        return file_lock(self._lock_path, wait_s=wait_s)

    def exists(self) -> bool:
        """Tell whether the file is there."""
        return self._identity() is not None

    def generation(self) -> object:
        """Return which file stands under the path."""
        return self._identity()

    def answered_by(self) -> object:
        """Return which file gave this thread its last answer."""
        held: _Held | None = getattr(self._threads, "held", None)
        return None if held is None else held.identity

    def prepare(self) -> bool:
        """Make the file, or replace an unreadable or older one; only under the lock."""
        self._mark_when_prepared = self._mark()
        identity = self._identity()
        if identity is not None and not self._is_broken(identity):
            try:
                if int(self._fact(_SCHEMA) or 0) == SCHEMA_VERSION:
                    return False
            except (IndexBroken, ValueError):
                pass
        self._replace()
        return True

    def _replace(self) -> None:
        fresh = f"{self._path}.new-{secrets.token_hex(8)}"
        try:
            connection = sqlite3.connect(fresh, isolation_level=None)
            try:
                connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN")  # one fsync instead of one for each statement
                for statement in (*tables.CREATE_TABLES, *tables.CREATE_INDEXES):
                    connection.execute(statement)
                facts = ((_SCHEMA, str(SCHEMA_VERSION)), (_INODE, str(os.stat(fresh).st_ino)))
                connection.executemany("INSERT INTO facts VALUES (?, ?)", facts)
                connection.execute("COMMIT")
            finally:
                connection.close()
            self.close()
            # The old WAL must go before the new file comes: SQLite would replay it into the new index.
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._path + suffix)
            os.rename(fresh, self._path)
        except (OSError, sqlite3.Error) as error:
            with contextlib.suppress(OSError):
                os.unlink(fresh)
            raise IndexUnavailable(f"The index cannot be made: {_trouble(error)}.") from None
        self._broken = None

    def _identity(self) -> _Identity | None:
        known, largest = self._largest  # read before the size, which only grows: other threads cannot mislead us
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        identity = _Identity(status.st_dev, status.st_ino)
        if identity == known and status.st_size < largest:
            self._largest = (None, 0)  # the next file may be given its inode and be smaller
            self._broken = (identity, status.st_ctime_ns)  # the file never shrinks by itself: it was truncated under us
        elif identity != known or status.st_size > largest:
            self._largest = (identity, status.st_size)
        return identity

    def _is_broken(self, identity: _Identity) -> bool:
        broken = self._broken
        return broken is not None and broken == (identity, self._changed_ns())

    def _changed_ns(self) -> int:
        try:
            return os.stat(self._path).st_ctime_ns
        except OSError:
            return 0

    def _held(self) -> _Held:
        for _ in range(_ATTEMPTS):
            identity = self._identity()
            if identity is None or self._is_broken(identity):
                raise IndexBroken("The index is being made again from the record.")
            held: _Held | None = getattr(self._threads, "held", None)
            if held is not None and held.identity == identity and held.pid == os.getpid():
                return held
            self.close()
            try:
                held = _Held(self._connect(identity), identity, os.getpid())
            except (OSError, sqlite3.Error) as error:
                if self._identity() == identity:
                    raise self._translated(error, identity) from None
                continue
            self._threads.held, self._threads.complete = held, None
            if self._identity() == identity:
                return held
            # Replaced while it was opened: such a connection may have this file and the WAL of the next.
            self.close()
        raise IndexBroken("The index is being replaced.")

    def _connect(self, identity: _Identity) -> sqlite3.Connection:
        if os.path.getsize(self._path) % _PAGE_BYTES:
            # SQLite would take what is gone from the last page for zeros, and leave out rows without a word.
            raise sqlite3.DatabaseError("the file ends within a page")
        had_wal = os.path.exists(self._path + "-wal") and os.path.getsize(self._path + "-wal") > 0
        connection = open_read_only(self._path) if self._read_only else self._open()
        try:
            self._prepare_connection(connection, identity, had_wal=had_wal)
        except BaseException:  # whatever it is, nobody else has the connection to close it
            connection.close()
            raise
        return connection

    def _open(self) -> sqlite3.Connection:
        """Open the file; used by one thread, but whichever thread finds the connection forgotten closes it."""
        uri = f"{Path(self._path).absolute().as_uri()}?mode=rw"
        return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)

    def _prepare_connection(self, connection: sqlite3.Connection, identity: _Identity, *, had_wal: bool) -> None:
        """Set a connection up and look at the form of its file.

        Raises:
            sqlite3.Error, StoreUnusable, IndexBroken.
        """
        if not self._read_only:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        facts: dict[str, str] = dict(connection.execute("SELECT name, value FROM facts").fetchall())
        version = facts.get(_SCHEMA, "")
        if version.isdecimal() and int(version) > SCHEMA_VERSION:
            raise StoreUnusable("The index was written by a newer release of RMOS; use that release.")
        if version != str(SCHEMA_VERSION):
            raise IndexBroken("The index has an older form and is made again from the record.")
        if not self._read_only and facts.get(_INODE) != str(identity.inode):
            _adopt(connection, str(identity.inode), had_wal=had_wal)

    def close(self) -> None:
        """Close this thread's connection."""
        held: _Held | None = getattr(self._threads, "held", None)
        if held is not None:
            self._threads.held = None
            held.close()

    def _list(self, text: str, values: Mapping[str, Any], read: Callable[[sqlite3.Cursor], T], limit: int = 1) -> T:
        """Return what a statement lists, read from its cursor; it may be what it was when nothing was written since."""

        def ask(held: _Held) -> T:
            def run() -> T:
                return read(held.connection.execute(text, values))

            return held.answers.of(held.connection, (text, *values.values()), run) if limit <= _KEPT_RUNS else run()

        return self._ask_held(ask)

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Run one transaction on the file that stands under the path now, and still does afterwards."""
        return self._ask_held(lambda held: question(held.connection))

    def _ask_held(self, question: Callable[[_Held], T]) -> T:
        for attempt in range(_ATTEMPTS):
            # A connection at hand is not compared with the path before, only after: each look may cost this thread
            # its turn, and an answer of another file than stands there then is dropped in any case.
            held = (None if attempt else self._at_hand()) or self._held()
            try:
                answer = question(held)
            except sqlite3.ProgrammingError:
                raise  # our own mistake, not the file's
            except sqlite3.Error as error:
                failure = self._translated(error, held.identity)
                self.close()
                raise failure from None
            if self._identity() == held.identity and not self._is_broken(held.identity):
                return answer
        raise IndexBroken("The index is being replaced.")

    def _at_hand(self) -> _Held | None:
        held: _Held | None = getattr(self._threads, "held", None)
        usable = (
            held is not None and held.pid == os.getpid() and (self._broken is None or self._broken[0] != held.identity)
        )
        return held if usable else None

    def _translated(self, error: OSError | sqlite3.Error, identity: _Identity) -> RmosError:
        log.warning("index: %s", error)
        if isinstance(error, OSError):
            return IndexUnavailable("The index cannot be opened.")
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _UNAVAILABLE:
            return IndexUnavailable(f"The index did not answer: {_trouble(error)}.")
        if code == sqlite3.SQLITE_CANTOPEN:
            return IndexUnavailable("The index cannot be opened.")
        self._largest = (None, 0)
        self._broken = (identity, self._changed_ns())
        return IndexBroken("The index cannot be read and is made again from the record.")

    # Facts

    def _fact(self, name: str) -> str | None:
        row = self._ask(lambda c: c.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone())
        return row[0] if row else None

    def is_complete(self) -> bool:
        """Tell whether the file that stands under the path has a row for every object."""
        try:
            identity = self._held().identity
        except IndexBroken:
            return False
        return self.completed() == identity

    def completed(self) -> object:
        """Return which file is at hand when it has a row for every object; asked of it until it says so once."""
        if self._at_hand() is None:
            self._held()
        mark = self._mark()
        # Remembered with the connection, which keeps the file's inode from being given to another index.
        if self._threads.complete != mark:
            self._threads.complete = None
            self._threads.complete = self._fact(_COMPLETE)
        return self.answered_by() if self._threads.complete == mark else None

    def was_completed(self) -> bool:
        """Tell whether the index was complete at some time, also in a copy without the lock file's time."""
        return self._fact(_COMPLETE) is not None

    def fall_behind(self) -> None:
        """Touch the lock file: that takes no space on a full disk and no index that can be written."""
        now = time.time_ns()
        try:
            os.utime(self._lock_path, ns=(now, now))
        except OSError as error:
            log.warning("index: nobody can be told that it is behind: %s", os.strerror(error.errno or 0))

    def _mark(self) -> str:
        """Return what `fall_behind` changes."""
        try:
            return str(os.stat(self._lock_path).st_mtime_ns)
        except OSError:
            return ""

    def complete(self) -> None:
        """Declare that every object has its row, unless somebody fell behind since the index was prepared."""
        values = (_COMPLETE, self._mark_when_prepared)
        self._ask(lambda c: c.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", values))


def _adopt(connection: sqlite3.Connection, inode: str, *, had_wal: bool) -> None:
    """Take over an index that was copied here, unless it lies beside a WAL that may be another file's.

    Raises:
        sqlite3.DatabaseError: read together with the WAL of the file that stood here before, it might lack runs.
    """
    if not had_wal:
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_INODE, inode))
        return
    # The WAL may also be that of another process which is taking the copy over at this moment.
    for _ in range(_ADOPTION_LOOKS):
        row = connection.execute("SELECT value FROM facts WHERE name = ?", (_INODE,)).fetchone()
        if row and row[0] == inode:
            return
        time.sleep(_ADOPTION_PAUSE_S)
    connection.close()
    raise sqlite3.DatabaseError("the file is a copy beside another file's WAL")


def _trouble(error: OSError | sqlite3.Error) -> str:
    """Return what kept the index from its work, without a path."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        return "the disk is full; free some space"
    if isinstance(error, OSError):
        return os.strerror(error.errno or 0).lower()
    return "it is busy, or its folder cannot be written just now"
