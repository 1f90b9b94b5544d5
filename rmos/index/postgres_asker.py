"""How PostgreSQL is asked: each answer with the state of the index in one statement, and the last ones remembered.

    asker.ask_list(question, read, limit=50)     # Answer(value, state)

What was answered holds as long as nothing is committed: `pg_current_snapshot` gives another text after every commit of
anybody, and the same text otherwise, on one server and since its start. So a list that is asked for again costs one
small question (ADR 35).
"""

import functools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import psycopg

from rmos.errors.installation import StoreUnusable
from rmos.errors.store import IndexBroken
from rmos.index.base import Answer, Generation, IndexState
from rmos.index.postgres_dialect import escape, restore
from rmos.index.postgres_errors import CORRUPT, is_again, is_lost, translate
from rmos.index.postgres_pool import Pool, PostgresConnection, Server
from rmos.index.schema import Schema
from rmos.index.shared_writes import SharedWrites
from rmos.index.statements import BoundStatement
from rmos.index.tables import LONGEST_CACHED, Placed, Rows, WriteBatch

T = TypeVar("T")

_encode: Final = msgspec.json.Encoder().encode

_ROWS_A_SECOND: Final = 50
"""At which rows are written or read at the least, also on a loaded server."""
_ROWS_TOGETHER: Final = 100
"""Rows that one statement takes; at that rate it has less than half of the time that the server gives a statement."""
_WHOLE_PARTITION_S: Final = 60.0
MAX_ANSWERS: Final = 64
"""Answers that a process remembers; a page of 50 runs is 25 kB."""
SNAPSHOT: Final = "SELECT pg_current_snapshot()::text"
_EPOCH: Final = "state.tableoid::text || '.' || state.epoch"
"""Which tables they are: those that a dump brought back have the epoch of what was dumped, and another number."""
_STATE: Final = f"{_EPOCH}, state.behind, state.completed, state.tables, state.row_schema, state.release"
STATE: Final = f"SELECT {_STATE} FROM index_state AS state"  # noqa: S608
_TAKE_OFF: Final = """
DELETE FROM announced USING unnest(%s::text[], %s::bigint[], %s::text[]) AS placed (record_id, version, partition)
WHERE announced.record_id = placed.record_id AND announced.number <= placed.version
    AND right(announced.folder, length(placed.partition)) = placed.partition
"""
# An index that does not fit divides by zero, and then nothing of the statement is done.
_FITS: Final = "SELECT 1 / count(*) FROM index_state WHERE tables = %s AND %s IN ('', row_schema)"


@functools.lru_cache(maxsize=512)
def with_state(text: str, limit: int | None = None) -> str:
    """Return a statement whose rows follow the snapshot and the state, which are there also where no row is found.

    Args:
        limit: stands in the text, as the planner guesses far too many rows for one that is bound, and would plan each
            page anew; of what has an offset it is None.
    """
    if limit is not None:
        text = text.replace("%(limit)s", str(limit)).replace("%(offset)s", "0")
    return (
        f"SELECT pg_current_snapshot()::text, {_STATE}, answer.* FROM index_state AS state "  # noqa: S608
        f"LEFT JOIN (SELECT true AS is_found, question.* FROM ({text}) AS question) AS answer ON true"
    )


@functools.cache
def _at_once(text: str) -> str:
    """Return a statement that writes rows as `text` does and takes off their announcements, or fails as a whole.

    It looks at the state first, as who makes the tables again locks it first too: neither waits for the other for ever.
    """
    return f"WITH fits AS ({_FITS}), written AS ({text}), taken_off AS ({_TAKE_OFF}) SELECT * FROM fits"  # noqa: S608


class _Remembered(NamedTuple):
    server: Server
    snapshot: str
    answer: Answer[Any]


