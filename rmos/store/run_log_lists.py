"""The run log of a store: a line for each run, and what all of them amount to, from the index alone.

    lists.page(RunQuery(machine_id="router_1"), limit=500)        # LoggedPage
    lists.add_up(created_from_us=…).counts["status"]

No artifact is opened: the lines stand in the rows (`run_log.py`), counts in the indexes of their columns.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from rmos import ids
from rmos.index.base import Index, LoggedPage
from rmos.log_rows import LoggedRun
from rmos.row_models import RunQuery
from rmos.store.complete import CompleteAnswers

COUNTED: Final = ("status", "risk_level", "mode", "event_type", "machine_id", "material_id", "rule", "outcome")
"""By what the runs of the log are counted: columns of their rows."""


class RunLogPage(NamedTuple):
    """One page of the run log, newest first."""

    runs: list[LoggedRun]
    next_cursor: str | None


class RunLogTotals(NamedTuple):
    """What the runs of a time amount to."""

    runs: int
    first_us: int | None
    """When the first of them was made."""
    last_us: int | None
    counts: Mapping[str, dict[str, int]]
    """Column → value, folded → how many runs have it."""


class RunLogLists:
    """The run log of one store, from its index."""

    def __init__(self, index: Index, answers: CompleteAnswers) -> None:
        self._index = index
        self._answers = answers

    def page(self, query: RunQuery, *, limit: int, cursor: str | None = None) -> RunLogPage:
        """Return one page of the log, newest first.

        Raises:
            BadCursor: the cursor is not one of ours.
            IndexRebuilding: the index is not complete; no log is ever silently short.
        """
        before = None if cursor is None else ids.read_cursor(cursor)
        now_query = query if query.now_utc else msgspec.structs.replace(query, now_utc=ids.utc_text(ids.now_us()))
        found: LoggedPage = self._answers.ask(lambda: self._index.runs.log_page(now_query, limit=limit, before=before))
        return RunLogPage(found.runs, None if found.last is None else ids.make_cursor(*found.last))

    def add_up(self, *, created_from_us: int | None = None, created_to_us: int | None = None) -> RunLogTotals:
        """Return what the listed runs of a time amount to; `created_from_us` is included, `created_to_us` is not.

        Raises:
            IndexRebuilding: the index is not complete.
        """

        def count(name: str) -> dict[str, int]:
            counted = self._answers.ask(lambda: self._index.runs.counts_by(name, created_from_us, created_to_us))
            return {found.value: found.runs for found in counted}

        counts = {name: count(name) for name in COUNTED}
        first_us, last_us = self._answers.ask(lambda: self._index.runs.span(created_from_us, created_to_us))
        return RunLogTotals(sum(counts["status"].values()), first_us, last_us, counts)
