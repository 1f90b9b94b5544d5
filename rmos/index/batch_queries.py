"""Which runs are a batch: those that have a label or a session, and what was made of those that have the label.

    question = BatchQueries(SQLITE).runs(BatchQuery(batch_label="om-spruce-rosettes-05"), 5001)

One statement brings all of a batch, the oldest run first, with the state of the row of each run's parent: a tree is
made of it without another question. A run that names itself as an ancestor is found once, as every other.
"""

import functools
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, FromClause, Select, bindparam, func, literal_column, select

from rmos.index.dialects import SqlDialect
from rmos.index.schema import runs
from rmos.index.statements import BoundStatement
from rmos.log_rows import BatchQuery, BatchRun

_LABEL: Final = "batch_label"
_FILTERS: Final = (_LABEL, "session_id", "workflow_session_id")
_LISTED: Final[ColumnElement[int]] = literal_column("2")


class BatchQueries:
    """The questions that are asked of batches."""

    def __init__(self, sql: SqlDialect) -> None:
        self._sql = sql

    def runs(self, query: BatchQuery, limit: int) -> BoundStatement:
        """Return the question for the oldest runs of a batch, as `BatchRun` has them."""
        values = self._sql.bind_filters(query.list_filters())
        return BoundStatement(_runs_text(self._sql, frozenset(values)), {**values, "limit": limit})

    def count(self, query: BatchQuery) -> BoundStatement:
        """Return the question for how many runs a batch has."""
        values = self._sql.bind_filters(query.list_filters())
        return BoundStatement(_count_text(self._sql, frozenset(values)), values)


@functools.cache
def _runs_text(sql: SqlDialect, filters: frozenset[str]) -> str:
    found, parent = _find(sql, filters), runs.alias("parent")
    columns = [parent.c.state if name == "parent_state" else runs.c[name] for name in BatchRun._fields]
    joined = found.join(runs, runs.c.run_id == found.c.run_id).outerjoin(
        parent, parent.c.run_id == runs.c.parent_run_id
    )
    statement: Select[Any] = select(*columns).select_from(joined)
    return sql.compile_named(
        statement.order_by(found.c.created_us, found.c.run_id).limit(bindparam("limit")).offset(literal_column("0"))
    )


@functools.cache
def _count_text(sql: SqlDialect, filters: frozenset[str]) -> str:
    return sql.compile_named(select(func.count()).select_from(_find(sql, filters)))


def _find(sql: SqlDialect, filters: frozenset[str]) -> CTE:
    """Return the ids of the runs of a batch, and when each was made."""
    found = select(runs.c.run_id, runs.c.created_us).where(*_meet(sql, runs, filters)).cte("found", recursive=True)
    if _LABEL not in filters:
        return found
    made = runs.alias("made")
    of_them = made.join(found, sql.key(made.c.parent_run_id) == found.c.run_id)
    # Expressions, so that the index of the parent answers, whatever else is asked for.
    others = [sql.equal(made.c[name], name, filters, aside=True) for name in _FILTERS if name in filters - {_LABEL}]
    conditions = [*_meet(sql, made, frozenset()), made.c[_LABEL].is_(None), *others]
    return found.union(select(made.c.run_id, made.c.created_us).select_from(of_them).where(*conditions))


def _meet(sql: SqlDialect, table: FromClause, filters: frozenset[str]) -> list[ColumnElement[bool]]:
    asked = [sql.equal(table.c[name], name, filters) for name in _FILTERS if name in filters]
    return [table.c.visibility == _LISTED, *asked]
