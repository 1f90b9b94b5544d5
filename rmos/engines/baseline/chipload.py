"""CHIP_RUBBING and CHIP_OVERLOAD: is the chip thick enough to be cut, and thin enough for the cutter.

Chipload f_z = v_f / (n z) (Onsrud; Shapeoko CNC A to Z). With a radial engagement a_e below D/2 the chip is thinner
than that: h = f_z · 2·sqrt(a_e/D − (a_e/D)²) (MachineCalcs; Shapeoko CNC A to Z). Too thin a chip is rubbed off, which
heats and blunts the cutter; the floor h_min = min(0.0254 mm, 0.004 D) reproduces both published values (Shapeoko CNC A
to Z). Too thick a chip breaks it; the ceiling is the makers' (see `chart`), less for deep cuts. The limits between the
colours are RMOS policy.
"""

import math
from typing import Final

import msgspec

from rmos.engines.base import Assessment
from rmos.engines.baseline import chart
from rmos.engines.baseline.cut import Cut, judged, not_judged
from rmos.engines.baseline.fields import AXIAL_DEPTH, DIAMETER, ENGAGEMENT, FEED, FLUTES, MATERIAL, RPM
from rmos.engines.baseline.materials import Material
from rmos.engines.baseline.scoring import YELLOW_AT_LEAST, grade_at_least, grade_at_most
from rmos.engines.baseline.wording import num, round_down, round_up, share

GROUP: Final = "chipload"
RUBBING_SOURCE: Final = "h_min = min(0.0254, 0.004 D): Shapeoko CNC A to Z; limits between colours: RMOS policy"
OVERLOAD_SOURCE: Final = f"ceiling: {chart.SOURCE}, derated by depth; limits between colours: RMOS policy"
SLOWEST_RPM: Final = 1000
"""Below this no router turns, so no slower speed is suggested (RMOS policy)."""


class Chip(msgspec.Struct, frozen=True):
    """A chip in mm: as programmed per tooth, and the factor by which a light engagement thins it."""

    per_tooth: float
    thinning: float

    @property
    def thickness(self) -> float:
        """Return h, the thickness that the cutting edge meets."""
        return self.per_tooth * self.thinning

    @property
    def name(self) -> str:
        """Return what to call it in a message."""
        if self.thinning == 1:
            return f"chipload {num(self.per_tooth)} mm"
        return f"chip {num(self.thickness)} mm (chipload {num(self.per_tooth)} mm, thinned by the light engagement)"


def chipload(feed_mm_min: float, rpm: float, flutes: float) -> float:
    """Return f_z = v_f / (n z) in mm per tooth."""
    return feed_mm_min / (rpm * flutes)


def thinning(engagement_mm: float, diameter_mm: float) -> float:
    """Return h / f_z: 2·sqrt(a_e/D − (a_e/D)²) below a_e = D/2, else 1."""
    ratio = engagement_mm / diameter_mm
    return 1.0 if ratio >= 0.5 else 2 * math.sqrt(ratio * (1 - ratio))


def rubbing_floor(diameter_mm: float) -> float:
    """Return h_min = min(0.0254, 0.004 D) in mm."""
    return min(0.0254, 0.004 * diameter_mm)


def window(material: Material, diameter_mm: float) -> tuple[float, float]:
    """Return the makers' lowest and highest chipload in mm for this material."""
    low, high = chart.window(material.chart, diameter_mm)
    return (low, (low + high) / 2) if material.lower_half else (low, high)


