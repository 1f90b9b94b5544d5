"""`/help`, `/help/rules/<id>`: the rules by which cuts are judged, as lessons, and what colours and keys mean."""

from datetime import date, timedelta
from typing import Final

from flask import Blueprint, Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.errors.records import RuleNotFound
from rmos.web.formats import spell_out
from rmos.web.lessons import name_number
from rmos.web.shell import render_page

bp = Blueprint("help_pages", __name__)

_WEEKS: Final = 6


@bp.get("/help")
@requires("viewer")
def show_help() -> Response:
    """Show how to read a decision, and all rules."""
    engines = current_rmos().engines
    own = [rule for engine_id, rule in engines.rules() if engine_id == engines.default_engine_id]
    return render_page("help.html", here="help", engine_id=engines.default_engine_id, rules=own)


@bp.get("/help/rules/<rule_id>")
@requires("viewer")
def show_rule(rule_id: str) -> Response:
    """Show one rule, as each engine has it, the default one first."""
    rmos = current_rmos()
    wanted = rule_id.upper()
    found = [(engine_id, rule) for engine_id, rule in rmos.engines.rules() if rule.id.upper() == wanted]
    if not found:
        raise RuleNotFound(
            "No engine of this service has such a rule; the page of help lists them.", rule_id=rule_id[:64]
        )
    today = date.fromisoformat(ids.partition_of(ids.now_us()))
    first = (today - timedelta(weeks=_WEEKS)).isoformat()
    counts = rmos.store.runs.tally("rule", first, today.isoformat())
    return render_page(
        "help_rule.html",
        here="help",
        title=spell_out(found[0][1].id),
        rule_id=found[0][1].id,
        versions=found,
        first=first,
        runs=sum(tallied.runs for tallied in counts if tallied.value.upper() == wanted),
        name_input=lambda path: name_number(path.rpartition(".")[2], ""),
    )
