"""A verdict on one number: colour and score come out of one function, so they cannot disagree.

    verdict = at_most(value, green, yellow)
    verdict.risk, verdict.score

Scores are the curve of the engine before: 100 at half of the GREEN limit, 80 at the limit, 79 to 40 over YELLOW, 39 to
0 up to twice the YELLOW limit (RMOS policy).
"""

import functools
from collections.abc import Callable
from typing import Final

import msgspec

from rmos.engines.base import Assessment, Better, Risk
from rmos.engines.baseline.scoring import TOLERANCE, YELLOW_AT_LEAST, grade_used
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.rules import Rule

LARGEST_VALUE: Final = 1e15
"""No record carries a larger value; formulas can give one for cuts that no machine can make."""
CENTRE: Final = "centre"
"""The part of a verdict that says that the cutter does not cut at its centre."""
SEVERITY: Final[dict[Risk, int]] = {"GREEN": 0, "YELLOW": 1, "UNKNOWN": 1, "RED": 2}


class CheckVerdict(msgspec.Struct, frozen=True, gc=False):
    """What came of one check: its number, where GREEN ends, on which side of that it is better, colour and score.

    `part` names which of several things decided, `unit` its unit when the rule's is another one. `yellow` is where
    YELLOW ends, None where it has no end. Of a window `other` has the limits of the side that did not decide.
    """

    value: float
    limit: float
    is_most: bool
    risk: Risk
    score: float
    part: str = ""
    unit: str = ""
    yellow: float | None = None
    other: tuple[float, float | None] | None = None


class Check(msgspec.Struct, frozen=True):
    """One check: its rule, what it needs, how it grades a cut and how it tells what it found.

    `applies` tells whether it is asked at all, `grade` gives None where it has nothing to say. `moves` tells whether
    feed, speed, depth of a pass or stick-out change its verdict; only such checks are asked again for maps and advice.
    """

    rule: Rule
    needs: tuple[str, ...]
    grade: Callable[[Cut], CheckVerdict | None]
    describe: Callable[[Cut, CheckVerdict], str]
    moves: bool = True
    applies: Callable[[Cut], bool] | None = None

    def ask(self, cut: Cut) -> CheckVerdict | None:
        """Return what comes of a cut that has the inputs, None where the check has nothing to say of it."""
        return None if self.applies is not None and not self.applies(cut) else self.grade(cut)


def at_most(value: float, green: float, yellow: float, part: str = "", unit: str = "") -> CheckVerdict:
    """Return the verdict on a value that should not be more than `green` and must not be more than `yellow`."""
    risk, score = grade_used(value / green, yellow / green, TOLERANCE)
    return CheckVerdict(value, green, True, risk, score, part, unit, yellow)


def at_least(value: float, green: float, yellow: float, part: str = "", unit: str = "") -> CheckVerdict:
    """Return the verdict on a value that should not be less than `green` and must not be less than `yellow`."""
    risk, score = grade_used(green / value, green / yellow, TOLERANCE) if value > 0 else ("RED", 0.0)
    return CheckVerdict(value, green, False, risk, score, part, unit, yellow)


def not_red(verdict: CheckVerdict) -> CheckVerdict:
    """Return a verdict for which YELLOW has no end."""
    risk, score = (verdict.risk, verdict.score) if verdict.risk != "RED" else ("YELLOW", YELLOW_AT_LEAST)
    return CheckVerdict(verdict.value, verdict.limit, verdict.is_most, risk, score, verdict.part, verdict.unit)


def within(low: CheckVerdict, high: CheckVerdict) -> CheckVerdict:
    """Return the worse of the verdicts on both ends of a window, with the limits of the other end."""
    verdict, other = (low, high) if worst(low, high) is low else (high, low)
    ends = (other.limit, other.yellow)
    return CheckVerdict(
        verdict.value, verdict.limit, verdict.is_most, verdict.risk, verdict.score, yellow=verdict.yellow, other=ends
    )


def worst(*verdicts: CheckVerdict) -> CheckVerdict:
    """Return the verdict that decides: the reddest, among equals the one with the lowest score."""
    return max(verdicts, key=badness)


def badness(verdict: CheckVerdict) -> tuple[int, float]:
    """Return what the worst verdict has most of: its colour, then how little is left of its score."""
    return SEVERITY[verdict.risk], -verdict.score


def make_unknown(cut: Cut, rule: Rule, absent: list[str]) -> Assessment:
    """Return the assessment of a check that lacks inputs: UNKNOWN, with no score."""
    names = [cut.inputs.shown(path) for path in absent]
    verb = "is" if len(names) == 1 else "are"
    return Assessment(
        id=rule.id,
        category=rule.category,
        risk="UNKNOWN",
        message=f"not evaluated: {', '.join(names)} {verb} missing or cannot be used",
        source=rule.source,
        unit=rule.unit,
        inputs_used=absent,
    )


def make_assessment(cut: Cut, rule: Rule, verdict: CheckVerdict, finding: str, suggestion: str | None) -> Assessment:
    """Return the assessment of a verdict with its margin to the GREEN limit, naming the inputs that were there."""
    value = min(verdict.value, LARGEST_VALUE)
    assessment = Assessment(
        id=rule.id,
        category=rule.category,
        risk=verdict.risk,
        message=finding if suggestion is None else f"{finding}: {suggestion}",
        source=rule.source,
        value=value,
        unit=verdict.unit or rule.unit,
        limit=verdict.limit,
        margin=verdict.limit - value if verdict.is_most else value - verdict.limit,
        score=round(verdict.score, 1),
        inputs_used=[*_used(rule.inputs, cut.sent)],
        suggestion=suggestion,
        better=_better(verdict),
        yellow_limit=verdict.yellow,
    )
    if verdict.other is None:
        return assessment
    limit, yellow_limit = verdict.other
    return msgspec.structs.replace(assessment, other_limit=limit, other_yellow_limit=yellow_limit)


@functools.lru_cache(maxsize=1024)
def _used(inputs: tuple[str, ...], sent: frozenset[str]) -> tuple[str, ...]:
    """Return those inputs that were sent; shops send the same members again and again."""
    return tuple(path for path in inputs if path in sent)


def _better(verdict: CheckVerdict) -> Better | None:
    """Return which values are better; None for a cutter that goes down at no feed, because no number mends that."""
    if verdict.part == CENTRE:
        return None
    if verdict.other is not None:
        return "window"
    return "low" if verdict.is_most else "high"
