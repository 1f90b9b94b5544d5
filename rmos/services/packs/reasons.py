"""What speaks against a cut, as an operator reads it on paper.

list_reasons(run.decision)      # ["Hold down: not evaluated: hold down pressure (kPa) is missing …"]
"""

import re
from collections.abc import Sequence
from typing import Final

from rmos.models import RunDecision
from rmos.services.packs.texts import clean_line, spell, spell_member

_MOST_LINES: Final = 10
"""What a sheet tells of them; the record has them all."""
_OF_LINE: Final = re.compile(r" \(line \d+ of the program\)$")
_RULE: Final = re.compile(r"(?<=, )[A-Z][A-Z_]+(?=: )")
"""A rule that is not what a reason begins with: `soundhole: YELLOW, HOLD_DOWN: not evaluated`."""
_MEMBER: Final = re.compile(r"\b(?:context|design)\.([a-z0-9_]+(?:\.[a-z0-9_]+)*)")


def list_reasons(decision: RunDecision) -> list[str]:
    """Return what speaks against the cut, a line each, without what is said twice."""
    reasons = _leave_out_repeated([*([decision.block_reason] if decision.block_reason else []), *decision.warnings])
    lines = [clean_line(_spell_rule(text), 260) for text in reasons[:_MOST_LINES]]
    if len(reasons) > _MOST_LINES:
        lines.append(f"{len(reasons) - _MOST_LINES} more in decision.json")
    return lines


def _leave_out_repeated(reasons: Sequence[str]) -> list[str]:
    """Return the reasons without those that say of a line of the program what one before says of the cut."""
    return [reason for place, reason in enumerate(reasons) if _OF_LINE.sub("", reason) not in reasons[:place]]


def _spell_rule(text: str) -> str:
    """Return a reason with the rule that it begins with, and the members that it names, as words."""
    rule, colon, rest = text.partition(": ")
    text = f"{spell(rule)}: {rest}" if colon and rule.isupper() else text
    text = _RULE.sub(lambda found: spell(found[0]).lower(), text)
    return _MEMBER.sub(lambda found: spell_member(found[1]), text)
