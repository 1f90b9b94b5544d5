"""Can it be made: what the shop's tools and woods say to a rosette, and the cuts that the feasibility engine evaluates.

    operations, warnings = manufacture(spec)
    operations[0].design        # {"operation": "channel", "feature_width_mm": 20, …}, as the engine reads it

Nothing is changed to make it fit: a rosette 60 mm wide or lines of 0.2 mm come back with their reason. Sizes are those
of the trade; where a threshold is RMOS's own, its comment says policy.
"""

from typing import Final, Literal, NamedTuple

import msgspec

from rmos.fixed import circumference
from rmos.rosette.draw import draw_ring, usual_length
from rmos.rosette.draw.knots import M, celtic_rows
from rmos.rosette.draw.mosaic import bitmap_of
from rmos.rosette.glueup.blocks import block_glue_up
from rmos.rosette.machining import Operation, operations_of, tool_diameter
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring, RosetteSpec, mm_text, validate_spec
from rmos.rosette.wording import KIND_WORDS

WarningSeverity = Literal["note", "warning", "impossible"]


class ManufactureWarning(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to mind: which ring (1 is the innermost, None the whole), how much it matters, why."""

    code: str
    severity: WarningSeverity
    ring: int | None
    message: str


class Tiles(msgspec.Struct, frozen=True, kw_only=True):
    """The tiles of one ring: N = round(2 pi r_mid / w), w = 2 pi r_mid / N; widths in micrometres."""

    ring: int
    count: int
    width: int
    inner_width: int
    outer_width: int
    stick_taper: int | None = None
    """Of a mosaic: how much wider a stick is outside than inside."""


class Manufacture(NamedTuple):
    """The cuts and what to mind about them."""

    operations: tuple[Operation, ...]
    warnings: tuple[ManufactureWarning, ...]


HOLES: Final = {
    "classical": (82_000, 88_000),
    "om": (98_000, 101_000),
    "dreadnought": (98_000, 102_000),
    "parlor": (88_000, 95_000),
}
"""Usual soundholes, micrometres: Torres 82 to 86, modern classical 86, parlor 92 to 95, OM 98 to 100, D-28 100.8."""
_ROOM: Final = {"classical": 74_000, "om": 77_000, "dreadnought": 78_000, "parlor": 68_000, "custom": 78_000}
"""Outer radius, micrometres, up to which braces beside the soundhole leave room (RMOS policy)."""
_WIDEST: Final = 28_000
"""Torres 1852: 27 to 28 mm; wider has no example."""
_VENEER: Final = (300, 1200)
"""Thickness of veneer, micrometres: hand veneer, and what still is sliced as one (RMOS policy)."""
_TAPER: Final = 150
_MOVED: Final = 10
"""Per cent by which a tile may become wider or narrower to close the ring."""


def manufacture(spec: RosetteSpec, *, cut_soundhole: bool = False) -> Manufacture:
    """Return the operations and the warnings of a rosette.

    Args:
        cut_soundhole: whether the hole is one of the operations.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
    """
    validate_spec(spec)
    found = [*_whole(spec), *_channel(spec)]
    for place, (ring, inner, _) in enumerate(spec.placed(), start=1):
        if ring.kind != "gap":
            found += _ring(spec, ring, place)
            found += _tiles(spec, ring, inner, place)
    return Manufacture(operations_of(spec, cut_soundhole=cut_soundhole), tuple(found))


def tiles_of(spec: RosetteSpec) -> tuple[Tiles, ...]:
    """Return count and widths of the tiles of each ring that has any."""
    found = []
    for place, (ring, inner, outer) in enumerate(spec.placed(), start=1):
        count = len(draw_ring(ring, inner=inner, seed=spec.seed, place=place).order)
        if count:
            widths = [circumference(radius) // count for radius in (inner + ring.width // 2, inner, outer)]
            sticks = len(bitmap_of(ring)[0]) if ring.kind == "mosaic" else None
            found.append(
                Tiles(
                    ring=place,
                    count=count,
                    width=widths[0],
                    inner_width=widths[1],
                    outer_width=widths[2],
                    stick_taper=(widths[2] - widths[1]) // sticks if sticks else None,
                )
            )
    return tuple(found)


def _say(code: str, severity: WarningSeverity, ring: int | None, message: str) -> ManufactureWarning:
    return ManufactureWarning(code=code, severity=severity, ring=ring, message=message)


def _whole(spec: RosetteSpec) -> list[ManufactureWarning]:
    found = []
    width, reach = mm_text(spec.width), spec.outer_radius
    if spec.width > _WIDEST:
        message = f"{width} mm wide: the widest known, Torres 1852, has 27 to 28 mm"
        found.append(_say("TOO_WIDE", "warning", None, message))
    room = _ROOM[spec.instrument]
    if reach > room:
        message = f"it reaches {mm_text(reach)} mm from the centre; the braces leave room for about {mm_text(room)} mm"
        found.append(_say("BRACING_ROOM", "impossible", None, message))
    low, high = HOLES.get(spec.instrument, (0, 10**9))
    if not low <= spec.soundhole_diameter <= high:
        message = (
            f"a soundhole of {mm_text(spec.soundhole_diameter)} mm: {mm_text(low)} to {mm_text(high)} mm are usual here"
        )
        found.append(_say("SOUNDHOLE_SIZE", "note", None, message))
    if spec.edge_gap < 1500:
        message = f"{mm_text(spec.edge_gap)} mm of top at the edge of the hole is short grain; about 3 mm is usual"
        found.append(_say("EDGE_GAP", "warning", None, message))
    return found


def _channel(spec: RosetteSpec) -> list[ManufactureWarning]:
    """Check the channel by what it leaves of the top."""
    found = []
    floor = spec.top_thickness - spec.channel_depth
    depth, top = mm_text(spec.channel_depth), mm_text(spec.top_thickness)
    if floor <= 0:
        found.append(
            _say("CHANNEL_THROUGH", "impossible", None, f"a channel {depth} mm deep goes through a top of {top} mm")
        )
    elif floor < 800 or floor * 100 < spec.top_thickness * 35:
        message = f"a channel {depth} mm deep leaves {mm_text(floor)} mm of a top of {top} mm; leave 0.8 mm and a third"
        found.append(_say("CHANNEL_FLOOR", "impossible", None, message))
    elif not 900 <= spec.channel_depth <= 1600:
        found.append(_say("CHANNEL_DEPTH", "note", None, f"a channel {depth} mm deep; 0.9 to 1.6 mm is usual"))
    if not 2000 <= spec.top_thickness <= 3050:
        found.append(_say("TOP_THICKNESS", "note", None, f"a top of {top} mm; 2.0 to 3.05 mm is usual"))
    for operation in operations_of(spec):
        tool = tool_diameter(spec, operation.width)
        if operation.name == "channel" and operation.width < tool:
            message = f"the channel is {mm_text(operation.width)} mm wide, the cutter {mm_text(tool)} mm"
            found.append(_say("CHANNEL_NARROWER_THAN_CUTTER", "impossible", None, message))
    return found


def _ring(spec: RosetteSpec, ring: Ring, place: int) -> list[ManufactureWarning]:
    found = []
    least = spec.constraints.min_strip
    if ring.kind == "lines":
        thin = ring.width // len(ring.materials)
        if thin < least:
            message = (
                f"lines of {mm_text(thin)} mm: the thinnest that can be made here is {mm_text(least)} mm (hand veneer)"
            )
            found.append(_say("LINE_TOO_THIN", "impossible", place, message))
    elif ring.width < least:
        message = f"{KIND_WORDS[ring.kind]} {mm_text(ring.width)} mm wide: the thinnest strip is {mm_text(least)} mm"
        found.append(_say("RING_TOO_NARROW", "impossible", place, message))
    if ring.kind == "mosaic":
        stick = ring.width // len(bitmap_of(ring))
        if not 400 <= stick <= 1200:
            message = f"sticks of {mm_text(stick)} mm; 0.5 to 0.6 mm are usual, 0.4 to 1.2 mm can be handled"
            found.append(_say("STICK_SIZE", "warning", place, message))
    if ring.kind == "celtic" and ring.strand:
        step = ring.width // celtic_rows(ring)
        if ring.strand * M > step * 7400:
            message = f"strands of {mm_text(ring.strand)} mm touch in a band of {mm_text(ring.width)} mm; make it wider"
            found.append(_say("STRANDS_TOUCH", "warning", place, message))
    return found


def _tiles(spec: RosetteSpec, ring: Ring, inner: int, place: int) -> list[ManufactureWarning]:
    """Check how the tiles close the ring."""
    count = len(draw_ring(ring, inner=inner, seed=spec.seed, place=place).order)
    if not count:
        return []
    found = []
    width = circumference(inner + ring.width // 2) // count
    wanted = ring.tile_length or (usual_length(ring, inner) if ring.kind == "mosaic" else None)
    if wanted and abs(width - wanted) * 100 > wanted * _MOVED:
        message = f"{count} tiles close the ring at {mm_text(width)} mm each; {mm_text(wanted)} mm was wanted"
        found.append(_say("TILE_WIDTH_MOVED", "warning", place, message))
    found += _halves(ring, count, place)
    if ring.kind == "mosaic":
        sticks = len(bitmap_of(ring)[0])
        taper = (circumference(inner + ring.width) - circumference(inner)) // count // sticks
        if taper > _TAPER:
            message = f"each stick is {mm_text(taper)} mm wider outside than inside; above 0.15 mm the joints open"
            found.append(_say("STICK_TAPER", "warning", place, message))
    if ring.kind in ("herringbone", "half_herringbone"):
        found += _strips(ring, inner, count, place)
    if any(MATERIALS[name].shell for name in ring.materials) and width > 25_000 and ring.kind in ("shell", "wedges"):
        message = f"pieces of shell {mm_text(width)} mm long are hard to get flat; take more of them"
        found.append(_say("SHELL_LENGTH", "warning", place, message))
    return found


def _strips(ring: Ring, inner: int, count: int, place: int) -> list[ManufactureWarning]:
    """Check the strips of herringbone: veneers, glued to a block and sliced."""
    thick = ring.strip or block_glue_up(place, ring, inner, count=count, height=1000).layers[0].thickness
    if _VENEER[0] <= thick <= _VENEER[1]:
        return []
    low, high = (mm_text(limit) for limit in _VENEER)
    message = f"herringbone of strips {mm_text(thick)} mm thick; {low} to {high} mm are veneer, 0.5 to 0.6 mm usual"
    return [_say("STRIP_SIZE", "note" if thick > _VENEER[1] else "warning", place, message)]


def _halves(ring: Ring, count: int, place: int) -> list[ManufactureWarning]:
    colours = len(ring.materials)
    if ring.kind in ("checkerboard", "wedges", "shell") and colours > 1 and count % colours:
        message = f"{count} tiles of {colours} materials: two alike meet at the seam; take a multiple of {colours}"
        return [_say("TILES_MEET_AT_SEAM", "warning", place, message)]
    if ring.kind == "mosaic" and count % 2 and (ring.symmetry not in (None, "slip") or ring.mirror_at_seam):
        message = f"{count} tiles cannot be matched in pairs: take an even number"
        return [_say("TILES_NOT_EVEN", "warning", place, message)]
    return []
