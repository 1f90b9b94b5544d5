"""The colour of a cut and the rule that decides it, without a word: what a map needs of each of its places.

    colour_cut(open_cut(design, context, materials))        # CutColour("YELLOW", "DEFLECTION")

It is what the engine finds and `decide` makes of it, for a tenth of the time: no message is written and no advice
searched for. A test compares the two cut by cut.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from rmos.engines.base import Risk, Status
from rmos.engines.baseline.invalid import INVALID_INPUT
from rmos.engines.baseline.scoring import GROUP_WEIGHTS
from rmos.engines.baseline_v2.check_plan import CHECKS
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.engine import grade
from rmos.engines.baseline_v2.fields import DRAWN
from rmos.engines.decision import rank_blocker

_JUDGES: Final = frozenset(GROUP_WEIGHTS) - {"yield"}
"""Groups of which one at least has to be evaluated; how much of a blank is used says nothing of the cut."""
_CATEGORIES: Final[Mapping[str, str]] = {
    check.rule.id: check.rule.category for plan in CHECKS.values() for check in plan
}


class CutColour(NamedTuple):
    """A colour, and the first rule that blocks or warns; None when all is GREEN."""

    risk: Status
    rule: str | None


def colour_cut(cut: Cut) -> CutColour:
    """Return what would be decided on a cut."""
    verdicts, lacking = grade(cut)
    risks: dict[str, Risk] = {name: verdict.risk for name, verdict in verdicts.items()}
    risks |= dict.fromkeys(lacking, "UNKNOWN")
    if cut.inputs.problems:
        risks[INVALID_INPUT.id] = "RED"
    blockers = [name for name, risk in risks.items() if risk == "RED"]
    if blockers:
        return CutColour("RED", min(blockers, key=rank_blocker))
    warnings = [name for name, risk in risks.items() if risk != "GREEN"]
    if not any(_CATEGORIES[name] in _JUDGES for name in verdicts):
        is_drawing = cut.operation == DRAWN and not risks
        return CutColour("GREEN" if is_drawing else "UNKNOWN", min(warnings, default=None))
    return CutColour("YELLOW", min(warnings)) if warnings else CutColour("GREEN", None)
