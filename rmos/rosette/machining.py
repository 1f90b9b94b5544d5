"""The cuts of a rosette as the feasibility engine reads them: channel, rings, inlay.

    operations_of(spec)[0].design     # {"operation": "channel", "total_depth_mm": 1.5, …}

What a design cannot know (machine, hold-down, the cutter's flutes) is left to who asks the engine; a number that is not
sent counts as missing, never as good. Feeds are starting values: 18 000 rpm, chipload in proportion to the cutter.
"""

from typing import Any, Final

import msgspec

from rmos.fixed import divide
from rmos.rosette.draw.dots import dot_diameter
from rmos.rosette.draw.spokes import spoke_sizes
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring, RosetteSpec, mm_number

_CUTTERS: Final = (3175, 2000, 1588, 1000, 800, 600, 400)
"""Common cutters, micrometres: 1/8", 2 mm, 1/16" and those for inlay."""
_ROOM: Final = 110
"""Per cent of the cutter's diameter that a slot should have (GEOMETRY, GREEN limit)."""
_RPM: Final = 18_000
_FLUTES: Final = 2
OF_THE_TOP: Final = ("channel", "inlay_pocket", "soundhole")
"""The operations that are cut in the top itself; all else is cut from other stock."""
_SOFT: Final = frozenset({"sitka_spruce", "engelmann_spruce", "western_red_cedar", "mahogany"})
_INLAY_FIT: Final = 50
"""Micrometres of clearance on each side of an inlay, so 0.1 mm in all."""

_INTO_THE_BOARD: Final = 200
"""Micrometres that a cut goes on below its stock, so that no skin is left (RMOS policy)."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One cut: what it is called, which ring it makes (None for the channel), what is asked of the engine."""

    name: str
    ring: int | None
    material_id: str
    tool_diameter_mm: float
    width: int
    """Of the narrowest place the cutter has to pass, micrometres."""
    design: dict[str, Any]
    context: dict[str, Any]


def operations_of(spec: RosetteSpec, *, cut_soundhole: bool = False) -> tuple[Operation, ...]:
    """Return the channel or channels, then what is cut of the rings, from the inside outwards, the soundhole last.

    Args:
        cut_soundhole: whether the machine cuts the hole too; many do so by hand, once the rosette is level.
    """
    top = MATERIALS[spec.top].engine_id or "sitka_spruce"
    found = [_channel(spec, top, *channel) for channel in spec_channels(spec)]
    for place, (ring, _, _) in enumerate(spec.placed(), start=1):
        found += _of_ring(spec, ring, place)
    return (*found, _soundhole(spec, top)) if cut_soundhole else tuple(found)


def spec_channels(spec: RosetteSpec) -> list[tuple[int, int]]:
    """Return the channels to cut, inner and outer radius in micrometres: rings without a gap between them share one."""
    channels: list[tuple[int, int]] = []
    for ring, inner, outer in spec.placed():
        if ring.kind == "gap":
            continue
        if channels and channels[-1][1] == inner:
            channels[-1] = (channels[-1][0], outer)
        else:
            channels.append((inner, outer))
    return channels


def tool_diameter(spec: RosetteSpec, width: int) -> int:
    """Return the cutter for a slot of this width, micrometres: the shop's own, else the largest that has room."""
    if spec.constraints.tool_diameter is not None:
        return spec.constraints.tool_diameter
    return next((size for size in _CUTTERS if size * _ROOM <= width * 100), _CUTTERS[-1])


def _channel(spec: RosetteSpec, top: str, inner: int, outer: int) -> Operation:
    return _operation(spec, "channel", None, top, outer - inner, spec.channel_depth, _floor(spec))


def _soundhole(spec: RosetteSpec, top: str) -> Operation:
    """Return the cut along the edge of the hole, a little into the board below; what falls out is held by tabs."""
    return _operation(spec, "soundhole", None, top, spec.soundhole_diameter, spec.top_thickness + _INTO_THE_BOARD, {})


def _floor(spec: RosetteSpec) -> dict[str, Any]:
    floor = spec.top_thickness - spec.channel_depth
    return {"floor_thickness_mm": mm_number(floor)} if floor > 0 else {}


def _of_ring(spec: RosetteSpec, ring: Ring, place: int) -> list[Operation]:
    """Return the cuts of one ring; what is glued from strips and sticks by hand has none."""
    thick = spec.channel_depth + 200
    names = [MATERIALS[name].engine_id for name in dict.fromkeys(ring.materials)]
    known = [name for name in names if name]
    if ring.kind == "solid" and known:
        extra = {"wall_thickness_mm": mm_number(ring.width), "fit_critical": True}
        return [_operation(spec, "ring_cutout", place, known[0], 10_000, thick, extra)]
    if ring.kind in ("shell", "wedges", "wheel"):
        parts = [name for name in known if ring.kind == "shell" or name in ("abalone", "mother_of_pearl", "bone")]
        extra = {"wall_thickness_mm": mm_number(ring.width), "fit_critical": True}
        return [_operation(spec, "inlay_part", place, name, 2000, thick, extra) for name in parts]
    if ring.kind in ("dots", "celtic", "greek_key", "wave", "diamond", "braid") and len(known) > 1:
        narrow = narrowest(ring)
        fit = {"fit_critical": True, **_floor(spec)}
        corner = {"internal_radius_mm": mm_number(max(narrow // 2, 1))} if ring.kind in ("dots", "wave") else {}
        part = {"wall_thickness_mm": mm_number(narrow), "fit_critical": True}
        return [
            _operation(
                spec, "inlay_pocket", place, known[-1], narrow + 2 * _INLAY_FIT, spec.channel_depth, {**fit, **corner}
            ),
            _operation(spec, "inlay_part", place, known[0], 2000, spec.channel_depth, part),
        ]
    return []


def narrowest(ring: Ring) -> int:
    """Return the width of the narrowest figure of an inlaid ring, micrometres."""
    if ring.kind == "dots":
        return dot_diameter(ring)
    if ring.kind == "greek_key":
        return ring.width // 6
    if ring.kind == "wave":
        return ring.strand or max(ring.width * 30 // 100, 300)
    if ring.kind == "wheel":
        return spoke_sizes(ring)[1]
    if ring.kind == "diamond":
        return ring.width // 2
    return ring.strand or ring.width * 59 // (400 if ring.kind == "celtic" else 300)


def _operation(
    spec: RosetteSpec, name: str, place: int | None, material: str, width: int, depth: int, extra: dict[str, Any]
) -> Operation:
    tool = tool_diameter(spec, width)
    # 0.05 mm a tooth in softwood and 0.025 in hardwood with a 1/8" cutter, smaller in proportion.
    feed = divide((50 if material in _SOFT else 25) * tool * _FLUTES * _RPM, 3175 * 1000)
    pass_depth = min(divide(tool, 4), depth)
    design = {
        "operation": name,
        "spindle_rpm": _RPM,
        "feed_mm_min": feed,
        "plunge_feed_mm_min": divide(feed * 3, 10),
        "axial_depth_mm": mm_number(pass_depth),
        "total_depth_mm": mm_number(depth),
        "feature_width_mm": mm_number(width),
        **extra,
    }
    # Pockets are cut into rings that lie in their channel already.
    stock = spec.top_thickness if name in OF_THE_TOP else depth
    context = {"material": {"id": material}, "stock": {"thickness_mm": mm_number(stock)}}
    return Operation(
        name=name,
        ring=place,
        material_id=material,
        tool_diameter_mm=tool / 1000,
        width=width,
        design=design,
        context=context,
    )
