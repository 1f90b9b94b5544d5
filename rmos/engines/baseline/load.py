"""The load of a cut: power, torque and force, from the material removed and what it costs to remove it.

Material removal Q = a_e a_p v_f. Thin chips cost more: k_c(h) = k_c1·(h / 0.1 mm)^−m, k_c1 the material's specific
energy (1 J/mm³ = 1000 N/mm²) of the workbook shipped with Shapeoko CNC A to Z, m about 0.28 for brass by Mitsubishi
Materials' table and 0.3 for wood (RMOS policy). Power P = Q·k_c / 60e6 kW, torque M = P / (2πn/60), force
F = M / (D/2) (Mitsubishi Materials; Shapeoko workbook).

    load = load_of(cut)        # all of LOAD_NEEDS must be there
    load.force_n

A saw blade is reckoned in the same way: a_e is the height that it cuts through, a_p the width of its kerf.
"""

import math
from typing import Final

from rmos.engines.baseline.chip import CHIP_NEEDS, chip_of
from rmos.engines.baseline.cut import Cut, Load
from rmos.engines.baseline.fields import AXIAL_DEPTH, DIAMETER, FEED, RPM
from rmos.engines.shop import Material

LOAD_NEEDS: Final = (*CHIP_NEEDS, AXIAL_DEPTH)
"""What every check of power or force is evaluated by."""
REFERENCE_CHIP_MM: Final = 0.1
"""The chip at which a material's specific energy is stated."""
FORMULA: Final = "Q = a_e a_p v_f; k_c = k_c1 (h/0.1)^-m; P = Q k_c / 60e6 kW; M = P / (2πn/60); F = M / (D/2)"
SOURCE: Final = (
    "power and force: Mitsubishi Materials, workbook of Shapeoko CNC A to Z; limits between colours: RMOS policy"
)


def removal_rate(engagement_mm: float, depth_mm: float, feed_mm_min: float) -> float:
    """Return Q = a_e a_p v_f in mm³/min."""
    return engagement_mm * depth_mm * feed_mm_min


def specific_force(energy_j_mm3: float, chip_mm: float, exponent: float) -> float:
    """Return k_c(h) = k_c1·(h/0.1)^−m in N/mm²."""
    return float(1000 * energy_j_mm3 * (chip_mm / REFERENCE_CHIP_MM) ** -exponent)


def power_w(removal_mm3_min: float, specific_n_mm2: float) -> float:
    """Return P = Q·k_c / 60e3 in W."""
    return removal_mm3_min * specific_n_mm2 / 60_000


def torque_nm(power: float, rpm: float) -> float:
    """Return M = P / (2πn/60) in Nm, P in W."""
    return power / (2 * math.pi * rpm / 60)


def force_n(torque: float, diameter_mm: float) -> float:
    """Return F = M / (D/2) in N, M in Nm."""
    return torque / (diameter_mm / 2000)


def load_of(cut: Cut) -> Load:
    """Return the load of a cut that has everything of `LOAD_NEEDS`; reckoned once for all checks."""
    if cut.load is None:
        cut.load = _reckon(cut, cut.material, cut.engagement_mm)
    return cut.load


def _reckon(cut: Cut, material: Material | None, engagement: float | None) -> Load:
    if material is None or engagement is None:
        raise ValueError("the load needs a material and an engagement")
    numbers = cut.numbers
    removed = removal_rate(engagement, numbers[AXIAL_DEPTH], numbers[FEED])
    specific = specific_force(material.energy_j_mm3, chip_of(cut).thickness, material.thin_chip_exponent)
    power = power_w(removed, specific)
    return Load(power_w=power, force_n=force_n(torque_nm(power, numbers[RPM]), numbers[DIAMETER]))
