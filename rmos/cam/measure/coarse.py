"""Keep how high the material stands, without numpy: the depth of a cut, but not its width.

    heights = CoarseMap(tools, top=0)
    heights.cut(window)            # Engagement(axial=750, radial=3175.0, widest=3175.0)

It does what `HeightMap` does with cells twice as large, for tools of any end as if it were flat. Widths that such cells
can tell are not worth having: the whole diameter is taken.
"""

import itertools
import math
from typing import Final

from rmos.cam.measure.heights import AIR, Engagement
from rmos.cam.measure.setup import ToolShape
from rmos.cam.measure.windows import Window

_CELLS_PER_DIAMETER: Final = 6
_SMEAR: Final = 1 / 16
"""Cells by which more is taken away than is measured, as in `HeightMap`."""


class CoarseMap:
    """The heights of the cells that were touched; all others are untouched stock."""

    def __init__(self, tools: list[ToolShape], top: int) -> None:
        self._cell = min(tool.diameter_mm for tool in tools) * 1000 / _CELLS_PER_DIAMETER
        self._top = top
        self._heights: dict[tuple[int, int], float] = {}

    def cut(self, window: Window) -> Engagement:
        """Take away what the window sweeps and return how deep it engaged."""
        diameter = window.tool.diameter_mm * 1000
        # Rapids may come near to a wall by as much as the map is coarse.
        radius = max(diameter / 2 / self._cell - 0.5 * window.is_rapid, 0.71)
        swept, cleared = radius**2, (radius + _SMEAR * (not window.is_rapid)) ** 2
        before: dict[tuple[int, int], float] = {}
        heights, top = self._heights, self._top
        for x, y, z in self._list_stamps(window):
            for column in range(math.ceil(x - radius) - 1, math.floor(x + radius) + 2):
                for row in range(math.ceil(y - radius) - 1, math.floor(y + radius) + 2):
                    apart = (column - x) ** 2 + (row - y) ** 2
                    cell = column, row
                    if apart <= cleared and z < (height := heights.get(cell, top)):
                        heights[cell] = z
                        if apart <= swept:
                            # On a ramp a cell is met again and again, deeper each time: the whole drop counts.
                            before.setdefault(cell, height)
        axial = round(max((height - heights[cell] for cell, height in before.items()), default=0.0))
        return Engagement(axial, diameter, diameter) if axial > 0 else AIR

    def sum_removed(self) -> None:
        """Return None: cells this large say little of a volume."""

    def _list_stamps(self, window: Window) -> list[tuple[float, float, float]]:
        """Return where the tip is pressed in: x and y in cells, z in µm."""
        stamps = []
        for (x0, y0, z0), (x1, y1, z1) in itertools.pairwise(window.points):
            count = max(1, math.ceil(2 * math.hypot(x1 - x0, y1 - y0) / self._cell))
            for place in range(count + 1):
                part = place / count
                x, y = x0 + (x1 - x0) * part, y0 + (y1 - y0) * part
                stamps.append((x / self._cell, y / self._cell, z0 + (z1 - z0) * part))
        return stamps
