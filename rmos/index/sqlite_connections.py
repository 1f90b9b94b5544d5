"""The connections to the index's file: one for each thread, and every answer from the file that stands there now.

    connections.ask(lambda connection: connection.execute(text).fetchone())
    connections.answer(lambda held: held.connection.execute(text).fetchone())    # with the state of that file

Each connection knows which file (device, inode) it opened. After every transaction the path is looked at again, and
when another file stands there, or none, the answer is dropped and asked for anew.

Commits use synchronous=NORMAL: a power cut may take the latest rows, and reconcile brings them back from the record.
"""

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from rmos.errors.base import RmosError
from rmos.errors.installation import StoreUnusable
from rmos.errors.store import IndexBroken
from rmos.index.base import Answer, Generation, IndexState
from rmos.index.behind import BehindMark
from rmos.index.query_cache import QueryCache
from rmos.index.schema import Schema
from rmos.index.snapshots import open_read_only
from rmos.index.sqlite_errors import translate_unavailable
from rmos.index.sqlite_file import EPOCH, INODE, Identity, SqliteFile

T = TypeVar("T")

_BUSY_TIMEOUT_S: Final = 10
_CHECKPOINT_PAGES: Final = 4000
"""Pages (16 MB) of the WAL before they move into the file: a put dirties the same few pages again and again."""
_ATTEMPTS: Final = 5
"""How often a question is asked anew when the file is replaced under it."""
_ADOPTION_LOOKS: Final = 10
_ADOPTION_PAUSE_S: Final = 0.05
SCHEMA_FACTS: Final = ("tables", "rows", "release")
"""The names under which the parts of a `Schema` stand among the facts of a file."""
COMPLETED_AT: Final = "complete"
"""The fact that says up to which mark the file has been completed."""

_inherited: Final[list[sqlite3.Connection]] = []


class Held:
    """A connection, the file it is to and the process that opened it; closed when its thread ends or forgets it."""

    def __init__(self, connection: sqlite3.Connection, identity: Identity, epoch: str, schema: Schema) -> None:
        self.connection = connection
        self.identity = identity
        self.generation: Generation = (identity, epoch)
        self.pid = os.getpid()
        self.cache = QueryCache()
        self._schema = schema.text
        self._state: tuple[str, IndexState] | None = None
        # No `__del__`: in a cycle that is collected the connection might be finalised before it, and complain.
        self.close = weakref.finalize(self, _close, connection, self.pid)

    def state_at(self, mark: str) -> IndexState:
        """Return the state of the file, which is complete when it was completed up to this mark.

        Once seen complete at a mark it stays so: the connection keeps its inode from being given to another index.
        """
        known = self._state
        if known is not None and known[0] == mark:
            return known[1]
        completed_at = read_fact(self.connection, COMPLETED_AT)
        state = IndexState(self.generation, self._schema, completed_at == mark, completed_at is not None)
        self._state = (mark, state) if state.complete else None
        return state


