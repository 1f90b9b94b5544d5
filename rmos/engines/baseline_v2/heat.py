"""HEAT: does the edge rub over the wood so long for its chips that it burns.

While it takes one chip of thickness h the edge slides along an arc of D θ / 2. What counts for scorching is that arc
for each chip, and how fast the edge moves: the flash temperature of a sliding contact goes with the root of the speed
(Jaeger). The index is 1 for a slot at the rubbing floor of wood, h = 0.004 D, at 6 m/s: (arc / h) / 393 · sqrt(v / 6
m/s) times how readily the material burns, 0.8 with air or mist. The model, its reference and its limits are RMOS
policy; it was held against what is reported: 1016 mm/min at 18 000 rpm with 9.5 mm in cherry and 2032 mm/min at 13 000
rpm with a 32 mm surfacing bit burn, what Carbide 3D prints for slots and IDC Woodcraft for a 25 mm surfacing bit does
not.
"""

import math
from typing import Final

from rmos.engines.baseline.fields import COOLANT
from rmos.engines.baseline.speed import rim_speed_m_s
from rmos.engines.baseline.wording import num
from rmos.engines.baseline_v2.chip import LOAD_CHIP_NEEDS, chip_of
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict, at_most
from rmos.engines.rules import Rule

GREEN: Final = 1.2
YELLOW: Final = 2.4
REFERENCE_ARC: Final = math.pi / 2 / 0.004
"""Arc over chip in a slot at the rubbing floor of wood."""
REFERENCE_SPEED_M_S: Final = 6.0
COOLED: Final = 0.8
"""Factor of air or mist."""

HEAT_RULE: Final = Rule(
    id="HEAT",
    category="heat",
    question="Does the edge rub so long for its chips that the work burns, melts or chokes the cutter?",
    formula="(arc / h) / 393 · sqrt(v / 6 m/s) · f_mat · f_cool; arc = D θ / 2, at least π a_e / 2; h = f_z sin θ, "
    "f_z from θ = 90°; θ = acos(1 − 2 a_e/D); f_cool 0.8 with air or mist",
    unit="index",
    limits={"GREEN": "index <= 1.2", "YELLOW": "index <= 2.4", "RED": "index > 2.4"},
    source="engagement angle and rubbing floor: Shapeoko CNC A to Z; sliding contact: Jaeger; the index, its factors "
    "and limits: RMOS policy",
    hint="Feed faster or turn slower, so that the chips are thicker; cool with air or mist.",
    inputs=(*LOAD_CHIP_NEEDS, COOLANT),
)


def _grade(cut: Cut) -> CheckVerdict | None:
    if cut.material is None:
        return None
    chip = chip_of(cut)
    arc = max(chip.wide * chip.angle, math.pi * min(cut.engagement, chip.wide)) / 2
    fast = math.sqrt(rim_speed_m_s(chip.wide, cut.rpm) / REFERENCE_SPEED_M_S)
    index = arc / chip.thickest / REFERENCE_ARC * fast * cut.material.burning * (COOLED if cut.is_cooled else 1.0)
    return at_most(index, GREEN, YELLOW)


def _describe(cut: Cut, verdict: CheckVerdict) -> str:
    if verdict.risk == "GREEN":
        return f"heat index {num(verdict.value)} is within {GREEN:g}"
    thickness = num(chip_of(cut).thickest)
    return f"heat index {num(verdict.value)}, fine is {GREEN:g} or less, with a chip of {thickness} mm"


HEAT: Final = Check(HEAT_RULE, LOAD_CHIP_NEEDS, _grade, _describe)
