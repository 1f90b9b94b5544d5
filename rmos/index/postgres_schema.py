"""The tables of the index in PostgreSQL: those of `schema`, with the keys of texts, and those that hosts share."""

import functools
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateIndex, CreateTable

from rmos import digest
from rmos.index import schema
from rmos.index.base import VISIBILITY
from rmos.index.postgres_dialect import KEYED, name_key
from rmos.index.postgres_triggers import VIEW, make_triggers
from rmos.index.schema import EQUAL_FILTERS, SESSION_FILTERS, Schema

_metadata: Final = MetaData()
_dialect: Final = PGDialect()

STATE: Final = """
CREATE TABLE index_state (
    epoch text NOT NULL, tables text NOT NULL, row_schema text NOT NULL, release text NOT NULL,
    behind bigint NOT NULL, completed bigint
)
"""
"""One row: which index it is, by what it was made, the mark that moves when it falls behind, up to which it has all."""
KEPT: Final = (
    """
CREATE TABLE IF NOT EXISTS announced (
    folder text COLLATE "C" NOT NULL, record_id text COLLATE "C" NOT NULL, number integer NOT NULL,
    announced_at timestamptz NOT NULL, PRIMARY KEY (record_id, number, folder)
)
""",
    "CREATE INDEX IF NOT EXISTS announced_by_time ON announced (announced_at)",
    """
CREATE TABLE IF NOT EXISTS hosts (
    host text COLLATE "C" NOT NULL, pid integer NOT NULL, release text NOT NULL, tables_sha256 text NOT NULL,
    skew_s double precision NOT NULL, seen_at timestamptz NOT NULL, PRIMARY KEY (host, pid)
)
""",
)
"""What stays when the index is made again: it is of the objects on their way and of the hosts, not of rows."""


def _column(column: Column[Any], *, primary: bool) -> Column[Any]:
    kind: Any = Text(collation="C") if isinstance(column.type, Text) else column.type
    kind = BigInteger() if isinstance(column.type, BigInteger) else kind
    return Column(
        column.name, kind, nullable=column.nullable, primary_key=primary and column.primary_key, autoincrement=False
    )


def _key(column: Column[Any]) -> Column[str]:
    return Column(name_key(column.name), Text(collation="C"), nullable=column.nullable)


def _make_table(table: Table) -> Table:
    # A row of outcomes has texts in its key that may be of any length, and needs none: triggers write it.
    primary = table.name not in ("outcomes", "tool_work")
    keys = [_key(table.c[name]) for name in KEYED.get(table.name, ())]
    return Table(table.name, _metadata, *(_column(column, primary=primary) for column in table.columns), *keys)


_made: Final = {table.name: _make_table(table) for table in schema.metadata.sorted_tables if table is not schema.tally}
Table(
    "tally_slots",
    _metadata,
    Column("name", Text(collation="C"), primary_key=True),
    Column("partition", Text(collation="C"), primary_key=True),
    Column("value", Text(collation="C"), nullable=False),
    Column(name_key("value"), Text(collation="C"), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("runs", BigInteger, nullable=False),
)


def _index(name: str, table: Table, *columns: str, where: str | None = None) -> None:
    found = None if where is None else table.c[where].is_not(None)
    Index(name, *(table.c[column] for column in columns), postgresql_where=found)


def _make_indexes() -> None:
    """Give each question its index, as SQLite's have them; what adds up outcomes looks at their few rows."""
    runs, sessions, outcomes, work = (_made[name] for name in ("runs", "sessions", "outcomes", "tool_work"))
    listed = ("created_us", "run_id", "visibility")
    _index("runs_by_created", runs, *listed)
    _index("runs_by_partition", runs, "partition", "run_id")
    _index("runs_by_state", runs, "state")
    _index("runs_by_override", runs, *listed, "override", "override_until", where="override_until")
    for name in EQUAL_FILTERS:
        key = name_key(name)
        _index(f"runs_by_{name}", runs, key, *listed, where=key if runs.c[key].nullable else None)
    _index("sessions_by_created", sessions, "created_us", "session_id")
    _index("sessions_by_partition", sessions, "partition", "session_id")
    for name in SESSION_FILTERS:
        _index(f"sessions_by_{name}", sessions, name_key(name), "created_us", "session_id")
    _index("outcomes_by_run", outcomes, "run_id")
    _index("outcomes_by_created", outcomes, "lead", "created_us", "outcome_id")
    for name in ("machine_id", "material_id", "risk_level"):
        _index(f"outcomes_by_{name}", outcomes, "lead", name_key(name), "created_us", "outcome_id")
    _index("outcomes_by_tool_id", outcomes, "tool_id_key", "created_us", "outcome_id")
    _index("tool_work_by_run", work, "run_id")
    _index("tool_work_by_tool", work, "tool_id_key", "serial_key", "created_us")
    _index("batches_by_first", _made["batches"], "first")


_make_indexes()


def _text(statement: Any) -> str:
    return str(statement.compile(dialect=_dialect))


TABLES: Final = ("index_state", *(table.name for table in _metadata.sorted_tables))
"""What an index consists of; `tally` is a view."""
DROP: Final = [f"DROP TABLE IF EXISTS {name} CASCADE" for name in TABLES]
CREATE: Final = [
    STATE,
    *(_text(CreateTable(table)) for table in _metadata.sorted_tables),
    *(_text(CreateIndex(index)) for table in _metadata.sorted_tables for index in sorted(table.indexes, key=str)),
    VIEW,
    *make_triggers(),
]


@functools.cache
def postgres_tables_digest() -> str:
    """Return a digest of all that the tables are."""
    return digest.sha256_hex(repr((CREATE, KEPT, sorted(VISIBILITY.items()))).encode())[:16]


def postgres_schema_of(wanted: Schema) -> Schema:
    """Return the schema of this release in PostgreSQL, for rows that hold what those of `wanted` do."""
    return wanted._replace(tables=postgres_tables_digest())
