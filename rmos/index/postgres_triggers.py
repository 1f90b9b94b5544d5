"""What PostgreSQL keeps beside the rows of runs as those are written: the tally, outcomes and what tools did in them.

    for statement in make_triggers():
        connection.execute(statement)

As in SQLite (`tallying`, `outcome_triggers`), whoever writes a row and however, all of this changes in its transaction.
A count is kept in slots, of which each connection uses one: on one row for a day and a colour all hosts would wait for
each other, and for a host that stopped in the middle. The view `tally` adds them up.
"""

from typing import Any, Final, get_type_hints

import msgspec

from rmos.index.postgres_dialect import KEYED, key_of, name_key
from rmos.index.tallying import TALLIED
from rmos.row_models import OutcomeRow, ToolWorkRow

_SLOTS: Final = 32
_TABLES: Final[dict[str, type[msgspec.Struct]]] = {"outcomes": OutcomeRow, "tool_work": ToolWorkRow}
"""Each is the table, and the column of `runs` that its rows stand in."""

VIEW: Final = """
CREATE VIEW tally AS SELECT name, partition, value, sum(runs)::bigint AS runs
FROM tally_slots GROUP BY name, partition, value
"""


def make_triggers() -> list[str]:
    """Return the statements that make the functions and their triggers."""
    watched = ("visibility", "partition", *TALLIED)
    statements = [_function("rmos_keep_tally", _keep_tally()), *_triggers("tally", watched, "visibility = 2")]
    for table in _TABLES:
        statements.append(_function(f"rmos_keep_{table}", _keep_rows(table)))
        statements += _triggers(table, (table, "visibility"), f"{table} IS NOT NULL")
    return statements


def _function(name: str, body: str) -> str:
    head = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$"
    return f"{head}\nBEGIN\n{body}\nRETURN NULL;\nEND $body$"


def _triggers(name: str, watched: tuple[str, ...], counts: str) -> list[str]:
    differs = " OR ".join(f"old.{column} IS DISTINCT FROM new.{column}" for column in watched)
    conditions = {"INSERT": f"new.{counts}", "DELETE": f"old.{counts}", "UPDATE": differs}
    return [
        f"CREATE TRIGGER {name}_{action.lower()} AFTER {action} ON runs FOR EACH ROW WHEN ({condition}) "
        f"EXECUTE FUNCTION rmos_keep_{name}()"
        for action, condition in conditions.items()
    ]


def _keep_tally() -> str:
    return "\n".join(
        f"""IF TG_OP <> '{other}' THEN IF {row}.visibility = 2 THEN
    INSERT INTO tally_slots (name, partition, value, value_key, slot, runs)
    SELECT counted.name, {row}.partition, counted.value, {key_of("counted.value")},
        pg_backend_pid() % {_SLOTS}, {change}
    FROM (VALUES {", ".join(f"('{name}', {row}.{name})" for name in TALLIED)}) AS counted (name, value)
    WHERE counted.value IS NOT NULL
    ON CONFLICT (name, partition, value_key, slot) DO UPDATE SET runs = tally_slots.runs + excluded.runs;
END IF; END IF;"""  # noqa: S608 (names of columns, of ours)
        for row, other, change in (("old", "INSERT", -1), ("new", "DELETE", 1))
    )


def _keep_rows(table: str) -> str:
    hints = get_type_hints(_TABLES[table])
    columns = ", ".join(hints)
    members = ", ".join(f"{name} {_sql_type(hint)}" for name, hint in hints.items())
    keys = ", ".join(map(name_key, KEYED[table]))
    of_texts = ", ".join(key_of(f"made.{name}") for name in KEYED[table])
    return f"""IF TG_OP <> 'INSERT' THEN
    DELETE FROM {table} WHERE run_id = old.run_id;
END IF;
IF TG_OP <> 'DELETE' THEN IF new.visibility = 2 AND new.{table} IS NOT NULL THEN
    INSERT INTO {table} (run_id, {columns}, {keys})
    SELECT new.run_id, {columns}, {of_texts}
    FROM json_to_recordset({_escaped(f"new.{table}")}::json) AS made ({members});
END IF; END IF;"""  # noqa: S608 (names of columns, of ours)


def _sql_type(hint: Any) -> str:
    return "bigint" if hint in (int, int | None) else "text"


def _escaped(column: str) -> str:
    """Return the SQL of a JSON text in which the members are escaped as `postgres_dialect.escape` does.

    JSON spells these two characters, unless the backslash is spelt itself.
    """
    spelt = column
    for before, after in (("\\u0001", "\\\\u0001\\\\u0002"), ("\\u0000", "\\\\u0001\\\\u0001")):
        spelt = rf"regexp_replace({spelt}, '(?<!\\)((?:\\\\)*)\{before}', '\1{after}', 'g')"
    return rf"(CASE WHEN position('\u000' IN {column}) = 0 THEN {column} ELSE {spelt} END)"
