"""What is asked of the rows of outcomes: pages, counts and totals, with the filters of `OutcomeQuery`.

A job has a row for each of its tools, of which the first leads: it alone stands in lists and in totals that are not by
tool, and bears the whole of the job's time and path. So one table answers both.
"""

import functools
from typing import Any, Final

from sqlalchemy import Column, Select, bindparam, case, func, literal_column, select

from rmos.index.base import PagePosition
from rmos.index.dialects import SqlDialect
from rmos.index.schema import OUTCOME_FILTERS, outcomes
from rmos.index.statements import BoundStatement, bind_page, join_page, limit_page
from rmos.row_models import OutcomeColumn, OutcomeGroup, OutcomeQuery

_GROUPS: Final[dict[OutcomeGroup, Column[Any]]] = {
    "machine": outcomes.c.machine_id,
    "tool": outcomes.c.tool_id,
    "material": outcomes.c.material_id,
    "month": outcomes.c.month,
}
_ONE: Final[Any] = literal_column("1")


class OutcomeQueries:
    """The questions that are asked of outcomes."""

    def __init__(self, sql: SqlDialect) -> None:
        self._sql = sql

    def page(self, query: OutcomeQuery, limit: int, before: PagePosition | None, offset: int) -> BoundStatement:
        """Return the question for a page, which is answered by one row: the joined summaries and the joined keys."""
        values = _filter_values(self._sql, query)
        return BoundStatement(
            _page_text(self._sql, frozenset(values), before is not None), values | bind_page(limit, before, offset)
        )

    def count(self, query: OutcomeQuery) -> BoundStatement:
        """Return the question for how many jobs `page` lists."""
        values = _filter_values(self._sql, query)
        return BoundStatement(_count_text(self._sql, frozenset(values)), values)

    def count_groups(self, query: OutcomeQuery, by: tuple[OutcomeColumn, ...]) -> BoundStatement:
        """Return the question for how many of the jobs that `page` lists have which values in these columns."""
        values = _filter_values(self._sql, query)
        return BoundStatement(_groups_text(self._sql, frozenset(values), by), values)

    def totals(self, query: OutcomeQuery, by: OutcomeGroup) -> BoundStatement:
        """Return the question for the totals of what `page` lists, by machine, tool, material or month."""
        values = _filter_values(self._sql, query)
        return BoundStatement(_totals_text(self._sql, frozenset(values), by), values)


def _filter_values(sql: SqlDialect, query: OutcomeQuery) -> dict[str, Any]:
    """Return what is bound for the filters that are set; several reasons are one value."""
    named = {name: getattr(query, name) for name in query.__struct_fields__}
    values = {name: value for name, value in named.items() if value is not None}
    if query.reasons is not None:
        values["reasons"] = sql.bind_several(query.reasons)
    return sql.bind_filters(values)


@functools.lru_cache(maxsize=128)
def _page_text(sql: SqlDialect, filters: frozenset[str], after: bool) -> str:
    columns = select(outcomes.c.created_us, outcomes.c.outcome_id, outcomes.c.summary)
    return join_page(sql, limit_page(_filter(sql, columns, filters), outcomes, after=after), "outcome_id")


@functools.lru_cache(maxsize=128)
def _count_text(sql: SqlDialect, filters: frozenset[str]) -> str:
    return sql.compile_named(_filter(sql, select(func.count()).select_from(outcomes), filters))


@functools.lru_cache(maxsize=128)
def _groups_text(sql: SqlDialect, filters: frozenset[str], by: tuple[OutcomeColumn, ...]) -> str:
    columns = [outcomes.c[name] for name in by]
    statement = _filter(sql, select(*columns, func.count()), filters, grouped=by)
    return sql.compile_named(statement.group_by(*columns).order_by(*map(sql.ascending, columns)))


@functools.lru_cache(maxsize=128)
def _totals_text(sql: SqlDialect, filters: frozenset[str], by: OutcomeGroup) -> str:
    """Return the SQL of the totals of each group; what is grouped by tool is what each tool did, else the whole job."""
    of_tool, group = by == "tool", _GROUPS[by]
    spent, path = (outcomes.c.tool_ms, outcomes.c.tool_um) if of_tool else (outcomes.c.spent_ms, outcomes.c.cut_um)
    parts = (_count_parts("good"), _count_parts("scrap"))
    sums = (func.count(), *parts, func.count(spent), func.sum(spent), func.count(path), func.sum(path))
    statement = _filter(sql, select(group, *sums, func.max(spent)), filters, of_tool=of_tool, grouped=(group.name,))
    return sql.compile_named(statement.group_by(group).order_by(sql.ascending(group)))


def _count_parts(verdict: str) -> Any:
    is_so = outcomes.c.part == literal_column(f"'{verdict}'")
    return func.sum(case((is_so, outcomes.c.quantity), else_=literal_column("0")))


def _filter(
    sql: SqlDialect,
    statement: Select[Any],
    filters: frozenset[str],
    *,
    of_tool: bool = False,
    grouped: tuple[str, ...] = (),
) -> Select[Any]:
    """Return a statement with its conditions.

    Args:
        grouped: the columns by which it adds up. Their index holds what the others compare and all that is added up:
            so they are expressions, by which SQLite looks for no index and each row that it leads to.
    """
    if "tool_id" not in filters and not of_tool:
        statement = statement.where(outcomes.c.lead == _ONE)
    for name in sorted(filters & set(OUTCOME_FILTERS)):
        aside = bool(grouped) and name not in (*grouped, "tool_id")
        statement = statement.where(sql.equal(outcomes.c[name], name, filters, aside=aside))
    if "reasons" in filters:
        statement = statement.where(sql.is_one_of(outcomes.c.reason_code, "reasons"))
    if "since_us" in filters:
        statement = statement.where(outcomes.c.created_us >= bindparam("since_us"))
    if "until_us" in filters:
        statement = statement.where(outcomes.c.created_us < bindparam("until_us"))
    return statement
