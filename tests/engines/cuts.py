"""Cuts for the tests of the engines: complete ones, to be changed member by member."""

from typing import Any, Final

from rmos.engines.base import Assessment, EngineResult
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.runner import evaluate

ENGINE = BaselineV1()

MILLED_OPERATIONS: Final = ("channel", "ring_cutout", "inlay_pocket", "inlay_part", "soundhole")

_MILLED: Final = (
    "design.operation", "design.feed_mm_min", "design.plunge_feed_mm_min", "design.spindle_rpm",
    "design.axial_depth_mm", "design.total_depth_mm", "design.feature_width_mm", "context.tool.kind",
    "context.tool.diameter_mm", "context.tool.flutes", "context.tool.material", "context.tool.stickout_mm",
    "context.tool.flute_length_mm", "context.tool.centre_cutting", "context.material.id",
)  # fmt: skip
_FLOOR: Final = ("design.floor_thickness_mm", "context.stock.thickness_mm")
_HELD: Final = ("context.hold_down.pressure_kpa", "context.hold_down.area_mm2", "context.hold_down.friction")
_REQUIRED: Final = {
    "channel": (*_MILLED, *_FLOOR),
    "inlay_pocket": (*_MILLED, *_FLOOR, "design.internal_radius_mm", "design.radial_engagement_mm"),
    "ring_cutout": (*_MILLED, *_HELD),
    "inlay_part": (*_MILLED, *_HELD),
    "soundhole": (*_MILLED, *_HELD),
    "saw_slice": (
        "design.operation", "design.feed_mm_min", "design.spindle_rpm", "design.axial_depth_mm",
        "design.radial_engagement_mm", "context.tool.kind", "context.tool.diameter_mm", "context.tool.flutes",
        "context.material.id", *_HELD,
    ),
}  # fmt: skip
NEEDED: Final = [(operation, path) for operation, paths in _REQUIRED.items() for path in paths]
"""Operation and an input that it cannot be judged without."""


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


def make_saw_design(**members: Any) -> dict[str, Any]:
    """Return the design of sticks sawn from a plank of 12 mm with a kerf of 2.4 mm."""
    design = {
        "operation": "saw_slice",
        "feed_mm_min": 8000.0,
        "spindle_rpm": 4200.0,
        "axial_depth_mm": 2.4,
        "radial_engagement_mm": 12.0,
    }
    return without_gaps(design | members)


def make_saw_context(material: Any = "hard_maple", **tool: Any) -> dict[str, Any]:
    """Return a context with a 254 mm blade of 24 teeth, marked 7000 rpm."""
    blade = {"kind": "saw_blade", "diameter_mm": 254.0, "flutes": 24, "material": "carbide", "max_rpm": 7000.0}
    return {
        "tool": without_gaps(blade | tool),
        "material": {"id": material},
        "machine": {"class": "rigid"},
        "hold_down": {"pressure_kpa": 60.0, "area_mm2": 9000.0, "friction": 0.35},
    }


def make_cut(operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a complete cut of an operation, GREEN."""
    if operation == "saw_slice":
        return make_saw_design(), make_saw_context()
    return make_design(operation=operation), make_context()


def remove(design: dict[str, Any], context: dict[str, Any], path: str) -> None:
    """Take the member with this path out of a cut."""
    place, name = place_of(design, context, path)
    del place[name]


def place_of(design: dict[str, Any], context: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """Return the object that holds the member with this path, made where it is not there, and the member's name."""
    section, *between, name = path.split(".")
    place = design if section == "design" else context
    for step in between:
        place = place.setdefault(step, {})
    return place, name


def judge(design: Any, context: Any) -> EngineResult:
    """Return what baseline_v1 says, through the runner."""
    return evaluate(ENGINE, design=design, context=context, request_id="req_test", timeout_ms=1000)


def check_of(result: EngineResult, check: str) -> Assessment:
    """Return one check of a result."""
    return next(item for item in result.assessments if item.id == check)


def risks(result: EngineResult) -> dict[str, str]:
    """Return check id → risk."""
    return {item.id: item.risk for item in result.assessments}


def without_gaps(members: dict[str, Any]) -> dict[str, Any]:
    """Return the members but those given as `...`."""
    return {name: value for name, value in members.items() if value is not ...}
