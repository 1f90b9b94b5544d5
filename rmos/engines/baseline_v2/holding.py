"""HOLD_DOWN and MATERIAL_YIELD: does the work stay where it is, and how much of the blank becomes work.

Hold-down safety = μ p A / F: friction times the vacuum's pressure times its area, against the mean cutting force (see
`load`). Only what is cut free needs it: rings, parts, soundholes, slices that a machine feeds; strips that a hand feeds
are held by fence and push stick. The limits are RMOS policy.
"""

from typing import Final

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
from rmos.engines.baseline.holding import LARGEST_AREA_MM2, SAFE, SOUND_YIELD, UNSAFE
from rmos.engines.baseline.scoring import YELLOW_AT_LEAST, YELLOW_AT_MOST
from rmos.engines.baseline.wording import num, round_down, round_up
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.fields import HAND_FED
from rmos.engines.baseline_v2.load import FORMULA, LOAD_NEEDS, SOURCE, load_of
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict, at_least, not_red
from rmos.engines.rules import Rule

_HELD_BY: Final = (HOLD_PRESSURE, HOLD_AREA, HOLD_FRICTION)
_YIELD_NEEDS: Final = (USED_AREA, STOCK_AREA)

HOLD_RULE: Final = Rule(
    id="HOLD_DOWN",
    category="gate",
    question="Does the work stay where it is while it is cut free?",
    formula=f"safety = μ p A / F; {FORMULA}; a saw's a_e is the height of the stock, its a_p the kerf",
    unit="times the force",
    limits={"GREEN": "safety >= 3", "YELLOW": "safety >= 1.5", "RED": "safety < 1.5"},
    source=f"friction against the cutting force; {SOURCE}; limits: RMOS policy",
    hint="Hold it on a larger area or with more pressure, or take shallower passes.",
    inputs=(*LOAD_NEEDS, *_HELD_BY, STOCK_THICKNESS, HAND_FED),
)
YIELD_RULE: Final = Rule(
    id="MATERIAL_YIELD",
    category="yield",
    question="How much of the blank becomes work?",
    formula="used area / area of the stock; evaluated only when both are sent",
    unit="of the stock",
    limits={"GREEN": "share >= 0.5", "YELLOW": "below"},
    source="RMOS policy",
    hint="Take a smaller blank, or nest more parts in it.",
    inputs=_YIELD_NEEDS,
)


def _is_held(cut: Cut) -> bool:
    if cut.operation == MEASURED:
        return goes_through(cut.inputs.numbers)
    return not (cut.is_sawn and cut.is_hand_fed)


def _grade_hold(cut: Cut) -> CheckVerdict:
    return at_least(_held_n(cut) / load_of(cut).force_n, SAFE, UNSAFE)


def _held_n(cut: Cut) -> float:
    numbers = cut.inputs.numbers
    # 1 kPa on 1 mm² is 0.001 N.
    return numbers[HOLD_FRICTION] * numbers[HOLD_PRESSURE] * numbers[HOLD_AREA] / 1000


def _describe_hold(cut: Cut, verdict: CheckVerdict) -> str:
    force = load_of(cut).force_n
    finding = (
        f"the work is held with {num(_held_n(cut))} N, {num(verdict.value)} times the cutting force of {num(force)} N"
    )
    return finding if verdict.risk == "GREEN" else f"{finding}, safe is {SAFE:g} times"


def larger_area(cut: Cut, verdict: CheckVerdict) -> str | None:
    """Suggest an area that holds, None when it would be a table of its own."""
    area = round_up(cut.inputs.numbers[HOLD_AREA] * SAFE / verdict.value)
    return f"hold it on {num(area)} mm² or more" if area <= LARGEST_AREA_MM2 else None


def _has_areas(cut: Cut) -> bool:
    return cut.usable.issuperset(_YIELD_NEEDS)


def _grade_yield(cut: Cut) -> CheckVerdict:
    used = cut.inputs.numbers[USED_AREA] / cut.inputs.numbers[STOCK_AREA]
    verdict = at_least(used, SOUND_YIELD, SOUND_YIELD)
    if verdict.risk == "GREEN":
        return not_red(verdict)
    # How much of a blank is used says nothing of whether it can be cut: YELLOW, the paler the less of it is used.
    score = YELLOW_AT_LEAST + (YELLOW_AT_MOST - YELLOW_AT_LEAST) * used / SOUND_YIELD
    return CheckVerdict(used, SOUND_YIELD, False, "YELLOW", score)


def _describe_yield(cut: Cut, verdict: CheckVerdict) -> str:
    del cut
    finding = f"{100 * verdict.value:.3g} % of the stock become work"
    return finding if verdict.risk == "GREEN" else f"{finding}, good is {100 * SOUND_YIELD:g} %"


def smaller_stock(cut: Cut) -> str:
    """Suggest a blank of which enough is used."""
    return f"take stock of {num(round_down(cut.inputs.numbers[USED_AREA] / SOUND_YIELD))} mm² or less"


HOLD_DOWN: Final = Check(HOLD_RULE, (*LOAD_NEEDS, *_HELD_BY), _grade_hold, _describe_hold, applies=_is_held)
MATERIAL_YIELD: Final = Check(YIELD_RULE, (), _grade_yield, _describe_yield, moves=False, applies=_has_areas)
