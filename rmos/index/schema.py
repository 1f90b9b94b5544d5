"""The tables of the index, built with SQLAlchemy Core, and the digest by which an index made by other ones is known.

An index never migrates: one of another schema is filled anew from the record. So the schema has no number that could
be forgotten. It is a digest of these tables, and beside it the store hands in one of what its rows hold (`store.rows`).
"""

import functools
import re
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from rmos import digest
from rmos.index.base import VISIBILITY
from rmos.index.outcome_triggers import make_outcome_triggers
from rmos.index.tallying import make_triggers

metadata = MetaData()
_int64 = BigInteger().with_variant(Integer, "sqlite")

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

EQUAL_FILTERS: Final = (
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
    "parent_run_id",
    "created_by",
    "rule",
    "request_id",
    "source",
    "program_sha256",
    "outcome",
)
_ALWAYS_SET: Final = ("status", "risk_level", "mode", "tool_id")

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("created_us", _int64, nullable=False),
    Column("partition", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("summary", Text, nullable=False),
    *(Column(name, Text, nullable=name not in _ALWAYS_SET) for name in EQUAL_FILTERS),
    Column("explanation_status", Text),
    Column("advisory_kinds", Text),
    Column("latest_advisory_us", _int64),
    Column("override", Text),
    Column("override_until", Text),
    Column("outcomes", Text),
    Column("run_log", Text),
    Column("tool_work", Text),
    Column("visibility", Integer, nullable=False),
    Column("checksum", _int64, nullable=False),
    sqlite_strict=True,
)
# PostgreSQL has indexes of its own (`postgres_schema`): a `postgresql_where` here would load its dialect everywhere.
# The order of lists, and last whether a run is listed: so what one filter finds is counted without looking at a row.
_LISTED: Final = (runs.c.created_us, runs.c.run_id, runs.c.visibility)
Index("runs_by_created", *_LISTED)
Index("runs_by_partition", runs.c.partition, runs.c.run_id)
for _name in EQUAL_FILTERS:
    _column = runs.c[_name]
    _where = None if _name in _ALWAYS_SET else _column.is_not(None)
    Index(f"runs_by_{_name}", _column, *_LISTED, sqlite_where=_where)

# Few runs have one: what waits and what is over is told within the index, in the order of lists.
Index(
    "runs_by_override",
    *(*_LISTED, runs.c.override, runs.c.override_until),
    sqlite_where=runs.c.override_until.is_not(None),
)

# What is counted of a session's runs, in the order of the counting: neither rows nor a sorter are needed for it.
Index(
    "runs_by_session_figures",
    *(runs.c[name] for name in ("workflow_session_id", "visibility", "explanation_status", "risk_level")),
    *(runs.c[name] for name in ("advisory_kinds", "latest_advisory_us", "status")),
    sqlite_where=runs.c.workflow_session_id.is_not(None),
)

SESSION_FILTERS: Final = ("status", "workflow_state", "user_id", "workflow_type")

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("created_us", _int64, nullable=False),
    Column("partition", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("cascade", Integer, nullable=False),
    Column("summary", Text, nullable=False),
    *(Column(name, Text) for name in SESSION_FILTERS),
    Column("visibility", Integer, nullable=False),
    Column("checksum", _int64, nullable=False),
    sqlite_strict=True,
)
Index("sessions_by_created", sessions.c.created_us, sessions.c.session_id)
Index("sessions_by_partition", sessions.c.partition, sessions.c.session_id)
for _name in SESSION_FILTERS:
    Index(f"sessions_by_{_name}", sessions.c[_name], sessions.c.created_us, sessions.c.session_id)


OUTCOME_FILTERS: Final = ("machine_id", "tool_id", "material_id", "part", "ended", "risk_level")

