"""Make toolpaths of a route: with what was evaluated, and only where stock and machine have room for them.

make_toolpaths(cut, route, options, Room(width_um=160_000, height_um=140_000, travel_um=(400_000, 400_000, 80_000)))
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from rmos.cam.paths.cut import PathCut, PathOptions
from rmos.cam.paths.route import Route
from rmos.cam.paths.toolpaths import MAX_MOVES, PathMove, PathNote, Toolpaths, find_box
from rmos.errors.toolpaths import OutsideStock, OutsideTravel, TooManyMoves

_AXES: Final = ("X", "Y", "Z")


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """How much room there is, µm; what is None is not known, and nothing is refused by it."""

    width_um: int | None = None
    """Of the stock, along X."""
    height_um: int | None = None
    travel_um: tuple[int, int, int] | None = None
    """Of the axes of the machine."""


def make_toolpaths(
    cut: PathCut, route: Route, options: PathOptions, room: Room, *, notes: Iterable[PathNote] = ()
) -> Toolpaths:
    """Return the toolpaths of an operation.

    Raises:
        TooManyMoves, OutsideStock, OutsideTravel.
    """
    require_few_moves(cut.operation, len(route.moves))
    _require_stock(cut, route.moves, options, room)
    _require_travel(cut, route.moves, room)
    return Toolpaths(
        operation=cut.operation,
        ring=cut.ring,
        tool_id=cut.tool_id,
        tool_diameter=f"{cut.diameter_um / 1000:g}",
        rpm=cut.rpm,
        feed=cut.feed,
        plunge=cut.plunge,
        depth_um=cut.depth_um,
        passes=-(-cut.depth_um // cut.pass_um),
        safe_um=max(move.z for move in route.moves),
        zero=options.zero,
        origin=options.origin,
        coolant=options.coolant,
        spindle_wait_s=options.spindle_wait_s,
        moves=tuple(route.moves),
        notes=tuple(notes),
    )


def require_few_moves(operation: str, count: int) -> None:
    """Refuse what no program should have.

    Raises:
        TooManyMoves.
    """
    if count > MAX_MOVES:
        raise TooManyMoves(
            f"The {operation} would have {count} moves; {MAX_MOVES} is the most.", moves=count, limit=MAX_MOVES
        )


def _require_stock(cut: PathCut, moves: Sequence[PathMove], options: PathOptions, room: Room) -> None:
    """Refuse walls beyond the edges of the stock: where the zero lies in a hole, what is larger than it."""
    low, high = find_box(moves)
    for axis, size in ((0, room.width_um), (1, room.height_um)):
        if size is None:
            continue
        begin, end = low[axis] - cut.radius_um, high[axis] + cut.radius_um
        edges = {"stock_corner": (0, size), "stock_centre": (-size // 2, size - size // 2)}.get(options.origin)
        if edges is None:
            beyond, needed = end - begin - size, end - begin
        else:
            beyond = max(edges[0] - begin, end - edges[1])
            needed = size + beyond
        if beyond > 0:
            raise OutsideStock(
                f"The {cut.operation} needs {needed / 1000:.3f} mm of stock along {_AXES[axis]}, and there are "
                f"{size / 1000:.3f} mm.",
                measured_um=needed,
                limit_um=size,
            )


def _require_travel(cut: PathCut, moves: Sequence[PathMove], room: Room) -> None:
    if room.travel_um is None:
        return
    low, high = find_box(moves)
    for axis, travel in enumerate(room.travel_um):
        if (needed := high[axis] - low[axis]) > travel:
            raise OutsideTravel(
                f"The {cut.operation} needs {needed / 1000:.3f} mm along {_AXES[axis]}, and the machine has "
                f"{travel / 1000:.3f} mm.",
                measured_um=needed,
                limit_um=travel,
            )
