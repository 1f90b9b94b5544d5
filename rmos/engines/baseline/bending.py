"""DEFLECTION and TOOL_BREAK: how far the cutter gives way, and how near it is to breaking.

The cutter is a beam that is clamped at one end: δ = F L³/(3 E I), I = π d⁴/64; bending stress σ = 32 F L/(π d³) (beam
theory), with d = 0.8 D for its flutes (convention). The force F is in `load`. E: carbide 580 GPa, high-speed steel
200 GPa; a diamond tool has a body of carbide (RMOS policy). Sources differ by up to 2.44 in the model, so a deflection
is good to about a factor of three: it is told with two digits, and RED begins far above the published limits of
0.0254 mm for roughing and 0.005 mm for finishing (CNCCookbook). The limits between the colours are RMOS policy.
"""

import math
from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline.advice import join_alternatives, suggest_shallower, suggest_shorter
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import DIAMETER, FIT_CRITICAL, STICKOUT, TOOL_MATERIAL
from rmos.engines.baseline.load import FORMULA, LOAD_NEEDS, load_of
from rmos.engines.baseline.scoring import grade_at_most, grade_below
from rmos.engines.baseline.verdict import Grade, make_assessment, make_unknown
from rmos.engines.baseline.wording import num, share
from rmos.engines.rules import Rule

FLUTED: Final = 0.8
"""Diameter of the round bar that is as stiff as a fluted cutter, as a share of its own (convention)."""
MODULUS_GPA: Final = {"carbide": 580.0, "hss": 200.0, "diamond": 580.0}
STRENGTH_MPA: Final = {"carbide": 1500.0, "hss": 1000.0, "diamond": 1500.0}
"""Bending stress that the limits are shares of (RMOS policy)."""
ROUGH_MM: Final = (0.013, 0.10)
FIT_CRITICAL_MM: Final = (0.005, 0.05)
BREAK_GREEN: Final = 0.3
BREAK_YELLOW: Final = 0.6
_BELOW: Final = 1 - 1e-6
"""A value that must be below its limit is aimed at a hair below it."""
_NEEDS: Final = (*LOAD_NEEDS, STICKOUT, TOOL_MATERIAL)

DEFLECTION: Final = Rule(
    id="DEFLECTION",
    category="deflection",
    question="How far does the cutter give way, and with it the edge of the work?",
    formula=f"{FORMULA}; δ = F L³ / (3 E I), I = π d⁴ / 64, d = 0.8 D",
    unit="mm",
    limits={
        "GREEN": "δ <= 0.013 mm; fit-critical: 0.005 mm",
        "YELLOW": "δ <= 0.10 mm; fit-critical: 0.05 mm",
        "RED": "above",
    },
    source="beam theory, 0.8 D by convention, E of carbide 580 GPa and HSS 200 GPa; good to about a factor of three; "
    "published limits 0.0254 mm roughing, 0.005 mm finishing: CNCCookbook; limits between colours: RMOS policy",
    hint="Shorten the stick-out, take shallower passes, or take a thicker cutter.",
    inputs=(*_NEEDS, FIT_CRITICAL),
)
TOOL_BREAK: Final = Rule(
    id="TOOL_BREAK",
    category="deflection",
    question="How near is the cutter to breaking?",
    formula=f"{FORMULA}; σ = 32 F L / (π d³), d = 0.8 D; share = σ / 1500 MPa (carbide, diamond) or 1000 MPa (HSS)",
    unit="of the strength",
    limits={"GREEN": "share < 0.3", "YELLOW": "share < 0.6", "RED": "share >= 0.6"},
    source="beam theory, 0.8 D by convention; strengths and limits between colours: RMOS policy",
    hint="Shorten the stick-out, take shallower passes, or take a thicker cutter.",
    inputs=_NEEDS,
)


