"""What every index backend must do with sessions and with the figures of their runs; see `conftest.py`."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.errors.store import IndexBroken
from rmos.index.base import Index, KnownSession, RunFigures
from rmos.models import RunQuery, SessionQuery, SessionRow
from tests.index.rows import changed, make_session_row
from tests.makers import US, make_row
from tests.trying import tries

DAY = "2025-12-23"


def replaced(row: SessionRow, **over: Any) -> SessionRow:
    return msgspec.structs.replace(row, **over)


def listed(index: Index, **query: Any) -> list[str]:
    found = [one.session_id for one in index.session_page(SessionQuery(**query), limit=1000)]
    assert index.count_sessions(SessionQuery(**query)) == len(found)
    return found


def test_an_index_that_is_not_there_answers_nothing_on_sessions(open_again: Callable[[], Index]) -> None:
    index = open_again()
    asks: list[Callable[[], object]] = [
        lambda: index.upsert_sessions([make_session_row()]),
        lambda: index.find_session("ws_x"),
        lambda: index.session_page(SessionQuery(), limit=1),
        lambda: index.count_sessions(SessionQuery()),
        lambda: index.session_rows(DAY),
        lambda: index.forget_sessions(["ws_x"]),
        lambda: index.figures("ws_x"),
        lambda: index.brief_page(RunQuery(), limit=1),
        index.session_partitions,
        index.session_state_counts,
    ]
    for ask in asks:
        with pytest.raises(IndexBroken):
            ask()


def test_a_session_row_comes_back_as_it_was_written(index: Index) -> None:
    row = make_session_row(
        version=3, state="deleted", cascade=1, status="DELETED", user_id="Ébène", workflow_type="", summary='{"é":1}'
    )
    index.upsert_sessions([row])
    assert index.session_rows(DAY) == [(row, True)]
    assert index.find_session(row.session_id) == KnownSession(DAY, 3, "deleted", True)
    assert index.session_partitions() == [DAY]
    assert index.session_state_counts() == {"deleted": 1}
    index.forget_sessions([row.session_id])
    assert index.find_session(row.session_id) is None
    assert index.session_rows(DAY) == []


@given(st.permutations(range(5)))
@settings(max_examples=tries(15))
def test_session_rows_in_any_order_end_at_the_newest_version(index: Index, order: list[int]) -> None:
    row = make_session_row()
    for version in order:
        index.upsert_sessions([replaced(row, version=version, user_id=f"u{version}")])
    assert [found for found, _ in index.session_rows(DAY) if found.session_id == row.session_id] == [
        replaced(row, version=4, user_id="u4")
    ]
    index.upsert_sessions([replaced(row, version=4, user_id=None)])
    assert index.find_session(row.session_id) == KnownSession(DAY, 4, "live", False)


def test_an_altered_session_row_is_replaced_whatever_version_it_claims(index: Index) -> None:
    row = make_session_row()
    index.upsert_sessions([replaced(row, version=99)])
    index.upsert_sessions([row], instead_of={row.session_id: 98})
    assert index.find_session(row.session_id) == KnownSession(DAY, 99, "live", False)
    index.upsert_sessions([row], instead_of={row.session_id: 99})
    assert index.find_session(row.session_id) == KnownSession(DAY, 1, "live", False)


def test_sessions_are_listed_newest_first_by_state_and_filter(index: Index) -> None:
    rows = [make_session_row(US + number // 2, user_id="ab"[number % 2]) for number in range(8)]
    states = ("live", "deleted", "damaged", "missing")
    rows = [
        replaced(row, state=state, status={"live": "ACTIVE", "deleted": "DELETED"}.get(state))
        for row, state in zip(rows, states * 2, strict=True)
    ]
    index.upsert_sessions(rows)

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
    page = index.session_page(SessionQuery(), limit=2, offset=1)
    assert [one.session_id for one in page] == listed(index)[1:3]
    before = (page[0].created_us, page[0].session_id)
    assert [one.session_id for one in index.session_page(SessionQuery(), limit=9, before=before)] == listed(index)[2:]


def test_a_brief_page_lists_the_same_runs_as_a_page(index: Index) -> None:
    rows = [make_row(US + number // 2, workflow_session_id="ws_1", risk_level="AB"[number % 2]) for number in range(9)]
    rows.append(make_row(workflow_session_id="ws_2"))
    index.upsert([*rows, changed(rows[4], version=1, state="deleted")])
    for query in (
        RunQuery(),
        RunQuery(workflow_session_id="ws_1"),
        RunQuery(workflow_session_id="ws_1", risk_level="A"),
    ):
        brief = index.brief_page(query, limit=100)
        texts = index.page(query, limit=100).text.split(",\n")
        assert [f'{{"run_id": "{run.run_id}"}}' for run in brief] == texts
        assert len(brief) == index.count(query)
        rest = index.brief_page(query, limit=2, before=(brief[1].created_us, brief[1].run_id), offset=1)
        assert rest == brief[3:5]
    assert (brief[0].status, brief[0].tool_id, brief[0].mode) == ("OK", "router_6mm_2f", "router")


def test_figures_count_the_listed_runs_of_one_session(index: Index) -> None:
    def of(number: int, **over: Any) -> Any:
        return make_row(US + number, workflow_session_id="ws_1", **over)

    note = {"advisory_kinds": '{"note":1}', "explanation_status": "complete"}
    index.upsert(
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
    assert sorted(index.figures("ws_1"), key=str) == sorted(
        [
            RunFigures("complete", "GREEN", '{"note":1}', 2, 9),
            RunFigures(None, "GREEN", None, 1, None),
            RunFigures(None, "RED", None, 1, None),
            RunFigures(None, "ERROR", None, 1, None),
        ],
        key=str,
    )
    assert index.figures("ws_3") == []
