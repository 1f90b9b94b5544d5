"""The rows of outcomes: taken from the rows of their runs as those are written.

    for statement in make_outcome_triggers():
        connection.execute(statement)

A row of `runs` carries the outcomes of its run as JSON (`RunRow.outcomes`). Triggers keep the table `outcomes`, so it
changes in the very transaction of its run, whoever writes that and however: an append, a rebuild, a delete, a `forget`.
A row that is not listed has no outcomes there. Runs without outcomes cost a comparison.
"""

from typing import Final

from rmos.row_models import OutcomeRow

_OF_RUN: Final = "new.run_id"


def make_outcome_triggers() -> list[str]:
    """Return the statements that make the triggers: outcomes are taken off as they were, and put in as they are."""
    differs = "(old.outcomes IS NOT new.outcomes OR old.visibility IS NOT new.visibility)"
    return [
        _make_trigger("inserted", "INSERT", "new.outcomes IS NOT NULL", _put_in()),
        _make_trigger("deleted", "DELETE", "old.outcomes IS NOT NULL", _take_off()),
        _make_trigger("updated", "UPDATE", differs, f"{_take_off()} {_put_in()}"),
    ]


def _make_trigger(name: str, action: str, when: str, body: str) -> str:
    return f"CREATE TRIGGER outcomes_{name} AFTER {action} ON runs WHEN {when} BEGIN {body} END"


def _put_in() -> str:
    columns = OutcomeRow.__struct_fields__
    values = ", ".join(f"json_extract(value, '$.{name}')" for name in columns)
    return (
        f"INSERT INTO outcomes (run_id, {', '.join(columns)}) "  # noqa: S608 (names of columns, of ours)
        f"SELECT {_OF_RUN}, {values} FROM json_each(new.outcomes) WHERE new.visibility = 2;"
    )


def _take_off() -> str:
    return "DELETE FROM outcomes WHERE run_id = old.run_id;"
