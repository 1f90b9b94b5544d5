"""What is asked of the rows of runs: pages, counts and figures, with the filters of `RunQuery`.

One function makes the conditions of pages and counts, so that they cannot have other filters.
"""

import functools
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    ScalarSelect,
    Select,
    bindparam,
    func,
    literal_column,
    select,
)

from rmos.index.base import PagePosition
from rmos.index.dialects import SqlDialect
from rmos.index.schema import EQUAL_FILTERS, runs, tally
from rmos.index.statements import BoundStatement, bind_page, join_page, limit_page
from rmos.index.tallying import TALLIED
from rmos.names import fold_name
from rmos.row_models import RunQuery

_COARSE: Final = frozenset({"status", "risk_level", "mode", "event_type", "created_by", "rule", "outcome"})
"""Filters of which each value may be that of most runs."""
_SHARED: Final = _COARSE | {"tool_id", "material_id", "machine_id"}
"""Filters of which each value may be that of more runs than were ever overridden."""
_OVERRIDE: Final = "override_"
"""Begins what stands in a set of filters for the one by the state of an override."""
_ONE: Final[ColumnElement[int]] = literal_column("1")
_NONE_LEFT_OUT: Final[ColumnElement[int]] = literal_column("0")
"""The offset of what has a limit: without one the compiler would bind it as one more value."""


class RunQueries:
    """The questions that lists of runs ask."""

    def __init__(self, sql: SqlDialect) -> None:
        self._sql = sql

    def page(self, query: RunQuery, limit: int, before: PagePosition | None, offset: int) -> BoundStatement:
        """Return the question for a page, which is answered by one row: the joined summaries and the joined keys."""
        values = _filter_values(self._sql, query)
        text = _page_text(self._sql, _name_filters(query, values), query.include_deleted, before is not None)
        return BoundStatement(text, values | bind_page(limit, before, offset))

    def count(self, query: RunQuery) -> BoundStatement:
        """Return the question for how many runs `page` lists."""
        values = _filter_values(self._sql, query)
        return BoundStatement(_count_text(self._sql, _name_filters(query, values), query.include_deleted), values)

    def count_up_to(self, query: RunQuery, limit: int) -> BoundStatement:
        """Return the question for how many runs `page` lists, counted no further than `limit`."""
        values = _filter_values(self._sql, query)
        text = _count_up_to_text(self._sql, _name_filters(query, values), query.include_deleted)
        return BoundStatement(text, {**values, "limit": limit})

    def log_page(self, query: RunQuery, limit: int, before: PagePosition | None) -> BoundStatement:
        """Return the question for what the run log says of the runs of a page: where each stands, then `LoggedRun`."""
        values = _filter_values(self._sql, query)
        text = _log_page_text(self._sql, _name_filters(query, values), query.include_deleted, before is not None)
        return BoundStatement(text, values | bind_page(limit, before, 0))

    def values(self, name: str, limit: int) -> BoundStatement:
        """Return the question for the values of a column."""
        return BoundStatement(_values_text(self._sql, name), {"limit": limit})

    def counts_by(self, name: str, created_from_us: int | None, created_to_us: int | None) -> BoundStatement:
        """Return the question for how many listed runs of a time have each value of a column."""
        assert name in EQUAL_FILTERS
        values = _filter_values(self._sql, RunQuery(created_from_us=created_from_us, created_to_us=created_to_us))
        return BoundStatement(_counts_by_text(self._sql, name, frozenset(values)), values)

    def span(self, created_from_us: int | None, created_to_us: int | None) -> BoundStatement:
        """Return the question for when the first and the last of the listed runs of a time were made."""
        values = _filter_values(self._sql, RunQuery(created_from_us=created_from_us, created_to_us=created_to_us))
        return BoundStatement(_span_text(self._sql, frozenset(values)), values)

    def tally(self, name: str, first: str, last: str) -> BoundStatement:
        """Return the question for the counts of partitions by the values of a column."""
        assert name in TALLIED
        return BoundStatement(_tally_text(self._sql), {"name": name, "first": first, "last": last})

    def total(self, name: str, value: str | None) -> BoundStatement:
        """Return the question for the sum of the counts of all partitions, of one value or of all."""
        assert name in TALLIED
        return BoundStatement(_total_text(self._sql), {"name": name, "value": value})

    def figures(self, session_id: str) -> BoundStatement:
        """Return the question for what the runs of a session amount to."""
        values = self._sql.bind_filters({"session_id": fold_name(session_id)})
        return BoundStatement(_figures_text(self._sql, frozenset(values)), values)

    def pending(self) -> str:
        """Return the question for the runs whose explanation is in the making."""
        return _pending_text(self._sql)


