"""The fields that `baseline_v1` reads, under their metric and their inch names.

A length goes by `diameter_mm` when the context's units are mm and by `diameter` when they are inch. Any other spelling
of a known length (`diameter` with mm, `diameter_mm` with inch, `diameter_in`) is refused by name: ignoring it would
judge another cut than the one that was meant.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

FEED: Final = "design.feed_mm_min"
RPM: Final = "design.spindle_rpm"
PLUNGE_FEED: Final = "design.plunge_feed_mm_min"
AXIAL_DEPTH: Final = "design.axial_depth_mm"
ENGAGEMENT: Final = "design.radial_engagement_mm"
TOTAL_DEPTH: Final = "design.total_depth_mm"
WIDTH: Final = "design.feature_width_mm"
CORNER_RADIUS: Final = "design.internal_radius_mm"
WALL: Final = "design.wall_thickness_mm"
FLOOR: Final = "design.floor_thickness_mm"
FIT_CRITICAL: Final = "design.fit_critical"
USED_AREA: Final = "design.used_area_mm2"
OPERATION: Final = "design.operation"
UNITS: Final = "context.units"
MATERIAL: Final = "context.material.id"
MATERIAL_AT_TOP: Final = "context.material_id"
TOOL_KIND: Final = "context.tool.kind"
DIAMETER: Final = "context.tool.diameter_mm"
FLUTES: Final = "context.tool.flutes"
TOOL_MATERIAL: Final = "context.tool.material"
STICKOUT: Final = "context.tool.stickout_mm"
FLUTE_LENGTH: Final = "context.tool.flute_length_mm"
TOOL_MAX_RPM: Final = "context.tool.max_rpm"
CENTRE_CUTTING: Final = "context.tool.centre_cutting"
MACHINE_CLASS: Final = "context.machine.class"
SPINDLE_POWER: Final = "context.machine.spindle_power_w"
MACHINE_FORCE: Final = "context.machine.max_force_n"
MACHINE_MAX_RPM: Final = "context.machine.max_rpm"
STOCK_THICKNESS: Final = "context.stock.thickness_mm"
STOCK_AREA: Final = "context.stock.area_mm2"
HOLD_PRESSURE: Final = "context.hold_down.pressure_kpa"
HOLD_AREA: Final = "context.hold_down.area_mm2"
HOLD_FRICTION: Final = "context.hold_down.friction"
COOLANT: Final = "context.coolant"

MEASURED: Final = "milled"
"""The operation of a cut that was measured in a program. It is read and not offered: nobody types such a cut in, and
what a wrong name was answered before there was this one stays as it is."""
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

    A `material` is one of the shop's ids, a number `from_zero` may be 0. `unlisted` words are read as well as the
    `allowed` ones and are not offered. A refused one has the path of what was
    probably meant, its name as `sent`, and `advice`.
    """

    path: str
    kind: Literal["number", "from_zero", "count", "choice", "material", "flag", "object", "refused"]
    factor: float = 1.0
    allowed: tuple[str, ...] = ()
    sent: str = ""
    advice: str = ""
    unlisted: tuple[str, ...] = ()


FieldTable = Mapping[str, Field]

LENGTH: Final = ("_mm", 25.4)
SPEED: Final = ("_mm_min", 25.4)
AREA: Final = ("_mm2", 645.16)
_FOREIGN_SUFFIXES: Final = (
    "_mm", "_mm_min", "_mm2", "_mm_per_min", "_mm_s", "_mm_sec", "_cm", "_cm2", "_m", "_m2", "_m_min", "_um",
    "_in", "_in_min", "_in2", "_inch", "_inches", "_inch_min", "_inches_min", "_ipm", "_thou", "_mil", "_ft",
)  # fmt: skip
"""Endings that name a unit. On the name of a known length, all but the right one are refused."""

Dimensions = Mapping[str, Mapping[str, tuple[str, float]]]
"""Object → member without its unit → the suffix that names the unit and the factor that makes inches metric."""
Plain = Mapping[str, Mapping[str, Field]]
"""Object → member that is called alike in both systems → how it is read."""

DIMENSIONS: Final[Dimensions] = {
    "design": {
        "feed": SPEED,
        "plunge_feed": SPEED,
        "axial_depth": LENGTH,
        "radial_engagement": LENGTH,
        "total_depth": LENGTH,
        "feature_width": LENGTH,
        "internal_radius": LENGTH,
        "wall_thickness": LENGTH,
        "floor_thickness": LENGTH,
        "used_area": AREA,
    },
    "context.tool": {"diameter": LENGTH, "stickout": LENGTH, "flute_length": LENGTH},
    "context.stock": {"thickness": LENGTH, "area": AREA},
    "context.hold_down": {"area": AREA},
}
"""The members that change their name and number with the units. Factors are exact: an inch is 25.4 mm."""

