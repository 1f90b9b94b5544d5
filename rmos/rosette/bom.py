"""The bill of materials: what to prepare before the first cut, with yields.

    bill_of_materials(spec)[0]     # 1 strip of black fibre …

Strips: 2 pi r and 5 % more. Tiles: veneers for stacks, stacks, logs, slices. Slanted patterns: veneers for a block.
Wedges are sawn from strips; only what is inlaid (shell, dots, knots) is counted in pieces, with the blank that the
largest needs and the part of the blanks that is used.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from rmos.fixed import circumference
from rmos.rosette.draw import draw_ring
from rmos.rosette.draw.flat import area, flatten
from rmos.rosette.draw.shapes import Drawing
from rmos.rosette.glueup.blocks import block_cuts, block_glue_up, is_blocked
from rmos.rosette.glueup.strip_cuts import StripCut, is_bent, strip_cuts
from rmos.rosette.glueup.tiles import TileGlueUp, is_stacked, tile_cuts, tile_glue_up
from rmos.rosette.glueup.trade import EXTRA_HEIGHT, KERF, LOG_LENGTH, ceil_div, round_up
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring, RosetteSpec, validate_spec

_LONGEST: Final = 300_000
"""Micrometres of a strip from which wedges are sawn, RMOS policy."""
_USED_OF_A_STRIP: Final = 952
"""Per mille: what 5 % more leaves over."""

What = Literal["strip", "veneer", "stack", "log", "block", "slice", "board", "piece", "shell"]


class BillItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the bill; sizes of one of the `count` in mm, `used` is the part of it that ends in the rosette."""

    ring: int
    what: What
    material: str
    count: int
    length_mm: float
    width_mm: float
    height_mm: float
    used: float
    note: str = ""


def bill_of_materials(spec: RosetteSpec) -> tuple[BillItem, ...]:
    """Return what each ring is made of, from the inside outwards.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
    """
    validate_spec(spec)
    items: list[BillItem] = []
    for place, (ring, inner, _) in enumerate(spec.placed(), start=1):
        drawing = draw_ring(ring, inner=inner, seed=spec.seed, place=place)
        items += _of_ring(spec, ring, inner, place, drawing)
    return tuple(items)


def _of_ring(spec: RosetteSpec, ring: Ring, inner: int, place: int, drawing: Drawing) -> Iterator[BillItem]:
    height, count = spec.channel_depth + EXTRA_HEIGHT, len(drawing.order)
    if ring.kind == "lines" or is_bent(ring):
        yield from (_list_bent_strip(cut) for cut in strip_cuts(place, ring, inner, height))
    elif ring.kind in ("solid", "band"):
        yield _board(ring, inner, place, height, "a square board, or joined quarters")
    elif is_stacked(ring):
        yield from _tiles(ring, tile_glue_up(place, ring, inner, count=count, height=height))
    elif is_blocked(ring):
        yield from _block(ring, inner, place, count, height)
    elif ring.kind in ("greek_key", "wave"):
        yield _ground(ring, inner, place, height)
        yield _board(ring, inner, place, height, "the figure runs round in one piece")
        yield from _pieces(ring, place, drawing, height, first=1)
    elif ring.kind != "gap":
        if drawing.base and (drawing.rims or ring.kind in _GROUNDED):
            yield _ground(ring, inner, place, height)
        yield from _pieces(ring, place, drawing, height, first=0)


_GROUNDED: Final = frozenset({"celtic", "braid", "diamond", "dots", "wheel"})
"""Kinds whose figure lies in a ground of another material."""


def _ground(ring: Ring, inner: int, place: int, height: int) -> BillItem:
    """Return what the figure of a ring lies in, of its last material: a bent strip, or a board where it is too wide."""
    plain = Ring(kind="band", width=ring.width, materials=ring.materials[-1:])
    if is_bent(plain):
        return _list_bent_strip(strip_cuts(place, plain, inner, height)[0])
    return _board(plain, inner, place, height, "the ground: a square board, or joined quarters")


def _list_bent_strip(cut: StripCut) -> BillItem:
    size = (cut.length, cut.thickness, cut.width)
    return _item(cut.ring, "strip", cut.material, cut.count, size, _USED_OF_A_STRIP, "bent")