def _filter_values(sql: SqlDialect, query: RunQuery) -> dict[str, Any]:
    """Return the values of the filters that are set."""
    values: dict[str, Any] = {}
    for name in query.__struct_fields__:
        value = getattr(query, name)
        if value is not None and name not in ("include_deleted", "override", "now_utc"):
            values[name] = value
    if query.tool_id_prefix is not None:
        end = _after_prefix(query.tool_id_prefix)
        values |= {} if end is None else {"tool_id_prefix_end": end}
    if query.override not in (None, "none"):
        values["now_utc"] = query.now_utc or ""
    return sql.bind_filters(values)


def _name_filters(query: RunQuery, values: Mapping[str, Any]) -> frozenset[str]:
    """Return what the SQL depends on: the names of the filters, and which state of an override is asked for."""
    return frozenset(values if query.override is None else (*values, f"{_OVERRIDE}{query.override}"))


def _after_prefix(prefix: str) -> str | None:
    """Return the first text after all that begin with the prefix, or None when there is no such text."""
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)  # surrogates are no characters


@functools.lru_cache(maxsize=256)
def _page_text(sql: SqlDialect, filters: frozenset[str], include_deleted: bool, after: bool) -> str:
    columns = ("created_us", "run_id", "summary")
    return join_page(sql, _page(sql, columns, filters, include_deleted, after), "run_id")


@functools.lru_cache(maxsize=256)
def _log_page_text(sql: SqlDialect, filters: frozenset[str], include_deleted: bool, after: bool) -> str:
    columns = ("created_us", "run_id", "summary", "run_log")
    return sql.compile_named(_page(sql, columns, filters, include_deleted, after))


@functools.cache
def _counts_by_text(sql: SqlDialect, name: str, filters: frozenset[str]) -> str:
    """Return the SQL of a walk over the index of a column, which has the time too: no row is looked at."""
    column = runs.c[name]
    key = sql.key(column)
    created = sql.unindexed(runs.c.created_us)  # an expression, or the index by time would be walked
    within = {"created_from_us": created >= bindparam("created_from_us")}
    within["created_to_us"] = created < bindparam("created_to_us")
    limits = [within[limit] for limit in sorted(filters)]
    found = select(sql.value_of(key, column), func.count()).where(key.is_not(None), *limits)
    listed = runs.c.visibility == literal_column("2")
    return sql.compile_named(found.where(listed).group_by(key).order_by(key))


@functools.cache
def _span_text(sql: SqlDialect, filters: frozenset[str]) -> str:
    """Return the SQL of two looks at the ends of an index: both at once would walk over all of it."""
    created, listed = runs.c.created_us, _filter(sql, select(runs.c.created_us), filters, False, ordered=True)
    return sql.compile_named(
        select(
            *(
                _take_one(listed.order_by(end)).label(name)
                for name, end in (("first", created), ("last", created.desc()))
            )
        )
    )


@functools.lru_cache(maxsize=256)
def _count_text(sql: SqlDialect, filters: frozenset[str], include_deleted: bool) -> str:
    return sql.compile_named(_filter(sql, select(func.count()).select_from(runs), filters, include_deleted))


@functools.lru_cache(maxsize=256)
def _count_up_to_text(sql: SqlDialect, filters: frozenset[str], include_deleted: bool) -> str:
    found = _filter(sql, select(literal_column("1")).select_from(runs), filters, include_deleted)
    found = found.limit(bindparam("limit")).offset(_NONE_LEFT_OUT)
    return sql.compile_named(select(func.count()).select_from(found.subquery("found")))


