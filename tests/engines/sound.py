"""A sound cut for the second engine, to be changed member by member."""

from typing import Any

from rmos.engines.base import EngineResult
from tests.engines.cuts import check_of, make_context, risks, without_gaps
from tests.engines.plausible import ENGINE

__all__ = ["check_of", "judge", "make_context", "make_design", "risks"]


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


def judge(design: Any, context: Any) -> EngineResult:
    """Return what the second engine says."""
    return ENGINE.compute(spec=design, ctx=context, request_id="req_test")