def tip_deflection_mm(force_n: float, stickout_mm: float, diameter_mm: float, modulus_gpa: float) -> float:
    """Return δ = F L³/(3 E I) in mm of a bar of this diameter, I = π d⁴/64."""
    # Products, not powers: a power that overflows raises, and inputs may be absurd.
    squared = diameter_mm * diameter_mm
    return force_n * stickout_mm * stickout_mm * stickout_mm * 64 / (3000 * modulus_gpa * math.pi * squared * squared)


def bending_stress_mpa(force_n: float, stickout_mm: float, diameter_mm: float) -> float:
    """Return σ = 32 F L/(π d³) in MPa of a bar of this diameter."""
    return 32 * force_n * stickout_mm / (math.pi * diameter_mm * diameter_mm * diameter_mm)


def deflection(cut: Cut) -> Assessment:
    """Grade δ: GREEN to 0.013 mm, YELLOW to 0.10 mm; where the fit is critical 0.005 and 0.05 mm."""
    absent = cut.absent(_NEEDS)
    if absent:
        return make_unknown(cut, DEFLECTION, absent)
    numbers, steel = cut.numbers, cut.inputs.words[TOOL_MATERIAL]
    given_way = tip_deflection_mm(
        load_of(cut).force_n, numbers[STICKOUT], FLUTED * numbers[DIAMETER], MODULUS_GPA[steel]
    )
    is_critical = cut.inputs.flags.get(FIT_CRITICAL, False)
    green, yellow = FIT_CRITICAL_MM if is_critical else ROUGH_MM
    risk, score = grade_at_most(given_way, green, yellow)
    whose = "for a fit" if is_critical else "for a cut that is not fit-critical"
    finding = f"the tip gives way by {given_way:.2g} mm, within the {green:g} mm that are fine {whose}"
    suggestion = None
    if risk != "GREEN":
        finding = (
            f"the tip gives way by {given_way:.2g} mm, {share(given_way, green)} the {green:g} mm that are fine {whose}"
        )
        suggestion = _suggest_stiffer(cut, (green / given_way) ** (1 / 3), green / given_way)
    grade = Grade(risk, score, green)
    return make_assessment(cut, DEFLECTION, grade, given_way, finding, used=DEFLECTION.inputs, suggestion=suggestion)


def tool_break(cut: Cut) -> Assessment:
    """Grade σ as a share of 1500 MPa (carbide) or 1000 MPa (HSS): GREEN below 0.3, YELLOW below 0.6."""
    absent = cut.absent(_NEEDS)
    if absent:
        return make_unknown(cut, TOOL_BREAK, absent)
    numbers, steel = cut.numbers, cut.inputs.words[TOOL_MATERIAL]
    stress = bending_stress_mpa(load_of(cut).force_n, numbers[STICKOUT], FLUTED * numbers[DIAMETER])
    used = stress / STRENGTH_MPA[steel]
    risk, score = grade_below(used, BREAK_GREEN, BREAK_YELLOW)
    finding = f"bending stress {num(stress)} MPa is {100 * used:.2g} % of the cutter's strength"
    suggestion = None
    if risk != "GREEN":
        finding = f"{finding} of {STRENGTH_MPA[steel]:.0f} MPa, sound is less than {100 * BREAK_GREEN:g} %"
        suggestion = _suggest_stiffer(cut, _BELOW * BREAK_GREEN / used, _BELOW * BREAK_GREEN / used)
    grade = Grade(risk, score, BREAK_GREEN)
    return make_assessment(cut, TOOL_BREAK, grade, used, finding, used=_NEEDS, suggestion=suggestion)


def _suggest_stiffer(cut: Cut, of_stickout: float, of_depth: float) -> str:
    """Suggest a share of the stick-out, or of the depth of a pass, which the force is in proportion to."""
    ways = [*suggest_shorter(cut, of_stickout), *suggest_shallower(cut, of_depth)]
    return join_alternatives(*ways, otherwise="take a thicker cutter")