outcomes = Table(
    "outcomes",
    metadata,
    Column("outcome_id", Text, primary_key=True),
    Column("tool_id", Text, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("lead", Integer, nullable=False),
    Column("created_us", _int64, nullable=False),
    Column("month", Text, nullable=False),
    Column("machine_id", Text),
    Column("material_id", Text),
    Column("ended", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("quantity", _int64, nullable=False),
    Column("spent_ms", _int64),
    Column("cut_um", _int64),
    Column("tool_ms", _int64),
    Column("tool_um", _int64),
    Column("summary", Text, nullable=False),
    Column("risk_level", Text, nullable=False),
    Column("reason_code", Text),
    Column("time_basis", Text, nullable=False),
    Column("time_ratio", _int64),
    sqlite_strict=True,
)
Index("outcomes_by_run", outcomes.c.run_id)
Index("outcomes_by_created", outcomes.c.lead, outcomes.c.created_us, outcomes.c.outcome_id)
# What became of each colour is counted and listed within an index, and so are times against their estimates.
Index(
    "outcomes_by_risk_level",
    *(outcomes.c[name] for name in ("lead", "risk_level", "part", "created_us", "outcome_id")),
    *(outcomes.c[name] for name in ("reason_code", "machine_id")),
)
Index(
    "outcomes_by_time_ratio",
    *(outcomes.c[name] for name in ("lead", "machine_id", "time_basis", "time_ratio", "created_us")),
)
# All that totals add up stands in the index of their group, in its order: they look at no row and sort nothing.
_ADDED_UP: Final = ("created_us", "part", "ended", "quantity", "machine_id", "material_id")
for _group, *_before in (("machine_id", "lead"), ("material_id", "lead"), ("month", "lead"), ("tool_id",)):
    _figures = ("tool_ms", "tool_um") if _group == "tool_id" else ("spent_ms", "cut_um")
    _inner = (*_before, _group, *(name for name in _ADDED_UP if name != _group), *_figures)
    Index(f"outcomes_by_{_group}", *(outcomes.c[name] for name in _inner))


tool_work = Table(
    "tool_work",
    metadata,
    Column("outcome_id", Text, primary_key=True),
    Column("tool_id", Text, primary_key=True),
    Column("serial", Text, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("created_us", _int64, nullable=False),
    Column("worked_ms", _int64),
    Column("cut_um", _int64),
    Column("broke", Integer, nullable=False),
    Column("marked", Text),
    sqlite_strict=True,
)
Index("tool_work_by_run", tool_work.c.run_id)
# The life of a tool is added up within this one, and no row is looked at.
_OF_WORK: Final = ("tool_id", "serial", "created_us", "worked_ms", "cut_um", "broke", "marked")
Index("tool_work_by_tool", *(tool_work.c[name] for name in _OF_WORK))


tally = Table(
    "tally",
    metadata,
    Column("name", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("runs", _int64, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)


entries = Table(
    "entries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
batches = Table(
    "batches",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("first", _int64, nullable=False),
    Column("size", Integer, nullable=False),
    sqlite_strict=True,
)
Index("batches_by_first", batches.c.first)


def _text(statement: Any) -> str:
    return str(statement.compile(dialect=sqlite.dialect()))


CREATE_TABLES: Final = [_text(CreateTable(table)) for table in metadata.sorted_tables]
CREATE_INDEXES: Final = [
    _text(CreateIndex(index)) for table in metadata.sorted_tables for index in sorted(table.indexes, key=str)
]


CREATE_TRIGGERS: Final = [*make_triggers(), *make_outcome_triggers()]


class Schema(NamedTuple):
    """By what an index was made; each part is a text."""

    tables: str
    """A digest of the tables, their indexes and the states that are listed."""
    rows: str
    """A digest of what rows hold, from the store; empty where nobody said."""
    release: str
    """The release that made it: of two schemas the one of the newer release is the newer one."""

    @property
    def text(self) -> str:
        """The schema as one word."""
        return f"{self.tables}.{self.rows}"

    def fits(self, wanted: "Schema") -> bool:
        """Tell whether what was made by this schema can be used as it is; who knows no rows takes any."""
        return self.tables == wanted.tables and wanted.rows in ("", self.rows)

    def is_newer(self, than: "Schema") -> bool:
        """Tell whether this is the schema of a newer release."""
        return _numbers(self.release) > _numbers(than.release)


def schema_of(row_schema: str | None) -> Schema:
    """Return the schema of this release for rows that hold what `row_schema` stands for."""
    return Schema(tables_digest(), row_schema or "", _release())


@functools.cache
def tables_digest() -> str:
    """Return a digest of all that the tables are."""
    return digest.sha256_hex(
        repr((CREATE_TABLES, CREATE_INDEXES, CREATE_TRIGGERS, sorted(VISIBILITY.items()))).encode()
    )[:16]


@functools.cache
def _release() -> str:
    return version("rmos")


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release)[:3])
