"""The tables and the statements, built with SQLAlchemy Core and compiled once: the same SQL for every database.

Statements are compiled to text and run on the driver's own cursor, because a page of 50 rows through Core's result
layer costs four times as much as through the driver (measured).
"""

import functools
import zlib
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy import tuple_ as row_value
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from rmos.index.base import SEPARATOR, VISIBILITY
from rmos.models import RunQuery, RunRow

metadata = MetaData()

facts = Table(
    "facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False), sqlite_strict=True
)

folders = Table(
    "folders",
    metadata,
    Column("name", Text, primary_key=True),
    Column("change_token", Text, nullable=False),
    sqlite_strict=True,
)

_EQUAL_FILTERS: Final = (
    "status",
    "risk_level",
    "mode",
    "tool_id",
    "event_type",
    "workflow_session_id",
    "batch_label",
    "session_id",
    "material_id",
    "machine_id",
    "request_id",
    "source",
)
_ALWAYS_SET: Final = ("status", "risk_level", "mode", "tool_id")
_FOLDED: Final = ("mode", "tool_id", "source")
"""Filters that may ignore case: their indexes go by the value in lower case and answer exact questions as well."""
_COARSE: Final = frozenset({"status", "risk_level", "mode", "event_type"})
"""Filters of which each value may be that of most runs."""

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("created_us", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("partition", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("summary", Text, nullable=False),
    *(Column(name, Text, nullable=name not in _ALWAYS_SET) for name in _EQUAL_FILTERS),
    Column("explanation_status", Text),
    Column("advisory_kinds", Text),
    Column("latest_advisory_us", BigInteger().with_variant(Integer, "sqlite")),
    Column("visibility", Integer, nullable=False),
    Column("checksum", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    sqlite_strict=True,
)
Index("runs_by_created", runs.c.created_us, runs.c.run_id)
Index("runs_by_partition", runs.c.partition, runs.c.run_id)
for _name in _EQUAL_FILTERS:
    _column = runs.c[_name]
    _where = None if _name in _ALWAYS_SET else _column.is_not(None)
    _key = func.lower(_column) if _name in _FOLDED else _column
    Index(f"runs_by_{_name}", _key, runs.c.created_us, runs.c.run_id, sqlite_where=_where, postgresql_where=_where)

# What is counted of a session's runs, in the order of the counting: neither rows nor a sorter are needed for it.
Index(
    "runs_by_session_figures",
    *(runs.c[name] for name in ("workflow_session_id", "visibility", "explanation_status", "risk_level")),
    *(runs.c[name] for name in ("advisory_kinds", "latest_advisory_us", "status")),
    sqlite_where=runs.c.workflow_session_id.is_not(None),
    postgresql_where=runs.c.workflow_session_id.is_not(None),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("created_us", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("partition", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("cascade", Integer, nullable=False),
    Column("summary", Text, nullable=False),
    Column("status", Text),
    Column("workflow_state", Text),
    Column("user_id", Text),
    Column("workflow_type", Text),
    Column("visibility", Integer, nullable=False),
    Column("checksum", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    sqlite_strict=True,
)
Index("sessions_by_created", sessions.c.created_us, sessions.c.session_id)
Index("sessions_by_partition", sessions.c.partition, sessions.c.session_id)
for _name in ("status", "workflow_state", "user_id", "workflow_type"):
    Index(f"sessions_by_{_name}", sessions.c[_name], sessions.c.created_us, sessions.c.session_id)

ROW_FIELDS: Final = RunRow.__struct_fields__
_COLUMNS: Final = (*ROW_FIELDS, "visibility", "checksum")
_encoder: Final = msgspec.json.Encoder()
_dialect: Final = sqlite.dialect(paramstyle="named")


def _text(statement: Any) -> str:
    return str(statement.compile(dialect=_dialect))


CREATE_TABLES: Final = [_text(CreateTable(table)) for table in metadata.sorted_tables]
CREATE_INDEXES: Final = [
    _text(CreateIndex(index)) for table in metadata.sorted_tables for index in sorted(table.indexes, key=str)
]


def _upsert(*, damaged: bool) -> str:
    """Return the SQL that takes the values of `row_values`: newer versions win, equal ones when anything differs.

    A damaged copy, or an event without its run, in another partition says nothing about the run at its own place.
    """
    insert = sqlite.insert(runs).values({name: bindparam(name) for name in _COLUMNS})
    new = insert.excluded
    differs = or_(*(new[name].is_distinct_from(runs.c[name]) for name in _COLUMNS if name != "run_id"))
    where = or_(new.version > runs.c.version, and_(new.version == runs.c.version, differs))
    at_home = new.partition == runs.c.partition
    if damaged:
        where = and_(where, at_home)
    else:
        # The run at its own place counts, whatever was thought of a copy or an event that stood elsewhere.
        thought = runs.c.state.in_([literal_column("'damaged'"), literal_column("'missing'")])
        where = or_(where, and_(not_(at_home), thought))
    changed = {name: new[name] for name in _COLUMNS if name != "run_id"}
    statement = insert.on_conflict_do_update(index_elements=[runs.c.run_id], set_=changed, where=where)
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    assert tuple(compiled.positiontup or ()) == _COLUMNS  # the values are bound by position
    return str(compiled)


UPSERT: Final = _upsert(damaged=False)
UPSERT_DAMAGED: Final = _upsert(damaged=True)
FIND: Final = _text(
    select(runs.c.partition, runs.c.version, runs.c.state, runs.c.sha256).where(runs.c.run_id == bindparam("run_id"))
)
KNOWN: Final = _text(
    select(runs.c.run_id, runs.c.partition, runs.c.version, runs.c.state, runs.c.sha256).where(
        runs.c.partition == bindparam("partition")
    )
)
ROWS: Final = _text(
    select(*(runs.c[name] for name in _COLUMNS))
    .where(runs.c.partition == bindparam("partition"), runs.c.run_id.between(bindparam("first"), bindparam("last")))
    .order_by(runs.c.run_id)
)
PARTITIONS: Final = _text(select(runs.c.partition).distinct().order_by(runs.c.partition))
MISSING: Final = _text(
    select(runs.c.partition, runs.c.run_id).where(runs.c.state == literal_column("'missing'")).order_by(runs.c.run_id)
)
STATE_COUNTS: Final = _text(select(runs.c.state, func.count()).group_by(runs.c.state))


def row_values(row: RunRow) -> tuple[Any, ...]:
    """Return a row's column values in the tables' order, its visibility and checksum last."""
    return (*msgspec.structs.astuple(row), VISIBILITY[row.state], row_checksum(row))


def row_checksum(row: RunRow) -> int:
    """Return the CRC-32 of a row's values, by which a row altered behind RMOS's back is told."""
    return zlib.crc32(_encoder.encode(row))


def missing_row(row: RunRow) -> RunRow | None:
    """Return the row as that of a run whose object is gone, or None when there is nothing to change."""
    return None if row.state in ("missing", "erased") else msgspec.structs.replace(row, state="missing")


def query_values(query: RunQuery) -> dict[str, Any]:
    """Return the values of the filters that are set."""
    values: dict[str, Any] = {}
    for name in query.__struct_fields__:
        value = getattr(query, name)
        if value is not None and name not in ("include_deleted", "ignore_case"):
            values[name] = value
    if query.tool_id_prefix is not None:
        # Of any text with the prefix, the lower case has the prefix in lower case; and so it stands in the index.
        values["tool_id_prefix_lower"] = lower = _lower(query.tool_id_prefix)
        for name, prefix in (("tool_id_prefix_end", query.tool_id_prefix), ("tool_id_prefix_lower_end", lower)):
            end = _after_prefix(prefix)
            values |= {} if end is None else {name: end}
    return values


def _lower(text: str) -> str:
    """Return the text as SQL's `lower` gives it: A to Z become a to z and nothing else changes."""
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


def _after_prefix(prefix: str) -> str | None:
    """Return the first text after all that begin with the prefix, or None when there is no such text."""
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)  # surrogates are no characters


@functools.lru_cache(maxsize=256)
def page_text(filters: frozenset[str], include_deleted: bool, ignore_case: bool, after: bool) -> str:
    """Return the SQL of a page for a set of filters, as one row: the joined summaries and the joined keys.

    Values are bound by name. The inner order stands because the inner query has a limit, so it is not flattened.
    """
    found = _part(("created_us", "run_id", "summary"), filters, include_deleted, ignore_case, after).subquery("found")
    key_text = cast(found.c.created_us, Text) + literal_column("'|'") + found.c.run_id
    return _text(select(_joined(found.c.summary, SEPARATOR), _joined(key_text, " ")))


@functools.lru_cache(maxsize=64)
def brief_text(filters: frozenset[str], include_deleted: bool, ignore_case: bool, after: bool) -> str:
    """Return the SQL of a page for a set of filters, row by row and without the summaries."""
    columns = ("created_us", "run_id", "status", "tool_id", "mode")
    return _text(_part(columns, filters, include_deleted, ignore_case, after))


def _part(
    columns: tuple[str, ...], filters: frozenset[str], include_deleted: bool, ignore_case: bool, after: bool
) -> Select[Any]:
    statement = select(*(runs.c[name] for name in columns))
    statement = _filtered(statement, filters, include_deleted, ignore_case, ordered=True)
    if after:
        key = row_value(runs.c.created_us, runs.c.run_id)
        statement = statement.where(key < row_value(bindparam("before_us"), bindparam("before_id")))
    statement = statement.order_by(runs.c.created_us.desc(), runs.c.run_id.desc())
    return statement.limit(bindparam("limit")).offset(bindparam("offset"))


def _joined(column: ColumnElement[str], separator: str) -> ColumnElement[str]:
    # As a literal: a bound separator would be one more value for each call.
    return func.aggregate_strings(column, literal_column(f"'{separator}'"))  # type: ignore[arg-type]


@functools.lru_cache(maxsize=256)
def count_text(filters: frozenset[str], include_deleted: bool, ignore_case: bool) -> str:
    """Return the SQL that counts what `page_text` lists: the same filters by construction."""
    return _text(_filtered(select(func.count()).select_from(runs), filters, include_deleted, ignore_case))


def _filtered(
    statement: Select[Any],
    filters: frozenset[str],
    include_deleted: bool,
    ignore_case: bool,
    *,
    ordered: bool = False,
) -> Select[Any]:
    visible: ColumnElement[int] = runs.c.visibility
    if ordered:  # an expression, because an index that has the column has not the order of lists
        visible = visible + literal_column("0")
    statement = statement.where(visible >= literal_column("1" if include_deleted else "2"))
    equal = sorted(filters & set(_EQUAL_FILTERS))
    selective = not _COARSE.issuperset(equal)
    for name in equal:
        aside = selective and name in _COARSE
        statement = statement.where(*_equal(runs.c[name], bindparam(name), ignore_case=ignore_case, aside=aside))
    for name, key in (("tool_id_prefix", runs.c.tool_id), ("tool_id_prefix_lower", func.lower(runs.c.tool_id))):
        if name in filters:
            statement = statement.where(key >= bindparam(name))
        if f"{name}_end" in filters:
            statement = statement.where(key < bindparam(f"{name}_end"))
    if "created_from_us" in filters:
        statement = statement.where(runs.c.created_us >= bindparam("created_from_us"))
    if "created_to_us" in filters:
        statement = statement.where(runs.c.created_us < bindparam("created_to_us"))
    return statement


def _equal(
    column: Column[str], value: BindParameter[str], *, ignore_case: bool, aside: bool
) -> list[ColumnElement[bool]]:
    """Return the conditions of one filter; `aside` leaves the choice of the index to the others.

    A condition that no index answers is written as a range of one value: SQLite would take an equality for one that
    few rows meet, and read all runs in the order of time until it had a page of them.
    """
    conditions: list[ColumnElement[bool]] = []
    if column.name in _FOLDED and (ignore_case or not aside):
        lower = func.lower(value)
        conditions.append(func.lower(column).between(lower, lower) if aside else func.lower(column) == lower)
        # Only this makes SQLite take the index of a column that may be null.
        conditions.append(column.is_not(None))
        aside = True
    if column.name not in _FOLDED or not ignore_case:
        conditions.append(column.between(value, value) if aside else column == value)
    return conditions
