"""Mosaic tiles: a bitmap of coloured sticks, glued to a log, sliced, and set round the ring.

    draw_mosaic(Ring(kind="mosaic", width=6000, materials=("maple", "ebony"), motif="diamond"), 50_000, decide)

Slip matched, all tiles are alike; book matched, every second one is mirrored; inversion turns it upside down; both
together turn it by half. With `mirror_at_seam` the left half of the ring mirrors the right one.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from rmos.rosette.draw.cells import ChooseStream, count_cells
from rmos.rosette.draw.shapes import UNIT, Cell, Drawing, Piece, Strip
from rmos.rosette.spec import Ring

Bitmap = tuple[str, ...]


def _load() -> dict[str, Bitmap]:
    text = files(__package__).joinpath("motifs.toml").read_text(encoding="utf-8")
    return {name: tuple(entry["rows"]) for name, entry in tomllib.loads(text).items()}


MOTIFS: Final[Mapping[str, Bitmap]] = _load()
"""Motif → its rows from the outside in."""
DEFAULT_MOTIF: Final = "diamond"


def diamonds(columns: int, rows: int) -> Bitmap:
    """Return diamonds within each other, for any size of tile."""
    lines = []
    for y in range(rows):
        line = ""
        for x in range(columns):
            # In units of half a stick, so that even sizes are symmetrical too.
            away = abs(2 * x - columns + 1) * rows + abs(2 * y - rows + 1) * columns
            depth = (columns * rows - away) // (2 * max(columns, rows))
            line += "0" if depth < 0 else "1232"[depth % 4]
        lines.append(line)
    return tuple(lines)


def bitmap_of(ring: Ring) -> Bitmap:
    """Return the tile's sticks: the ring's own bitmap, else its motif, in the number of rows that is asked for."""
    if ring.bitmap:
        return ring.bitmap
    name = ring.motif or DEFAULT_MOTIF
    motif = MOTIFS.get(name, MOTIFS[DEFAULT_MOTIF])
    size = ring.rows or len(motif)
    if size == len(motif):
        return motif
    return diamonds(size, size) if name == DEFAULT_MOTIF or size < len(motif) else _frame_motif(motif, size)


def _frame_motif(motif: Bitmap, size: int) -> Bitmap:
    """Return the motif in the middle of a larger tile of ground."""
    before = (size - len(motif)) // 2
    side = (size - len(motif[0])) // 2
    middle = [("0" * side + row).ljust(size, "0") for row in motif]
    return ("0" * size,) * before + tuple(middle) + ("0" * size,) * (size - before - len(motif))


def tile_length(ring: Ring) -> int:
    """Return the usual length of a tile, micrometres: its sticks are square."""
    bitmap = bitmap_of(ring)
    return max(ring.width * len(bitmap[0]) // len(bitmap), 500)


def tile_multiple(ring: Ring) -> int:
    """Return what the number of tiles must be a multiple of: book match needs pairs, a mirror whole halves."""
    return 2 if ring.symmetry not in (None, "slip") or ring.mirror_at_seam else 1


def draw_mosaic(ring: Ring, inner: int, decide: ChooseStream) -> Drawing:
    """Draw every stick of the tile, and the tiles by their symmetry."""
    bitmap = bitmap_of(ring)
    count = count_cells(ring, inner, length=tile_length(ring), multiple=tile_multiple(ring))
    strip = Strip(inner=inner, width=ring.width, count=count)
    plain, book = bitmap, tuple(row[::-1] for row in bitmap)
    second = {
        "book": book,
        "inversion": bitmap[::-1],
        "book_inversion": book[::-1],
    }.get(ring.symmetry or "slip", plain)
    tiles = [plain, second]
    if ring.mirror_at_seam:
        tiles += [tuple(row[::-1] for row in tile) for tile in tiles]
    half = count // 2
    order = [k % 2 if not ring.mirror_at_seam or k < half else 2 + (count - 1 - k) % 2 for k in range(count)]
    distinct = list(dict.fromkeys(tiles))
    cells = tuple(Cell(_sticks(ring, strip, tile)) for tile in distinct)
    places = tuple(distinct.index(tiles[at]) for at in order)
    return Drawing(base=ring.materials[0], cells=cells, order=places)


def _sticks(ring: Ring, strip: Strip, tile: Bitmap) -> tuple[Piece, ...]:
    rows, columns = len(tile), len(tile[0])
    pieces = []
    for y, row in enumerate(tile):
        high, low = ring.width * (rows - y) // rows, ring.width * (rows - y - 1) // rows
        for x, sign in enumerate(row):
            start, end = UNIT * x // columns, UNIT * (x + 1) // columns
            name = ring.materials[int(sign) % len(ring.materials)]
            pieces.append(
                Piece(name, (x + 2 * y) % 3, strip.polygon((start, low), (end, low), (end, high), (start, high)))
            )
    return tuple(pieces)
