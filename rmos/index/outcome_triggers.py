"""The rows of outcomes, and of what tools did in them: taken from the rows of their runs as those are written.

    for statement in make_outcome_triggers():
        connection.execute(statement)

A row of `runs` carries the outcomes of its run as JSON (`RunRow.outcomes`, `RunRow.tool_work`). Triggers keep the
tables `outcomes` and `tool_work`, so they change in the very transaction of the run, whoever writes that and however:
an append, a rebuild, a delete, a `forget`. A row that is not listed has no outcomes there. Runs without outcomes cost a
comparison.
"""

from typing import Final

import msgspec

from rmos.row_models import OutcomeRow, ToolWorkRow

_TABLES: Final[dict[str, type[msgspec.Struct]]] = {"outcomes": OutcomeRow, "tool_work": ToolWorkRow}
"""Each is the table, and the column of `runs` that its rows stand in."""


def make_outcome_triggers() -> list[str]:
    """Return the statements that make the triggers: rows are taken off as they were, and put in as they are."""
    return [statement for table in _TABLES for statement in _make_triggers(table)]


def _make_triggers(table: str) -> list[str]:
    differs = f"(old.{table} IS NOT new.{table} OR old.visibility IS NOT new.visibility)"
    take_off = f"DELETE FROM {table} WHERE run_id = old.run_id;"  # noqa: S608 (names of tables, of ours)
    put_in = _put_in(table)
    return [
        _make_trigger(f"{table}_inserted", "INSERT", f"new.{table} IS NOT NULL", put_in),
        _make_trigger(f"{table}_deleted", "DELETE", f"old.{table} IS NOT NULL", take_off),
        _make_trigger(f"{table}_updated", "UPDATE", differs, f"{take_off} {put_in}"),
    ]


def _make_trigger(name: str, action: str, when: str, body: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {action} ON runs WHEN {when} BEGIN {body} END"


def _put_in(table: str) -> str:
    columns = _TABLES[table].__struct_fields__
    values = ", ".join(f"json_extract(value, '$.{name}')" for name in columns)
    return (
        f"INSERT INTO {table} (run_id, {', '.join(columns)}) "  # noqa: S608 (names of columns, of ours)
        f"SELECT new.run_id, {values} FROM json_each(new.{table}) WHERE new.visibility = 2;"
    )
