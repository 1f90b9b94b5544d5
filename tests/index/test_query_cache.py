"""An answer from the query cache is always the one that asking again would give."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.index.query_cache import MAX_ANSWERS, QueryCache
from rmos.index.sqlite import SqliteIndex
from rmos.row_models import RunQuery, SessionQuery
from tests.index.files import ROWS, alter, open_sqlite
from tests.index.rows import changed, complete, ids_of, make_session_row
from tests.makers import US, make_row
from tests.store.processes import in_processes
from tests.trying import tries

SESSION = make_session_row(US).session_id


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def steps(index: SqliteIndex, question: RunQuery, *, limit: int = 50) -> list[str]:
    """Return the statements that SQLite runs for a page."""
    index.runs.count(RunQuery(status="OK"))  # so that a connection is at hand
    held = index._connections.held()
    seen: list[str] = []
    held.connection.set_trace_callback(seen.append)
    index.runs.page(question, limit=limit)
    held.connection.set_trace_callback(None)
    return seen


def test_a_page_asked_for_again_runs_no_query(filled: SqliteIndex) -> None:
    first = filled.runs.page(RunQuery(), limit=50).value
    assert steps(filled, RunQuery()) == ["PRAGMA data_version"]
    assert filled.runs.page(RunQuery(), limit=50).value is first


def test_a_question_with_other_values_is_another_question(filled: SqliteIndex) -> None:
    asked = [(RunQuery(status=status), limit) for status in ("OK", "ERROR") for limit in (1, 2)]
    pages = [filled.runs.page(query, limit=limit).value for query, limit in asked]
    again = [filled.runs.page(query, limit=limit).value for query, limit in asked]
    assert len(set(pages)) == 4
    assert again == pages
    before = (ROWS[9].created_us, ROWS[9].run_id)
    assert filled.runs.page(RunQuery(), limit=2, before=before).value != filled.runs.page(RunQuery(), limit=2).value
    assert filled.runs.page(RunQuery(), limit=2, offset=1).value != filled.runs.page(RunQuery(), limit=2).value


def test_long_pages_are_not_cached(filled: SqliteIndex) -> None:
    filled.runs.page(RunQuery(), limit=101)
    assert len(steps(filled, RunQuery(), limit=101)) == 1
    assert "SELECT" in steps(filled, RunQuery(), limit=101)[0]


def test_few_answers_are_kept_and_the_oldest_goes_first(connection: sqlite3.Connection) -> None:
    cache = QueryCache()
    for number in range(MAX_ANSWERS + 1):
        assert cache.answer(connection, number, lambda number=number: number) == number
    assert cache.answer(connection, MAX_ANSWERS, lambda: "anew") == MAX_ANSWERS
    assert cache.answer(connection, 0, lambda: "anew") == "anew"


def test_an_answer_that_failed_is_not_cached(connection: sqlite3.Connection) -> None:
    cache = QueryCache()

    def fail() -> None:
        raise sqlite3.OperationalError("interrupted")

    with pytest.raises(sqlite3.OperationalError):
        cache.answer(connection, "question", fail)
    assert cache.answer(connection, "question", lambda: "answer") == "answer"


def newest(index: SqliteIndex) -> list[str]:
    """Return the ids of the newest ten runs."""
    return ids_of(index.runs.page(RunQuery(), limit=10).value)


@pytest.mark.parametrize("writer", ["this thread", "another thread", "another process's connection", "by hand"])
def test_whoever_writes_a_row_the_next_answer_has_it(filled: SqliteIndex, tmp_path: Path, writer: str) -> None:
    other = open_sqlite(tmp_path)
    for number in range(20):
        before, count = newest(filled), filled.runs.count(RunQuery()).value
        row = make_row(US + 1000 + number)
        if writer == "this thread":
            filled.runs.upsert([row])
        elif writer == "another thread":

            def write(row: object = row) -> None:
                filled.runs.upsert([row])  # type: ignore[list-item]
                filled.close()

            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
        else:
            other.runs.upsert([row])
            if writer == "by hand":
                alter(tmp_path / "_index.sqlite", "DELETE FROM runs WHERE run_id = ?", before[0])
                before, count = before[1:], count - 1
        assert newest(filled)[:9] == [row.run_id, *before][:9]
        assert filled.runs.count(RunQuery()).value == count + 1
    other.close()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["write here", "write there", "delete here", "forget there", "session there", "nothing"]),
            st.integers(0, 30),
        ),
        max_size=40,
    )
)
@settings(max_examples=tries(120))
def test_what_is_cached_is_what_a_connection_without_a_cache_says(
    tmp_path_factory: pytest.TempPathFactory, happenings: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    here, there = open_sqlite(folder), open_sqlite(folder)
    here.prepare()
    complete(here)
    for what, number in happenings:
        row = make_row(
            US + number,
            run_id=f"run_{number:012x}",
            status=("OK", "BLOCKED")[number % 2],
            workflow_session_id=(SESSION, None)[number % 3 // 2],
        )
        if what.startswith("write"):
            (here if what == "write here" else there).runs.upsert([row])
        elif what == "delete here":
            here.runs.upsert([changed(row, version=1, state="deleted")])
        elif what == "forget there":
            there.runs.forget([row.run_id])
        elif what == "session there":
            there.sessions.upsert([make_session_row(US + number)])
        fresh = open_sqlite(folder)
        for asked in (here, there):
            # No more questions than are kept, or none would be cached.
            for query in (RunQuery(), RunQuery(status="OK", include_deleted=True)):
                assert asked.runs.page(query, limit=5) == fresh.runs.page(query, limit=5)
                assert asked.runs.count(query) == fresh.runs.count(query)
            assert asked.runs.figures(SESSION) == fresh.runs.figures(SESSION)
            assert asked.sessions.page(SessionQuery(), limit=5) == fresh.sessions.page(SessionQuery(), limit=5)
            assert asked.sessions.count(SessionQuery()) == fresh.sessions.count(SessionQuery())
        fresh.close()
    here.close()
    there.close()


def watch(argument: tuple[Path, int]) -> int:
    """Ask for pages until the folder says stop; each must have what was written before it was asked for."""
    folder, _ = argument
    index = open_sqlite(folder)
    asked = 0
    while not (folder / "stop").exists():
        told = int((folder / "written").read_text() or 0) if (folder / "written").exists() else 0
        assert index.runs.page(RunQuery(), limit=90).value.size >= min(told, 90)
        asked += 1
    index.close()
    return asked


def write(argument: tuple[Path, int]) -> int:
    """Write rows one by one, and say after each how many there are."""
    folder, _ = argument
    index = open_sqlite(folder)
    for number in range(90):
        index.runs.upsert([make_row(US + number)])
        (folder / "written.new").write_text(str(number + 1))
        (folder / "written.new").rename(folder / "written")
    (folder / "stop").touch()
    index.close()
    return 0


def work(argument: tuple[Path, int]) -> int:
    return write(argument) if argument[1] == 0 else watch(argument)


def test_what_one_process_has_written_the_next_answer_of_every_other_has(tmp_path: Path) -> None:
    index = open_sqlite(tmp_path)
    index.prepare()
    index.close()
    asked = in_processes(work, [(tmp_path, worker) for worker in range(3)])
    assert min(asked[1:]) > 0
