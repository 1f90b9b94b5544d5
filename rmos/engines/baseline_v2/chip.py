"""The chip: how thick it is where, and below what thickness a cutter rubs.

Chipload f_z = v_f / (n z) (Onsrud; Shapeoko CNC A to Z). The engagement angle is θ = acos(1 − 2 a_e/D) (Shapeoko). The
chip is thickest at f_z sin θ, f_z from θ = 90° on (that is 2·sqrt(a_e/D − (a_e/D)²), MachineCalcs), and f_z (1 − cos
θ)/θ on the average (the mean of f_z sin over the angle).

Rubbing: wood and boards min(0.0254 mm, 0.004 D), which reproduces both published floors (Shapeoko CNC A to Z);
plastics 0.006 D up to the same, some half of the least that is printed for acrylic at 3.175 and 6.35 mm (Carbide 3D,
IDC Woodcraft), because they melt; metals 0.0015 D up to 0.005 mm, the least that Internal Tool prints for carbide in
aluminium (a metal chip forms from about a third of the edge's radius on); shell is ground away: half of the one
chipload that is reported. The shares of D but the first are RMOS policy.
"""

import math
from typing import Final

from rmos.engines.baseline.chip import chipload, thinning
from rmos.engines.baseline.fields import DIAMETER, ENGAGEMENT, FEED, FLUTES, MATERIAL, RPM, TOOL_KIND
from rmos.engines.baseline.wording import num
from rmos.engines.baseline_v2.charts import ChiploadWindow, window_of
from rmos.engines.baseline_v2.cut import Chip, Cut
from rmos.engines.baseline_v2.shape import effective_diameter_mm
from rmos.engines.shop import Material

__all__ = ["CHIP_NEEDS", "chip_of", "chipload", "rubbing_floor", "thinning", "window"]

CHIP_NEEDS: Final = (FEED, RPM, FLUTES, DIAMETER, TOOL_KIND, MATERIAL)
"""What every check of the chip is evaluated by; a V-bit has its angle besides."""
LOAD_CHIP_NEEDS: Final = (*CHIP_NEEDS, ENGAGEMENT)
_FLOORS: Final = {
    "wood": (0.004, 0.0254),
    "board": (0.004, 0.0254),
    "bone": (0.004, 0.0254),
    "plastic": (0.006, 0.0254),
    "metal": (0.0015, 0.005),
    "shell": (0.0014, 0.0254),
}
"""Family → the share of the diameter below which a chip is rubbed off, and the thickest that this comes to."""
_THINNEST_MM: Final = 1e-9


def rubbing_floor(family: str, diameter_mm: float) -> float:
    """Return the thinnest chip, mm, that is still cut rather than rubbed off."""
    share, most = _FLOORS[family]
    return min(most, share * diameter_mm)


def window(cut: Cut, material: Material) -> ChiploadWindow:
    """Return the makers' window for this tool in this material, at its full diameter as charts print it."""
    return window_of(cut.kind, material.milling, cut.diameter, cut.flutes)


def chip_of(cut: Cut) -> Chip:
    """Return the chip of a cut, reckoned once for all checks; without an engagement it is that of a slot."""
    if cut.chip is None:
        per_tooth = cut.feed / (cut.rpm * cut.flutes)
        wide = effective_diameter_mm(cut, cut.depth) if cut.depth == cut.depth else cut.diameter
        ratio = min(1.0, cut.engagement / wide) if cut.engagement == cut.engagement and not cut.is_drilled else 1.0
        angle = math.acos(1 - 2 * ratio)
        thickest = per_tooth if ratio >= 0.5 else per_tooth * math.sin(angle)
        mean = per_tooth * 2 * ratio / max(angle, _THINNEST_MM)
        cut.chip = Chip(per_tooth, max(thickest, _THINNEST_MM), max(mean, _THINNEST_MM), angle, wide)
    return cut.chip


def name_of(chip: Chip) -> str:
    """Return what to call a chip in a message."""
    if chip.thickest >= chip.per_tooth:
        return f"chipload {num(chip.per_tooth)} mm"
    return f"chip {num(chip.thickest)} mm (chipload {num(chip.per_tooth)} mm, thinned by the light engagement)"
