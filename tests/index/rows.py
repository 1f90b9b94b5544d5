"""Rows as the contract suite asks for them."""

import json
from typing import Any, TypeVar

import msgspec

from rmos import ids
from rmos.index.base import Index, ListedPage
from rmos.row_models import RunQuery, RunRow, SessionRow
from tests.makers import US

Row = TypeVar("Row", RunRow, SessionRow)


def make_session_row(us: int = US, **over: Any) -> SessionRow:
    """Make the row of an active session."""
    session_id = over.pop("session_id", None) or ids.new_session_id(us)
    values: dict[str, Any] = {
        "session_id": session_id,
        "created_us": us,
        "partition": ids.partition_of(us),
        "version": 1,
        "state": "live",
        "cascade": 0,
        "summary": f'{{"session_id":"{session_id}"}}',
        "status": "ACTIVE",
        "workflow_state": "draft",
    }
    return SessionRow(**(values | over))


def complete(index: Index) -> None:
    """Declare that the index that stands there is complete."""
    index.complete(index.state().generation)


def listed(index: Index, query: RunQuery | None = None, **how: Any) -> list[str]:
    """Return the ids of a list."""
    return ids_of(index.runs.page(query or RunQuery(), **({"limit": 1000} | how)).value)


def ids_of(page: ListedPage) -> list[str]:
    """Return the ids of a page's runs, which must be as many as it says."""
    found = [run["run_id"] for run in json.loads(f"[{page.text}]")]
    assert len(found) == page.size
    return found


def changed(row: Row, **over: Any) -> Row:
    return msgspec.structs.replace(row, **over)
