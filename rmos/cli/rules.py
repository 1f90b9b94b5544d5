"""`rmos rules`: what a cut is evaluated by."""

from collections.abc import Sequence
from typing import Final

import click
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.output import emit, json_option, say, say_table
from rmos.cli.tables import Column
from rmos.context import current_rmos
from rmos.engines.rules import Rule

_INDENT = " " * 14


_COLUMNS: Final = (
    Column("RULE"),
    Column("ENGINE", spare=True),
    Column("GROUP", spare=True),
    Column("WEIGHT", number=True, spare=True),
    Column("QUESTION"),
)


@click.command("rules")
@click.argument("rule_id", metavar="[ID]", required=False)
@json_option
@with_appcontext
def rules(rule_id: str | None, as_json: bool) -> int:
    """List the rules that a cut is evaluated by, or explain one.

    Each assessment of a run carries the id of its rule: its formula, where
    GREEN, YELLOW and RED begin, where that comes from and what helps. Opens
    no store and changes nothing.

    \b
    Exit codes: 0 shown, 1 there is no such rule, 2 usage, 130 interrupted.
    """
    engines = current_rmos().engines
    if rule_id is None:
        known = engines.rules()
        if as_json:
            emit({"items": [rule.members(engine_id) for engine_id, rule in known]})
        else:
            _say_all(known)
        return DONE
    engine_id, rule = engines.rule(rule_id.upper() if rule_id.islower() else rule_id)
    if as_json:
        emit(rule.members(engine_id))
    else:
        _say_one(engine_id, rule)
    return DONE


def _say_all(known: Sequence[tuple[str, Rule]]) -> None:
    rows = [
        [rule.id, engine_id, rule.category, "" if rule.weight is None else f"{rule.weight:.2f}", rule.question]
        for engine_id, rule in known
    ]
    say_table(_COLUMNS, rows)
    say("`rmos rules ID` explains one.")


def _say_one(engine_id: str, rule: Rule) -> None:
    say(f"Rule {rule.id}: {rule.question}")
    group = f"{rule.category}: can only lower the score"
    if rule.weight is not None:
        group = f"{rule.category}, weight {rule.weight:.2f}"
    rows = [("engine", engine_id), ("group", group), ("formula", rule.formula), ("unit", rule.unit)]
    rows += [(colour, limit) for colour, limit in rule.limits.items()]
    rows += [("source", rule.source), ("hint", rule.hint)]
    rows += [("inputs", ", ".join(rule.inputs)), ("runs for", ", ".join(rule.operations))]
    for name, text in rows:
        if text:
            say(f"  {name:<11} {text}", hang=_INDENT)
