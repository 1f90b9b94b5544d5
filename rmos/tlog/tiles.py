"""Keep a tree in tiles of 256 hashes (C2SP tlog-tiles), and grow it by its right edge alone.

    edge = Edge()
    full = edge.extend(map(hash_leaf, entries))      # the tiles that became full on the way
    edge.size, edge.root()
    tile_name(0, 1234)                               # '0/x001/234'
    Nodes(size, read_tile)                           # reads subtrees for proofs

Tile n of level L holds the hashes of the subtrees with 256**L leaves from n * 256 on. A tile that is full never
changes; what is not full yet is the edge: at most 255 hashes a level.
"""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from rmos.digest import EMPTY_ROOT, hash_node

WIDTH: Final = 256
"""Hashes in a full tile."""
_HEIGHT: Final = 8
HASH: Final = 32
"""Bytes of a hash."""
_NUMBER: Final = r"(?:x[0-9]{3}/){0,6}[0-9]{3}"
"""At most 21 digits: more no log has, and Python reads a number of thousands of digits as none."""
_NAME: Final = re.compile(rf"([0-9]|[1-5][0-9]|6[0-3])/({_NUMBER})(?:\.p/([1-9][0-9]{{0,2}}))?")

ReadTile = Callable[[int, int, int], bytes]
"""Returns the first hashes of a tile, given level, number and how many of them: at least those."""


class Tile(NamedTuple):
    """A full tile."""

    level: int
    number: int
    data: bytes


class TileName(NamedTuple):
    """What the name of a tile says."""

    level: int
    number: int
    width: int


def number_name(number: int) -> str:
    """Return a number in groups of three digits, all but the last with an `x` before them: `x001/234`."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])


def parse_number(name: str) -> int | None:
    """Return the number that a name stands for, or None when that number has another name."""
    if re.fullmatch(_NUMBER, name) is None:
        return None
    number = int(name.replace("x", "").replace("/", ""))
    return number if number_name(number) == name else None


def tile_name(level: int, number: int, width: int = WIDTH) -> str:
    """Return a tile's name below `tile/`."""
    return f"{level}/{number_name(number)}" + (f".p/{width}" if width < WIDTH else "")


def parse_tile_name(name: str) -> TileName | None:
    """Return what a tile's name says, or None when it is none."""
    match = _NAME.fullmatch(name)
    number = None if match is None else parse_number(match[2])
    if match is None or number is None:
        return None
    width = int(match[3] or WIDTH)
    return TileName(int(match[1]), number, width) if not match[3] or width < WIDTH else None


class Edge:
    """The right edge of a tree: of each level the hashes that fill no tile yet."""

    def __init__(self, size: int = 0, levels: Sequence[Sequence[bytes]] = ()) -> None:
        """Take up the edge of a tree of `size` leaves.

        Raises:
            ValueError: such a tree has no such edge.
        """
        if [len(level) for level in levels] != _edge_widths(size):
            raise ValueError(f"a tree of {size} leaves has another edge")
        self.size = size
        self._levels = [list(level) for level in levels]

    @property
    def levels(self) -> list[list[bytes]]:
        """The hashes of each level, from the leaves up."""
        return [list(level) for level in self._levels]

    def dump(self) -> str:
        """Return the edge as a text: base64 of each level's hashes, from the leaves up."""
        return " ".join(base64.b64encode(b"".join(level)).decode() or "-" for level in self._levels)

    def extend(self, leaves: Iterable[bytes]) -> list[Tile]:
        """Append the hashes of leaves, and return the tiles that became full, each after those below it."""
        full: list[Tile] = []
        for leaf in leaves:
            self.size += 1
            self._push(0, leaf, full)
        return full

    def root(self) -> bytes:
        """Return the root of the tree."""
        whole: bytes | None = None
        for level in self._levels:
            for hashed in _perfect_halves(level):
                whole = hashed if whole is None else hash_node(hashed, whole)
        return EMPTY_ROOT if whole is None else whole

    def _push(self, level: int, hashed: bytes, full: list[Tile]) -> None:
        if level == len(self._levels):
            self._levels.append([])
        hashes = self._levels[level]
        hashes.append(hashed)
        if len(hashes) == WIDTH:
            number = (self.size >> _HEIGHT * (level + 1)) - 1
            full.append(Tile(level, number, b"".join(hashes)))
            above = combine(hashes)
            hashes.clear()
            self._push(level + 1, above, full)


def load_edge(size: int, text: str) -> Edge | None:
    """Return the edge that a text holds, None when it is none of a tree of this size."""
    try:
        data = [b"" if level == "-" else base64.b64decode(level, validate=True) for level in text.split()]
        return Edge(size, [[level[at : at + HASH] for at in range(0, len(level), HASH)] for level in data])
    except ValueError:
        return None


class Nodes:
    """The complete subtrees of a tree of `size` leaves, read from its tiles; each tile is asked for once."""

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        self._size = size
        self._read_tile = read_tile
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, height: int, index: int) -> bytes:
        """Return the hash of the subtree with 2**height leaves that begins at leaf `index << height`.

        Raises:
            ValueError: it is not whole in this tree.
        """
        if (index + 1) << height > self._size:
            raise ValueError("the tree has no such subtree")
        level, rest = divmod(height, _HEIGHT)
        number, place = divmod(index << rest, WIDTH)
        data = self._tile(level, number)
        return combine([data[at * HASH : (at + 1) * HASH] for at in range(place, place + (1 << rest))])

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._tiles:
            width = min(WIDTH, (self._size >> _HEIGHT * level) - number * WIDTH)
            self._tiles[level, number] = self._read_tile(level, number, width)
        return self._tiles[level, number]


def combine(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over a power of 2 of equal subtrees."""
    while len(hashes) > 1:
        hashes = [hash_node(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def _perfect_halves(hashes: Sequence[bytes]) -> Iterable[bytes]:
    """Yield the hashes of the largest complete subtrees of some equal ones, from the right to the left."""
    end = len(hashes)
    while end:
        count = end & -end
        yield combine(hashes[end - count : end])
        end -= count


def _edge_widths(size: int) -> list[int]:
    widths = []
    while size:
        widths.append(size % WIDTH)
        size //= WIDTH
    return widths
