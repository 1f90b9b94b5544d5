"""What is asked of PostgreSQL by the same statements: texts of any length, and any character, under its indexes.

A row of an index may not be longer than 2704 bytes, and labels and ids of imported runs know no bound. So an index has
the *key* of a text, a column beside it: the text itself below 128 characters, else its beginning and a digest of all of
it, which are 128 together. Statistics are kept of such a column, so the planner estimates as for the text.

Whatever statement writes a text writes its key by `key_of`: those of `insert`, and those of `postgres_triggers`. A
generated column would do the same, but its expression is read and planned anew for each statement, and the seventeen of
a run cost a third of what writing its row does; an expression of a prepared statement is planned once.

PostgreSQL cannot hold U+0000. It is written as `\\x01\\x01`, and U+0001 as `\\x01\\x02`: texts keep their order.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy import column as column_clause
from sqlalchemy import table as table_clause
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGDialect

from rmos.index.dialects import StatementCompiler
from rmos.index.schema import EQUAL_FILTERS, OUTCOME_FILTERS, SESSION_FILTERS
from rmos.row_models import ToolSpan

KEYED: Final[dict[str, tuple[str, ...]]] = {
    "runs": EQUAL_FILTERS,
    "sessions": SESSION_FILTERS,
    "outcomes": (*OUTCOME_FILTERS, "reason_code"),
    "tool_work": ("tool_id", "serial"),
}
"""The columns that have a key, by their table."""
KEY_LENGTH: Final = 128
_BEGINNING: Final = KEY_LENGTH - 32
"""How much of a long text its key begins with; the hexadecimal digits of an MD5 follow."""
_MARK: Final = "_key"
_NEW: Final = "new_row"


def name_key(name: str) -> str:
    """Return the name of the column that has the keys of a column."""
    return f"{name}{_MARK}"


def key_of(text: str) -> str:
    """Return the SQL of the key of a text."""
    short, beginning = f"length({text}) < {KEY_LENGTH}", f"left({text}, {_BEGINNING})"
    return f"CASE WHEN {short} THEN {text} ELSE {beginning} || md5({text}) END"


def escape(value: Any) -> Any:
    """Return a value as PostgreSQL can hold it; a list is one of such values."""
    if isinstance(value, str):
        if "\x00" in value or "\x01" in value:
            return value.replace("\x01", "\x01\x02").replace("\x00", "\x01\x01")
        return value
    return [escape(one) for one in value] if isinstance(value, list) else value


def restore(value: Any) -> Any:
    """Return what `escape` was given."""
    if isinstance(value, str) and "\x01" in value:
        return value.replace("\x01\x01", "\x00").replace("\x01\x02", "\x01")
    return value


class PostgresDialect(StatementCompiler):
    """PostgreSQL from 15 on, as psycopg is given statements."""

    work_totals = f"""
SELECT count(work.tool_id), count(work.worked_ms), sum(work.worked_ms), count(work.cut_um), sum(work.cut_um),
    coalesce(sum(work.broke), 0)
FROM unnest(%(tool_ids)s::text[], %(serials)s::text[], %(since_us)s::bigint[], %(until_us)s::bigint[])
    WITH ORDINALITY AS span (tool_id, serial, since_us, until_us, number)
LEFT JOIN tool_work AS work ON work.tool_id_key = {key_of("span.tool_id")} AND work.tool_id = span.tool_id
    AND work.serial_key = {key_of("span.serial")} AND work.serial = span.serial
    AND work.created_us >= span.since_us AND work.created_us < span.until_us
GROUP BY span.number ORDER BY span.number
"""  # noqa: S608 (names of columns, of ours)
    takes_rows_as_json = True

    def __init__(self) -> None:
        super().__init__(PGDialect(paramstyle="pyformat"), PGDialect(paramstyle="format"))

    def insert(self, table: Table, columns: tuple[str, ...]) -> Any:
        """Return the beginning of an upsert of many rows: to begin one costs three times what a row costs in it."""
        row_type: ColumnElement[Any] = literal_column(f"NULL::{table.name}")
        rows = func.json_populate_recordset(row_type, cast(bindparam("rows"), JSON)).table_valued(*columns, name=_NEW)
        keys = {name_key(name): key_of(f"{_NEW}.{name}") for name in KEYED.get(table.name, ())}
        written = (*columns, *keys)
        values = select(*rows.c, *map(literal_column, keys.values()))
        into = table_clause(table.name, *map(column_clause, written))
        return postgresql.insert(into).from_select(list(written), values)

    def bind_filters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values, and a mark for each whose key is not the text itself."""
        long = {"tool_id_prefix": _BEGINNING}
        marks = {
            name_key(name): True
            for name, value in values.items()
            if isinstance(value, str) and len(escape(value)) > long.get(name, KEY_LENGTH - 1)
        }
        return {**values, **marks}

    def equal(
        self, column: ColumnElement[Any], name: str, filters: frozenset[str], *, aside: bool = False
    ) -> ColumnElement[bool]:
        """Return the condition by the key; the planner knows by itself which index to take."""
        key = self.key(column)
        if key is column or name_key(name) not in filters:
            return key == bindparam(name)
        text = cast(bindparam(name), Text)
        long = func.left(text, literal_column(str(_BEGINNING))).concat(func.md5(text))
        return and_(key == long, column == bindparam(name))

    def begins(self, column: Column[str], filters: frozenset[str]) -> list[ColumnElement[bool]]:
        """Return the range of the keys that begin so, or of the texts where keys do not tell."""
        first, end = f"{column.name}_prefix", f"{column.name}_prefix_end"
        text = column if name_key(first) in filters else self.key(column)
        conditions = [text >= bindparam(first)] if first in filters else []
        return [*conditions, text < bindparam(end)] if end in filters else conditions

    def is_one_of(self, column: Column[str], name: str) -> ColumnElement[bool]:
        """Return the condition that an array has the column's value."""
        return column == any_(bindparam(name, type_=ARRAY(Text)))

    def bind_several(self, values: Sequence[str]) -> Any:
        """Return them as an array."""
        return list(values)

    def unindexed(self, number: ColumnElement[int]) -> ColumnElement[int]:
        """Return the number: the planner knows how many rows meet a condition."""
        return number

    def key(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the column of a text's key, or a column that has none as it is."""
        table = getattr(column, "table", None)
        of_table = getattr(table, "element", table)  # of an alias
        if not isinstance(column, Column) or not isinstance(of_table, Table):
            return column
        keyed = column.name in KEYED.get(of_table.name, ())
        return literal_column(f"{column.table.name}.{name_key(column.name)}", Text) if keyed else column

    def value_of(self, key: ColumnElement[Any], column: Column[Any]) -> ColumnElement[Any]:
        """Return the key where it is the text, else the text of any row that has the key."""
        whole = column.table.alias("whole")
        text = whole.c[column.name]
        # In the order of an index, or whoever has few statistics would look for it among all rows.
        found = select(text).where(self.key(text) == key).order_by(whole.c.created_us)
        found = found.limit(literal_column("1")).offset(literal_column("0"))
        return case((func.length(key) < literal_column(str(KEY_LENGTH)), key), else_=found.scalar_subquery())

    def ascending(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the order by a column, None first."""
        return column.nulls_first()

    def bind_spans(self, spans: Sequence[ToolSpan]) -> dict[str, Any]:
        """Return the spans as an array for each of their members."""
        names = ("tool_ids", "serials", "since_us", "until_us")
        return {name: [span[place] for span in spans] for place, name in enumerate(names)}


POSTGRES: Final = PostgresDialect()
