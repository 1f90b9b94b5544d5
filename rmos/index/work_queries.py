"""What is asked of the rows of what tools did: which tools there are, and what some did in spans of time."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import func, select

from rmos.index.schema import tool_work
from rmos.index.statements import BoundStatement, compile_named
from rmos.row_models import ToolSpan

_TOOLS: Final = compile_named(
    select(tool_work.c.tool_id, tool_work.c.serial, func.max(tool_work.c.marked))
    .group_by(tool_work.c.tool_id, tool_work.c.serial)
    .order_by(tool_work.c.tool_id, tool_work.c.serial)
)
_TOTALS: Final = """
SELECT count(work.tool_id), count(work.worked_ms), sum(work.worked_ms), count(work.cut_um), sum(work.cut_um),
    coalesce(sum(work.broke), 0)
FROM json_each(:spans) AS span LEFT JOIN tool_work AS work
    ON work.tool_id = json_extract(span.value, '$[0]') AND work.serial = json_extract(span.value, '$[1]')
    AND work.created_us >= json_extract(span.value, '$[2]') AND work.created_us < json_extract(span.value, '$[3]')
GROUP BY span.key ORDER BY span.key
"""
_encode: Final = msgspec.json.Encoder().encode


class WorkQueries:
    """The questions that are asked of what tools did."""

    def tools(self) -> BoundStatement:
        """Return the question for all tools that ever took part in a job that counts."""
        return BoundStatement(_TOOLS, {})

    def totals(self, spans: Sequence[ToolSpan]) -> BoundStatement:
        """Return the question for what tools did in spans, in their order."""
        return BoundStatement(_TOTALS, {"spans": _encode(spans).decode()})
