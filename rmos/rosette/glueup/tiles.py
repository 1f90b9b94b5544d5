"""Tiles from column stacks: which veneers are glued in which order, how columns are sliced and tapered, and the logs.

    glued = tile_glue_up(3, ring, 50_000, count=48, height=1400)
    glued.stacks[0].layers         # ("maple", "ebony", …) from the outside of the ring to its inside
    [column.stack for column in glued.columns]     # ["A", "B", "C", "B", "A"]

A tile is a grid of sticks. Each of its columns is sliced off a stack of veneers; columns that are alike, or alike when
they are turned end for end, come from one stack. The columns of a tile, tapered so that the ring closes, are glued to a
log; slices of the log are the tiles. A mirrored tile is a slice turned over, but a tile upside down tapers the other
way and needs a log of its own.
"""

from collections.abc import Sequence

import msgspec

from rmos.fixed import circumference
from rmos.rosette.draw.lattice import checker_rows
from rmos.rosette.draw.mosaic import bitmap_of
from rmos.rosette.glueup.strip_cuts import StripCut
from rmos.rosette.glueup.trade import KERF, LEAST_WIDTH, LOG_LENGTH, MARGIN, SAWN_EXTRA, SPARE, ceil_div
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring

Layers = tuple[str, ...]


class TileColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the tile: the stack that it is sliced from, turned end for end or not."""

    stack: str
    turned: bool


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """Veneers glued on each other; `copies` columns are sliced from it, `width` wide strips give so many."""

    name: str
    layers: Layers
    copies: int
    width: int


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """Columns from left to right, seen from the end, the outside of the ring up; `tiles` slices of it are used."""

    columns: tuple[TileColumn, ...]
    tiles: int
    logs: int
    """How many such logs of `LOG_LENGTH` are needed."""
    cut_length: int
    """What the slices take of one log's length."""


class TileGlueUp(msgspec.Struct, frozen=True, kw_only=True):
    """The glue-up of one ring of tiles; lengths in micrometres."""

    ring: int
    rows: int
    tile_count: int
    veneer: int
    """Thickness of the veneers: the height of a stick."""
    inner: int
    outer: int
    """Width of a column at the inside and the outside of the ring: between them it tapers."""
    sawn: int
    height: int
    """Thickness of a slice."""
    slices: int
    """Of one log."""
    turned_over: int
    """How many of the slices are turned over, so that they mirror their neighbours."""
    stacks: tuple[Stack, ...]
    logs: tuple[Log, ...]

    @property
    def taper(self) -> int:
        """How much wider a column is outside than inside."""
        return self.outer - self.inner


def is_stacked(ring: Ring) -> bool:
    """Tell whether the ring is made of tiles from stacks: mosaic, and checkerboards without shell."""
    if ring.kind == "mosaic":
        return True
    return ring.kind == "checkerboard" and not any(MATERIALS[name].shell for name in ring.materials)


def tile_glue_up(place: int, ring: Ring, inner: int, *, count: int, height: int) -> TileGlueUp:
    """Return the glue-up of a ring of tiles.

    Args:
        count: of the tiles that close the ring; of a checkerboard, its columns.
        height: of a slice, micrometres.
    """
    tile = _tile(ring, inner)
    around = count if ring.kind == "mosaic" else max(count // len(tile[0]), 1)
    width, rows = len(tile[0]), len(tile)
    bounds = [circumference(radius) // (around * width) for radius in (inner, inner + ring.width)]
    sawn = bounds[1] + SAWN_EXTRA
    slices = LOG_LENGTH // (height + KERF)
    named, logs = _logs(ring, tile, around, slices, height)
    copies = _copies(named, logs)
    stacks = tuple(
        Stack(
            name=name,
            layers=layers,
            copies=copies[name],
            width=max(copies[name] * (sawn + KERF) + 2 * MARGIN, LEAST_WIDTH),
        )
        for layers, name in named.items()
    )
    over = around // 2 if ring.symmetry in ("book", "book_inversion") or ring.mirror_at_seam else 0
    return TileGlueUp(
        ring=place,
        rows=rows,
        tile_count=around,
        veneer=ring.width // rows,
        inner=bounds[0],
        outer=bounds[1],
        sawn=sawn,
        height=height,
        slices=slices,
        turned_over=over,
        stacks=stacks,
        logs=logs,
    )


def _tile(ring: Ring, inner: int) -> list[Layers]:
    """Return the rows of the tile as materials, from the outside in."""
    if ring.kind == "mosaic":
        names = ring.materials
        return [tuple(names[int(sign) % len(names)] for sign in row) for row in bitmap_of(ring)]
    colours = ring.materials if len(ring.materials) > 1 else ring.materials * 2
    rows = checker_rows(ring, inner)
    # Row 0 of the drawing is the innermost.
    return [
        tuple(colours[(column + row) % len(colours)] for column in range(len(colours))) for row in reversed(range(rows))
    ]


def _logs(
    ring: Ring, tile: Sequence[Layers], around: int, slices: int, height: int
) -> tuple[dict[Layers, str], tuple[Log, ...]]:
    """Return the stacks by their layers, and the logs: one, and another one for tiles that stand upside down."""
    named: dict[Layers, str] = {}
    upright = _columns(tile, named)
    counts = [(upright, around)]
    if ring.symmetry in ("inversion", "book_inversion"):
        upside_down = _columns(tile[::-1], named)
        if not _mirrors(upright, upside_down):
            counts = [(upright, around - around // 2), (upside_down, around // 2)]
    logs = []
    for columns, tiles in counts:
        needed = ceil_div(tiles + SPARE, slices)
        each = ceil_div(tiles + SPARE, needed)
        logs.append(Log(columns=columns, tiles=tiles, logs=needed, cut_length=each * (height + KERF)))
    return named, tuple(logs)


def _columns(tile: Sequence[Layers], named: dict[Layers, str]) -> tuple[TileColumn, ...]:
    columns = []
    for layers in zip(*tile, strict=True):
        turned = layers not in named and layers[::-1] in named
        name = named[layers[::-1]] if turned else named.setdefault(layers, _letter(len(named)))
        columns.append(TileColumn(stack=name, turned=turned))
    return tuple(columns)


def _mirrors(one: tuple[TileColumn, ...], other: tuple[TileColumn, ...]) -> bool:
    """Tell whether a tile upside down is the same tile, or the same turned over."""
    return other in (one, one[::-1])


def _letter(at: int) -> str:
    return chr(ord("A") + at)


def _copies(named: dict[Layers, str], logs: tuple[Log, ...]) -> dict[str, int]:
    """Return how many columns are sliced off each stack."""
    copies = dict.fromkeys(named.values(), 0)
    for log in logs:
        for column in log.columns:
            copies[column.stack] += log.logs
    return copies


def tile_cuts(glued: TileGlueUp) -> tuple[StripCut, ...]:
    """Return the strips of veneer for all stacks, by material and width."""
    found: dict[tuple[str, int], list[str]] = {}
    for stack in glued.stacks:
        for material in stack.layers:
            found.setdefault((material, stack.width), []).append(stack.name)
    return tuple(
        StripCut(
            ring=glued.ring,
            use=f"stack{'s' if len(set(names)) > 1 else ''} {', '.join(dict.fromkeys(names))}",
            material=material,
            count=len(names),
            length=LOG_LENGTH,
            width=width,
            thickness=glued.veneer,
        )
        for (material, width), names in found.items()
    )
