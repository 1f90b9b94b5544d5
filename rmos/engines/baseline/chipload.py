"""CHIP_RUBBING and CHIP_OVERLOAD: is the chip thick enough to be cut, and thin enough for the cutter.

Too thin a chip is rubbed off, which heats and blunts the cutter; too thick a chip breaks it. The chip and the rubbing
floor are in `chip`, the makers' ceiling and its derating for deep cuts in `chart`. The limits between the colours are
RMOS policy.
"""

from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline import chart
from rmos.engines.baseline.chip import CHIP_NEEDS, SLOWEST_RPM, chip_of, name_of, rubbing_floor, window
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import AXIAL_DEPTH, DIAMETER, ENGAGEMENT, FEED, FLUTES, MACHINE_CLASS, MATERIAL, RPM
from rmos.engines.baseline.scoring import YELLOW_AT_LEAST, grade_at_least, grade_at_most
from rmos.engines.baseline.verdict import Grade, make_assessment, make_unknown
from rmos.engines.baseline.wording import num, round_down, round_up, share
from rmos.engines.rules import Rule

OVERLOAD_YELLOW: Final = 1.5
_OVERLOAD_NEEDS: Final = (FEED, RPM, FLUTES, DIAMETER, MATERIAL, AXIAL_DEPTH)

RUBBING: Final = Rule(
    id="CHIP_RUBBING",
    category="chipload",
    question="Is the chip thick enough to be cut rather than rubbed off?",
    formula="h = v_f / (n z), below a_e = D/2 times 2·sqrt(a_e/D − (a_e/D)²); h_min = min(0.0254, 0.004 D)",
    unit="mm",
    limits={
        "GREEN": "light machine: h >= h_min; rigid machine: h >= the makers' lowest chipload",
        "YELLOW": "h >= 0.5 h_min; shell and bone: any thinner chip",
        "RED": "h < 0.5 h_min",
    },
    source="h_min = min(0.0254, 0.004 D): Shapeoko CNC A to Z; limits between colours: RMOS policy",
    hint="Feed faster or turn slower: a cutter that rubs gets hot and blunt.",
    inputs=(*CHIP_NEEDS, MACHINE_CLASS),
)
OVERLOAD: Final = Rule(
    id="CHIP_OVERLOAD",
    category="chipload",
    question="Is the chip thin enough for the cutter?",
    formula="h as in CHIP_RUBBING; ceiling = makers' highest chipload · derating; derating 1 to a_p = D, 0.75 at 2 D, "
    "0.5 at 3 D, linear",
    unit="mm",
    limits={"GREEN": "h <= ceiling", "YELLOW": "h <= 1.5 ceiling", "RED": "h > 1.5 ceiling"},
    source=f"ceiling: {chart.SOURCE}, derated by depth; limits between colours: RMOS policy",
    hint="Feed slower, or take a shallower pass where depth lowers the ceiling.",
    inputs=(*_OVERLOAD_NEEDS, ENGAGEMENT),
)


def chip_rubbing(cut: Cut) -> Assessment:
    """Grade h against the rubbing floor (light machine) or the makers' lowest chipload (rigid one).

    Shell and bone are abraded: there a thin chip is YELLOW at worst. A pocket needs its radial engagement, since
    without it nobody knows how much thinner the chip is; elsewhere its absence means a slot.
    """
    absent = cut.absent(CHIP_NEEDS)
    if absent or cut.material is None:
        return make_unknown(cut, RUBBING, absent)
    chip, diameter = chip_of(cut), cut.numbers[DIAMETER]
    floor = rubbing_floor(diameter)
    limit, limit_name = floor, "the rubbing floor"
    if cut.machine_class == "rigid":
        limit, limit_name = window(cut.material, diameter)[0], "the makers' lowest chipload"
    risk, score = grade_at_least(chip.thickness, limit, 0.5 * floor)
    if risk == "RED" and cut.material.abraded:
        risk, score = "YELLOW", YELLOW_AT_LEAST
    suggestion = None
    finding = f"{name_of(chip)} is above {limit_name} of {num(limit)} mm"
    if risk != "GREEN":
        suggestion = _suggest_faster(cut, limit / chip.thinning)
        finding = f"{name_of(chip)} is {share(chip.thickness, limit)} {limit_name} of {num(limit)} mm"
    grade = Grade(risk, score, limit, at_most=False)
    return make_assessment(cut, RUBBING, grade, chip.thickness, finding, used=RUBBING.inputs, suggestion=suggestion)


def chip_overload(cut: Cut) -> Assessment:
    """Grade h against the makers' ceiling at this depth: GREEN up to it, YELLOW up to 1.5 times."""
    absent = cut.absent(_OVERLOAD_NEEDS)
    if absent or cut.material is None:
        return make_unknown(cut, OVERLOAD, absent)
    chip, diameter = chip_of(cut), cut.numbers[DIAMETER]
    derating = chart.derating(cut.numbers[AXIAL_DEPTH] / diameter)
    shallow = window(cut.material, diameter)[1]
    ceiling = shallow * derating
    risk, score = grade_at_most(chip.thickness, ceiling, OVERLOAD_YELLOW * ceiling)
    limit_name = "the makers' ceiling" if derating == 1 else "the makers' ceiling at this depth"
    suggestion = None
    finding = f"{name_of(chip)} is below {limit_name} of {num(ceiling)} mm"
    if risk != "GREEN":
        suggestion = _suggest_slower(cut, ceiling / chip.thinning, chip.thickness / shallow)
        finding = f"{name_of(chip)} is {share(chip.thickness, ceiling)} {limit_name} of {num(ceiling)} mm"
    grade = Grade(risk, score, ceiling)
    return make_assessment(cut, OVERLOAD, grade, chip.thickness, finding, used=OVERLOAD.inputs, suggestion=suggestion)


def _suggest_faster(cut: Cut, per_tooth: float) -> str:
    teeth = cut.numbers[FLUTES]
    feed = round_up(per_tooth * cut.numbers[RPM] * teeth)
    rpm = round_down(cut.numbers[FEED] / (per_tooth * teeth))
    slower_spindle = f", or {num(rpm)} rpm or less" if rpm >= SLOWEST_RPM else ""
    return f"feed {num(feed)} mm/min or more{slower_spindle}"


def _suggest_slower(cut: Cut, per_tooth: float, share_of_shallow: float) -> str:
    """Suggest less feed; also shallower passes where the chip would be under the ceiling of shallow ones."""
    feed = f"feed {num(round_down(per_tooth * cut.numbers[RPM] * cut.numbers[FLUTES]))} mm/min or less"
    if share_of_shallow > 1:
        return feed
    depth = round_down(cut.numbers[DIAMETER] * chart.depth_ratio_at(share_of_shallow))
    return f"{feed}, or passes of {num(depth)} mm or less"
