"""The chip: how thick it is, what the makers say of it, where it is too thin to be cut.

Chipload f_z = v_f / (n z) (Onsrud; Shapeoko CNC A to Z). With a radial engagement a_e below D/2 the chip is thinner
than that: h = f_z · 2·sqrt(a_e/D − (a_e/D)²) (MachineCalcs; Shapeoko CNC A to Z). The rubbing floor
h_min = min(0.0254 mm, 0.004 D) reproduces both published values (Shapeoko CNC A to Z).

    chip = chip_of(cut)        # all of CHIP_NEEDS must be there
    chip.thickness             # h in mm
"""

import math
from typing import Final

from rmos.engines.baseline import chart
from rmos.engines.baseline.cut import Chip, Cut
from rmos.engines.baseline.fields import DIAMETER, ENGAGEMENT, FEED, FLUTES, MATERIAL, RPM
from rmos.engines.baseline.wording import num
from rmos.engines.shop import Material

CHIP_NEEDS: Final = (FEED, RPM, FLUTES, DIAMETER, MATERIAL, ENGAGEMENT)
"""What every check of the chip is evaluated by."""
SLOWEST_RPM: Final = 1000
"""Below this no router turns, so no slower speed is suggested (RMOS policy)."""


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


def chip_of(cut: Cut) -> Chip:
    """Return the chip of a cut, reckoned once for all checks; without an engagement it is not thinned."""
    if cut.chip is None:
        numbers, engagement = cut.numbers, cut.engagement_mm
        per_tooth = chipload(numbers[FEED], numbers[RPM], numbers[FLUTES])
        factor = 1.0 if engagement is None else thinning(engagement, numbers[DIAMETER])
        cut.chip = Chip(per_tooth, factor, per_tooth * factor)
    return cut.chip


def name_of(chip: Chip) -> str:
    """Return what to call a chip in a message."""
    if chip.thinning == 1:
        return f"chipload {num(chip.per_tooth)} mm"
    return f"chip {num(chip.thickness)} mm (chipload {num(chip.per_tooth)} mm, thinned by the light engagement)"