@functools.cache
def _values_text(sql: SqlDialect, name: str) -> str:
    """Return the SQL of a walk over an index from value to value: a step for each, however many rows have it."""
    key = sql.key(runs.c[name])
    first = select(key.label("value")).select_from(runs).where(key.is_not(None)).order_by(key)
    found = select(_take_one(first).label("value")).cte("found", recursive=True)
    after = select(key).select_from(runs).where(key > found.c.value, key.is_not(None)).order_by(key).correlate(found)
    walk = found.union_all(select(_take_one(after)).where(found.c.value.is_not(None)))
    values = select(sql.value_of(walk.c.value, runs.c[name])).select_from(walk).where(walk.c.value.is_not(None))
    return sql.compile_named(values.limit(bindparam("limit")).offset(_NONE_LEFT_OUT))


def _take_one(statement: Select[Any]) -> ScalarSelect[Any]:
    return statement.limit(_ONE).offset(_NONE_LEFT_OUT).scalar_subquery()


def _page(
    sql: SqlDialect, columns: tuple[str, ...], filters: frozenset[str], include_deleted: bool, after: bool
) -> Select[Any]:
    statement = select(*(runs.c[name] for name in columns))
    return limit_page(_filter(sql, statement, filters, include_deleted, ordered=True), runs, after=after)


def _filter(
    sql: SqlDialect,
    statement: Select[Any],
    filters: frozenset[str],
    include_deleted: bool,
    *,
    ordered: bool = False,
) -> Select[Any]:
    visible: ColumnElement[int] = runs.c.visibility
    if ordered:  # an expression, because an index that has the column has not the order of lists
        visible = sql.unindexed(visible)
    statement = statement.where(visible >= literal_column("1" if include_deleted else "2"))
    equal = sorted(filters & set(EQUAL_FILTERS))
    override = next((name for name in filters if name.startswith(_OVERRIDE)), None)
    common = _COARSE if override in (None, "override_none") else _SHARED
    selective = common is _SHARED or not common.issuperset(equal)
    for name in equal:
        aside = selective and name in common
        statement = statement.where(sql.equal(runs.c[name], name, filters, aside=aside))
    if override is not None:
        statement = statement.where(*_meet_override(override.removeprefix(_OVERRIDE)))
    statement = statement.where(*sql.begins(runs.c.tool_id, filters))
    if "created_from_us" in filters:
        statement = statement.where(runs.c.created_us >= bindparam("created_from_us"))
    if "created_to_us" in filters:
        statement = statement.where(runs.c.created_us < bindparam("created_to_us"))
    return statement


def _meet_override(state: str) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter by how an override stands at `now_utc`; each but "none" has its own index."""
    until: Column[str] = runs.c.override_until
    now_utc: BindParameter[str] = bindparam("now_utc")
    if state == "none":
        return [until.is_(None)]
    if state == "expired":
        return [until <= now_utc]
    return [runs.c.override == literal_column(f"'{state}'"), until > now_utc]


@functools.cache
def _figures_text(sql: SqlDialect, filters: frozenset[str]) -> str:
    alike = (runs.c.explanation_status, runs.c.risk_level, runs.c.advisory_kinds)
    listed = runs.c.visibility == literal_column("2")
    return sql.compile_named(
        select(*alike, func.count(), func.max(runs.c.latest_advisory_us))
        .where(sql.equal(runs.c.workflow_session_id, "session_id", filters), listed)
        .group_by(*alike)
    )


@functools.cache
def _pending_text(sql: SqlDialect) -> str:
    is_pending = runs.c.explanation_status == literal_column("'pending'")
    return sql.compile_named(
        select(runs.c.partition, runs.c.run_id).where(is_pending, runs.c.version > literal_column("0"))
    )


@functools.cache
def _tally_text(sql: SqlDialect) -> str:
    asked = tally.c.partition.between(bindparam("first"), bindparam("last"))
    return sql.compile_named(
        select(tally.c.partition, tally.c.value, tally.c.runs)
        .where(tally.c.name == bindparam("name"), asked, tally.c.runs > literal_column("0"))
        .order_by(tally.c.partition, tally.c.value)
    )


@functools.cache
def _total_text(sql: SqlDialect) -> str:
    is_asked = tally.c.value == func.coalesce(bindparam("value"), tally.c.value)
    return sql.compile_named(
        select(func.coalesce(func.sum(tally.c.runs), literal_column("0"))).where(
            tally.c.name == bindparam("name"), is_asked
        )
    )
