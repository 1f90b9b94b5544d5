"""How wide a tool cuts at a depth, and how much of that rectangle it takes away.

A ball cuts as wide as its chord, 2·sqrt(a_p (D − a_p)), a V-bit as wide as its cone is there, t + 2 a_p tan(α/2), a
rounded corner in between (plain geometry). A straight cutter is as wide everywhere.
"""

import math
from typing import Final

from rmos.engines.baseline_v2.cut import Cut

SHAPED: Final = ("v_bit", "ball_mill")
"""Tools that cut most at their tip, whatever the depth."""


def effective_diameter_mm(cut: Cut, depth_mm: float) -> float:
    """Return the diameter at which the tool meets the surface of the work when it is this deep in it."""
    diameter = cut.diameter
    if cut.kind == "ball_mill":
        return diameter if depth_mm >= diameter / 2 else 2 * math.sqrt(depth_mm * (diameter - depth_mm))
    if cut.kind == "v_bit":
        return min(diameter, cut.tip + 2 * depth_mm * math.tan(math.radians(cut.angle) / 2))
    corner = cut.corner
    if depth_mm < corner:
        return diameter - 2 * corner + 2 * math.sqrt(depth_mm * (2 * corner - depth_mm))
    return diameter


def is_straight(cut: Cut) -> bool:
    """Tell whether the tool is as wide at any depth of this cut's passes."""
    return cut.kind not in ("ball_mill", "v_bit") and not cut.depth < cut.corner


def section_share(cut: Cut, wide_mm: float) -> float:
    """Return the part of depth times width that a slot of this tool is: 1 for a straight one, a half for a sharp V."""
    if cut.kind == "v_bit" and wide_mm < cut.diameter:
        return (cut.tip + wide_mm) / (2 * wide_mm)
    if cut.kind == "ball_mill":
        radius = cut.diameter / 2
        depth = min(cut.depth, radius)
        segment = radius * radius * math.acos((radius - depth) / radius) - (radius - depth) * wide_mm / 2
        return (segment + wide_mm * (cut.depth - depth)) / (wide_mm * cut.depth)
    return 1.0


def cone_height_mm(cut: Cut) -> float:
    """Return how high the cone of a V-bit is."""
    return (cut.diameter - cut.tip) / 2 / math.tan(math.radians(cut.angle) / 2)
