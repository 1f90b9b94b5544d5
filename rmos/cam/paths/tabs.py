"""Tabs on circles: where the path is raised, so that a bridge stays between the part and the stock.

    plan_tabs(cut, 25_000, options)      # four bridges of 3 mm: 24.7 of 157.1 mm of path are raised

The path is raised for the length of the tab and a diameter more: the cutter's own width would eat it else (a tab of
10 mm came out as 4, issue 313 of LaserWeb4). Tabs that hold more than half of the path are refused, as a part would
hardly come free (issue 445 of PureCutCNC).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from rmos.cam.paths.cut import PathCut, PathOptions
from rmos.cam.paths.heights import Heights
from rmos.cam.paths.route import find_place
from rmos.errors.toolpaths import NoEntry, TabsTooLong
from rmos.fixed import TURN, along, circumference

_HIGHEST_UM: Final = 1000
"""Of a tab where nobody says how high it is to be; half of the depth where that is less (RMOS policy)."""
_HALF_TURN: Final = TURN // 2


class ArcPiece(NamedTuple):
    """A part of a turn: where it ends, and whether it lies over a tab."""

    end: tuple[int, int]
    is_raised: bool


class TabPlan(NamedTuple):
    """The tabs of one circle."""

    tabs: int
    half_angle: int
    """Half of what is raised for one of them, in 2^-32 of a turn."""
    level: int
    """Z of their upper faces, µm."""

    def list_pieces(self, centre: tuple[int, int], radius: int, *, clockwise: bool) -> Iterator[ArcPiece]:
        """Yield the parts of a turn that begins on the X axis, none longer than half of it."""
        spans = [
            ((2 * number + 1) * TURN // (2 * self.tabs) + side * self.half_angle)
            for number in range(self.tabs)
            for side in (-1, 1)
        ]
        ends = sorted({*spans, _HALF_TURN, TURN})
        begin = 0
        for end in ends:
            middle = (begin + end) // 2
            angle = -end if clockwise else end
            yield ArcPiece(find_place(centre, radius, angle), self._is_raised(middle))
            begin = end

    def _is_raised(self, angle: int) -> bool:
        apart = TURN // self.tabs
        return abs(angle % apart - apart // 2) <= self.half_angle


def plan_tabs(cut: PathCut, radius_um: int, options: PathOptions) -> TabPlan | None:
    """Return the tabs of a circle that the tip runs along, None where none are asked for.

    Raises:
        TabsTooLong: they would hold more than half of the path.
        NoEntry: the cutter goes down behind each of them, and cannot.
    """
    tabs = options.tabs
    if tabs is None or tabs.count == 0:
        return None
    require_room(cut, circumference(radius_um), tabs.count, tabs.length_um)
    if not cut.cuts_at_centre:
        raise NoEntry(
            f"Behind each tab the cutter goes straight down, and {cut.tool_id} is not said to cut at its centre."
        )
    raised = tabs.length_um + cut.width_um
    return TabPlan(tabs.count, along(raised, radius_um) // 2, find_tab_level(cut, options))


def find_tab_level(cut: PathCut, options: PathOptions) -> int:
    """Return Z of the upper faces of tabs, µm; the upper face of the stock where they are as high as it."""
    height = None if options.tabs is None else options.tabs.height_um
    height = min(cut.stock_um // 2, _HIGHEST_UM) if height is None else min(height, cut.stock_um)
    return Heights.of(cut, options).top - cut.stock_um + height


def require_room(cut: PathCut, path_um: int, count: int, length_um: int) -> None:
    """Refuse tabs that would hold more than half of a path.

    Raises:
        TabsTooLong.
    """
    raised = count * (length_um + cut.width_um)
    if 2 * raised > path_um:
        raise TabsTooLong(
            f"{count} tabs of {length_um / 1000:g} mm raise {raised / 1000:.2f} mm of a path of "
            f"{path_um / 1000:.2f} mm, more than half of it.",
            measured_um=raised,
            limit_um=path_um // 2,
        )