def chip_rubbing(cut: Cut) -> Assessment:
    """Judge h against the rubbing floor (light machine) or the makers' lowest chipload (rigid one).

    Shell and bone are abraded: there a thin chip is YELLOW at worst. A pocket needs its radial engagement, since
    without it nobody knows how much thinner the chip is; elsewhere its absence means a slot.
    """
    needed = [FEED, RPM, FLUTES, DIAMETER, MATERIAL]
    if cut.operation == "inlay_pocket":
        needed.append(ENGAGEMENT)
    absent = cut.absent(*needed)
    if absent or cut.material is None:
        return not_judged(cut, "CHIP_RUBBING", GROUP, absent, RUBBING_SOURCE)
    chip, diameter = _chip(cut), cut.numbers[DIAMETER]
    floor = rubbing_floor(diameter)
    limit, limit_name = floor, "the rubbing floor"
    if cut.machine_class == "rigid" and not cut.material.abraded:
        limit, limit_name = window(cut.material, diameter)[0], "the makers' lowest chipload"
    risk, score = grade_at_least(chip.thickness, limit, 0.5 * floor)
    if risk == "RED" and cut.material.abraded:
        risk, score = "YELLOW", YELLOW_AT_LEAST
    suggestion = None
    finding = f"{chip.name} is above {limit_name} of {num(limit)} mm"
    if risk != "GREEN":
        suggestion = _faster(cut, limit / chip.thinning)
        finding = f"{chip.name} is {share(chip.thickness, limit)} {limit_name} of {num(limit)} mm"
    return judged(
        cut, "CHIP_RUBBING", GROUP, risk, score, finding, RUBBING_SOURCE,
        value=chip.thickness, unit="mm", limit=limit, at_most=False, used=[*needed, ENGAGEMENT], suggestion=suggestion,
    )  # fmt: skip


def chip_overload(cut: Cut) -> Assessment:
    """Judge h against the makers' ceiling at this depth: GREEN up to it, YELLOW up to 1.5 times."""
    needed = [FEED, RPM, FLUTES, DIAMETER, MATERIAL, AXIAL_DEPTH]
    absent = cut.absent(*needed)
    if absent or cut.material is None:
        return not_judged(cut, "CHIP_OVERLOAD", GROUP, absent, OVERLOAD_SOURCE)
    chip, diameter = _chip(cut), cut.numbers[DIAMETER]
    derating = chart.derating(cut.numbers[AXIAL_DEPTH] / diameter)
    ceiling = window(cut.material, diameter)[1] * derating
    risk, score = grade_at_most(chip.thickness, ceiling, 1.5 * ceiling)
    limit_name = "the makers' ceiling" if derating == 1 else "the makers' ceiling at this depth"
    suggestion = None
    finding = f"{chip.name} is below {limit_name} of {num(ceiling)} mm"
    if risk != "GREEN":
        suggestion = _slower(cut, ceiling / chip.thinning, derating)
        finding = f"{chip.name} is {share(chip.thickness, ceiling)} {limit_name} of {num(ceiling)} mm"
    return judged(
        cut, "CHIP_OVERLOAD", GROUP, risk, score, finding, OVERLOAD_SOURCE,
        value=chip.thickness, unit="mm", limit=ceiling, at_most=True, used=[*needed, ENGAGEMENT], suggestion=suggestion,
    )  # fmt: skip


def _chip(cut: Cut) -> Chip:
    numbers = cut.numbers
    engagement = numbers.get(ENGAGEMENT)
    return Chip(
        per_tooth=chipload(numbers[FEED], numbers[RPM], numbers[FLUTES]),
        thinning=1.0 if engagement is None else thinning(engagement, numbers[DIAMETER]),
    )


def _faster(cut: Cut, per_tooth: float) -> str:
    teeth = cut.numbers[FLUTES]
    feed = round_up(per_tooth * cut.numbers[RPM] * teeth)
    rpm = round_down(cut.numbers[FEED] / (per_tooth * teeth))
    slower_spindle = f", or {num(rpm)} rpm or less" if rpm >= SLOWEST_RPM else ""
    return f"feed {num(feed)} mm/min or more{slower_spindle}"


def _slower(cut: Cut, per_tooth: float, derating: float) -> str:
    feed = round_down(per_tooth * cut.numbers[RPM] * cut.numbers[FLUTES])
    shallower = f", or passes of {num(cut.numbers[DIAMETER])} mm or less" if derating < 1 else ""
    return f"feed {num(feed)} mm/min or less{shallower}"
