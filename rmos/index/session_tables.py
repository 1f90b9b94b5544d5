"""The statements on sessions, and those that count the runs of one; the tables themselves are in `tables`."""

import functools
import zlib
from typing import Any, Final

import msgspec
from sqlalchemy import Select, and_, bindparam, func, literal_column, or_, select
from sqlalchemy import tuple_ as row_value
from sqlalchemy.dialects import sqlite

from rmos.index.base import VISIBILITY
from rmos.index.tables import runs, sessions
from rmos.models import SessionQuery, SessionRow

_COLUMNS: Final = (*SessionRow.__struct_fields__, "visibility", "checksum")
_EQUAL_FILTERS: Final = ("status", "workflow_state", "user_id", "workflow_type")
_encoder: Final = msgspec.json.Encoder()
_dialect: Final = sqlite.dialect(paramstyle="named")


def _text(statement: Any) -> str:
    return str(statement.compile(dialect=_dialect))


def _upsert() -> str:
    """Return the SQL that takes the values of `session_values`: newer versions win, equal ones when they differ."""
    insert = sqlite.insert(sessions).values({name: bindparam(name) for name in _COLUMNS})
    new = insert.excluded
    differs = or_(*(new[name].is_distinct_from(sessions.c[name]) for name in _COLUMNS if name != "session_id"))
    where = or_(new.version > sessions.c.version, and_(new.version == sessions.c.version, differs))
    changed = {name: new[name] for name in _COLUMNS if name != "session_id"}
    statement = insert.on_conflict_do_update(index_elements=[sessions.c.session_id], set_=changed, where=where)
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    assert tuple(compiled.positiontup or ()) == _COLUMNS  # the values are bound by position
    return str(compiled)


_KNOWN: Final = (sessions.c.partition, sessions.c.version, sessions.c.state, sessions.c.cascade)
UPSERT: Final = _upsert()
FIND: Final = _text(select(*_KNOWN).where(sessions.c.session_id == bindparam("session_id")))
ROWS: Final = _text(
    select(*(sessions.c[name] for name in _COLUMNS))
    .where(sessions.c.partition == bindparam("partition"))
    .order_by(sessions.c.session_id)
)
PARTITIONS: Final = _text(select(sessions.c.partition).distinct().order_by(sessions.c.partition))
STATE_COUNTS: Final = _text(select(sessions.c.state, func.count()).group_by(sessions.c.state))
FIGURES: Final = _text(
    select(
        runs.c.explanation_status,
        runs.c.risk_level,
        runs.c.advisory_kinds,
        func.count(),
        func.max(runs.c.latest_advisory_us),
    )
    .where(runs.c.workflow_session_id == bindparam("session_id"), runs.c.visibility == literal_column("2"))
    .group_by(runs.c.explanation_status, runs.c.risk_level, runs.c.advisory_kinds)
)


def session_values(row: SessionRow) -> tuple[Any, ...]:
    """Return a row's column values in the table's order, its visibility and checksum last."""
    return (*msgspec.structs.astuple(row), VISIBILITY[row.state], zlib.crc32(_encoder.encode(row)))


def checked_session(values: tuple[Any, ...]) -> tuple[SessionRow, bool]:
    """Return a row and whether its checksum holds, by which one altered behind RMOS's back is told."""
    row = SessionRow(*values[:-2])
    return row, row.state in VISIBILITY and session_values(row)[-2:] == values[-2:]


def query_values(query: SessionQuery) -> dict[str, Any]:
    """Return the values of the filters that are set."""
    named = {name: getattr(query, name) for name in query.__struct_fields__ if name != "include_deleted"}
    return {name: value for name, value in named.items() if value is not None}


def shows_deleted(query: SessionQuery) -> bool:
    """Tell whether deleted sessions are asked for: by a status, or beside the others."""
    return query.include_deleted or query.status is not None


@functools.lru_cache(maxsize=128)
def page_text(filters: frozenset[str], include_deleted: bool, after: bool) -> str:
    """Return the SQL of a page for a set of filters; values are bound by name."""
    columns = select(sessions.c.created_us, sessions.c.session_id, sessions.c.summary)
    statement = _filtered(columns, filters, include_deleted)
    if after:
        key = row_value(sessions.c.created_us, sessions.c.session_id)
        statement = statement.where(key < row_value(bindparam("before_us"), bindparam("before_id")))
    statement = statement.order_by(sessions.c.created_us.desc(), sessions.c.session_id.desc())
    return _text(statement.limit(bindparam("limit")).offset(bindparam("offset")))


@functools.lru_cache(maxsize=128)
def count_text(filters: frozenset[str], include_deleted: bool) -> str:
    """Return the SQL that counts what `page_text` lists: the same filters by construction."""
    return _text(_filtered(select(func.count()).select_from(sessions), filters, include_deleted))


def _filtered(statement: Select[Any], filters: frozenset[str], include_deleted: bool) -> Select[Any]:
    statement = statement.where(sessions.c.visibility >= literal_column("1" if include_deleted else "2"))
    for name in sorted(filters & set(_EQUAL_FILTERS)):
        statement = statement.where(sessions.c[name] == bindparam(name))
    if "since_us" in filters:
        statement = statement.where(sessions.c.created_us >= bindparam("since_us"))
    if "until_us" in filters:
        statement = statement.where(sessions.c.created_us < bindparam("until_us"))
    return statement
