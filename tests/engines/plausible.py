"""Cuts as shops make them, drawn at random: some sound, some not, all of them possible."""

import random
from typing import Any, Final

from rmos.engines.baseline_v2.engine import BaselineV2

ENGINE: Final = BaselineV2()
MATERIALS: Final = tuple(ENGINE.materials)
OPERATIONS: Final = ("channel", "ring_cutout", "inlay_pocket", "inlay_part", "soundhole")
DIAMETERS: Final = (0.4, 0.584, 0.794, 1.0, 1.5875, 2.0, 3.175, 4.0, 6.0, 6.35, 9.525, 12.7, 25.4, 31.75)
KINDS: Final = ("end_mill", "end_mill", "end_mill", "end_mill", "ball_mill", "v_bit", "surfacing_bit")

Members = dict[str, Any]


def make_cut(draw: random.Random) -> tuple[Members, Members]:
    """Return the design and the context of one cut, milled most of the time."""
    choice = draw.random()
    if choice < 0.08:
        return _sawn(draw)
    return _drilled(draw) if choice < 0.12 else _milled(draw)


def _between(draw: random.Random, low: float, high: float) -> float:
    """Return a number between two, as likely in each of its powers of ten."""
    return float(f"{low * (high / low) ** draw.random():.4g}")


def _machine(draw: random.Random) -> Members:
    kind = draw.choice(["light", "rigid"])
    machine: Members = {"class": kind, "max_rpm": draw.choice([24000.0, 30000.0, 60000.0])}
    if draw.random() < 0.5:
        machine |= {
            "min_rpm": draw.choice([5000.0, 8000.0, 10000.0]),
            "max_feed_mm_min": draw.choice([4000.0, 10000.0]),
        }
    if draw.random() < 0.7:
        machine |= {
            "spindle_power_w": draw.choice([300.0, 710.0, 2200.0]),
            "max_force_n": draw.choice([40.0, 89.0, 400.0]),
        }
    return machine


def _milled(draw: random.Random) -> tuple[Members, Members]:
    operation, diameter = draw.choice(OPERATIONS), draw.choice(DIAMETERS)
    stock = _between(draw, 2, 50)
    total = float(f"{stock * draw.uniform(0.1, 0.6) if operation in OPERATIONS[::2][:2] else stock + 0.2:.4g}")
    flutes = draw.choice([1, 2, 2, 3, 4])
    rpm = float(round(_between(draw, 6000, 30000), -2))
    share = _between(draw, 0.001, 0.08)
    feed = float(f"{max(20.0, share * diameter * rpm * flutes):.4g}")
    kind = draw.choice(KINDS)
    tool: Members = {
        "kind": kind,
        "diameter_mm": diameter,
        "flutes": flutes,
        "material": draw.choice(["carbide", "carbide", "hss"]),
        "stickout_mm": max(2.0, float(f"{max(total * 1.05, diameter * draw.uniform(2.5, 8)):.4g}")),
        "flute_length_mm": max(0.4, float(f"{max(total, diameter * draw.uniform(1.5, 4)):.4g}")),
        "centre_cutting": draw.random() < 0.95,
    }
    if kind == "v_bit":
        tool |= {"angle_deg": draw.choice([30.0, 60.0, 90.0, 120.0]), "tip_mm": draw.choice([0.0, 0.1, 0.5])}
        tool["tip_mm"] = min(tool["tip_mm"], diameter / 2)
    if draw.random() < 0.6:
        tool["max_rpm"] = draw.choice([18000.0, 24000.0, 30000.0, 60000.0])
    design: Members = {
        "operation": operation,
        "feed_mm_min": feed,
        "plunge_feed_mm_min": float(f"{feed * draw.uniform(0.1, 0.9):.4g}"),
        "spindle_rpm": rpm,
        "axial_depth_mm": float(f"{min(total, diameter * _between(draw, 0.05, 3)):.4g}"),
        "radial_engagement_mm": float(f"{diameter * draw.choice([0.05, 0.2, 0.4, 0.5, 0.8, 1.0]):.4g}"),
        "total_depth_mm": total,
        "feature_width_mm": float(f"{diameter * draw.uniform(0.95, 6):.4g}"),
        "internal_radius_mm": float(f"{diameter * draw.uniform(0.45, 3):.4g}"),
        "fit_critical": draw.random() < 0.2,
    }
    if operation in OPERATIONS[::2][:2] and draw.random() < 0.4:
        design["floor_thickness_mm"] = float(f"{max(0.1, (stock - total) * draw.uniform(0.4, 1.05)):.4g}")
    context: Members = {
        "units": "mm",
        "tool": tool,
        "material": {"id": draw.choice(MATERIALS)},
        "machine": _machine(draw),
        "stock": {"thickness_mm": stock},
        "coolant": draw.choice(["none", "none", "air"]),
        "hold_down": {"pressure_kpa": draw.uniform(20, 90), "area_mm2": _between(draw, 500, 50000), "friction": 0.4},
    }
    return design, context


def _drilled(draw: random.Random) -> tuple[Members, Members]:
    diameter, stock = draw.choice([2.0, 3.0, 6.35, 10.0]), draw.uniform(3, 20)
    rpm = float(round(_between(draw, 6000, 24000), -2))
    design = {
        "operation": "drill_hole",
        "plunge_feed_mm_min": float(f"{_between(draw, 0.005, 0.3) * 2 * rpm:.4g}"),
        "spindle_rpm": rpm,
        "axial_depth_mm": float(f"{min(stock, diameter * draw.uniform(0.3, 7)):.4g}"),
        "total_depth_mm": stock,
        "feature_width_mm": diameter,
    }
    tool = {
        "kind": "drill",
        "diameter_mm": diameter,
        "flutes": 2,
        "material": "hss",
        "stickout_mm": 40.0,
        "flute_length_mm": 30.0,
    }
    return design, {
        "tool": tool,
        "material": {"id": draw.choice(["hard_maple", "sitka_spruce", "ebony", "brass"])},
        "machine": _machine(draw),
        "stock": {"thickness_mm": stock},
    }


def _sawn(draw: random.Random) -> tuple[Members, Members]:
    diameter = draw.choice([80.0, 100.0, 254.0])
    height = _between(draw, 1, 120)
    hand_fed = draw.random() < 0.5
    design = {
        "operation": "saw_slice",
        "feed_mm_min": _between(draw, 300, 15000),
        "spindle_rpm": _between(draw, 1500, 9000),
        "axial_depth_mm": draw.choice([0.5, 1.2, 2.4]),
    }
    context: Members = {
        "tool": {
            "kind": "saw_blade",
            "diameter_mm": diameter,
            "flutes": draw.choice([24, 60, 100]),
            "material": "carbide",
        },
        "material": {"id": draw.choice(MATERIALS)},
        "machine": {"class": "rigid", "hand_fed": hand_fed},
        "stock": {"thickness_mm": height},
    }
    if not hand_fed:
        context["hold_down"] = {"pressure_kpa": 60.0, "area_mm2": _between(draw, 500, 50000), "friction": 0.4}
    return design, context