def _board(ring: Ring, inner: int, place: int, height: int, note: str) -> BillItem:
    side = 2 * (inner + ring.width) + 6000
    used = _per_mille(circumference(inner + ring.width // 2) * ring.width, side * side)
    return _item(place, "board", ring.materials[0], 1, (side, side, height), used, note)


# From veneers


def _tiles(ring: Ring, glued: TileGlueUp) -> Iterator[BillItem]:
    """Give veneers by material, then the stacks, logs and slices that are made of them."""
    logs = sum(log.logs for log in glued.logs)
    middle = (glued.inner + glued.outer) // 2
    finished = glued.tile_count * glued.height // logs
    for cut in tile_cuts(glued):
        fitting = [stack for stack in glued.stacks if stack.width == cut.width]
        strips = [(stack, stack.layers.count(cut.material)) for stack in fitting]
        columns = sum(stack.copies * many for stack, many in strips)
        used = _per_mille(columns * middle * finished, cut.count * cut.width * cut.length)
        yield _veneer(cut, used)
    sticks = len(glued.logs[0].columns)
    names = ", ".join(stack.name for stack in glued.stacks)
    base, tile = ring.materials[0], middle * sticks
    widest = max(stack.width for stack in glued.stacks)
    used = _per_mille(glued.tile_count * glued.height, logs * LOG_LENGTH)
    size = (LOG_LENGTH, widest, glued.veneer * glued.rows)
    yield _item(glued.ring, "stack", base, len(glued.stacks), size, used, f"{names}: {glued.rows} veneers each")
    size = (LOG_LENGTH, tile, ring.width)
    yield _item(glued.ring, "log", base, logs, size, used, f"{sticks} columns of {glued.rows} sticks")
    note = f"{glued.slices} slices of a log, kerf {KERF / 1000} mm"
    yield _item(glued.ring, "slice", base, glued.tile_count, (glued.height, tile, ring.width), used, note)


def _block(ring: Ring, inner: int, place: int, count: int, height: int) -> Iterator[BillItem]:
    """Give veneers by material, then the block that is made of them."""
    glued = block_glue_up(place, ring, inner, count=count, height=height)
    whole = glued.blocks * glued.block_length * glued.width * glued.thickness
    used = _per_mille(circumference(inner + ring.width // 2) * ring.width * height, whole)
    for cut in block_cuts(glued):
        yield _veneer(cut, used)
    size = (glued.block_length, glued.width, glued.thickness)
    note = f"{glued.repeats * len(glued.layers)} veneers; {glued.slabs} slabs, {glued.pieces} pieces end to end in all"
    yield _item(place, "block", ring.materials[0], glued.blocks, size, used, note)


def _veneer(cut: StripCut, used: int) -> BillItem:
    return _item(cut.ring, "veneer", cut.material, cut.count, (cut.length, cut.width, cut.thickness), used, cut.use)


# In pieces


def _pieces(ring: Ring, place: int, drawing: Drawing, height: int, *, first: int) -> Iterator[BillItem]:
    """Give the pieces of the cells by material: the blank of the largest, and how much of their blanks they use."""
    counts: dict[str, int] = {}
    blanks: dict[str, tuple[int, int]] = {}
    areas: dict[str, tuple[int, int]] = {}
    often = [drawing.order.count(at) for at in range(len(drawing.cells))]
    for cell, times in zip(drawing.cells, often, strict=True):
        for piece in cell.pieces[first:] if times else ():
            points = [xy for outline in flatten(piece.path) for xy in outline]
            length, width = (max(side) - min(side) for side in zip(*points, strict=True))
            counts[piece.material] = counts.get(piece.material, 0) + times
            before = blanks.get(piece.material, (0, 0))
            blanks[piece.material] = (max(length, before[0]), max(width, before[1]))
            used, whole = areas.get(piece.material, (0, 0))
            areas[piece.material] = (used + times * area(points), whole + times * length * width)
    for name, count in counts.items():
        blank, used = blanks[name], _per_mille(*areas[name])
        if MATERIALS[name].shell:
            yield _item(place, "shell", name, count, (*blank, height), used, "blank of the largest")
        elif ring.kind in ("wedges", "wheel", "shell", "checkerboard"):
            yield _list_sawn_strips(place, name, count, blank, height, used)
        else:
            yield _item(place, "piece", name, count, (*blank, height), used, "blank of the largest")


def _list_sawn_strips(place: int, name: str, count: int, blank: tuple[int, int], height: int, used: int) -> BillItem:
    """Return the strips that wedges are sawn from, one after the other."""
    each = max(_LONGEST // (blank[0] + KERF), 1)
    strips = ceil_div(count, each)
    length = ceil_div(count, strips) * (blank[0] + KERF)
    note = f"{count} pieces of {round_up(blank[0], 100) / 1000:g} mm, kerf {KERF / 1000} mm"
    used = used * blank[0] // (blank[0] + KERF)
    return _item(place, "strip", name, strips, (length, blank[1], height), used, note)


def _per_mille(part: int, whole: int) -> int:
    return min(max((2000 * part + whole) // (2 * max(whole, 1)), 1), 1000)


def _item(place: int, what: What, name: str, count: int, size: tuple[int, int, int], used: int, note: str) -> BillItem:
    length, width, height = (value / 1000 for value in size)
    return BillItem(
        ring=place,
        what=what,
        material=name,
        count=count,
        length_mm=length,
        width_mm=width,
        height_mm=height,
        used=used / 1000,
        note=note,
    )
