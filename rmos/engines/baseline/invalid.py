"""INVALID_INPUT: what cannot be what was meant is never evaluated by."""

from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.inputs import CutInputs
from rmos.engines.baseline.scoring import GATE
from rmos.engines.rules import Rule

_PROBLEMS_SHOWN: Final = 8

INVALID_INPUT: Final = Rule(
    id="INVALID_INPUT",
    category=GATE,
    question="Can every input be what was meant?",
    formula="numbers finite, positive and real; types and names as documented; nothing that contradicts itself",
    unit="",
    limits={"RED": "any input that cannot be used"},
    source="RMOS policy: a cut is never judged on an input that cannot be what was meant",
    hint="Correct the inputs that are named and send the cut again.",
)


def invalid_input(cut: Cut) -> Assessment | None:
    """Return the RED assessment that names every input which cannot be used, None when all can."""
    return refusal_of(cut.inputs)


def refusal_of(inputs: CutInputs) -> Assessment | None:
    """Return the RED assessment that names every input which cannot be used, None when all can."""
    problems = inputs.problems
    if not problems:
        return None
    messages = list(problems.values())
    more = f"; and {len(messages) - _PROBLEMS_SHOWN} more" if len(messages) > _PROBLEMS_SHOWN else ""
    return Assessment(
        id=INVALID_INPUT.id,
        category=GATE,
        risk="RED",
        message="; ".join(messages[:_PROBLEMS_SHOWN]) + more,
        source=INVALID_INPUT.source,
        score=0.0,
        inputs_used=sorted(problems),
        suggestion="correct these inputs and send the cut again",
    )