def read_fact(connection: sqlite3.Connection, name: str) -> str | None:
    """Return what a file says of itself, None when it says nothing."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def _close(connection: sqlite3.Connection, pid: int) -> None:
    """Close a connection; a fork's copy is kept as it is, because closing it would drop the parent's locks."""
    if pid != os.getpid():
        _inherited.append(connection)
        return
    with contextlib.suppress(sqlite3.Error):
        connection.close()


class Connections:
    """The connections of one process to one file; `read_only` never creates or changes anything in its folder."""

    def __init__(self, file: SqliteFile, mark: BehindMark, schema: Schema, *, read_only: bool = False) -> None:
        self._file = file
        self._mark = mark
        self._schema = schema
        self._read_only = read_only
        self._threads = threading.local()

    def ask(self, question: Callable[[sqlite3.Connection], T], *, generation: Generation | None = None) -> T:
        """Run one transaction on the file that stands under the path now, and still does afterwards.

        Args:
            generation: the only file to run it on, if not any.

        Raises:
            IndexBroken, IndexUnavailable, StoreUnusable.
        """
        return self._ask(lambda held: question(held.connection), generation)

    def answer(self, question: Callable[[Held], T]) -> Answer[T]:
        """Return an answer with the state of the file that gave it.

        Raises:
            IndexBroken, IndexUnavailable, StoreUnusable.
        """
        # Before the question: what falls behind after this look was not acknowledged when the question came.
        mark = self._mark.read()
        return self._ask(lambda held: Answer(state=held.state_at(mark), value=question(held)))

    def state(self) -> IndexState:
        """Return the state of the file that stands there now.

        Raises:
            IndexBroken, IndexUnavailable, StoreUnusable.
        """
        return self.answer(lambda held: None).state

    def _ask(self, question: Callable[[Held], T], generation: Generation | None = None) -> T:
        for attempt in range(_ATTEMPTS):
            # A connection at hand is not compared with the path before, only after: each look may cost this thread
            # its turn, and an answer of another file than stands there then is dropped in any case.
            held = (None if attempt else self._at_hand()) or self.held()
            if generation is not None and generation != held.generation:
                raise IndexBroken("The index was replaced.")
            try:
                answer = question(held)
            except sqlite3.ProgrammingError:
                raise  # our own mistake, not the file's
            except sqlite3.Error as error:
                failure = self._translate(error, held.identity)
                self.close()
                raise failure from None
            if self._file.identity() == held.identity and not self._file.is_broken(held.identity):
                return answer
        raise IndexBroken("The index is being replaced.")

    def held(self) -> Held:
        """Return this thread's connection to the file that stands there now, opened when need be.

        Raises:
            IndexBroken, IndexUnavailable, StoreUnusable.
        """
        for _ in range(_ATTEMPTS):
            identity = self._file.identity()
            if identity is None or self._file.is_broken(identity):
                raise IndexBroken("The index is being made again from the record.")
            held: Held | None = getattr(self._threads, "held", None)
            if held is not None and held.identity == identity and held.pid == os.getpid():
                return held
            self.close()
            try:
                held = self._connect(identity)
            except (OSError, sqlite3.Error) as error:
                if self._file.identity() == identity:
                    raise self._translate(error, identity) from None
                continue
            self._threads.held = held
            if self._file.identity() == identity:
                return held
            # Replaced while it was opened: such a connection may have this file and the WAL of the next.
            self.close()
        raise IndexBroken("The index is being replaced.")

    def _at_hand(self) -> Held | None:
        held: Held | None = getattr(self._threads, "held", None)
        usable = held is not None and held.pid == os.getpid() and not self._file.was_broken(held.identity)
        return held if usable else None

    def close(self) -> None:
        """Close this thread's connection."""
        held: Held | None = getattr(self._threads, "held", None)
        if held is not None:
            self._threads.held = None
            held.close()

    def _connect(self, identity: Identity) -> Held:
        self._file.require_whole_pages()
        had_wal = self._file.has_wal()
        connection = open_read_only(self._file.path) if self._read_only else self._open()
        try:
            if not self._read_only:
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
                # A row touches a page of each index, and its triggers make SQLite keep these as they were until the
                # statement is through. They are more than it keeps in memory by itself: each row made a file.
                connection.execute("PRAGMA temp_store = MEMORY")
            facts: dict[str, str] = dict(connection.execute("SELECT name, value FROM facts").fetchall())
            schema = self._require_schema(facts)
            if not self._read_only and facts.get(INODE) != str(identity.inode):
                _adopt(connection, str(identity.inode), had_wal=had_wal)
        except BaseException:  # whatever it is, nobody else has the connection to close it
            connection.close()
            raise
        return Held(connection, identity, facts.get(EPOCH, ""), schema)

    def _open(self) -> sqlite3.Connection:
        """Open the file; used by one thread, but whichever thread finds the connection forgotten closes it."""
        uri = f"{Path(self._file.path).absolute().as_uri()}?mode=rw"
        return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)

    def _require_schema(self, facts: dict[str, str]) -> Schema:
        """Return the schema by which a file was made.

        Raises:
            StoreUnusable: it is that of a newer release.
            IndexBroken: it is another one.
        """
        made_by = Schema(*(facts.get(name, "") for name in SCHEMA_FACTS))
        if made_by.fits(self._schema):
            return made_by
        if made_by.is_newer(self._schema):
            raise StoreUnusable("The index was written by a newer release of RMOS; use that release.")
        raise IndexBroken("The index has another schema and is made again from the record.")

    def _translate(self, error: OSError | sqlite3.Error, identity: Identity) -> RmosError:
        unavailable = translate_unavailable(error)
        if unavailable is not None:
            return unavailable
        self._file.mark_broken(identity)
        return IndexBroken("The index cannot be read and is made again from the record.")


def _adopt(connection: sqlite3.Connection, inode: str, *, had_wal: bool) -> None:
    """Take over an index that was copied here, unless it lies beside a WAL that may be another file's.

    Raises:
        sqlite3.DatabaseError: read together with the WAL of the file that stood here before, it might lack runs.
    """
    if not had_wal:
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (INODE, inode))
        return
    # The WAL may also be that of another process which is taking the copy over at this moment.
    for _ in range(_ADOPTION_LOOKS):
        if read_fact(connection, INODE) == inode:
            return
        time.sleep(_ADOPTION_PAUSE_S)
    raise sqlite3.DatabaseError("the file is a copy beside another file's WAL")
