"""How many listed runs of each partition have which colour and which rule: counted as rows are written.

    for statement in make_triggers():
        connection.execute(statement)

Triggers of the table `runs` keep the table `tally`, so a count changes in the very transaction of its row, whoever
writes that and however: an upsert, a rebuild, a `forget`. To count over the rows themselves costs a CPU second for a
quarter of a million of them; three years of a shop are some five thousand counts.
"""

from typing import Final

TALLIED: Final = ("risk_level", "rule")
"""The columns whose values are counted."""


def make_triggers() -> list[str]:
    """Return the statements that make the triggers: a row that changes is taken off as it was, and added as it is."""
    watched = ("visibility", "partition", *TALLIED)
    differs = " OR ".join(f"old.{name} IS NOT new.{name}" for name in watched)
    return [
        _make_trigger("inserted", "INSERT", "new.visibility = 2", _add()),
        _make_trigger("deleted", "DELETE", "old.visibility = 2", _take_off()),
        _make_trigger("updated_old", "UPDATE", f"old.visibility = 2 AND ({differs})", _take_off()),
        _make_trigger("updated_new", "UPDATE", f"new.visibility = 2 AND ({differs})", _add()),
    ]


def _make_trigger(name: str, action: str, when: str, body: str) -> str:
    return f"CREATE TRIGGER runs_{name} AFTER {action} ON runs WHEN {when} BEGIN {body} END"


def _add() -> str:
    return " ".join(
        f"INSERT INTO tally SELECT '{name}', new.partition, new.{name}, 1 WHERE new.{name} IS NOT NULL "
        "ON CONFLICT DO UPDATE SET runs = runs + 1;"
        for name in TALLIED
    )


def _take_off() -> str:
    # A count of nothing stays: of two triggers the one that adds may come first or last. Readers leave it out.
    return " ".join(
        f"UPDATE tally SET runs = runs - 1 WHERE name = '{name}' "  # noqa: S608 (names of columns, of ours)
        f"AND partition = old.partition AND value = old.{name};"
        for name in TALLIED
    )
