"""What is asked of the rows of what tools did: which tools there are, and what some did in spans of time."""

import functools
from collections.abc import Sequence

from sqlalchemy import func, select

from rmos.index.dialects import SqlDialect
from rmos.index.schema import tool_work
from rmos.index.statements import BoundStatement
from rmos.row_models import ToolSpan


class WorkQueries:
    """The questions that are asked of what tools did."""

    def __init__(self, sql: SqlDialect) -> None:
        self._sql = sql

    def tools(self) -> BoundStatement:
        """Return the question for all tools that ever took part in a job that counts."""
        return BoundStatement(_tools_text(self._sql), {})

    def totals(self, spans: Sequence[ToolSpan]) -> BoundStatement:
        """Return the question for what tools did in spans, in their order."""
        return BoundStatement(self._sql.work_totals, self._sql.bind_spans(spans))


@functools.cache
def _tools_text(sql: SqlDialect) -> str:
    return sql.compile_named(
        select(tool_work.c.tool_id, tool_work.c.serial, func.max(tool_work.c.marked))
        .group_by(tool_work.c.tool_id, tool_work.c.serial)
        .order_by(tool_work.c.tool_id, tool_work.c.serial)
    )
