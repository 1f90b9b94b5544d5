"""The plan of a whole rosette: what is glued of each ring, and the cutting list of all.

    plan = plan_of(spec)
    plan.tiles, plan.blocks        # the rings that are glued from stacks and from blocks
    plan.cuts                      # every strip to cut, ring by ring

Rings that a machine cuts or a file shapes (shell, dots, solid rings …) are on the bill of materials only.
"""

import msgspec

from rmos.rosette.draw import draw_ring
from rmos.rosette.glueup.blocks import BlockGlueUp, block_cuts, block_glue_up, is_blocked
from rmos.rosette.glueup.strip_cuts import StripCut, is_bent, strip_cuts
from rmos.rosette.glueup.tiles import TileGlueUp, is_stacked, tile_cuts, tile_glue_up
from rmos.rosette.glueup.trade import EXTRA_HEIGHT
from rmos.rosette.spec import Ring, RosetteSpec, validate_spec


class GlueUpPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is glued up by hand, from the inside outwards."""

    height: int
    """Of strips and slices, micrometres: the channel's depth and what is scraped off."""
    tiles: tuple[TileGlueUp, ...]
    blocks: tuple[BlockGlueUp, ...]
    cuts: tuple[StripCut, ...]


def plan_of(spec: RosetteSpec) -> GlueUpPlan:
    """Return the glue-up of a rosette.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
    """
    validate_spec(spec)
    height = spec.channel_depth + EXTRA_HEIGHT
    tiles, blocks, cuts = list[TileGlueUp](), list[BlockGlueUp](), list[StripCut]()
    for place, (ring, inner, _) in enumerate(spec.placed(), start=1):
        if is_stacked(ring):
            tiles.append(glued := _tiles(spec, place, ring, inner, height))
            cuts += tile_cuts(glued)
        elif is_blocked(ring):
            blocks.append(block := _block(spec, place, ring, inner, height))
            cuts += block_cuts(block)
        elif ring.kind == "lines" or is_bent(ring):
            cuts += strip_cuts(place, ring, inner, height)
    return GlueUpPlan(height=height, tiles=tuple(tiles), blocks=tuple(blocks), cuts=tuple(cuts))


def _count(spec: RosetteSpec, place: int, ring: Ring, inner: int) -> int:
    return len(draw_ring(ring, inner=inner, seed=spec.seed, place=place).order)


def _tiles(spec: RosetteSpec, place: int, ring: Ring, inner: int, height: int) -> TileGlueUp:
    return tile_glue_up(place, ring, inner, count=_count(spec, place, ring, inner), height=height)


def _block(spec: RosetteSpec, place: int, ring: Ring, inner: int, height: int) -> BlockGlueUp:
    return block_glue_up(place, ring, inner, count=_count(spec, place, ring, inner), height=height)