PLAIN: Final[Plain] = {
    "design": {
        "operation": Field(OPERATION, "choice", allowed=OPERATION_NAMES, unlisted=(MEASURED,)),
        "spindle_rpm": Field(RPM, "number"),
        "fit_critical": Field(FIT_CRITICAL, "flag"),
        "units": Field("design.units", "refused", advice="the units are a member of the context"),
    },
    "context": {
        "units": Field(UNITS, "choice", allowed=UNIT_NAMES),
        "material_id": Field(MATERIAL_AT_TOP, "material"),
        "coolant": Field(COOLANT, "choice", allowed=("none", "air", "mist")),
        "tool": Field("context.tool", "object"),
        "material": Field("context.material", "object"),
        "machine": Field("context.machine", "object"),
        "stock": Field("context.stock", "object"),
        "hold_down": Field("context.hold_down", "object"),
    },
    "context.tool": {
        "kind": Field(TOOL_KIND, "choice", allowed=("end_mill", "ball_mill", "v_bit", "drill", "saw_blade")),
        "flutes": Field(FLUTES, "count"),
        "material": Field(TOOL_MATERIAL, "choice", allowed=("carbide", "hss", "diamond")),
        "max_rpm": Field(TOOL_MAX_RPM, "number"),
        "centre_cutting": Field(CENTRE_CUTTING, "flag"),
    },
    "context.material": {"id": Field(MATERIAL, "material")},
    "context.machine": {
        "class": Field(MACHINE_CLASS, "choice", allowed=("light", "rigid")),
        "spindle_power_w": Field(SPINDLE_POWER, "number"),
        "max_force_n": Field(MACHINE_FORCE, "number"),
        "max_rpm": Field(MACHINE_MAX_RPM, "number"),
    },
    "context.stock": {},
    "context.hold_down": {
        "pressure_kpa": Field(HOLD_PRESSURE, "number"),
        "friction": Field(HOLD_FRICTION, "number"),
    },
}

_MISNAMED: Final = {
    "context.machine": {"spindle_power": "spindle_power_w", "max_force": "max_force_n"},
    "context.hold_down": {"pressure": "pressure_kpa"},
}
"""Names that lack the unit which they carry in both systems."""


def goes_through(numbers: Mapping[str, float]) -> bool:
    """Tell whether a cut leaves nothing of its stock below it; where either is not known it may."""
    depth, stock = numbers.get(TOTAL_DEPTH), numbers.get(STOCK_THICKNESS)
    return depth is None or stock is None or depth >= stock


class Vocabulary(msgspec.Struct, frozen=True):
    """The members that an engine reads.

    `tables` are units → object → member as sent → how it is read, `shown_names` units → metric path → the path under
    which a caller with these units sends it.
    """

    tables: Mapping[str, Mapping[str, FieldTable]]
    shown_names: Mapping[str, Mapping[str, str]]


def make_vocabulary(plain: Plain, dimensions: Dimensions) -> Vocabulary:
    """Return the vocabulary of these members, in both systems of units."""
    tables = {units: {section: _table(plain, dimensions, section, units) for section in plain} for units in UNIT_NAMES}
    return Vocabulary(
        tables,
        {
            units: {
                field.path: f"{section}.{name}"
                for section, table in of_units.items()
                for name, field in table.items()
                if field.kind != "refused"
            }
            for units, of_units in tables.items()
        },
    )


def _table(plain: Plain, dimensions: Dimensions, section: str, units: str) -> dict[str, Field]:
    table = dict(plain[section])
    for wrong, right in _MISNAMED.get(section, {}).items():
        table[wrong] = Field(f"{section}.{right}", "refused", sent=f"{section}.{wrong}", advice=f"send {right}")
    for stem, (suffix, factor) in dimensions.get(section, {}).items():
        known = plain[section].get(stem)
        path = f"{section}.{stem}{suffix}"
        right = stem if units == "inch" else stem + suffix
        advice = f"with units {units} this is called {right}"
        for wrong in (stem, *(stem + ending for ending in _FOREIGN_SUFFIXES)):
            table[wrong] = Field(path, "refused", sent=f"{section}.{wrong}", advice=advice)
        kind = "number" if known is None else known.kind
        table[right] = Field(path, kind, factor=factor if units == "inch" else 1.0)
    return table


VOCABULARY: Final = make_vocabulary(PLAIN, DIMENSIONS)
"""What `baseline_v1` reads."""
