"""How many statements rows are to PostgreSQL, where a statement costs more than what it does with a row."""

from pathlib import Path

import msgspec
import pytest

from rmos.index.base import Index
from rmos.index.postgres import PostgresIndex
from tests.helpers.postgres import find_server
from tests.index.backends import postgres_18, schema_for
from tests.makers import US, make_row

COUNT = """
CREATE TABLE statements (text text);
CREATE FUNCTION note_statement() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO statements VALUES (current_query()); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT ON runs FOR EACH STATEMENT EXECUTE FUNCTION note_statement();
"""


@pytest.mark.parametrize("open_again", [postgres_18], indirect=True)
def test_a_hundred_rows_are_one_statement_and_two_rows_of_one_run_are_never_in_one(
    index: Index, tmp_path: Path
) -> None:
    schema = schema_for(tmp_path)
    find_server(18).execute(COUNT, schema=schema)
    rows = [make_row(US + number) for number in range(230)]
    newer = msgspec.structs.replace(rows[0], version=7)
    index.runs.upsert([*rows, newer])
    assert find_server(18).execute("SELECT count(*) FROM statements", schema=schema) == [(4,)]
    assert [row for row, _ in index.runs.rows(newer.partition)] == [newer, *rows[1:]]


@pytest.mark.parametrize("open_again", [postgres_18], indirect=True)
def test_the_row_of_one_record_its_announcement_and_the_look_at_the_state_are_one_statement(
    index: Index, tmp_path: Path
) -> None:
    """As a transaction of several it cost the server twice as much CPU time, and the client three times."""
    schema, row = schema_for(tmp_path), make_row(US)
    find_server(18).execute(COUNT, schema=schema)
    assert isinstance(index, PostgresIndex)
    index.announcements.add(row.partition, row.run_id, row.version)
    index.runs.upsert([row])
    ((text,),) = find_server(18).execute("SELECT text FROM statements", schema=schema)
    assert "DELETE FROM announced" in text
    assert "FROM index_state" in text
    assert index.announcements.older_than(-1) == []
    assert index.runs.rows(row.partition) == [(row, True)]
