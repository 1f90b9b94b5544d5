"""Colours and scores: one curve for every check, and how they make the whole. All of it is RMOS policy.

A check's score is 80 to 100 when it is GREEN, 40 to 79 when YELLOW, 0 to 39 when RED, so that score and colour cannot
disagree, neither of a check nor of the whole.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from rmos.engines.base import Assessment, Risk

GROUP_WEIGHTS: Final = {"chipload": 0.30, "heat": 0.25, "deflection": 0.20, "rim_speed": 0.15, "yield": 0.10}
"""Weights of the groups; over the groups that could be evaluated they are scaled to a sum of 1."""
GATE: Final = "gate"
"""Category of the checks that have no weight: they can only lower the whole."""
_SAYS_NOTHING_OF_THE_CUT: Final = "yield"
"""The group that alone makes no judgement: how much of a blank is used says nothing of whether it can be cut."""

BEST: Final = 100.0
GREEN_AT_LEAST: Final = 80.0
YELLOW_AT_MOST: Final = 79.0
YELLOW_AT_LEAST: Final = 40.0
RED_AT_MOST: Final = 39.0
_CAPS: Final[dict[Risk, float]] = {"RED": RED_AT_MOST, "YELLOW": YELLOW_AT_MOST, "GREEN": BEST}

TOLERANCE: Final = 1e-9
"""Relative; a value that is the limit but for rounding is at the limit."""


def grade_at_most(value: float, green: float, yellow: float) -> tuple[Risk, float]:
    """Return colour and score of a value that should not be more than `green` and must not be more than `yellow`."""
    return grade_used(value / green, yellow / green, TOLERANCE)


def grade_below(value: float, green: float, yellow: float) -> tuple[Risk, float]:
    """Return colour and score of a value that should be below `green` and must be below `yellow`."""
    return grade_used(value / green, yellow / green, -TOLERANCE)


def grade_at_least(value: float, green: float, yellow: float) -> tuple[Risk, float]:
    """Return colour and score of a value that should not be less than `green` and must not be less than `yellow`.

    Nothing at all, or less, is the worst there is.
    """
    return ("RED", 0.0) if value <= 0 else grade_used(green / value, green / yellow, TOLERANCE)


def grade_used(used: float, used_at_yellow: float, tolerance: float) -> tuple[Risk, float]:
    """Grade the used share of the GREEN limit: 100 points to a half, 80 at 1, 40 at YELLOW's end, 0 at twice that."""
    if used <= 0.5:
        return "GREEN", BEST
    if used <= 1 + tolerance:
        return "GREEN", min(BEST, max(GREEN_AT_LEAST, 120 - 40 * used))
    if used <= used_at_yellow * (1 + tolerance):
        share = (used - 1) / (used_at_yellow - 1)
        return "YELLOW", min(
            YELLOW_AT_MOST, max(YELLOW_AT_LEAST, YELLOW_AT_MOST - (YELLOW_AT_MOST - YELLOW_AT_LEAST) * share)
        )
    return "RED", min(RED_AT_MOST, max(0.0, RED_AT_MOST * (2 - used / used_at_yellow)))


def overall(assessments: Sequence[Assessment]) -> tuple[Risk, float | None]:
    """Return colour and score of the whole.

    The colour is that of the worst check; UNKNOWN when no weighted check of the cut could be evaluated. The score, one
    decimal, is the weighted mean of the groups, lowered by gates that are not GREEN; a group counts with its lowest
    check. It is at most 39 when the whole is RED, 79 when it is YELLOW, None when it is UNKNOWN.
    """
    groups = _group_scores(assessments)
    risk = _overall_risk({item.risk for item in assessments}, groups)
    if risk == "UNKNOWN":
        return risk, None
    candidates = [
        item.score for item in assessments if item.category == GATE and item.risk != "GREEN" and item.score is not None
    ]
    if groups:
        weight = sum(GROUP_WEIGHTS[group] for group in groups)
        candidates.append(sum(GROUP_WEIGHTS[group] * score for group, score in groups.items()) / weight)
    return risk, round(min([_CAPS[risk], *candidates]), 1)


def _overall_risk(risks: Collection[Risk], groups: Mapping[str, float]) -> Risk:
    if "RED" in risks:
        return "RED"
    if not groups.keys() - {_SAYS_NOTHING_OF_THE_CUT}:
        return "UNKNOWN"
    return "YELLOW" if "YELLOW" in risks or "UNKNOWN" in risks else "GREEN"


def _group_scores(assessments: Sequence[Assessment]) -> dict[str, float]:
    lowest: dict[str, float] = {}
    for item in assessments:
        score, group = item.score, item.category
        if score is not None and group in GROUP_WEIGHTS and score <= lowest.get(group, BEST):
            lowest[group] = score
    return lowest
