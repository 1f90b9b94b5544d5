"""In what the databases differ to which the same questions are put: how SQL is written, and how an index is chosen.

    sql = SQLITE
    sql.compile_named(select(runs.c.run_id).where(sql.equal(runs.c.tool_id, "tool_id", frozenset())))

The statements of this package are built once, with SQLAlchemy, and compiled for the dialect of the index that asks.
What one database needs and another must not get is a method here; what SQLite is asked stays as it is to the byte.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import Column, ColumnElement, Dialect, Table, bindparam, func, literal_column, select
from sqlalchemy.dialects import sqlite

from rmos.index.outcome_triggers import escaped_json, restored
from rmos.row_models import ToolSpan

_encode: Final = msgspec.json.Encoder().encode


class SqlDialect(Protocol):
    """The SQL of one kind of database."""

    def __hash__(self) -> int:
        """Return what texts that were compiled are kept by."""

    def compile_named(self, statement: Any) -> str:
        """Return the SQL of a statement whose values are bound by name."""

    def compile_positional(self, statement: Any, names: tuple[str, ...]) -> str:
        """Return the SQL of a statement whose values are bound by position, in the order of the names."""

    takes_rows_as_json: bool
    """Whether the statement that `insert` begins takes many rows, as the JSON of an array of objects."""

    def insert(self, table: Table, columns: tuple[str, ...]) -> Any:
        """Return the beginning of an upsert; what is bound to it are the columns, or `rows` as JSON."""

    def bind_filters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is bound for filters; its names say which SQL is needed for them."""

    def equal(
        self, column: ColumnElement[Any], name: str, filters: frozenset[str], *, aside: bool = False
    ) -> ColumnElement[bool]:
        """Return the condition that a column has the value that is bound under a name.

        Args:
            filters: the names of what is bound.
            aside: leave the choice of the index to other conditions.
        """

    def begins(self, column: Column[str], filters: frozenset[str]) -> list[ColumnElement[bool]]:
        """Return the conditions that a column begins with `<column>_prefix`, before `<column>_prefix_end`."""

    def is_one_of(self, column: Column[str], name: str) -> ColumnElement[bool]:
        """Return the condition that a column has one of several values, which are bound under a name."""

    def bind_several(self, values: Sequence[str]) -> Any:
        """Return what is bound for `is_one_of`."""

    def unindexed(self, number: ColumnElement[int]) -> ColumnElement[int]:
        """Return a number as what no index is to answer."""

    def key(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return what an index has of a text: other texts have other keys, in about the same order."""

    def value_of(self, key: ColumnElement[Any], column: Column[Any]) -> ColumnElement[Any]:
        """Return the text that a column has where its key is this one."""

    def ascending(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the order by a column, None first."""

    work_totals: str
    """The SQL of what tools did in spans, in their order."""

    def bind_spans(self, spans: Sequence[ToolSpan]) -> dict[str, Any]:
        """Return what is bound in `work_totals`."""


class StatementCompiler:
    """Compiles statements for one database."""

    def __init__(self, named: Dialect, positional: Dialect) -> None:
        self._named = named
        self._positional = positional

    def compile_named(self, statement: Any) -> str:
        """Return the SQL of a statement whose values are bound by name."""
        return str(statement.compile(dialect=self._named))

    def compile_positional(self, statement: Any, names: tuple[str, ...]) -> str:
        """Return the SQL of a statement whose values are bound by position, in the order of the names."""
        compiled = statement.compile(dialect=self._positional)
        assert tuple(compiled.positiontup or ()) == names
        return str(compiled)


class SqliteDialect(StatementCompiler):
    """SQLite, which knows not how many rows meet a condition, and takes any equality for the rarest of all."""

    work_totals = f"""
SELECT count(work.tool_id), count(work.worked_ms), sum(work.worked_ms), count(work.cut_um), sum(work.cut_um),
    coalesce(sum(work.broke), 0)
FROM json_each({escaped_json(":spans")}) AS span LEFT JOIN tool_work AS work
    ON work.tool_id = {restored("json_extract(span.value, '$[0]')")}
    AND work.serial = {restored("json_extract(span.value, '$[1]')")}
    AND work.created_us >= json_extract(span.value, '$[2]') AND work.created_us < json_extract(span.value, '$[3]')
GROUP BY span.key ORDER BY span.key
"""  # noqa: S608 (names of columns, of ours)
    takes_rows_as_json = False

    def __init__(self) -> None:
        super().__init__(sqlite.dialect(paramstyle="named"), sqlite.dialect(paramstyle="qmark"))

    def insert(self, table: Table, columns: tuple[str, ...]) -> Any:
        """Return the beginning of an upsert of one row."""
        return sqlite.insert(table).values({name: bindparam(name) for name in columns})

    def bind_filters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values as they are."""
        return dict(values)

    def equal(
        self, column: ColumnElement[Any], name: str, filters: frozenset[str], *, aside: bool = False
    ) -> ColumnElement[bool]:
        """Return the condition; one that no index is to answer compares an expression of the column."""
        return (column.concat(literal_column("''")) if aside else column) == bindparam(name)

    def begins(self, column: Column[str], filters: frozenset[str]) -> list[ColumnElement[bool]]:
        """Return the range of the column that begins so."""
        first, end = f"{column.name}_prefix", f"{column.name}_prefix_end"
        conditions = [column >= bindparam(first)] if first in filters else []
        return [*conditions, column < bindparam(end)] if end in filters else conditions

    def is_one_of(self, column: Column[str], name: str) -> ColumnElement[bool]:
        """Return the condition that a JSON text has the column's value."""
        values = func.json_each(bindparam(name)).table_valued("value")
        return column.in_(select(values.c.value))

    def bind_several(self, values: Sequence[str]) -> Any:
        """Return them as JSON text."""
        return _encode(values).decode()

    def unindexed(self, number: ColumnElement[int]) -> ColumnElement[int]:
        """Return an expression."""
        return number + literal_column("0")

    def key(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the column, of which an index has all."""
        return column

    def value_of(self, key: ColumnElement[Any], column: Column[Any]) -> ColumnElement[Any]:
        """Return the key."""
        return key

    def ascending(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the column: None is first by itself."""
        return column

    def bind_spans(self, spans: Sequence[ToolSpan]) -> dict[str, Any]:
        """Return the spans as JSON text."""
        return {"spans": _encode(spans).decode()}


SQLITE: Final = SqliteDialect()
