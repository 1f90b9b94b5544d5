"""The fields that `baseline_v2` reads: those of `baseline_v1` and what tools and machines are besides.

A V-bit has `angle_deg` (between its edges) and `tip_mm` (the flat at its point), an end mill may have
`corner_radius_mm`; a machine says how slowly its spindle turns, how fast its axes feed, and whether a hand does. A
floor may be 0: the cut goes through.
"""

from typing import Final

from rmos.engines.baseline.fields import (
    DIMENSIONS,
    FLOOR,
    LENGTH,
    MEASURED,
    PLAIN,
    SPEED,
    TOOL_KIND,
    Field,
    make_vocabulary,
)

ANGLE: Final = "context.tool.angle_deg"
TIP: Final = "context.tool.tip_mm"
TOOL_CORNER: Final = "context.tool.corner_radius_mm"
CUT_HEIGHT: Final = "context.tool.cut_height_mm"
MACHINE_MIN_RPM: Final = "context.machine.min_rpm"
MACHINE_MAX_FEED: Final = "context.machine.max_feed_mm_min"
HAND_FED: Final = "context.machine.hand_fed"

DRILLED: Final = "drill_hole"
SAWN: Final = "saw_slice"
DRAWN: Final = "drawing_only"
MILLED: Final = ("channel", "ring_cutout", "inlay_pocket", "inlay_part", "soundhole")
OPERATION_NAMES: Final = (*MILLED, DRILLED, SAWN, DRAWN)
MILLS: Final = ("end_mill", "ball_mill", "v_bit", "surfacing_bit")
STRAIGHT: Final = ("end_mill", "surfacing_bit")
"""Mills whose edges do not lean."""
TOOL_KINDS: Final = (*MILLS, "drill", "saw_blade")

VOCABULARY: Final = make_vocabulary(
    {
        **PLAIN,
        "design": {
            **PLAIN["design"],
            "operation": Field("design.operation", "choice", allowed=OPERATION_NAMES, unlisted=(MEASURED,)),
            "floor_thickness": Field(FLOOR, "from_zero"),
        },
        "context.tool": {
            **PLAIN["context.tool"],
            "kind": Field(TOOL_KIND, "choice", allowed=TOOL_KINDS),
            "angle_deg": Field(ANGLE, "number"),
            "tip": Field(TIP, "from_zero"),
            "corner_radius": Field(TOOL_CORNER, "from_zero"),
        },
        "context.machine": {
            **PLAIN["context.machine"],
            "min_rpm": Field(MACHINE_MIN_RPM, "number"),
            "hand_fed": Field(HAND_FED, "flag"),
        },
    },
    {
        **DIMENSIONS,
        "context.tool": {
            **DIMENSIONS["context.tool"],
            "tip": LENGTH,
            "corner_radius": LENGTH,
            "cut_height": LENGTH,
        },
        "context.machine": {"max_feed": SPEED},
    },
)
"""What `baseline_v2` reads."""
