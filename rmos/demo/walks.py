"""The demo's walks: three workflow sessions of the last two days, step by step. Nothing is evaluated here.

    for walk in WALKS:
        walk.user_id, walk.before_us, [(step.action, step.said) for step in walk.steps]

One cut is approved; one is blocked because too little wood would be left under the channel of a classical top; one,
whose cutter would rub rather than cut, is sent back for a revision.
"""

from typing import Any, Final

import msgspec

from rmos.workflow import WorkflowAction

_HOUR_US: Final = 3600 * 1_000_000
STEP_US: Final = 7 * 60 * 1_000_000
"""What lies between two steps of a walk."""
WALK_RUNS: Final = 4
"""Runs that the walks make together."""


class WalkStep(msgspec.Struct, frozen=True):
    """An action of a session and what is said with it."""

    action: WorkflowAction
    fields: dict[str, Any] = {}


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """A session from its beginning; `before_us` is how long ago that was."""

    user_id: str
    workflow_type: str
    machine_id: str
    before_us: int
    steps: tuple[WalkStep, ...]


_ROUTER: Final = {"mode": "router", "tool_id": "em-3175-2f"}
_CONTEXT: Final[dict[str, Any]] = {
    "units": "mm",
    "material": {"id": "sitka_spruce"},
    "stock": {"thickness_mm": 3.0},
    "hold_down": {"pressure_kpa": 60, "area_mm2": 9000, "friction": 0.35},
}
_CHANNEL: Final[dict[str, Any]] = {
    "operation": "channel",
    "feed_mm_min": 2600,
    "plunge_feed_mm_min": 900,
    "spindle_rpm": 16000,
    "axial_depth_mm": 0.75,
    "total_depth_mm": 1.5,
    "feature_width_mm": 9.5,
    "floor_thickness_mm": 1.5,
}

WALKS: Final = (
    Walk(
        user_id="anna",
        workflow_type="rosette",
        machine_id="light_desktop",
        before_us=30 * _HOUR_US,
        steps=(
            WalkStep("set_design", {"design": _CHANNEL}),
            WalkStep("set_context", {"context": _CONTEXT}),
            WalkStep("request_feasibility", _ROUTER),
            WalkStep("approve", {"reason": "Same feed as on the last six tops, and the floor is 1.5 mm."}),
        ),
    ),
    Walk(
        user_id="jonas",
        workflow_type="rosette",
        machine_id="light_desktop",
        before_us=8 * _HOUR_US,
        steps=(
            WalkStep("set_context", {"context": {**_CONTEXT, "stock": {"thickness_mm": 2.3}}}),
            WalkStep("set_design", {"design": {**_CHANNEL, "total_depth_mm": 1.6, "floor_thickness_mm": 0.7}}),
            WalkStep("request_feasibility", _ROUTER),
        ),
    ),
    Walk(
        user_id="mei",
        workflow_type="rosette",
        machine_id="light_desktop",
        before_us=3 * _HOUR_US,
        steps=(
            WalkStep("set_design", {"design": {**_CHANNEL, "feed_mm_min": 350, "plunge_feed_mm_min": 150}}),
            WalkStep("set_context", {"context": _CONTEXT}),
            WalkStep("request_feasibility", _ROUTER),
            WalkStep("require_revision", {"reason": "It rubs at this feed: 410 mm/min or more, as the check says."}),
        ),
    ),
)
