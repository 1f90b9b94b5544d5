"""HEAT: does the cut heat the cutter more than it carries away with its chips.

An index, RMOS policy in every part: (h_ref/h)^0.3 · (v/v_ref)^0.2 · (1 + 0.5·max(0, θ/180 − 0.5)) · f_mat · f_cool.
Thin chips, fast rims and a cutter that is buried in the work heat it; air or mist cools it. h is the chip's thickness
(see `chip`), not below 0.1 h_ref; h_ref is 1.5 h_min on a light machine and the middle of the makers' window on a rigid
one; v_ref is 6 m/s; the engagement angle θ = acos(1 − 2 a_e/D), 180° in a slot (Shapeoko CNC A to Z).
"""

import math
from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline.chip import CHIP_NEEDS, SLOWEST_RPM, chip_of, rubbing_floor, window
from rmos.engines.baseline.cut import Chip, Cut
from rmos.engines.baseline.fields import COOLANT, DIAMETER, FLUTES, MACHINE_CLASS, RPM
from rmos.engines.baseline.scoring import grade_below
from rmos.engines.baseline.speed import rim_speed_m_s
from rmos.engines.baseline.verdict import Grade, make_assessment, make_unknown
from rmos.engines.baseline.wording import num, round_down, round_up
from rmos.engines.rules import Rule
from rmos.engines.shop import Material

GREEN: Final = 1.6
YELLOW: Final = 2.6
REFERENCE_SPEED_M_S: Final = 6.0
COOLED: Final = 0.8
"""Factor of air or mist."""
THINNEST: Final = 0.1
"""Below this share of h_ref a chip counts as this thick: it is no chip any more."""
_CHIP_EXPONENT: Final = 0.3
_SPEED_EXPONENT: Final = 0.2
_AIMED_AT: Final = GREEN * (1 - 1e-6)

HEAT: Final = Rule(
    id="HEAT",
    category="heat",
    question="Does the cut heat the cutter more than its chips carry away?",
    formula="(h_ref/h)^0.3 · (v/6 m/s)^0.2 · (1 + 0.5·max(0, θ/180° − 0.5)) · f_mat · f_cool, h not below 0.1 h_ref; "
    "h_ref = 1.5 h_min (light) or the middle of the makers' window (rigid); θ = acos(1 − 2 a_e/D); f_cool 0.8 with air "
    "or mist",
    unit="index",
    limits={"GREEN": "index < 1.6", "YELLOW": "index < 2.6", "RED": "index >= 2.6"},
    source="engagement angle: Shapeoko CNC A to Z; the index, its factors and limits: RMOS policy",
    hint="Feed faster or turn slower, so that the chips are thicker; cool with air or mist.",
    inputs=(*CHIP_NEEDS, MACHINE_CLASS, COOLANT),
)


def engagement_angle_deg(engagement_mm: float, diameter_mm: float) -> float:
    """Return θ = acos(1 − 2 a_e/D) in degrees, 180 in a slot."""
    return math.degrees(math.acos(max(-1.0, 1 - 2 * engagement_mm / diameter_mm)))


def heat_index(reference_mm: float, chip_mm: float, speed_m_s: float, other_factors: float) -> float:
    """Return (h_ref/h)^0.3 · (v/v_ref)^0.2 times the factors of engagement, material and cooling."""
    thin = (reference_mm / max(chip_mm, THINNEST * reference_mm)) ** _CHIP_EXPONENT
    fast = (speed_m_s / REFERENCE_SPEED_M_S) ** _SPEED_EXPONENT
    return float(thin * fast * other_factors)


def heat(cut: Cut) -> Assessment:
    """Grade the heat index: GREEN below 1.6, YELLOW below 2.6."""
    absent = cut.absent(CHIP_NEEDS)
    if absent or cut.material is None or cut.engagement_mm is None:
        return make_unknown(cut, HEAT, absent)
    numbers, chip = cut.numbers, chip_of(cut)
    diameter = numbers[DIAMETER]
    reference = _reference_chip(cut.machine_class, cut.material, diameter)
    angle = engagement_angle_deg(cut.engagement_mm, diameter)
    is_cooled = cut.inputs.words.get(COOLANT, "none") != "none"
    other = (1 + 0.5 * max(0.0, angle / 180 - 0.5)) * cut.material.heat * (COOLED if is_cooled else 1.0)
    index = heat_index(reference, chip.thickness, rim_speed_m_s(diameter, numbers[RPM]), other)
    risk, score = grade_below(index, GREEN, YELLOW)
    finding = f"heat index {num(index)} is below {GREEN:g}"
    suggestion = None
    if risk != "GREEN":
        finding = f"heat index {num(index)}, fine is less than {GREEN:g}, with a chip of {num(chip.thickness)} mm"
        suggestion = _suggest_cooler(
            cut, cut.material, chip, reference, other, can_cool=not is_cooled and index * COOLED < GREEN
        )
    return make_assessment(
        cut, HEAT, Grade(risk, score, GREEN), index, finding, used=HEAT.inputs, suggestion=suggestion
    )


def _reference_chip(machine_class: str, material: Material, diameter_mm: float) -> float:
    if machine_class == "rigid":
        low, high = window(material, diameter_mm)
        return (low + high) / 2
    return 1.5 * rubbing_floor(diameter_mm)


def _suggest_cooler(cut: Cut, material: Material, chip: Chip, reference: float, other: float, *, can_cool: bool) -> str:
    """Suggest a feed for thick enough chips, unless the makers' ceiling forbids it, a slower speed, or cooling."""
    numbers = cut.numbers
    diameter, rpm = numbers[DIAMETER], numbers[RPM]
    factor = other * (rim_speed_m_s(diameter, rpm) / REFERENCE_SPEED_M_S) ** _SPEED_EXPONENT
    wanted = reference * (factor / _AIMED_AT) ** (1 / _CHIP_EXPONENT)
    feed = f"feed {num(round_up(wanted / chip.thinning * rpm * numbers[FLUTES]))} mm/min or more"
    # The index goes with the square root of the speed: n^0.3 by the chip, n^0.2 by the rim.
    index = factor * (reference / chip.thickness) ** _CHIP_EXPONENT
    slower = round_down(rpm * (_AIMED_AT / index) ** (1 / (_CHIP_EXPONENT + _SPEED_EXPONENT)))
    other_ways = [f"{num(slower)} rpm or less"] if slower >= SLOWEST_RPM else []
    other_ways += ["cool with air or mist"] if can_cool else []
    is_sound = wanted <= window(material, diameter)[1] or not other_ways
    return ", or ".join([feed, *other_ways] if is_sound else other_ways)
