"""The fields that `baseline_v1` reads, under their metric and their inch names.

A length goes by `diameter_mm` when the context's units are mm and by `diameter` when they are inch. Any other spelling
of a known length (`diameter` with mm, `diameter_mm` with inch, `diameter_in`) is refused by name: ignoring it would
judge another cut than the one that was meant.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from rmos.engines.baseline.materials import MATERIALS

FEED: Final = "design.feed_mm_min"
RPM: Final = "design.spindle_rpm"
AXIAL_DEPTH: Final = "design.axial_depth_mm"
ENGAGEMENT: Final = "design.radial_engagement_mm"
USED_AREA: Final = "design.used_area_mm2"
OPERATION: Final = "design.operation"
UNITS: Final = "context.units"
MATERIAL: Final = "context.material.id"
MATERIAL_AT_TOP: Final = "context.material_id"
TOOL_KIND: Final = "context.tool.kind"
DIAMETER: Final = "context.tool.diameter_mm"
FLUTES: Final = "context.tool.flutes"
TOOL_MAX_RPM: Final = "context.tool.max_rpm"
MACHINE_CLASS: Final = "context.machine.class"
MACHINE_MAX_RPM: Final = "context.machine.max_rpm"
STOCK_AREA: Final = "context.stock.area_mm2"

OPERATION_NAMES: Final = (
    "channel",
    "ring_cutout",
    "inlay_pocket",
    "inlay_part",
    "soundhole",
    "saw_slice",
    "drawing_only",
)
UNIT_NAMES: Final = ("mm", "inch")


class Field(msgspec.Struct, frozen=True):
    """How one member is read: `path` is its metric name, `factor` makes it metric.

    A refused one has the path of what was probably meant, its name as `sent`, and `advice`.
    """

    path: str
    kind: Literal["number", "count", "choice", "flag", "object", "refused"]
    factor: float = 1.0
    allowed: tuple[str, ...] = ()
    sent: str = ""
    advice: str = ""


Table = Mapping[str, Field]

_LENGTH: Final = ("_mm", 25.4)
_SPEED: Final = ("_mm_min", 25.4)
_AREA: Final = ("_mm2", 645.16)
_FOREIGN_SUFFIXES: Final = (
    "_mm", "_mm_min", "_mm2", "_mm_per_min", "_mm_s", "_mm_sec", "_cm", "_cm2", "_m", "_m2", "_m_min", "_um",
    "_in", "_in_min", "_in2", "_inch", "_inches", "_inch_min", "_inches_min", "_ipm", "_thou", "_mil", "_ft",
)  # fmt: skip
"""Endings that name a unit. On the name of a known length, all but the right one are refused."""

_DIMENSIONS: Final[dict[str, dict[str, tuple[str, float]]]] = {
    "design": {
        "feed": _SPEED,
        "plunge_feed": _SPEED,
        "axial_depth": _LENGTH,
        "radial_engagement": _LENGTH,
        "total_depth": _LENGTH,
        "feature_width": _LENGTH,
        "internal_radius": _LENGTH,
        "wall_thickness": _LENGTH,
        "floor_thickness": _LENGTH,
        "used_area": _AREA,
    },
    "context.tool": {"diameter": _LENGTH, "stickout": _LENGTH, "flute_length": _LENGTH},
    "context.stock": {"thickness": _LENGTH, "area": _AREA},
    "context.hold_down": {"area": _AREA},
}
"""The members that change their name and number with the units. Factors are exact: an inch is 25.4 mm."""

_PLAIN: Final[dict[str, dict[str, Field]]] = {
    "design": {
        "operation": Field(OPERATION, "choice", allowed=OPERATION_NAMES),
        "spindle_rpm": Field(RPM, "number"),
        "fit_critical": Field("design.fit_critical", "flag"),
        "units": Field("design.units", "refused", advice="the units are a member of the context"),
    },
    "context": {
        "units": Field(UNITS, "choice", allowed=UNIT_NAMES),
        "material_id": Field(MATERIAL_AT_TOP, "choice", allowed=tuple(MATERIALS)),
        "coolant": Field("context.coolant", "choice", allowed=("none", "air", "mist")),
        "tool": Field("context.tool", "object"),
        "material": Field("context.material", "object"),
        "machine": Field("context.machine", "object"),
        "stock": Field("context.stock", "object"),
        "hold_down": Field("context.hold_down", "object"),
    },
    "context.tool": {
        "kind": Field(TOOL_KIND, "choice", allowed=("end_mill", "ball_mill", "v_bit", "drill", "saw_blade")),
        "flutes": Field(FLUTES, "count"),
        "material": Field("context.tool.material", "choice", allowed=("carbide", "hss", "diamond")),
        "max_rpm": Field(TOOL_MAX_RPM, "number"),
        "centre_cutting": Field("context.tool.centre_cutting", "flag"),
    },
    "context.material": {"id": Field(MATERIAL, "choice", allowed=tuple(MATERIALS))},
    "context.machine": {
        "class": Field(MACHINE_CLASS, "choice", allowed=("light", "rigid")),
        "spindle_power_w": Field("context.machine.spindle_power_w", "number"),
        "max_force_n": Field("context.machine.max_force_n", "number"),
        "max_rpm": Field(MACHINE_MAX_RPM, "number"),
    },
    "context.stock": {},
    "context.hold_down": {
        "pressure_kpa": Field("context.hold_down.pressure_kpa", "number"),
        "friction": Field("context.hold_down.friction", "number"),
    },
}

_MISNAMED: Final = {
    "context.machine": {"spindle_power": "spindle_power_w", "max_force": "max_force_n"},
    "context.hold_down": {"pressure": "pressure_kpa"},
}
"""Names that lack the unit which they carry in both systems."""


def _table(section: str, units: str) -> dict[str, Field]:
    table = dict(_PLAIN[section])
    for wrong, right in _MISNAMED.get(section, {}).items():
        table[wrong] = Field(f"{section}.{right}", "refused", sent=f"{section}.{wrong}", advice=f"send {right}")
    for stem, (suffix, factor) in _DIMENSIONS.get(section, {}).items():
        path = f"{section}.{stem}{suffix}"
        right = stem if units == "inch" else stem + suffix
        advice = f"with units {units} this is called {right}"
        for wrong in (stem, *(stem + ending for ending in _FOREIGN_SUFFIXES)):
            table[wrong] = Field(path, "refused", sent=f"{section}.{wrong}", advice=advice)
        table[right] = Field(path, "number", factor=factor if units == "inch" else 1.0)
    return table


TABLES: Final[Mapping[str, Mapping[str, Table]]] = {
    units: {section: _table(section, units) for section in _PLAIN} for units in UNIT_NAMES
}
"""Units → object → member as sent → how it is read."""

SHOWN_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    units: {
        field.path: f"{section}.{name}"
        for section, table in tables.items()
        for name, field in table.items()
        if field.kind != "refused"
    }
    for units, tables in TABLES.items()
}
"""Units → metric path → the path under which a caller with these units sends it."""
