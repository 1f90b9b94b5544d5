"""Cuts for the tests of the engines: complete ones, to be changed member by member."""

from typing import Any

from rmos.engines.base import Assessment, EngineResult
from rmos.engines.baseline import BaselineV1
from rmos.engines.runner import evaluate

ENGINE = BaselineV1()


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
        "floor_thickness_mm": 1.5,
        "used_area_mm2": 900.0,
        "fit_critical": False,
    }
    return _without_gaps(design | members)


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
    tool = context["tool"] | {name: members.pop(name) for name in list(members) if name in context["tool"]}
    return _without_gaps(context | {"tool": _without_gaps(tool)} | members)


def make_saw_context(**tool: Any) -> dict[str, Any]:
    """Return a context with a 254 mm blade of 60 teeth, marked 7000 rpm."""
    blade = {"kind": "saw_blade", "diameter_mm": 254.0, "flutes": 60, "material": "carbide", "max_rpm": 7000.0}
    return {"tool": _without_gaps(blade | tool), "material": {"id": "hard_maple"}, "machine": {"class": "rigid"}}


def judge(design: Any, context: Any) -> EngineResult:
    """Return what baseline_v1 says, through the runner."""
    return evaluate(ENGINE, design=design, context=context, request_id="req_test", timeout_ms=1000)


def check_of(result: EngineResult, check: str) -> Assessment:
    """Return one check of a result."""
    return next(item for item in result.assessments if item.id == check)


def _without_gaps(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ...}
