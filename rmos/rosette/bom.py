"""The bill of materials: what to prepare before the first cut, with yields.

    bill_of_materials(spec)[0]     # 3 strips of black fibre …

Strips: 2 pi r and 5 % more. Logs of a mosaic: floor(length / (slice + kerf)) slices of one log. Pieces: how many, of
which blank, and how much of the blank they use.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from rmos.rosette.draw import draw_ring
from rmos.rosette.draw.bands import line_edges
from rmos.rosette.draw.flat import area, flatten
from rmos.rosette.draw.mosaic import bitmap_of
from rmos.rosette.draw.shapes import Drawing
from rmos.rosette.fixed import circumference, divide
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring, RosetteSpec, checked

LOG_LENGTH: Final = 150_000
"""Micrometres of a mosaic log, RMOS policy: what a small mitre saw holds."""
KERF: Final = 600
EXTRA_HEIGHT: Final = 300
"""What strips and slices stand above the channel, to be scraped flush."""

What = Literal["strip", "stick", "slice", "board", "piece", "shell"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
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


def bill_of_materials(spec: RosetteSpec) -> tuple[Item, ...]:
    """Return what each ring is made of, from the inside outwards.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
    """
    checked(spec)
    items: list[Item] = []
    for place, (ring, inner, _) in enumerate(spec.placed(), start=1):
        drawing = draw_ring(ring, inner=inner, seed=spec.seed, place=place)
        items += _of_ring(spec, ring, inner, place, drawing)
    return tuple(items)


def _of_ring(spec: RosetteSpec, ring: Ring, inner: int, place: int, drawing: Drawing) -> Iterator[Item]:
    height = spec.channel_depth + EXTRA_HEIGHT
    if ring.kind == "lines":
        edges = line_edges(ring, inner)
        for name, low, high in zip(ring.materials, edges, edges[1:], strict=False):
            yield _strip(place, name, low, high, height)
    elif ring.kind == "band":
        yield _strip(place, ring.materials[0], inner, inner + ring.width, height)
    elif ring.kind == "solid":
        side = 2 * (inner + ring.width) + 6000
        used = _per_mille(circumference(inner + ring.width // 2) * ring.width, side * side)
        yield _item(
            place, "board", ring.materials[0], 1, (side, side, height), used, "a square board, or joined quarters"
        )
    elif ring.kind == "mosaic":
        yield from _log(ring, place, len(drawing.order), height)
    elif ring.kind != "gap":
        yield from _pieces(ring, inner, place, drawing, height)


def _strip(place: int, name: str, low: int, high: int, height: int) -> Item:
    length = divide(circumference((low + high) // 2) * 105, 100)
    return _item(place, "strip", name, 1, (length, high - low, height), 952, "bent")


def _log(ring: Ring, place: int, tiles: int, height: int) -> Iterator[Item]:
    bitmap = bitmap_of(ring)
    rows, columns = len(bitmap), len(bitmap[0])
    each = LOG_LENGTH // (height + KERF)
    logs = -(-tiles // each)
    used = _per_mille(tiles * height, logs * LOG_LENGTH)
    signs = "".join(bitmap)
    for name in dict.fromkeys(ring.materials):
        sticks = sum(ring.materials[int(sign) % len(ring.materials)] == name for sign in signs)
        if sticks:
            size = (LOG_LENGTH, ring.width // rows, ring.width // rows)
            yield _item(place, "stick", name, sticks * logs, size, used, f"{logs} log of {columns} by {rows} sticks")
    size = (height, ring.width * columns // rows, ring.width)
    yield _item(place, "slice", ring.materials[0], tiles, size, used, f"{each} slices of a log, kerf {KERF / 1000} mm")


def _pieces(ring: Ring, inner: int, place: int, drawing: Drawing, height: int) -> Iterator[Item]:
    """Give the pieces of the cells by material: the blank of the largest, and how much of their blanks they use."""
    base = drawing.base
    if base and (drawing.rims or ring.kind in _GROUNDED):
        yield _strip(place, base, inner, inner + ring.width, height)
    counts: dict[str, int] = {}
    blanks: dict[str, tuple[int, int]] = {}
    areas: dict[str, tuple[int, int]] = {}
    often = [drawing.order.count(at) for at in range(len(drawing.cells))]
    for cell, times in zip(drawing.cells, often, strict=True):
        for piece in cell.pieces:
            points = [xy for outline in flatten(piece.path) for xy in outline]
            length, width = (max(side) - min(side) for side in zip(*points, strict=True))
            counts[piece.material] = counts.get(piece.material, 0) + times
            before = blanks.get(piece.material, (0, 0))
            blanks[piece.material] = (max(length, before[0]), max(width, before[1]))
            used, whole = areas.get(piece.material, (0, 0))
            areas[piece.material] = (used + times * area(points), whole + times * length * width)
    for name, count in counts.items():
        what: What = "shell" if MATERIALS[name].shell else "piece"
        yield _item(place, what, name, count, (*blanks[name], height), _per_mille(*areas[name]), "blank of the largest")


_GROUNDED: Final = frozenset({"wheat", "celtic", "braid", "greek_key", "diamond", "dots", "wave", "wheel"})
"""Kinds whose figure lies in a ground of another material."""


def _per_mille(part: int, whole: int) -> int:
    return min(divide(1000 * part, max(whole, 1)), 1000)


def _item(place: int, what: What, name: str, count: int, size: tuple[int, int, int], used: int, note: str) -> Item:
    length, width, height = (value / 1000 for value in size)
    return Item(
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
