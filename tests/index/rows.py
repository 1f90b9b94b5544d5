"""Rows as the contract suite asks for them."""

import json
from typing import Any

import msgspec

from rmos.index import Index
from rmos.index.base import ListedPage
from rmos.models import RunQuery, RunRow


def listed(index: Index, query: RunQuery | None = None, **how: Any) -> list[str]:
    """Return the ids of a list."""
    return ids_of(index.page(query or RunQuery(), **({"limit": 1000} | how)))


def ids_of(page: ListedPage) -> list[str]:
    """Return the ids of a page's runs."""
    return [run["run_id"] for run in json.loads(f"[{page.text}]")]


def stored(index: Index, row: RunRow) -> RunRow:
    """Return the row that stands for the run now, whose checksum must hold."""
    [(found, holds)] = index.rows(row.partition, row.run_id, row.run_id)
    assert holds
    return found


def changed(row: RunRow, **over: Any) -> RunRow:
    return msgspec.structs.replace(row, **over)