class PostgresAsker:
    """One schema of a PostgreSQL database, by the connections of this process."""

    def __init__(self, pool: Pool, wanted: Schema) -> None:
        self._pool = pool
        self._wanted = wanted
        self._turn = threading.Lock()
        self._remembered: dict[Any, _Remembered] = {}
        self._writes = SharedWrites(self._carry_out_all)
        self.corrupt = False
        """Whether a table or an index was found that cannot be read."""

    def run(self, question: Callable[[PostgresConnection], T], *, extra_s: float = 0.0) -> T:
        """Return what a question says to a connection; it is asked once again on another one where that may help.

        Args:
            extra_s: how much longer than one question it may take.

        Raises:
            IndexBroken, IndexUnavailable, StoreUnusable.
        """
        error = self._try(question, extra_s)
        if isinstance(error, psycopg.Error):
            if is_lost(error):  # those that are idle were open as long, and are lost too
                self._pool.close()
            if is_again(error):
                error = self._try(question, extra_s)
        if isinstance(error, psycopg.Error):
            self.corrupt = self.corrupt or error.sqlstate in CORRUPT
            raise translate(error) from None
        return error

    def _try(self, question: Callable[[PostgresConnection], T], extra_s: float) -> T | psycopg.Error:
        with self._pool.lend(extra_s=extra_s) as held:
            try:
                return question(held)
            except psycopg.Error as error:
                return error

    # Answers

    def ask_list(self, question: BoundStatement, read: Callable[[Rows], T], limit: int) -> Answer[T]:
        """Return what `read` gets from the rows, or got before when nothing was committed since."""
        values = {name: escape(value) for name, value in question.values.items()}
        if limit > LONGEST_CACHED:
            return self.run(lambda held: self._ask(held, question.text, values, read)[1])
        key = (question.text, *(tuple(value) if isinstance(value, list) else value for value in values.values()))

        def ask(held: PostgresConnection) -> Answer[T]:
            known = self._remembered.get(key)
            if known is not None and known.server == held.server:
                (snapshot,) = held.cursor.execute(SNAPSHOT).fetchone()  # type: ignore[misc]
                if snapshot == known.snapshot:
                    return known.answer
            snapshot, answer = self._ask(held, question.text, values, read)
            self._remember(key, _Remembered(held.server, snapshot, answer))
            return answer

        return self.run(ask)

    def ask_row(self, text: str, values: tuple[Any, ...]) -> Answer[Any | None]:
        """Return the row that a statement gives."""
        bound = tuple(map(escape, values))
        return self.run(lambda held: self._ask(held, text, bound, lambda rows: next(rows, None))[1])

    def state(self) -> IndexState:
        """Return the state of the index that stands there now."""
        return self.run(lambda held: self.read_state(held))

    def read_state(self, held: PostgresConnection) -> IndexState:
        """Return the state of the index, as a connection sees it."""
        return self._state_of(held.server, held.cursor.execute(STATE).fetchone())

    def _ask(
        self, held: PostgresConnection, text: str, values: Any, read: Callable[[Rows], T]
    ) -> tuple[str, Answer[T]]:
        limit = None if isinstance(values, tuple) or values.get("offset") else values.get("limit")
        found = held.cursor.execute(with_state(text, limit), values).fetchall()
        state = self._state_of(held.server, found[0][1:7] if found else None)
        rows = (tuple(map(restore, row[8:])) for row in found) if found[0][7] else iter(())
        return found[0][0], Answer(read(rows), state)

    def _state_of(self, server: Server, row: Any) -> IndexState:
        if row is None:
            raise IndexBroken("The index is being made again from the record.")
        epoch, behind, completed, *made_by = row
        schema = Schema(*made_by)
        if not schema.fits(self._wanted):
            if schema.is_newer(self._wanted):
                raise StoreUnusable("The index was written by a newer release of RMOS; use that release.")
            raise IndexBroken("The index has another schema and is made again from the record.")
        return IndexState(generation_of(server, epoch), schema.text, completed == behind, completed is not None)

    def _remember(self, key: Any, remembered: _Remembered) -> None:
        with self._turn:
            self._remembered.pop(key, None)
            if len(self._remembered) == MAX_ANSWERS:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[key] = remembered

    # In one transaction with the state, so that nobody replaces the tables in between

    def ask_rows(self, text: str, values: Mapping[str, Any]) -> list[Any]:
        """Return all rows that a statement gives."""
        bound = {name: escape(value) for name, value in values.items()}

        def ask(held: PostgresConnection) -> list[Any]:
            with held.connection.transaction():
                self.read_state(held)
                return [tuple(map(restore, row)) for row in held.cursor.execute(text, bound)]

        return self.run(ask, extra_s=_WHOLE_PARTITION_S)

    def write(self, batches: Sequence[WriteBatch], placed: Sequence[Placed] = ()) -> None:
        """Carry out batches in one transaction; threads that come meanwhile share the next one.

        The rows of records take off what was announced of these, also where they changed nothing: a newer one stands.
        """
        bound = [
            WriteBatch(text, sorted((tuple(map(escape, row)) for row in rows), key=_first), names)
            for text, rows, names in batches
        ]
        if placed:
            bound.append(WriteBatch(_TAKE_OFF, [tuple(map(list, zip(*placed, strict=True)))]))
        self._writes.write(bound)

    def remove(self, text: str, values: Sequence[tuple[Any, ...]]) -> None:
        """Carry out a statement for each of some values."""
        self._carry_out_all([[WriteBatch(text, values)]])

    def _carry_out_all(self, writes: Sequence[Sequence[WriteBatch]]) -> None:
        rows = sum(len(batch.values) for batches in writes for batch in batches)
        self.run(lambda held: self._carry_out(held, writes), extra_s=rows / _ROWS_A_SECOND)

    def _carry_out(self, held: PostgresConnection, writes: Sequence[Sequence[WriteBatch]]) -> None:
        if not self._write_at_once(held, [batch for batches in writes for batch in batches if batch.values]):
            self._write_in_turn(held, writes)

    def _write_at_once(self, held: PostgresConnection, batches: Sequence[WriteBatch]) -> bool:
        """Write what one statement can, as for a single record: for client and server that is half of the work."""
        if len(batches) != 2 or not batches[0].json_names or batches[1].text != _TAKE_OFF:
            return False
        (text, rows, names), (_, (placed,), _) = batches
        encoded = _encode_rows(rows, names)
        if len(encoded) != 1:
            return False
        values = (self._wanted.tables, self._wanted.rows, *encoded[0], *placed)
        try:
            held.cursor.execute(_at_once(text), values)
        except (psycopg.errors.DivisionByZero, psycopg.ProgrammingError):
            return False  # what is wrong with the index is found out by whoever reads its state first
        return True

    def _write_in_turn(self, held: PostgresConnection, writes: Sequence[Sequence[WriteBatch]]) -> None:
        with held.connection.pipeline(), held.connection.transaction():
            state = held.connection.execute(STATE)
            for batches in writes:
                for text, rows, names in batches:
                    if rows:
                        held.cursor.executemany(text, _encode_rows(rows, names) if names else rows)
            self._state_of(held.server, state.fetchone())  # or nothing of it is committed


def _first(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return by what rows are sorted: transactions that write the same ones in one order do not block each other."""
    return row[:1]


def _encode_rows(rows: Iterable[tuple[Any, ...]], names: tuple[str, ...]) -> list[tuple[str]]:
    """Return sorted rows as the JSON of some statements: none takes long, or has two rows of one record."""
    together: list[list[tuple[Any, ...]]] = []
    for row in rows:
        if not together or len(together[-1]) == _ROWS_TOGETHER or together[-1][-1][0] == row[0]:
            together.append([])
        together[-1].append(row)
    return [(_encode([dict(zip(names, row, strict=True)) for row in some]).decode(),) for some in together]


def generation_of(server: Server, epoch: str) -> Generation:
    """Return which index it is: another one after a failover or a restore, which may have lost rows."""
    return (server.system, server.timeline, epoch)
