"""What a program is measured against: the tools of its numbers, the stock, the machine, as a cut's context has them.

    setup = make_setup(context, {1: {"kind": "end_mill", "diameter_mm": 3.175}}, axes={}, options=options)
    setup.setup, setup.findings          # what is not known of it is a finding

A context is the one that the engine evaluates by, in its own units; the measures are told in mm.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast, get_args

import msgspec

from rmos.cam.dialects import find_dialect
from rmos.cam.measure.setup import MachineAxes, ProgramSetup, Stock, StockOrigin, ToolKind, ToolShape, Zero
from rmos.cam.motion import ProgramFinding, Units
from rmos.units import MM_PER_INCH

_KINDS: Final = get_args(ToolKind)
_FLAT_DEG: Final = 180.0
_MOST: Final = 1e9
"""No length, angle or other number of a real cut is larger (RMOS policy)."""


class ProgramOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says of a program besides its context."""

    tools: Mapping[int, str] = {}
    """Number in the program → id of a tool of the shop."""
    units: Units | None = None
    zero: Zero = "stock_top"
    dialect: str | None = None
    origin: StockOrigin = "stock_corner"


class SetupFound(NamedTuple):
    """What a program is measured against, None when that is not known, and what is missing."""

    setup: ProgramSetup | None
    findings: tuple[ProgramFinding, ...]


def make_setup(
    context: Mapping[str, Any],
    tools: Mapping[int, Mapping[str, Any]],
    axes: Mapping[str, Any],
    options: ProgramOptions,
) -> SetupFound:
    """Return what a program is measured against.

    Args:
        context: the completed one.
        tools: number in the program → the members of its tool, in the units of the context.
        axes: what the shop's machine states of its controller and its axes; its dialect holds unless another is said.

    Raises:
        ValidationFailed: no dialect is called so.
    """
    stated = options.dialect or axes.get("dialect")
    dialect = None if stated is None else find_dialect(stated).id
    shapes = {number: shape for number, tool in tools.items() if (shape := _make_shape(tool, context)) is not None}
    thickness = read_length(context, "stock", "thickness")
    if thickness is None:
        text = "context.stock.thickness_mm is missing: nobody can tell what the program cuts; send it."
        return SetupFound(None, (ProgramFinding(code="STOCK_NOT_KNOWN", level="UNKNOWN", line=None, text=text),))
    stock = Stock(
        thickness_mm=thickness,
        width_mm=read_length(context, "stock", "width"),
        height_mm=read_length(context, "stock", "height"),
        origin=options.origin,
    )
    setup = ProgramSetup(tools=shapes, stock=stock, zero=options.zero, machine=_make_axes(axes), dialect=dialect)
    return SetupFound(setup, ())


def read_length(context: Mapping[str, Any], section: str, name: str) -> float | None:
    """Return a length of the context in mm, None when it has no usable one.

    Args:
        name: the member without its unit, as it is called in inches.
    """
    members = context.get(section)
    if not isinstance(members, Mapping):
        return None
    is_inch = context.get("units") == "inch"
    value = _read_number(members.get(name if is_inch else f"{name}_mm"))
    return float(f"{value * MM_PER_INCH:.12g}") if is_inch and value is not None else value


def _read_number(value: object) -> float | None:
    """Return a number above 0, None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MOST:
        return None
    return float(value)


def _make_shape(tool: Mapping[str, Any], context: Mapping[str, Any]) -> ToolShape | None:
    of_tool = {"units": context.get("units"), "tool": tool}
    diameter, kind, name = read_length(of_tool, "tool", "diameter"), tool.get("kind"), tool.get("tool_id")
    angle = _read_number(tool.get("angle_deg"))
    if diameter is None or not isinstance(kind, str) or kind not in _KINDS:
        return None
    return ToolShape(
        diameter_mm=diameter,
        kind=cast(ToolKind, kind),
        tool_id=name if isinstance(name, str) else None,
        angle_deg=angle if angle is not None and angle < _FLAT_DEG else None,
        tip_mm=read_length(of_tool, "tool", "tip") or 0.0,
    )


def _make_axes(axes: Mapping[str, Any]) -> MachineAxes | None:
    """Return the axes of a machine of the shop, None when it says nothing of them."""
    stated = {name: value for name, value in axes.items() if name != "dialect"}
    return msgspec.convert(stated, MachineAxes) if stated else None
