"""The keys of texts, which statements write beside them: each is that of its text, whatever wrote the row and its text.

No constraint of the database says so, as one would cost each row what a generated column does.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.index import postgres_schema
from rmos.index.base import Index
from rmos.index.postgres_dialect import KEYED, escape, key_of, name_key
from rmos.index.schema import EQUAL_FILTERS, OUTCOME_FILTERS, SESSION_FILTERS
from rmos.row_models import ToolWorkRow
from tests.helpers.postgres import find_server
from tests.index.backends import postgres_18, schema_for
from tests.index.outcome_rows import RUNS, make_outcome_row, with_outcomes
from tests.index.rows import changed, complete, make_session_row
from tests.makers import US, make_row

LENGTHS: Final = (0, 1, 31, 63, 64, 95, 96, 97, 126, 127, 128, 129, 700)
CHARACTERS: Final = "7éþ€𝄞\x00\x01\x02\\'"
"""Of one to four bytes, none of which a row folds; and what is escaped."""
TEXTS: Final = [(character * length)[:length] for character in (*CHARACTERS, "7\x00𝄞") for length in LENGTHS]
OTHERS: Final = TEXTS[::-1]


in_postgres = pytest.mark.parametrize("open_again", [postgres_18], indirect=True)


@pytest.fixture
def schema(tmp_path: Path) -> str:
    return schema_for(tmp_path)


def make_key(held: str) -> str:
    """Return the key of a text as PostgreSQL holds it."""
    return held if len(held) < 128 else held[:96] + hashlib.md5(held.encode(), usedforsecurity=False).hexdigest()


def assert_keys(schema: str, table: str, texts: list[str]) -> None:
    """Assert that these texts stand in each column of a table that has keys, each with its own."""
    wanted = {(escape(text), make_key(escape(text))) for text in texts}
    for name in (*KEYED.get(table, ()), *(["value"] if table == "tally_slots" else [])):
        found = find_server(18).execute(f"SELECT {name}, {name_key(name)} FROM {table}", schema=schema)
        assert set(found) == wanted, (table, name)


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection[Any]]:
    """A connection to any database."""
    with psycopg.connect(find_server(18).dsn, autocommit=True) as connection:
        yield connection


@given(
    st.builds(
        lambda text, length: (text * length)[:length],
        st.text(CHARACTERS, min_size=1) | st.text(min_size=1),
        st.integers(90, 140) | st.sampled_from(LENGTHS),
    )
)
def test_a_key_is_what_it_is_said_to_be_and_fits_an_index(connection: psycopg.Connection[Any], text: str) -> None:
    held = escape(text)
    ((key,),) = connection.execute(cast(Any, f"SELECT {key_of('text')} FROM (SELECT %s::text) AS _ (text)"), (held,))
    assert key == make_key(held)
    assert len(key.encode()) <= 4 * 128 < 2704 / 4


@in_postgres
def test_the_keys_of_a_run_are_those_of_its_texts_whatever_wrote_it(index: Index, schema: str) -> None:
    """In bulk, one by one, newer ones in the place of others, and those of a damaged record."""
    rows = [make_row(US + number, **dict.fromkeys(EQUAL_FILTERS, text)) for number, text in enumerate(TEXTS)]
    newer = [
        changed(row, version=1, state="damaged", **dict.fromkeys(EQUAL_FILTERS, text))
        for row, text in zip(rows, OTHERS, strict=True)
    ]
    index.runs.upsert(rows)
    assert_keys(schema, "runs", TEXTS)
    for row, other in zip(rows, newer, strict=True):
        index.runs.upsert([other if row.created_us % 2 else changed(other, state="live")])
    texts = [row.status for row in newer]
    assert_keys(schema, "runs", texts)
    assert [row.status for row, _ in index.runs.rows(rows[0].partition)] == texts
    index.runs.upsert([changed(row, version=2) for row in rows])
    assert_keys(schema, "runs", TEXTS)
    assert_keys(schema, "tally_slots", TEXTS)


@in_postgres
def test_the_keys_of_a_session_are_those_of_its_texts(index: Index, schema: str) -> None:
    rows = [make_session_row(US + number, **dict.fromkeys(SESSION_FILTERS, text)) for number, text in enumerate(TEXTS)]
    index.sessions.upsert([changed(row, version=0, status="before", user_id="before") for row in rows])
    index.sessions.upsert(rows)
    assert_keys(schema, "sessions", TEXTS)


@in_postgres
def test_the_keys_of_what_triggers_write_are_those_of_its_texts(index: Index, schema: str) -> None:
    outcomes, done = [], []
    for number, text in enumerate(TEXTS):
        outcomes.append(make_outcome_row(number, **dict.fromkeys((*OUTCOME_FILTERS, "reason_code"), text)))
        work: dict[str, Any] = {"outcome_id": "o", "created_us": US, "worked_ms": 5, "cut_um": 6, "broke": 0}
        done.append(ToolWorkRow(**work, tool_id=text, serial=text, marked=None))
    run = with_outcomes(RUNS[0], *outcomes, tool_work=msgspec.json.encode(done).decode())
    for version in (0, 1):
        index.runs.upsert([changed(run, version=version)])
        assert_keys(schema, "outcomes", TEXTS)
        assert_keys(schema, "tool_work", TEXTS)


@in_postgres
def test_no_statement_has_expressions_of_columns_to_plan_anew(index: Index, schema: str) -> None:
    """Seventeen of them cost a third of what a row of a run costs the server."""
    of_ours = (
        "SELECT relname, attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid WHERE attgenerated <> ''"
    )
    assert find_server(18).execute(f"{of_ours} AND relnamespace = '{schema}'::regnamespace") == []


@in_postgres
@pytest.mark.parametrize("generated", [True, False])
def test_an_index_that_was_made_by_other_columns_is_made_again(
    index: Index, schema: str, monkeypatch: pytest.MonkeyPatch, generated: bool
) -> None:
    older = [
        text.replace("status_key TEXT", "status_key TEXT GENERATED ALWAYS AS (left(status, 9)) STORED, was TEXT")
        if generated
        else text
        for text in postgres_schema.CREATE
    ]
    monkeypatch.setattr(postgres_schema, "CREATE", older)
    tables = postgres_schema.postgres_tables_digest.__wrapped__()
    find_server(18).execute(f"UPDATE index_state SET tables = '{tables}', release = '0'", schema=schema)
    assert index.prepare() is generated
    complete(index)
    assert index.state().complete
