"""What is asked of the rows of sessions: pages and counts, with the filters of `SessionQuery`."""

import functools
from typing import Any

from sqlalchemy import Select, bindparam, func, literal_column, select

from rmos.index.base import PagePosition
from rmos.index.schema import SESSION_FILTERS, sessions
from rmos.index.statements import BoundStatement, bind_page, compile_named, join_page, limit_page
from rmos.row_models import SessionQuery


class SessionQueries:
    """The questions that lists of sessions ask."""

    def page(self, query: SessionQuery, limit: int, before: PagePosition | None, offset: int) -> BoundStatement:
        """Return the question for a page, which is answered by one row: the joined summaries and the joined keys."""
        values = _filter_values(query)
        text = _page_text(frozenset(values), _shows_deleted(query), before is not None)
        return BoundStatement(text, values | bind_page(limit, before, offset))

    def count(self, query: SessionQuery) -> BoundStatement:
        """Return the question for how many sessions `page` lists."""
        values = _filter_values(query)
        return BoundStatement(_count_text(frozenset(values), _shows_deleted(query)), values)


def _filter_values(query: SessionQuery) -> dict[str, Any]:
    """Return the values of the filters that are set."""
    named = {name: getattr(query, name) for name in query.__struct_fields__ if name != "include_deleted"}
    return {name: value for name, value in named.items() if value is not None}


def _shows_deleted(query: SessionQuery) -> bool:
    """Tell whether deleted sessions are asked for: by a status, or beside the others."""
    return query.include_deleted or query.status is not None


@functools.lru_cache(maxsize=128)
def _page_text(filters: frozenset[str], include_deleted: bool, after: bool) -> str:
    columns = select(sessions.c.created_us, sessions.c.session_id, sessions.c.summary)
    return join_page(limit_page(_filter(columns, filters, include_deleted), sessions, after=after), "session_id")


@functools.lru_cache(maxsize=128)
def _count_text(filters: frozenset[str], include_deleted: bool) -> str:
    return compile_named(_filter(select(func.count()).select_from(sessions), filters, include_deleted))


def _filter(statement: Select[Any], filters: frozenset[str], include_deleted: bool) -> Select[Any]:
    statement = statement.where(sessions.c.visibility >= literal_column("1" if include_deleted else "2"))
    for name in sorted(filters & set(SESSION_FILTERS)):
        statement = statement.where(sessions.c[name] == bindparam(name))
    if "since_us" in filters:
        statement = statement.where(sessions.c.created_us >= bindparam("since_us"))
    if "until_us" in filters:
        statement = statement.where(sessions.c.created_us < bindparam("until_us"))
    return statement
