"""Slanted strips from a block: herringbone, half-herringbone, ears of wheat and rope are slices of a stack of veneers.

    glued = block_glue_up(2, ring, 46_000, count=190, height=1400)
    glued.layers          # (Layer(material="maple", thickness=600), Layer(material="ebony", thickness=600))

Veneers in turn are glued to a block. Slabs are sawn from it across the veneers, leaning by the slant; a slab is as
thick as a row is high. Sliced to strips as high as the channel is deep, it gives pieces of the pattern, which are set
end to end; every second row is turned over, and the mitres meet. What curves in the drawing (grains of wheat, strands
of a rope) is straight here.
"""

from math import isqrt

import msgspec

from rmos.fixed import circumference
from rmos.rosette.draw.chevrons import chevron_rows, chevron_slant
from rmos.rosette.glueup.strip_cuts import StripCut
from rmos.rosette.glueup.trade import (
    BLOCK_LAYERS,
    BLOCK_THICKEST,
    BLOCK_WIDTH,
    KERF,
    LOG_LENGTH,
    LONGER,
    MARGIN,
    SAWN_EXTRA,
    ceil_div,
)
from rmos.rosette.spec import Ring

_TANGENTS = {20: 36, 25: 47, 30: 58, 35: 70, 40: 84, 45: 100, 50: 119, 55: 143, 60: 173, 65: 214, 70: 275}
"""Slant in degrees → hundredths, as herringbone is drawn."""
_WHEAT = 125
"""Hundredths that a grain of wheat leans for its height, as it is drawn; 58 per cent of a repeat are grain."""
_GRAIN = 58


class BlockVeneer(msgspec.Struct, frozen=True, kw_only=True):
    """One veneer of a repeat, and how thick it is."""

    material: str
    thickness: int


class BlockGlueUp(msgspec.Struct, frozen=True, kw_only=True):
    """The glue-up of one ring of slanted strips; lengths in micrometres."""

    ring: int
    layers: tuple[BlockVeneer, ...]
    """One repeat, glued `repeats` times on each other."""
    repeats: int
    tangent: int
    """How far a strip leans for each 100 of its height."""
    rows: int
    row: int
    """Height of a row, so the thickness of a slab when it is finished."""
    height: int
    """Of a strip: the channel's depth and what is scraped off."""
    pieces: int
    """Of all rows."""
    piece_length: int
    """Along the ring."""
    slabs: int
    """Of one block."""
    blocks: int
    block_length: int

    @property
    def thickness(self) -> int:
        """How thick a block is."""
        return self.repeats * sum(layer.thickness for layer in self.layers)

    @property
    def width(self) -> int:
        """How wide its veneers are."""
        return _width(self.height)

    @property
    def sawn(self) -> int:
        """How thick a slab is sawn."""
        return self.row + SAWN_EXTRA


def is_blocked(ring: Ring) -> bool:
    """Tell whether the ring is made of slanted strips from a block."""
    return ring.kind in ("herringbone", "half_herringbone", "wheat", "rope")


def block_glue_up(place: int, ring: Ring, inner: int, *, count: int, height: int) -> BlockGlueUp:
    """Return the glue-up of a ring of slanted strips.

    Args:
        count: of the repeats that close the ring.
        height: of a strip, micrometres.
    """
    tangent, rows = _tangent(ring), _rows(ring)
    repeat = circumference(inner + ring.width // 2) // count
    secant = isqrt((10_000 + tangent * tangent) * 10_000)
    layers = tuple(
        BlockVeneer(material=name, thickness=max(repeat * share // secant, 50)) for name, share in _shares(ring)
    )
    each_repeat = sum(layer.thickness for layer in layers)
    repeats = max(min(BLOCK_LAYERS // len(layers), BLOCK_THICKEST // each_repeat), 1)
    thickness = repeats * each_repeat
    pieces = rows * ceil_div(count * LONGER, 100 * repeats)
    each = _width(height) // (height + KERF)
    row = ring.width // rows
    # One slab takes its thickness and a kerf, measured along the veneers.
    step = (row + SAWN_EXTRA + KERF) * secant // 10_000
    lean = thickness * tangent // 100
    room = max((LOG_LENGTH - lean - 2 * MARGIN) // step, 1)
    slabs = ceil_div(pieces, each)
    blocks = ceil_div(slabs, room)
    slabs = ceil_div(slabs, blocks)
    return BlockGlueUp(
        ring=place,
        layers=layers,
        repeats=repeats,
        tangent=tangent,
        rows=rows,
        row=row,
        height=height,
        pieces=pieces,
        piece_length=thickness * secant // 10_000,
        slabs=slabs,
        blocks=blocks,
        block_length=lean + slabs * step + 2 * MARGIN,
    )


def _width(height: int) -> int:
    """Return how wide the veneers of a block are: one strip at least is sliced from a slab."""
    return max(BLOCK_WIDTH, height + KERF)


def _rows(ring: Ring) -> int:
    if ring.kind == "wheat":
        return 2
    return 1 if ring.kind == "rope" else chevron_rows(ring)


def _tangent(ring: Ring) -> int:
    if ring.kind == "wheat":
        return _WHEAT
    return (ring.slant or 55) * 2 if ring.kind == "rope" else _TANGENTS[chevron_slant(ring)]


def _shares(ring: Ring) -> list[tuple[str, int]]:
    """Return the materials of one repeat and their shares of its length, in ten-thousandths."""
    if ring.kind != "wheat":
        colours = ring.materials if len(ring.materials) > 1 else ring.materials * 2
        return [(name, 10_000 // len(colours)) for name in colours]
    grains = ring.materials[:-1] or ring.materials
    each = 10_000 // len(grains)
    return [pair for name in grains for pair in ((name, each * _GRAIN // 100), (ring.materials[-1], each * 42 // 100))]


def block_cuts(glued: BlockGlueUp) -> tuple[StripCut, ...]:
    """Return the strips of veneer for all blocks, by material and thickness."""
    counts: dict[BlockVeneer, int] = {}
    for layer in glued.layers:
        counts[layer] = counts.get(layer, 0) + glued.repeats * glued.blocks
    return tuple(
        StripCut(
            ring=glued.ring,
            use="block" if glued.blocks == 1 else f"{glued.blocks} blocks",
            material=layer.material,
            count=count,
            length=glued.block_length,
            width=glued.width,
            thickness=layer.thickness,
        )
        for layer, count in counts.items()
    )
