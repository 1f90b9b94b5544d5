"""The rules that a decision names: what blocks a cut, and what to mind.

    find_rule(decision)        # "HEAT", the first one, by which lists are filtered
    list_rules(decision)       # all of them, in the order of what the decision says

Reasons and warnings begin with the rule that they come from, where one does.
"""

from collections.abc import Iterator
from typing import Final

from rmos.models import RunDecision

_RULES_OF_NAMES: Final = {"UNKNOWN_NAME": "unknown_names", "NEW_MODE": "new_mode"}
"""The rules that are no check of an engine, and the details that a decision has where they apply."""
_NOT_COVERED: Final = "NOT_COVERED"


def find_rule(decision: RunDecision) -> str | None:
    """Return the id of the first rule that blocks a cut or warns of it; None when no rule says anything against it.

    It is a check of the engine, what a trade has against a rosette, or a name that nobody knows.
    """
    return next(_yield_named(decision, _list_known(decision)), None)


def list_rules(decision: RunDecision) -> tuple[str, ...]:
    """Return the ids of all rules that block a cut or warn of it, and the codes of what its programs were found to do.

    Each once, in the order of the reasons.
    """
    if decision.block_reason is None and not decision.warnings:
        return ()
    known = _list_known(decision)
    if "cover" in decision.details:
        known.add(_NOT_COVERED)
    for program in decision.list_programs():
        findings = program.get("findings")
        known |= {item.get("code") for item in (findings if isinstance(findings, list) else ()) if _is_named(item)}
    return tuple(dict.fromkeys(_yield_named(decision, known)))


def _list_known(decision: RunDecision) -> set[object]:
    details = decision.details
    checks, trade = details.get("checks"), details.get("manufacture")
    known: set[object] = {item.get("code") for item in trade if _is_named(item)} if isinstance(trade, list) else set()
    known.update(rule for rule, member in _RULES_OF_NAMES.items() if member in details)
    if isinstance(checks, dict):
        known.update(checks)
    return known


def _is_named(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("code"), str)


def _yield_named(decision: RunDecision, known: set[object]) -> Iterator[str]:
    for text in (decision.block_reason, *decision.warnings):
        name = (text or "").partition(": ")[0]
        if name in known:
            yield name
