"""Describe what a program is measured against: its tools, the stock and its zero, the machine, the controller.

    setup = ProgramSetup(
        tools={1: ToolShape(tool_id="em-3175-2f", kind="end_mill", diameter_mm=3.175)},
        stock=Stock(thickness_mm=3.0),
        dialect="grbl",
    )

Lengths are mm as people state them; what is measured becomes µm. What is absent is not measured, and said so.
"""

from typing import Literal

import msgspec

ToolKind = Literal["end_mill", "ball_mill", "v_bit", "surfacing_bit", "drill", "saw_blade"]
"""The kinds of the shop's table of tools."""
StockOrigin = Literal["stock_corner", "stock_centre", "hole_centre"]
"""Where X0 Y0 is: the lower left corner of the stock, its middle, or a hole whose place in it is not known."""
Zero = Literal["stock_top", "bed"]
"""Where Z0 is: on the stock or under it."""


class ToolShape(msgspec.Struct, frozen=True, kw_only=True):
    """What of a tool decides what it removes."""

    diameter_mm: float
    kind: ToolKind = "end_mill"
    tool_id: str | None = None
    angle_deg: float | None = None
    """Of a V-bit, between its edges."""
    tip_mm: float = 0.0
    """Of a V-bit, the flat at its point."""


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """What is cut: a plate. Width is along X, height along Y."""

    thickness_mm: float
    width_mm: float | None = None
    height_mm: float | None = None
    origin: StockOrigin = "stock_corner"


class MachineAxes(msgspec.Struct, frozen=True, kw_only=True):
    """How far and how fast the axes X, Y, Z go: mm, mm/min and mm/s²."""

    travel_mm: tuple[float, float, float] | None = None
    max_rate_mm_min: tuple[float, float, float] | None = None
    acceleration_mm_s2: tuple[float, float, float] | None = None
    junction_deviation_mm: float = 0.01
    """GRBL's $11, with its factory setting."""
    arc_tolerance_mm: float = 0.002
    """GRBL's $12, with its factory setting."""
    homing: bool | None = None
    """Whether it knows where its axes are: None when nobody says."""


class ProgramSetup(msgspec.Struct, frozen=True, kw_only=True):
    """All that a program is measured against."""

    tools: dict[int, ToolShape]
    """By the number that the program calls each with."""
    stock: Stock
    zero: Zero = "stock_top"
    machine: MachineAxes | None = None
    dialect: str | None = None
    """An id of `dialects.toml`; None when nobody says which controller will run it."""

    @property
    def top_um(self) -> int:
        """Z of the upper face of the stock, µm."""
        return round(self.stock.thickness_mm * 1000) if self.zero == "bed" else 0

    @property
    def bottom_um(self) -> int:
        """Z of the lower face of the stock, µm."""
        return self.top_um - round(self.stock.thickness_mm * 1000)
