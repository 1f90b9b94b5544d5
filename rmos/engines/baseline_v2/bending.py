"""DEFLECTION and TOOL_BREAK: how far the cutter gives way, and how near it is to breaking.

The cutter is a beam that is clamped at one end, and the force acts in the middle of the pass: at a = L − a_p/2 from the
collet the bending stress there is σ = 32 F a/(π d³), the tip gives way by δ = F a² (3 L − a)/(6 E I), I = π d⁴/64 (beam
theory), with d = 0.8 D for its flutes (convention). Breaking is evaluated by the peak of a single tooth, giving way by
the mean force (see `load`). E: carbide 580 GPa, high-speed steel 200 GPa; a diamond tool has a body of carbide (RMOS
policy).

Transverse rupture strength of the submicron carbide that cutters are ground from: 3700 to 4300 MPa as makers of rods
print it, taken as 4000; high-speed steel 2500 MPa (both rounded, RMOS policy). Sound is a safety of three. Sources
differ by up to 2.44 in the model of the bar, so a deflection is good to about a factor of three: it is told with two
digits, and RED begins far above the published limits of 0.0254 mm for roughing and 0.005 mm for finishing
(CNCCookbook), at which GREEN ends.
"""

import math
from typing import Final

from rmos.engines.baseline.fields import FIT_CRITICAL, STICKOUT, TOOL_MATERIAL
from rmos.engines.baseline.wording import num, share
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.load import FORMULA, LOAD_NEEDS, SOURCE, load_of
from rmos.engines.baseline_v2.shape import SHAPED
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict, at_most
from rmos.engines.rules import Rule

FLUTED: Final = 0.8
"""Diameter of the round bar that is as stiff as a fluted cutter, as a share of its own (convention)."""
MODULUS_GPA: Final = {"carbide": 580.0, "hss": 200.0, "diamond": 580.0}
STRENGTH_MPA: Final = {"carbide": 4000.0, "hss": 2500.0, "diamond": 4000.0}
ROUGH_MM: Final = (0.025, 0.10)
FIT_CRITICAL_MM: Final = (0.005, 0.05)
BREAK: Final = (1 / 3, 0.6)
_NEEDS: Final = (*LOAD_NEEDS, STICKOUT, TOOL_MATERIAL)

DEFLECTION_RULE: Final = Rule(
    id="DEFLECTION",
    category="deflection",
    question="How far does the cutter give way, and with it the edge of the work?",
    formula=f"{FORMULA}; δ = F a² (3 L − a) / (6 E I), a = L − a_p/2 (a_p to L/2 at the most), I = π d⁴ / 64, d = 0.8 "
    "D",
    unit="mm",
    limits={
        "GREEN": "δ <= 0.025 mm; fit-critical: 0.005 mm",
        "YELLOW": "δ <= 0.10 mm; fit-critical: 0.05 mm",
        "RED": "above",
    },
    source="beam theory, 0.8 D by convention, E of carbide 580 GPa and HSS 200 GPa; good to about a factor of three; "
    f"limits of GREEN: CNCCookbook, 0.0254 mm roughing, 0.005 mm finishing; of YELLOW: RMOS policy; {SOURCE}",
    hint="Shorten the stick-out, take shallower passes, or take a thicker cutter.",
    inputs=(*_NEEDS, FIT_CRITICAL),
)
BREAK_RULE: Final = Rule(
    id="TOOL_BREAK",
    category="deflection",
    question="How near is the cutter to breaking?",
    formula="F = 1.1 · k_peak(h) a_p h · teeth in the cut; σ = 32 F a / (π d³), a = L − a_p/2, d = 0.8 D; share = σ / "
    "4000 MPa (carbide, diamond) or 2500 MPa (HSS)",
    unit="of the strength",
    limits={"GREEN": "share <= 1/3", "YELLOW": "share <= 0.6", "RED": "share > 0.6"},
    source="beam theory, 0.8 D by convention; 3700 to 4300 MPa: rods of submicron carbide as makers print them; "
    f"safety of three and limits between colours: RMOS policy; {SOURCE}",
    hint="Shorten the stick-out, take shallower passes, or take a thicker cutter.",
    inputs=_NEEDS,
)


def tip_deflection_mm(
    force_n: float, stickout_mm: float, arm_mm: float, diameter_mm: float, modulus_gpa: float
) -> float:
    """Return δ = F a² (3 L − a)/(6 E I) in mm of a bar of this diameter that is pushed at an arm from its clamp."""
    # Products, not powers: a power that overflows raises, and inputs may be absurd.
    squared = diameter_mm * diameter_mm
    inertia = math.pi * squared * squared / 64
    return force_n * arm_mm * arm_mm * (3 * stickout_mm - arm_mm) / (6000 * modulus_gpa * inertia)


def bending_stress_mpa(force_n: float, arm_mm: float, diameter_mm: float) -> float:
    """Return σ = 32 F a/(π d³) in MPa of a bar of this diameter."""
    return 32 * force_n * arm_mm / (math.pi * diameter_mm * diameter_mm * diameter_mm)


def _grade_deflection(cut: Cut) -> CheckVerdict:
    length = cut.stickout
    # The arm shortens to three quarters at the most, so that a deeper pass never looks stiffer.
    arm = length if cut.kind in SHAPED else length - min(cut.depth, length / 2) / 2
    given_way = tip_deflection_mm(load_of(cut).force_n, length, arm, FLUTED * cut.diameter, MODULUS_GPA[cut.steel])
    return at_most(given_way, *(FIT_CRITICAL_MM if cut.is_fit_critical else ROUGH_MM))


def _describe_deflection(cut: Cut, verdict: CheckVerdict) -> str:
    whose = "for a fit" if cut.is_fit_critical else "for a cut that is not fit-critical"
    if verdict.risk == "GREEN":
        return f"the tip gives way by {verdict.value:.2g} mm, within the {verdict.limit:g} mm that are fine {whose}"
    part = share(verdict.value, verdict.limit)
    return f"the tip gives way by {verdict.value:.2g} mm, {part} the {verdict.limit:g} mm that are fine {whose}"


def _grade_break(cut: Cut) -> CheckVerdict:
    arm = cut.stickout if cut.kind in SHAPED else cut.stickout - min(cut.depth, cut.stickout) / 2
    stress = bending_stress_mpa(load_of(cut).peak_n, arm, FLUTED * cut.diameter)
    return at_most(stress / STRENGTH_MPA[cut.steel], *BREAK)


def _describe_break(cut: Cut, verdict: CheckVerdict) -> str:
    strength = STRENGTH_MPA[cut.steel]
    finding = (
        f"bending stress {num(strength * verdict.value)} MPa is {100 * verdict.value:.2g} % of the cutter's strength"
    )
    if verdict.risk == "GREEN":
        return finding
    return f"{finding} of {strength:.0f} MPa, sound is a third"


DEFLECTION: Final = Check(DEFLECTION_RULE, _NEEDS, _grade_deflection, _describe_deflection)
TOOL_BREAK: Final = Check(BREAK_RULE, _NEEDS, _grade_break, _describe_break)
