"""The load of a cut: the power it takes, the mean force that the machine feels, the peak that the cutter feels.

What a material costs is stated at a chip of 0.1 mm and grows for thinner ones, k(h) = k_0.1 (0.1 mm / h)^m; wood
follows Ettelt's k_s·b·sqrt(h), which makes m 0.5. Material removed Q = a_e a_p v_f, power P = Q·k(h_m) / 60e3 W at the
mean chip h_m, mean force F = P / v with the rim's speed v (Mitsubishi Materials; Shapeoko workbook). One tooth alone
meets k_peak(h)·a_p·h at the thickest chip, across the grain of wood twice the mean (Ettelt); with the force away from
the work it is some 10 % more (RMOS policy). Several teeth pull in several directions: in a slot z of them make z/4 of
the force of one, and never less than one does (the sum of their forces around the circle).

A saw blade is reckoned in the same way: a_e is the height that it cuts through, a_p the width of its kerf.
"""

import math
from typing import Final

from rmos.engines.baseline.fields import AXIAL_DEPTH
from rmos.engines.baseline_v2.chip import LOAD_CHIP_NEEDS, chip_of
from rmos.engines.baseline_v2.cut import Cut, Load
from rmos.engines.baseline_v2.shape import SHAPED, section_share
from rmos.engines.shop import Material

LOAD_NEEDS: Final = (*LOAD_CHIP_NEEDS, AXIAL_DEPTH)
"""What every check of power or force is evaluated by; a V-bit has its angle besides."""
REFERENCE_CHIP_MM: Final = 0.1
ASIDE: Final = 1.1
"""The resultant of the cutting force and the force away from the work, in cutting forces."""
FORMULA: Final = "Q = a_e a_p v_f; k = k_0.1 (0.1 mm/h_m)^m; P = Q k / 60e3 W; F = P / v"
SOURCE: Final = (
    "power and force: Mitsubishi Materials, workbook of Shapeoko CNC A to Z; wood by its density: Ettelt, Zerspanung "
    "von Holz und Holzwerkstoffen (2023)"
)


def specific_force(material: Material, chip_mm: float) -> float:
    """Return k(h) in N/mm²."""
    cutting = material.cutting
    return float(1000 * cutting.energy_j_mm3 * (REFERENCE_CHIP_MM / chip_mm) ** cutting.exponent)


def load_of(cut: Cut) -> Load:
    """Return the load of a cut that has everything of `LOAD_NEEDS`; reckoned once for all checks."""
    if cut.load is None:
        cut.load = _reckon(cut, cut.material)
    return cut.load


def _reckon(cut: Cut, material: Material | None) -> Load:
    if material is None:
        raise ValueError("the load needs a material")
    chip, cutting = chip_of(cut), material.cutting
    wide = chip.wide
    section, width = cut.depth, cut.engagement
    mean, thickest, angle = chip.mean, chip.thickest, chip.angle
    if cut.kind in SHAPED:
        # Of a ball or a V the whole of its groove counts: its step-over says little of what its tip meets.
        section, width = cut.depth * section_share(cut, wide), wide
        mean, thickest, angle = chip.per_tooth * 2 / math.pi, chip.per_tooth, math.pi
    elif not cut.is_sawn:
        width = min(width, wide)
    energy = 1000 * cutting.energy_j_mm3
    removed = width * section * cut.feed
    power = removed * energy * (REFERENCE_CHIP_MM / mean) ** cutting.exponent / 60_000
    force = power / (math.pi * wide * cut.rpm / 60_000)
    teeth = max(1.0, cut.flutes * angle / (4 * math.pi))
    peak = ASIDE * cutting.peak * energy * (REFERENCE_CHIP_MM / thickest) ** cutting.exponent
    return Load(power, force, peak * section * thickest * teeth)
