"""Hold the path of one tool through one operation: `rmos.toolpaths/1`, in whole micrometres.

    paths = Toolpaths(operation="channel", tool_id="em-3175-2f", …, moves=(PathMove("G0", 47588, 0, 6000), …))
    find_box(paths.moves)              # ((-51412, -51412, -1500), (51412, 51412, 6000))
    digest_toolpaths([paths])          # the same on every machine

X points right, Y up, Z up from where the program's zero is. What is written for a controller is text of these integers,
and everything in it that matters stands here: feed, plunge and speed as they were evaluated, never as anybody asked.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import isqrt
from typing import Any, Final, Literal, NamedTuple

import msgspec

from rmos import digest
from rmos.cam.measure.setup import StockOrigin, Zero

SCHEMA: Final = "rmos.toolpaths/1"
MAX_MOVES: Final = 200_000
"""Moves of all operations that are made at once (RMOS policy): some 8 MB of a program."""
MoveCode = Literal["G0", "G1", "G2", "G3"]
TipPlace = tuple[int, int, int]


class PathMove(NamedTuple):
    """One move to x, y, z (µm): a rapid, a line, or an arc round a centre, clockwise (G2) or not (G3)."""

    code: MoveCode
    x: int
    y: int
    z: int
    feed: int = 0
    """mm/min; 0 of a rapid."""
    centre_x: int = 0
    centre_y: int = 0


class PathNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a path leaves for hand tools, or does otherwise than a drawing."""

    code: str
    text: str


class Toolpaths(msgspec.Struct, frozen=True, kw_only=True):
    """The path of one tool through one operation."""

    schema: Literal["rmos.toolpaths/1"] = SCHEMA
    operation: str
    ring: int | None = None
    """Which ring it makes, 1 the innermost; None of the channel and the soundhole."""
    tool_id: str
    tool_diameter: str
    """mm."""
    rpm: int
    feed: int
    plunge: int
    depth_um: int
    passes: int
    safe_um: int
    """Z at which it travels."""
    zero: Zero
    origin: StockOrigin
    coolant: Literal["none", "air", "mist"] = "none"
    spindle_wait_s: int
    moves: tuple[PathMove, ...]
    notes: tuple[PathNote, ...] = ()


def dump_toolpaths(paths: Sequence[Toolpaths]) -> bytes:
    """Return the canonical bytes of the paths of a design, in the order in which they are cut."""
    members: dict[str, Any] = {"schema": SCHEMA, "operations": [_list_members(item) for item in paths]}
    return digest.canonical(members)


def _list_members(paths: Toolpaths) -> dict[str, Any]:
    members: dict[str, Any] = msgspec.to_builtins(paths)
    return {**members, "moves": [_list_move(move) for move in paths.moves]}


def _list_move(move: PathMove) -> list[str | int]:
    """Return a move without what it does not have: `["G0",x,y,z]`, `["G1",x,y,z,f]`, `["G3",x,y,z,f,cx,cy]`."""
    return list(move[: {"G0": 4, "G1": 5}.get(move.code, 7)])


def digest_toolpaths(paths: Sequence[Toolpaths]) -> str:
    """Return the SHA-256 of the canonical bytes."""
    return digest.sha256_hex(dump_toolpaths(paths))


def find_box(moves: Iterable[PathMove]) -> tuple[TipPlace, TipPlace]:
    """Return the lowest and the highest place of the tip, with the quadrant points that arcs pass through."""
    places = list(_yield_places(moves))
    low, high = (tuple(pick(axis) for axis in zip(*places, strict=True)) for pick in (min, max))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def _yield_places(moves: Iterable[PathMove]) -> Iterator[TipPlace]:
    before: PathMove | None = None
    for move in moves:
        yield move.x, move.y, move.z
        if before is not None and move.code in ("G2", "G3"):
            yield from _yield_quadrants(before, move)
        before = move


def _yield_quadrants(start: PathMove, arc: PathMove) -> Iterator[TipPlace]:
    """Yield the places furthest left, right, up and down that an arc passes; its radius is that of its start."""
    ax, ay = start.x - arc.centre_x, start.y - arc.centre_y
    bx, by = arc.x - arc.centre_x, arc.y - arc.centre_y
    radius = _round_root(ax * ax + ay * ay)
    if arc.code == "G2":  # the same arc the other way round is run from its end
        ax, ay, bx, by = bx, by, ax, ay
    for qx, qy in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        if _is_between((ax, ay), (qx, qy), (bx, by)):
            yield arc.centre_x + qx * radius, arc.centre_y + qy * radius, arc.z


def _is_between(a: tuple[int, int], q: tuple[int, int], b: tuple[int, int]) -> bool:
    """Tell whether one meets q on the way from a to b counter-clockwise; half a circle and less."""
    from_a, to_b = a[0] * q[1] - a[1] * q[0], q[0] * b[1] - q[1] * b[0]
    across = a[0] * b[1] - a[1] * b[0]
    if across == 0:  # just half a circle
        return from_a >= 0 and to_b >= 0
    return (from_a >= 0 and to_b >= 0) if across > 0 else not (from_a < 0 and to_b < 0)


def _round_root(square: int) -> int:
    """Return the square root to the nearest whole number."""
    root = isqrt(square)
    return root + (square - root * root > root)
