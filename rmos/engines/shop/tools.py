"""Tools: what a run's `tool_id` stands for, the members of the context's `tool`."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from rmos.engines.shop.bounds import FromZero, Positive, Text
from rmos.engines.shop.files import read_table
from rmos.units import MM_PER_INCH

_BESIDE: Final = ("source", "life_minutes")
"""Members of an entry that say nothing of a cut: contexts of runs never have them."""


class ToolEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool of the table, in mm and rpm. No cut is evaluated by what it does not state."""

    kind: Literal["end_mill", "ball_mill", "v_bit", "surfacing_bit", "drill", "saw_blade"]
    diameter_mm: Positive
    flutes: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    material: Literal["carbide", "hss", "diamond"]
    source: Text
    stickout_mm: Positive | None = None
    flute_length_mm: Positive | None = None
    max_rpm: Positive | None = None
    centre_cutting: bool | None = None
    angle_deg: Positive | None = None
    """Of a V-bit, between its edges."""
    tip_mm: FromZero | None = None
    """Of a V-bit, the flat at its point."""
    corner_radius_mm: FromZero | None = None
    cut_height_mm: Positive | None = None
    """Of a saw blade, how high it reaches above the table."""
    life_minutes: Positive | None = None
    """How long it may be in the cut before it is sharpened or replaced, min; no cut is evaluated by it."""

    def members(self) -> dict[str, Any]:
        """Return what becomes the context's `tool`, in mm."""
        stated = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _BESIDE}
        return {name: value for name, value in stated.items() if value is not None}


def keep_shipped_tools(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a shop's own table of tools, unchecked; an entry with nothing but a life keeps the shipped figures."""
    shipped = read_table("tools.toml", ToolEntry).entries
    filled = dict(own)
    for name, members in own.items():
        if isinstance(members, dict) and set(members) == {"life_minutes"} and name in shipped:
            stated: dict[str, Any] = msgspec.to_builtins(shipped[name])
            filled[name] = {member: value for member, value in stated.items() if value is not None} | members
    return filled


def in_inches(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a tool or a machine with its lengths and feeds in inches, under their names for inches."""
    # Not rounded: the engine, which rounds to twelve digits, then reads the very millimetres of the table.
    converted = {}
    for name, value in members.items():
        metric = name.removesuffix("_min")
        is_length = metric.endswith("_mm")
        converted[metric.removesuffix("_mm") if is_length else name] = value / MM_PER_INCH if is_length else value
    return converted
