"""The rows of outcomes, and of what tools did in them: taken from the rows of their runs as those are written.

    for statement in make_outcome_triggers():
        connection.execute(statement)

A row of `runs` carries the outcomes of its run as JSON (`RunRow.outcomes`, `RunRow.tool_work`). Triggers keep the
tables `outcomes` and `tool_work`, so they change in the very transaction of the run, whoever writes that and however:
an append, a rebuild, a delete, a `forget`. A row that is not listed has no outcomes there. Runs without outcomes cost a
comparison.
"""

from typing import Any, Final, get_type_hints

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
    hints = get_type_hints(_TABLES[table])
    values = ", ".join(_extract(name, hint) for name, hint in hints.items())
    return (
        f"INSERT INTO {table} (run_id, {', '.join(hints)}) "  # noqa: S608 (names of columns, of ours)
        f"SELECT new.run_id, {values} FROM json_each({escaped_json(f'new.{table}')}) WHERE new.visibility = 2;"
    )


def _extract(name: str, hint: Any) -> str:
    value = f"json_extract(value, '$.{name}')"
    return value if hint in (int, int | None) else restored(value)


def escaped_json(text: str) -> str:
    """Return the SQL of a JSON text in which U+0000 is spelt otherwise: SQLite ends a text of JSON there.

    It is two of U+0001, and U+0001 is that and U+0002. What the backslash spells stays, as no backslash spells itself
    while two of them are a character that no JSON has in it.
    """
    spelt = rf"replace({text}, '\\', char(1))"
    for before, after in (("0001", r"\u0001\u0002"), ("0000", r"\u0001\u0001")):
        spelt = rf"replace({spelt}, '\u{before}', '{after}')"
    return rf"CASE WHEN instr({text}, '\u000') = 0 THEN {text} ELSE replace({spelt}, char(1), '\\') END"


def restored(value: str) -> str:
    """Return the SQL of a text out of such JSON."""
    return f"replace(replace({value}, char(1, 1), char(0)), char(1, 2), char(1))"
