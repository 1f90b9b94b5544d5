"""HOLD_DOWN and MATERIAL_YIELD: does the work stay where it is, and how much of the blank becomes work.

Hold-down safety = μ p A / F: friction times the vacuum's pressure times its area, against the cutting force (see
`load`). Only what is cut free needs it: rings, parts, soundholes, slices. The limits are RMOS policy.
"""

from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline.advice import join_alternatives, suggest_shallower
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import (
    HOLD_AREA,
    HOLD_FRICTION,
    HOLD_PRESSURE,
    MEASURED,
    STOCK_AREA,
    STOCK_THICKNESS,
    USED_AREA,
    goes_through,
)
from rmos.engines.baseline.load import FORMULA, LOAD_NEEDS, load_of
from rmos.engines.baseline.scoring import GATE, YELLOW_AT_LEAST, YELLOW_AT_MOST, grade_at_least
from rmos.engines.baseline.verdict import Grade, make_assessment, make_unknown
from rmos.engines.baseline.wording import num, round_down, round_up
from rmos.engines.rules import Rule

SAFE: Final = 3.0
UNSAFE: Final = 1.5
LARGEST_AREA_MM2: Final = 1_000_000.0
"""No larger area is suggested: it would be a table of its own (RMOS policy)."""
SOUND_YIELD: Final = 0.5
_NEEDS: Final = (*LOAD_NEEDS, HOLD_PRESSURE, HOLD_AREA, HOLD_FRICTION)
_YIELD_NEEDS: Final = (USED_AREA, STOCK_AREA)

HOLD_DOWN: Final = Rule(
    id="HOLD_DOWN",
    category=GATE,
    question="Does the work stay where it is while it is cut free?",
    formula=f"safety = μ p A / F; {FORMULA}; a saw's a_e is the height of the stock, its a_p the kerf",
    unit="times the force",
    limits={"GREEN": "safety >= 3", "YELLOW": "safety >= 1.5", "RED": "safety < 1.5"},
    source="friction against the cutting force; limits: RMOS policy",
    hint="Hold it on a larger area or with more pressure, or take shallower passes.",
    inputs=(*_NEEDS, STOCK_THICKNESS),
)
MATERIAL_YIELD: Final = Rule(
    id="MATERIAL_YIELD",
    category="yield",
    question="How much of the blank becomes work?",
    formula="used area / area of the stock; judged only when both are sent",
    unit="of the stock",
    limits={"GREEN": "share >= 0.5", "YELLOW": "below"},
    source="RMOS policy",
    hint="Take a smaller blank, or nest more parts in it.",
    inputs=_YIELD_NEEDS,
)


def hold_down(cut: Cut) -> Assessment | None:
    """Grade μ p A / F: GREEN from 3, YELLOW from 1.5; None of a measured cut that does not go through."""
    if cut.operation == MEASURED and not goes_through(cut.numbers):
        return None
    absent = cut.absent(_NEEDS)
    if absent:
        return make_unknown(cut, HOLD_DOWN, absent)
    numbers, force = cut.numbers, load_of(cut).force_n
    # 1 kPa on 1 mm² is 0.001 N.
    held = numbers[HOLD_FRICTION] * numbers[HOLD_PRESSURE] * numbers[HOLD_AREA] / 1000
    safety = held / force
    risk, score = grade_at_least(safety, SAFE, UNSAFE)
    finding = f"the work is held with {num(held)} N, {num(safety)} times the cutting force of {num(force)} N"
    suggestion = None
    if risk != "GREEN":
        area = round_up(numbers[HOLD_AREA] * SAFE / safety)
        ways = [f"hold it on {num(area)} mm² or more"] if area <= LARGEST_AREA_MM2 else []
        finding = f"{finding}, safe is {SAFE:g} times"
        # The depth of a saw's cut is its kerf, which cannot be chosen.
        ways += [] if cut.is_sawn else suggest_shallower(cut, safety / SAFE)
        suggestion = join_alternatives(*ways, otherwise="clamp it, no vacuum holds it against that")
    grade = Grade(risk, score, SAFE, at_most=False)
    return make_assessment(cut, HOLD_DOWN, grade, safety, finding, used=HOLD_DOWN.inputs, suggestion=suggestion)


def material_yield(cut: Cut) -> Assessment | None:
    """Grade used/stock where both are sent: GREEN from 0.5, else YELLOW, the paler the less of it is used."""
    if cut.absent(_YIELD_NEEDS):
        return None
    used, stock = cut.numbers[USED_AREA], cut.numbers[STOCK_AREA]
    share = used / stock
    risk, score = grade_at_least(share, SOUND_YIELD, SOUND_YIELD)
    finding, suggestion = f"{100 * share:.3g} % of the stock become work", None
    if risk != "GREEN":
        risk, score = "YELLOW", YELLOW_AT_LEAST + (YELLOW_AT_MOST - YELLOW_AT_LEAST) * share / SOUND_YIELD
        finding = f"{finding}, good is {100 * SOUND_YIELD:g} %"
        suggestion = f"take stock of {num(round_down(used / SOUND_YIELD))} mm² or less"
    grade = Grade(risk, score, SOUND_YIELD, at_most=False)
    return make_assessment(cut, MATERIAL_YIELD, grade, share, finding, used=_YIELD_NEEDS, suggestion=suggestion)
