"""How many statements rows in bulk are to PostgreSQL, where a statement costs more than what it does with a row."""

from pathlib import Path

import msgspec
import pytest

from rmos.index.base import Index
from tests.helpers.postgres import find_server
from tests.index.backends import postgres_18, schema_for
from tests.makers import US, make_row

COUNT = """
CREATE TABLE statements (n int);
CREATE FUNCTION note_statement() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO statements VALUES (1); RETURN NULL; END $$;
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
