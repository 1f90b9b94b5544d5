"""Machines: what a run's `machine_id` stands for, the members of the context's `machine`."""

from typing import Any, Literal

import msgspec

from rmos.engines.shop.bounds import Positive, Text


class MachineEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"class_": "class"}):
    """A machine of the table: W on the spindle's nameplate, N that its axes push with, rpm, mm/min.

    Only the class is required; what it does not state is judged by a default of its class, and said so in the record.
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
