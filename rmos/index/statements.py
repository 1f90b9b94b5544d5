"""The statements that are the same for every table of rows, compiled once for a dialect.

    statements = Statements(SQLITE, schema.runs, RunRow, ("partition", "version", "state", "sha256"))
    connection.execute(statements.find, (run_id,)).fetchone()

Statements are compiled to text and run on the driver's own cursor, because a page of 50 rows through SQLAlchemy's
result layer costs four times as much as through the driver (ADR 3). What differs between runs and sessions, their
filters, is in `run_queries` and `session_queries`.
"""

import operator
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy import tuple_ as row_value

from rmos.index.base import SEPARATOR, VISIBILITY, PagePosition
from rmos.index.dialects import SqlDialect
from rmos.row_models import RunRow, SessionRow

Row = TypeVar("Row", RunRow, SessionRow)

_encode: Final = msgspec.json.Encoder().encode


class BoundStatement(NamedTuple):
    """A statement and the values that are bound to it by name."""

    text: str
    values: Mapping[str, Any]


class Statements(Generic[Row]):
    """The SQL of one table, and how its rows are bound and read."""

    def __init__(self, sql: SqlDialect, table: Table, row_type: type[Row], known: tuple[str, ...]) -> None:
        self._sql = sql
        self._row_type: type[Row] = row_type
        self._table = table
        names: list[str] = [field.name for field in msgspec.structs.fields(row_type)]
        self._as_it_stands: Callable[..., object] = msgspec.defstruct("Row", names)  # not folded, as new rows are
        self._state: int = names.index("state")
        self.pick_known: Callable[[tuple[Any, ...]], tuple[Any, ...]] = operator.itemgetter(*map(names.index, known))
        """Returns the values of `known` from those of all columns."""
        self._columns: tuple[str, ...] = (*names, "visibility", "checksum")
        self.json_names = self._columns if sql.takes_rows_as_json else ()
        """The names of a row's values, where `upsert` and `upsert_damaged` take many rows as JSON."""
        record_id = next(iter(table.primary_key))
        wanted = record_id == bindparam("record_id")
        here = table.c.partition == bindparam("partition")
        known_columns = [table.c[name] for name in known]
        self.find = sql.compile_positional(select(*known_columns).where(wanted), ("record_id",))
        self.known = sql.compile_named(select(record_id, *known_columns).where(here))
        self.rows = sql.compile_named(
            select(*(table.c[name] for name in self._columns))
            .where(here, record_id.between(bindparam("first"), bindparam("last")))
            .order_by(record_id)
        )
        self.partitions = sql.compile_named(select(table.c.partition).distinct().order_by(table.c.partition))
        self.state_counts = sql.compile_named(select(table.c.state, func.count()).group_by(table.c.state))
        self.forget = sql.compile_positional(delete(table).where(wanted), ("record_id",))
        self.forget_version = sql.compile_positional(
            delete(table).where(wanted, table.c.version == bindparam("version")), ("record_id", "version")
        )
        self.upsert = self._upsert(damaged=False)
        self.upsert_damaged = self._upsert(damaged=True)

    def _upsert(self, *, damaged: bool) -> str:
        """Return the SQL that takes the values of `bound`: newer versions win, equal ones when anything differs.

        A damaged copy, or an event without its run, in another partition says nothing about the run at its own place.
        """
        table, record_id = self._table, next(iter(self._table.primary_key))
        insert = self._sql.insert(table, self._columns)
        new = insert.excluded
        changed = {column.name: column for column in new if column.name != record_id.name}  # the keys of texts too
        differs = or_(*(new[name].is_distinct_from(table.c[name]) for name in self._columns if name != record_id.name))
        where = or_(new.version > table.c.version, and_(new.version == table.c.version, differs))
        at_home = new.partition == table.c.partition
        if damaged:
            where = and_(where, at_home)
        else:
            # The record at its own place counts, whatever was thought of a copy or an event that stood elsewhere.
            thought = table.c.state.in_([literal_column("'damaged'"), literal_column("'missing'")])
            where = or_(where, and_(not_(at_home), thought))
        statement = insert.on_conflict_do_update(index_elements=[record_id], set_=changed, where=where)
        return self._sql.compile_positional(statement, ("rows",) if self.json_names else self._columns)

    def bound(self, row: Row) -> tuple[Any, ...]:
        """Return a row's values in the order of the columns, its visibility and checksum last.

        The checksum is a CRC-32 of the row: one that was altered behind RMOS's back does not have it.
        """
        return (*msgspec.structs.astuple(row), VISIBILITY[row.state], zlib.crc32(_encode(row)))

    def read(self, values: tuple[Any, ...]) -> tuple[Row, bool]:
        """Return a row from the values of all its columns, and whether its checksum holds."""
        return self._row_type(*values[:-2]), self.holds(values)

    def holds(self, values: tuple[Any, ...]) -> bool:
        """Tell whether the checksum holds for the values of all columns; a name in another case was altered."""
        visibility = VISIBILITY.get(values[self._state])
        return values[-2:] == (visibility, zlib.crc32(_encode(self._as_it_stands(*values[:-2]))))


def limit_page(statement: Select[Any], table: Table, *, after: bool) -> Select[Any]:
    """Return the part of a statement that a page is: newest first, by (created, id)."""
    record_id = next(iter(table.primary_key))
    if after:
        key = row_value(table.c.created_us, record_id)
        statement = statement.where(key < row_value(bindparam("before_us"), bindparam("before_id")))
    statement = statement.order_by(table.c.created_us.desc(), record_id.desc())
    return statement.limit(bindparam("limit")).offset(bindparam("offset"))


def bind_page(limit: int, before: PagePosition | None, offset: int) -> dict[str, Any]:
    """Return the values that `limit_page` binds."""
    values: dict[str, Any] = {"limit": limit, "offset": offset}
    if before is not None:
        values["before_us"], values["before_id"] = before
    return values


def join_page(sql: SqlDialect, page: Select[Any], record_id: str) -> str:
    """Return the SQL of a page as one row: the joined summaries and the joined keys.

    The inner order stands because the inner query has a limit, so it is not flattened.

    Args:
        page: a page of `created_us`, the id and `summary`.
    """
    found = page.subquery("found")
    key_text = cast(found.c.created_us, Text) + literal_column("'|'") + found.c[record_id]
    return sql.compile_named(select(_join_column(found.c.summary, SEPARATOR), _join_column(key_text, " ")))


def _join_column(column: ColumnElement[str], separator: str) -> ColumnElement[str]:
    # As a literal: a bound separator would be one more value for each call.
    return func.aggregate_strings(column, literal_column(f"'{separator}'"))  # type: ignore[arg-type]
