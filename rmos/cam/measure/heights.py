"""Keep how high the material stands, and find what a window of the path takes away: a height map.

    heights = HeightMap(corners, tools, top=0)
    heights.cut(window)            # Engagement(axial=750, radial=956.2, widest=1154.6)

The map has whole µm in cells of a twelfth of the smallest tool, or larger ones where that would be more than four
million. The tip of the tool is pressed into it 24 times on a diameter of the path. It needs numpy, which the extra
`cam` brings; `coarse.py` stands in where that is missing.
"""

import math
from typing import Any, Final, NamedTuple

from rmos.cam.measure.bounds import Corners
from rmos.cam.measure.setup import ToolShape
from rmos.cam.measure.windows import Window

_CELLS_PER_DIAMETER: Final = 12
_MAX_CELLS: Final = 4_000_000
"""16 MB of 32-bit heights."""
_MAX_CELLS_PER_DIAMETER: Final = 48
"""Of the largest tool: a surfacing bit beside an engraver would else cover a million cells at a time."""
_STAMPS_PER_DIAMETER: Final = 24
"""Between two of them a round tool leaves a scallop of less than a two-thousandth of its diameter."""
_SMEAR: Final = 1 / 32
"""Cells by which more is taken away than is measured: whoever follows a curve again in other chords cuts air."""
_IGNORED_SHARE: Final = 0.01
"""The share of the tool's width that may be shaved off without counting: what rows of cells leave between them."""
_RAPID_ROOM: Final = 0.5
"""Cells that a rapid may come too near to a wall: as much as the map is coarse."""
_WIDTH_ROOM: Final = 0.75
"""Cells by which a width may be measured too small: those that an edge cuts through count whole or not at all."""
_SINE: Final = 0.5257311121191336
_COSINE: Final = 0.8506508083520399
"""The map lies at 31.7°, whose tangent is the golden section: a straight edge along an axis, as most are, meets rows of
cells at every height, and the width of a cut is not one row too wide all along."""
_LOWEST_UM: Final = 2_000_000_000
"""Depth that a height of 32 bits can hold."""


class Engagement(NamedTuple):
    """How a window cuts: depth and width of the cut in µm, and the width that it has at the most."""

    axial: int
    radial: float
    widest: float


AIR: Final = Engagement(0, 0.0, 0.0)


