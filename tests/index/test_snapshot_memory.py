"""An answer that PostgreSQL's index remembers is always the one that asking again would give."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.index.postgres import PostgresIndex
from rmos.index.postgres_asker import MAX_ANSWERS
from rmos.index.schema import schema_of
from rmos.row_models import RunQuery, SessionQuery
from tests.helpers.postgres import find_server
from tests.index.backends import schema_for
from tests.index.rows import changed, complete, make_session_row
from tests.makers import US, make_row
from tests.trying import tries

SESSION = make_session_row(US).session_id
ROW = make_row(US, workflow_session_id=SESSION)


class Hosts(NamedTuple):
    """One index as three processes have it, and a connection by which somebody works on it by hand."""

    here: PostgresIndex
    there: PostgresIndex
    forgetful: PostgresIndex
    by_hand: psycopg.Connection[Any]


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    schema = schema_for(tmp_path)
    indexes = [PostgresIndex(find_server(18).url(schema), wanted=schema_of(None)) for _ in range(3)]
    with indexes[0].lock(wait_s=0):
        indexes[0].prepare()
        complete(indexes[0])
    with psycopg.connect(find_server(18).dsn, options=f"-csearch_path={schema}", autocommit=True) as by_hand:
        yield Hosts(*indexes, by_hand)
    for index in indexes:
        index.close()


def ask_all(index: PostgresIndex) -> list[Any]:
    """Ask for lists, and for what is counted; each answer comes with the state."""
    return [
        *(index.runs.page(query, limit=5) for query in (RunQuery(), RunQuery(status="OK", include_deleted=True))),
        index.runs.count(RunQuery()),
        index.runs.figures(SESSION),
        index.sessions.page(SessionQuery(), limit=5),
        index.runs.total("risk_level", None),
    ]


def happen(hosts: Hosts, what: str, number: int) -> None:
    """Let one thing happen."""
    row = make_row(US + number, run_id=f"run_{number:012x}", status=("OK", "BLOCKED")[number % 2])
    is_open = hosts.by_hand.info.transaction_status != psycopg.pq.TransactionStatus.IDLE
    if what in ("write here", "write there"):
        getattr(hosts, what.split()[1]).runs.upsert(
            [changed(row, workflow_session_id=(SESSION, None)[number % 3 // 2])]
        )
    elif what == "delete here":
        hosts.here.runs.upsert([changed(row, version=1, state="deleted")])
    elif what == "forget there":
        hosts.there.runs.forget([row.run_id])
    elif what == "session there":
        hosts.there.sessions.upsert([make_session_row(US + number)])
    elif what == "announce there":
        hosts.there.announcements.add(row.partition, row.run_id, number)
    elif what == "fall behind":
        hosts.there.fall_behind()
    elif what == "complete":
        with hosts.here.lock(wait_s=9):
            hosts.here.prepare()
            complete(hosts.here)
    elif what == "begin" and not is_open:
        hosts.by_hand.execute("BEGIN")
        hosts.by_hand.execute("UPDATE sessions SET summary = summary || ' '")
    elif what in ("COMMIT", "ROLLBACK") and is_open:
        hosts.by_hand.execute(what)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    *("write here", "write there", "delete here", "forget there", "announce there"),
                    *("begin", "COMMIT", "ROLLBACK", "fall behind", "complete", "nothing"),
                ]
            ),
            st.integers(0, 30),
        ),
        max_size=25,
    )
)
@settings(max_examples=tries(40))
def test_what_is_remembered_is_what_would_be_answered_anew(hosts: Hosts, happenings: list[tuple[str, int]]) -> None:
    hosts.here.sessions.upsert([make_session_row(US + number) for number in range(3)])
    for what, number in happenings:
        happen(hosts, what, number)
        hosts.forgetful._asker._remembered.clear()
        anew = ask_all(hosts.forgetful)
        for index in (hosts.here, hosts.there, hosts.there):
            assert ask_all(index) == anew, what
    if hosts.by_hand.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        hosts.by_hand.execute("ROLLBACK")


def test_a_list_that_is_asked_for_again_is_not_read_again(hosts: Hosts) -> None:
    hosts.here.runs.upsert([ROW])
    first = hosts.here.runs.page(RunQuery(), limit=50)
    assert hosts.here.runs.page(RunQuery(), limit=50) is first
    # What is not committed, or is taken back, is nothing that anybody could see.
    hosts.by_hand.execute("BEGIN")
    hosts.by_hand.execute("DELETE FROM runs")
    assert hosts.here.runs.page(RunQuery(), limit=50) is first
    hosts.by_hand.execute("COMMIT")
    assert hosts.here.runs.page(RunQuery(), limit=50).value.size == 0


def test_the_same_question_with_other_values_is_another_one_and_long_lists_are_not_remembered(hosts: Hosts) -> None:
    hosts.here.runs.upsert([ROW, make_row(US + 1, status="BLOCKED")])
    pages = [hosts.here.runs.page(RunQuery(status=status), limit=9).value for status in ("OK", "BLOCKED")]
    assert len({page.text for page in pages}) == 2
    assert hosts.here.runs.page(RunQuery(), limit=101) is not hosts.here.runs.page(RunQuery(), limit=101)


def test_the_oldest_of_many_answers_goes_first(hosts: Hosts) -> None:
    hosts.here.runs.upsert([ROW])
    asked = [hosts.here.runs.page(RunQuery(created_to_us=US + number), limit=5) for number in range(MAX_ANSWERS + 1)]
    assert len(hosts.here._asker._remembered) == MAX_ANSWERS
    assert hosts.here.runs.page(RunQuery(created_to_us=US + MAX_ANSWERS), limit=5) is asked[-1]
    assert hosts.here.runs.page(RunQuery(created_to_us=US), limit=5) is not asked[0]


def test_the_memory_is_of_one_server_since_it_began(hosts: Hosts) -> None:
    """After a crash the numbers of transactions that were lost are given again."""
    hosts.here.runs.upsert([ROW])
    first = hosts.here.runs.page(RunQuery(), limit=50)
    (held,) = hosts.here._pool._idle.connections
    held.server = held.server._replace(begun="later")
    again = hosts.here.runs.page(RunQuery(), limit=50)
    assert again == first
    assert again is not first
