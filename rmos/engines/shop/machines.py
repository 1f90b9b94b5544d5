"""Machines: what a run's `machine_id` stands for, the members of the context's `machine`, and what its axes can do."""

from typing import Any, Final, Literal

import msgspec

from rmos.engines.shop.bounds import Positive, Text

AXES_MEMBERS: Final = (
    "dialect",
    "travel_mm",
    "max_rate_mm_min",
    "acceleration_mm_s2",
    "junction_deviation_mm",
    "arc_tolerance_mm",
    "homing",
)
"""What programs are measured by; no engine reads it, so no context has it."""
Triple = tuple[Positive, Positive, Positive]
"""One number for each of X, Y and Z."""


class MachineEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"class_": "class"}):
    """A machine of the table: W on the spindle's nameplate, N that its axes push with, rpm, mm/min.

    Only the class is required; for what it does not state a default of its class is taken, and the record says so.
    """

    class_: Literal["light", "rigid"]
    source: Text
    spindle_power_w: Positive | None = None
    max_force_n: Positive | None = None
    max_rpm: Positive | None = None
    min_rpm: Positive | None = None
    max_feed_mm_min: Positive | None = None
    hand_fed: bool | None = None
    """Of a saw: the strips are fed by hand, along a fence."""
    dialect: Text | None = None
    """What its controller speaks, an id of `GET /api/rmos/dialects`."""
    travel_mm: Triple | None = None
    max_rate_mm_min: Triple | None = None
    acceleration_mm_s2: Triple | None = None
    junction_deviation_mm: Positive | None = None
    arc_tolerance_mm: Positive | None = None
    homing: bool | None = None
    """Whether it finds its own zero by switches."""

    def list_axes(self) -> dict[str, Any]:
        """Return what it states of its controller and its axes."""
        stated = {name: getattr(self, name) for name in AXES_MEMBERS}
        return {name: value for name, value in stated.items() if value is not None}

    def members(self) -> dict[str, Any]:
        """Return what becomes the context's `machine`."""
        stated = {
            "class": self.class_,
            "spindle_power_w": self.spindle_power_w,
            "max_force_n": self.max_force_n,
            "max_rpm": self.max_rpm,
            "min_rpm": self.min_rpm,
            "max_feed_mm_min": self.max_feed_mm_min,
            "hand_fed": self.hand_fed,
        }
        return {name: value for name, value in stated.items() if value is not None}