def _turn_corners(corners: Corners) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the lowest and highest corner of what a rectangle covers on the map, µm."""
    (x0, y0, _), (x1, y1, _) = corners
    across = [x * _COSINE - y * _SINE for x in (x0, x1) for y in (y0, y1)]
    along = [x * _SINE + y * _COSINE for x in (x0, x1) for y in (y0, y1)]
    return (min(across), min(along)), (max(across), max(along))


class HeightMap:
    """The heights of the material over a rectangle. All of it is taken as stock, also what lies beyond its edges."""

    def __init__(self, corners: Corners, tools: list[ToolShape], top: int) -> None:
        """Make the map of the rectangle in which the tools go below the top.

        Raises:
            ImportError: numpy is not installed.
        """
        import numpy as np  # noqa: PLC0415 - an optional extra

        self._np: Any = np
        largest, smallest = (pick(tool.diameter_mm * 1000 for tool in tools) for pick in (max, min))
        (x0, y0), (x1, y1) = _turn_corners(corners)
        area = (x1 - x0 + 2 * largest) * (y1 - y0 + 2 * largest)
        finest = max(smallest / _CELLS_PER_DIAMETER, largest / _MAX_CELLS_PER_DIAMETER)
        self._cell = max(finest, math.sqrt(area / _MAX_CELLS))
        room = largest + 4 * self._cell
        self._x0, self._y0 = x0 - room, y0 - room
        shape = math.ceil((y1 - y0 + 2 * room) / self._cell), math.ceil((x1 - x0 + 2 * room) / self._cell)
        self._heights = np.full(shape, top, np.int32)
        self._top = top

    def cut(self, window: Window) -> Engagement:
        """Take away what the window sweeps and return how it engaged."""
        np, cell = self._np, self._cell
        diameter = window.tool.diameter_mm * 1000
        # A tool smaller than the cells still takes away what is below its centre.
        radius = max(diameter / 2 / cell - _RAPID_ROOM * window.is_rapid, 0.71)
        x, y, z = self._list_stamps(window)
        cleared = radius if window.is_rapid else radius + _SMEAR
        reach = math.floor(cleared + 0.5)
        left, low = int(x.min()) - reach - 1, int(y.min()) - reach - 1
        right, high = int(x.max()) + reach + 2, int(y.max()) + reach + 2
        before = self._heights[low:high, left:right]
        side = np.arange(-reach, reach + 1)
        column, row = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
        across = (column - x)[:, None] + side
        along = (row - y)[:, None] + side
        apart = ((across * across)[:, None, :] + (along * along)[:, :, None]).ravel()
        under = np.flatnonzero(apart <= cleared * cleared)
        apart = apart[under]
        stamp, place = np.divmod(under, side.size * side.size)
        rows, columns = np.divmod(place, side.size)
        cells = (row[stamp] + (rows - (low + reach))) * (right - left) + column[stamp] + (columns - (left + reach))
        depth = z[stamp]
        if window.tool.kind in ("ball_mill", "v_bit"):
            depth = depth + self._raise_tip(window.tool, apart)
        depth = np.rint(depth).astype(np.int32)
        swept = apart <= radius * radius
        measured = before.flatten()
        np.minimum.at(measured, cells[swept], depth[swept])
        drop = before.ravel() - measured
        if not window.is_rapid:
            rim = ~swept
            np.minimum.at(measured, cells[rim], depth[rim])
        self._heights[low:high, left:right] = measured.reshape(before.shape)
        return self._engage(window, diameter, drop)

    def sum_removed(self) -> float:
        """Return what was taken away in all, mm³."""
        lowered = self._top * self._heights.size - int(self._heights.sum(dtype=self._np.int64))
        return lowered * self._cell * self._cell / 1e9

    def _list_stamps(self, window: Window) -> tuple[Any, Any, Any]:
        """Return where the tip is pressed in: x and y in cells, z in µm."""
        np = self._np
        points = np.array(window.points)
        turned = points[:, 0] * _COSINE - points[:, 1] * _SINE, points[:, 0] * _SINE + points[:, 1] * _COSINE
        x, y = (turned[0] - self._x0) / self._cell, (turned[1] - self._y0) / self._cell
        z = np.clip(points[:, 2], -_LOWEST_UM, _LOWEST_UM)
        if window.is_vertical:
            return x, y, z
        steps = np.hypot(np.diff(x), np.diff(y))
        step = max(0.5, window.tool.diameter_mm * 1000 / self._cell / _STAMPS_PER_DIAMETER)
        if steps.max() <= step:
            return x, y, z
        travel = np.concatenate(([0.0], np.cumsum(steps)))
        places = np.linspace(0.0, travel[-1], math.ceil(travel[-1] / step) + 1)
        # The corners too: between two places one may lie deeper than both.
        places = np.concatenate((places, travel[1:-1]))
        return np.interp(places, travel, x), np.interp(places, travel, y), np.interp(places, travel, z)

    def _raise_tip(self, tool: ToolShape, apart: Any) -> Any:
        """Return how much higher than its tip a tool is, µm, at squares of distances in cells from its axis."""
        np = self._np
        away = np.sqrt(apart) * self._cell
        radius = tool.diameter_mm * 500
        if tool.kind == "ball_mill":
            return radius - np.sqrt(np.maximum(radius * radius - away * away, 0.0))
        if tool.angle_deg is None:
            return 0.0 * away
        return np.maximum(away - tool.tip_mm * 500, 0.0) / math.tan(math.radians(tool.angle_deg) / 2)

    def _engage(self, window: Window, diameter: float, drop: Any) -> Engagement:
        """Return the depth and the width of the cut that lowered cells by so many µm."""
        np, area = self._np, self._cell * self._cell
        lowered = drop[drop > 0]
        ignored = max(1, int(_IGNORED_SHARE * window.length * diameter / area))
        if lowered.size <= ignored:
            return AIR
        axial = int(np.partition(lowered, -ignored - 1)[-ignored - 1])
        radial = diameter
        if not window.is_vertical and has_flat_end(window.tool):
            radial = min(diameter, int(lowered.sum(dtype=np.int64)) * area / (window.length * axial))
        return Engagement(axial, radial, min(diameter, radial + _WIDTH_ROOM * self._cell))


def has_flat_end(tool: ToolShape) -> bool:
    """Tell whether the width of a cut can be taken from what the tool removes."""
    return tool.kind in ("end_mill", "surfacing_bit", "drill")
