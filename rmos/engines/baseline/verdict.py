"""How a check says what it found: evaluated, with a number against a limit, or not evaluated for want of inputs."""

import msgspec

from rmos.engines.base import Assessment, Risk
from rmos.engines.baseline.cut import Cut
from rmos.engines.rules import Rule

LARGEST_VALUE = 1e15
"""No record carries a larger value; formulas can give one for cuts that no machine can make."""


class Grade(msgspec.Struct, frozen=True, gc=False):
    """Colour and score of a value, and the limit where GREEN ends; `at_most` tells on which side of it is better."""

    risk: Risk
    score: float
    limit: float
    at_most: bool = True


def make_unknown(cut: Cut, rule: Rule, absent: list[str]) -> Assessment:
    """Return the assessment of a check that lacks inputs: UNKNOWN, with no score."""
    names = [cut.inputs.shown(path) for path in absent]
    verb = "is" if len(names) == 1 else "are"
    return Assessment(
        id=rule.id,
        category=rule.category,
        risk="UNKNOWN",
        message=f"not judged: {', '.join(names)} {verb} missing or cannot be used",
        source=rule.source,
        unit=rule.unit,
        inputs_used=absent,
    )


def make_assessment(
    cut: Cut,
    rule: Rule,
    grade: Grade,
    value: float,
    finding: str,
    *,
    used: tuple[str, ...],
    suggestion: str | None = None,
    unit: str | None = None,
) -> Assessment:
    """Return the assessment of a check with its margin to the GREEN limit, naming those of `used` that were there."""
    value, sent = min(value, LARGEST_VALUE), cut.sent
    return Assessment(
        id=rule.id,
        category=rule.category,
        risk=grade.risk,
        message=finding if suggestion is None else f"{finding}: {suggestion}",
        source=rule.source,
        value=value,
        unit=rule.unit if unit is None else unit,
        limit=grade.limit,
        margin=grade.limit - value if grade.at_most else value - grade.limit,
        score=round(grade.score, 1),
        inputs_used=list(filter(sent.__contains__, used)),
        suggestion=suggestion,
    )
