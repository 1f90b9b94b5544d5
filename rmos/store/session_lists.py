"""Workflow sessions in lists and figures: from the index alone, and in full or not at all.

lists.page(SessionQuery(status="ACTIVE"), limit=50)
lists.figures(session_id)
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from rmos import ids
from rmos.index.base import Index, RunFigures
from rmos.row_models import AdvisoryFigures, Page, SessionQuery
from rmos.store.complete import CompleteAnswers

_kinds: Final = msgspec.json.Decoder(dict[str, int])


class SessionLists:
    """Lists and figures of one store's sessions, from its index."""

    def __init__(self, index: Index, answers: CompleteAnswers) -> None:
        self._index = index
        self._answers = answers

    def page(
        self,
        query: SessionQuery,
        *,
        limit: int,
        cursor: str | None = None,
        offset: int = 0,
        include_total: bool = False,
    ) -> Page:
        """Return one page of sessions, newest first, from the index alone.

        Raises:
            BadCursor: the cursor is not one of ours.
            IndexRebuilding: the index is not complete; no answer is ever silently short.
        """
        before = None if cursor is None else ids.read_cursor(cursor, is_id=ids.is_session_id)
        return self._answers.read_page(
            self._index.sessions, query, before=before, limit=limit, offset=offset, include_total=include_total
        )

    def figures(self, session_id: str) -> AdvisoryFigures:
        """Return what the listed runs of a session amount to, from the index alone.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        return _add_up(self._answers.ask(lambda: self._index.runs.figures(session_id)))


def _add_up(rows: Sequence[RunFigures]) -> AdvisoryFigures:
    statuses: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    risks: Counter[str] = Counter()
    for row in rows:
        statuses[row.explanation_status or "none"] += row.runs
        risks[row.risk_level] += row.runs
        counts = {} if row.advisory_kinds is None else _kinds.decode(row.advisory_kinds)
        kinds.update({kind: number * row.runs for kind, number in counts.items()})
    return AdvisoryFigures(
        total_runs=sum(row.runs for row in rows),
        explanation_status_counts=dict(sorted(statuses.items())),
        advisory_kind_counts=dict(sorted(kinds.items())),
        risk_level_counts=dict(sorted(risks.items())),
        latest_advisory_us=max((row.latest_advisory_us or 0 for row in rows), default=0) or None,
    )
