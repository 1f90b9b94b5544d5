"""What is asked of the rows of sessions: pages and counts, with the filters of `SessionQuery`."""

import functools
from typing import Any

from sqlalchemy import Select, bindparam, func, literal_column, select

from rmos.index.base import PagePosition
from rmos.index.dialects import SqlDialect
from rmos.index.schema import SESSION_FILTERS, sessions
from rmos.index.statements import BoundStatement, bind_page, join_page, limit_page
from rmos.row_models import SessionQuery


class SessionQueries:
    """The questions that lists of sessions ask."""

    def __init__(self, sql: SqlDialect) -> None:
        self._sql = sql

    def page(self, query: SessionQuery, limit: int, before: PagePosition | None, offset: int) -> BoundStatement:
        """Return the question for a page, which is answered by one row: the joined summaries and the joined keys."""
        values = self._sql.bind_filters(_filter_values(query))
        text = _page_text(self._sql, frozenset(values), _shows_deleted(query), before is not None)
        return BoundStatement(text, values | bind_page(limit, before, offset))

    def count(self, query: SessionQuery) -> BoundStatement:
        """Return the question for how many sessions `page` lists."""
        values = self._sql.bind_filters(_filter_values(query))
        return BoundStatement(_count_text(self._sql, frozenset(values), _shows_deleted(query)), values)


def _filter_values(query: SessionQuery) -> dict[str, Any]:
    """Return the values of the filters that are set."""
    named = {name: getattr(query, name) for name in query.__struct_fields__ if name != "include_deleted"}
    return {name: value for name, value in named.items() if value is not None}


def _shows_deleted(query: SessionQuery) -> bool:
    """Tell whether deleted sessions are asked for: by a status, or beside the others."""
    return query.include_deleted or query.status is not None


@functools.lru_cache(maxsize=128)
def _page_text(sql: SqlDialect, filters: frozenset[str], include_deleted: bool, after: bool) -> str:
    columns = select(sessions.c.created_us, sessions.c.session_id, sessions.c.summary)
    listed = _filter(sql, columns, filters, include_deleted)
    return join_page(sql, limit_page(listed, sessions, after=after), "session_id")


@functools.lru_cache(maxsize=128)
def _count_text(sql: SqlDialect, filters: frozenset[str], include_deleted: bool) -> str:
    return sql.compile_named(_filter(sql, select(func.count()).select_from(sessions), filters, include_deleted))


def _filter(sql: SqlDialect, statement: Select[Any], filters: frozenset[str], include_deleted: bool) -> Select[Any]:
    statement = statement.where(sessions.c.visibility >= literal_column("1" if include_deleted else "2"))
    for name in sorted(filters & set(SESSION_FILTERS)):
        statement = statement.where(sql.equal(sessions.c[name], name, filters))
    if "since_us" in filters:
        statement = statement.where(sessions.c.created_us >= bindparam("since_us"))
    if "until_us" in filters:
        statement = statement.where(sessions.c.created_us < bindparam("until_us"))
    return statement
