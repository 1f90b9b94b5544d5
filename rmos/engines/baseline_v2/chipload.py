"""CHIP_RUBBING and CHIP_OVERLOAD: is the chip thick enough to be cut, and thin enough for the cutter.

Too thin a chip is rubbed off, which heats and blunts the cutter; too thick a chip breaks it. A chipload below a maker's
lowest is no risk by itself: what ends GREEN at the thin end is the rubbing floor (see `chip`), evaluated on the
chipload as programmed, since a light engagement also shortens the arc that rubs (see `heat`). What ends it at the thick
end is the highest chipload that a general chart prints (see `charts`), less for deep passes as the charts say. YELLOW
goes on to one and a half of that, or to where charts of special cutters end, if that is more (RMOS policy).
"""

from typing import Final

from rmos.engines.baseline.fields import AXIAL_DEPTH, ENGAGEMENT
from rmos.engines.baseline.wording import num, share
from rmos.engines.baseline_v2 import charts
from rmos.engines.baseline_v2.chip import CHIP_NEEDS, chip_of, name_of, rubbing_floor, window
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.shape import is_straight
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict, at_least, at_most, not_red
from rmos.engines.rules import Rule

OVERLOAD_YELLOW: Final = 1.5
_GROUND_AWAY: Final = ("shell", "bone")

RUBBING: Final = Rule(
    id="CHIP_RUBBING",
    category="chipload",
    question="Is the chip thick enough to be cut rather than rubbed off?",
    formula="f_z = v_f / (n z); h_min: wood, boards, bone min(0.0254, 0.004 D), plastics min(0.0254, 0.006 D), metals "
    "min(0.005, 0.0015 D), shell 0.0014 D",
    unit="mm",
    limits={
        "GREEN": "f_z >= h_min",
        "YELLOW": "f_z >= 0.5 h_min; shell and bone: any thinner chip",
        "RED": "f_z < 0.5 h_min",
    },
    source="wood: Shapeoko CNC A to Z; metals: lowest chipload of Internal Tool; shell: half of what Adam Rose reports "
    "(PreciseBits); other shares of D and limits between colours: RMOS policy",
    hint="Feed faster or turn slower: a cutter that rubs gets hot and blunt.",
    inputs=CHIP_NEEDS,
)
OVERLOAD: Final = Rule(
    id="CHIP_OVERLOAD",
    category="chipload",
    question="Is the chip thin enough for the cutter?",
    formula="h = f_z sin θ, θ = acos(1 − 2 a_e/D), f_z from a_e = D/2 on; ceiling = highest chipload of the makers' "
    "charts · derating; derating 1 to a_p = D, 0.75 at 2 D, 0.5 at 3 D, linear, of a drill 1; an end mill that drills: "
    "ceiling / z",
    unit="mm",
    limits={
        "GREEN": "h <= ceiling of the general charts",
        "YELLOW": "h <= 1.5 ceiling, or the ceiling of charts for special cutters where that is higher",
        "RED": "above",
    },
    source="charts of Amana, Freud, LMT Onsrud, AST Tooling, MellowPine, Whiteside, Carbide 3D, IDC Woodcraft, Sienci, "
    "Internal Tool, Garr, PreciseBits, derated by depth as they print it; drills: Leitz, CMT, Onsrud, Jet; an end mill "
    "that drills: Amana's ramp down, feed / flutes; 1.5: RMOS policy",
    hint="Feed slower, or take a shallower pass where depth lowers the ceiling.",
    inputs=(*CHIP_NEEDS, AXIAL_DEPTH, ENGAGEMENT),
)


def _grade_rubbing(cut: Cut) -> CheckVerdict:
    family = cut.material.family if cut.material else "wood"
    chip = chip_of(cut)
    floor = rubbing_floor(family, chip.wide)
    verdict = at_least(chip.per_tooth, floor, 0.5 * floor)
    return not_red(verdict) if family in _GROUND_AWAY else verdict


def _describe_rubbing(cut: Cut, verdict: CheckVerdict) -> str:
    del cut
    if verdict.risk == "GREEN":
        return f"chipload {num(verdict.value)} mm is above the rubbing floor of {num(verdict.limit)} mm"
    part = share(verdict.value, verdict.limit)
    return f"chipload {num(verdict.value)} mm is {part} the rubbing floor of {num(verdict.limit)} mm"


def _grade_overload(cut: Cut) -> CheckVerdict | None:
    if cut.material is None:
        return None
    chip, makers = chip_of(cut), window(cut, cut.material)
    # A drill's chart is for the hole; of an end mill that goes down each turn takes what one tooth takes sideways.
    derating = 1.0 if cut.kind == "drill" else charts.derating(cut.depth / cut.diameter)
    if cut.is_drilled and cut.kind != "drill":
        derating /= cut.flutes
    thickness = chip.thickest if is_straight(cut) else chip.per_tooth
    highest = max(OVERLOAD_YELLOW * makers.high, makers.special)
    return at_most(thickness, makers.high * derating, highest * derating)


def _describe_overload(cut: Cut, verdict: CheckVerdict) -> str:
    where = " at this depth" if cut.depth > cut.diameter else ""
    ceiling = f"the makers' ceiling{where} of {num(verdict.limit)} mm"
    shown = name_of(chip_of(cut)) if is_straight(cut) else f"chipload {num(verdict.value)} mm"
    if verdict.risk == "GREEN":
        return f"{shown} is below {ceiling}"
    return f"{shown} is {share(verdict.value, verdict.limit)} {ceiling}"


CHIP_RUBBING: Final = Check(RUBBING, CHIP_NEEDS, _grade_rubbing, _describe_rubbing)
CHIP_OVERLOAD: Final = Check(OVERLOAD, (*CHIP_NEEDS, AXIAL_DEPTH), _grade_overload, _describe_overload)
