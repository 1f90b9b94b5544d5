"""What every index backend must list of sessions, and what their runs amount to; see `conftest.py`."""

import json
from typing import Any

from rmos.index.base import Index, RunFigures
from rmos.row_models import SessionQuery
from tests.index.rows import changed, make_session_row
from tests.makers import US, make_row


def listed(index: Index, **query: Any) -> list[str]:
    page = index.sessions.page(SessionQuery(**query), limit=1000).value
    found = [session["session_id"] for session in json.loads(f"[{page.text}]")]
    assert index.sessions.count(SessionQuery(**query)).value == page.size == len(found)
    return found


def test_sessions_are_listed_newest_first_by_state_and_filter(index: Index) -> None:
    rows = [make_session_row(US + number // 2, user_id="ab"[number % 2]) for number in range(8)]
    states = ("live", "deleted", "damaged", "missing")
    rows = [
        changed(row, state=state, status={"live": "ACTIVE", "deleted": "DELETED"}.get(state))
        for row, state in zip(rows, states * 2, strict=True)
    ]
    index.sessions.upsert(rows)

    def of(*numbers: int) -> list[str]:
        chosen = [rows[number] for number in numbers]
        return [
            row.session_id for row in sorted(chosen, key=lambda row: (row.created_us, row.session_id), reverse=True)
        ]

    assert listed(index) == of(0, 2, 4, 6)
    assert listed(index, include_deleted=True) == of(0, 1, 2, 4, 5, 6)
    assert listed(index, status="DELETED") == of(1, 5)
    assert listed(index, status="ACTIVE") == of(0, 4)
    assert listed(index, user_id="a") == of(0, 2, 4, 6)
    assert listed(index, user_id="b") == []
    assert listed(index, workflow_state="draft", since_us=US + 1, until_us=US + 3) == of(2, 4)
    assert listed(index, workflow_type="x") == []


def test_figures_count_the_listed_runs_of_one_session(index: Index) -> None:
    def of(number: int, **over: Any) -> Any:
        return make_row(US + number, workflow_session_id="ws_1", **over)

    note = {"advisory_kinds": '{"note":1}', "explanation_status": "complete"}
    index.runs.upsert(
        [
            of(0, **note, latest_advisory_us=5),
            of(1, **note, latest_advisory_us=9),
            of(2, **note, latest_advisory_us=99, state="deleted"),
            of(3, **note, latest_advisory_us=99, state="missing"),
            of(4),
            of(5, risk_level="RED"),
            of(6, risk_level="ERROR", state="damaged"),
            make_row(US, workflow_session_id="ws_2", **note),
            make_row(US),
        ]
    )
    assert sorted(index.runs.figures("ws_1").value, key=str) == sorted(
        [
            RunFigures("complete", "GREEN", '{"note":1}', 2, 9),
            RunFigures(None, "GREEN", None, 1, None),
            RunFigures(None, "RED", None, 1, None),
            RunFigures(None, "ERROR", None, 1, None),
        ],
        key=str,
    )
    assert index.runs.figures("ws_3").value == []
