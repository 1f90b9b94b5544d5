"""A sound cut for the second engine, to be changed member by member."""

from typing import Any

from rmos.engines.base import Assessment, EngineResult
from tests.engines.plausible import ENGINE


def make_design(**members: Any) -> dict[str, Any]:
    """Return a spruce channel's design with everything stated; a member given as `...` is left out."""
    design = {
        "operation": "channel",
        "feed_mm_min": 1800.0,
        "plunge_feed_mm_min": 600.0,
        "spindle_rpm": 18000.0,
        "axial_depth_mm": 0.75,
        "radial_engagement_mm": 3.175,
        "total_depth_mm": 1.5,
        "feature_width_mm": 6.0,
        "internal_radius_mm": 3.0,
        "wall_thickness_mm": 2.0,
        "used_area_mm2": 900.0,
        "fit_critical": False,
    }
    depth = members.get("axial_depth_mm", ...)
    if depth is not ... and "total_depth_mm" not in members:
        design["total_depth_mm"] = max(1.5, depth)
    return without_gaps(design | members)


def make_context(material: Any = "sitka_spruce", **members: Any) -> dict[str, Any]:
    """Return a complete context; tool members may be given by name, other members as objects."""
    context: dict[str, Any] = {
        "units": "mm",
        "tool": {
            "kind": "end_mill",
            "diameter_mm": 3.175,
            "flutes": 2,
            "material": "carbide",
            "stickout_mm": 20.0,
            "flute_length_mm": 12.0,
            "max_rpm": 30000.0,
            "centre_cutting": True,
        },
        "material": {"id": material},
        "machine": {"class": "light", "spindle_power_w": 700.0, "max_force_n": 89.0, "max_rpm": 30000.0},
        "stock": {"thickness_mm": 3.0, "area_mm2": 1200.0},
        "hold_down": {"pressure_kpa": 60.0, "area_mm2": 5000.0, "friction": 0.4},
        "coolant": "none",
    }
    names = (*context["tool"], "angle_deg", "tip_mm", "corner_radius_mm", "cut_height_mm")
    tool = context["tool"] | {name: members.pop(name) for name in list(members) if name in names}
    return without_gaps(context | {"tool": without_gaps(tool)} | members)


def judge(design: Any, context: Any) -> EngineResult:
    """Return what the second engine says."""
    return ENGINE.compute(spec=design, ctx=context, request_id="req_test")


def check_of(result: EngineResult, check: str) -> Assessment:
    """Return one check of a result."""
    return next(item for item in result.assessments if item.id == check)


def risks(result: EngineResult) -> dict[str, str]:
    """Return check id → risk."""
    return {item.id: item.risk for item in result.assessments}


def without_gaps(members: dict[str, Any]) -> dict[str, Any]:
    """Return the members but those given as `...`."""
    return {name: value for name, value in members.items() if value is not ...}
