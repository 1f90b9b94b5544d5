"""Keep how deep the path has been, without numpy: the depth of a cut, but not its width.

    heights = CoarseMap(tools, top=0)
    heights.cut(window)            # Engagement(axial=750, radial=3175.0)

Cells are a quarter of the smallest tool, of which only those count that lie well under it. So the depth is never
understated, and the width is taken as the whole diameter.
"""

import itertools
import math
from typing import Final

from rmos.cam.measure.heights import AIR, Engagement
from rmos.cam.measure.setup import ToolShape
from rmos.cam.measure.windows import Window

_CELLS_PER_DIAMETER: Final = 4
_ROUNDING: Final = 0.71
"""Cells by which the centre of a stamp may be off: what is nearer to the edge of the tool than that does not count."""


class CoarseMap:
    """The lowest Z of the path by cells; those that are absent are untouched."""

    def __init__(self, tools: list[ToolShape], top: int) -> None:
        self._cell = min(tool.diameter_mm for tool in tools) * 1000 / _CELLS_PER_DIAMETER
        self._top = top
        self._heights: dict[tuple[int, int], float] = {}

    def cut(self, window: Window) -> Engagement:
        """Take away what the window sweeps and return how deep it engaged."""
        diameter = window.tool.diameter_mm * 1000
        reach = diameter / 2 / self._cell - _ROUNDING
        # Rapids look under their centre alone, so that a wall beside them is no collision.
        side = 0 if window.is_rapid else math.floor(reach)
        offsets = [
            (across, along)
            for across in range(-side, side + 1)
            for along in range(-side, side + 1)
            if across * across + along * along <= reach * reach
        ]
        deepest = 0.0
        heights, top = self._heights, self._top
        for x, y, z in self._list_stamps(window):
            for across, along in offsets:
                cell = x + across, y + along
                before = heights.get(cell, top)
                if z < before:
                    deepest = max(deepest, before - z)
                    heights[cell] = z
        return Engagement(round(deepest), diameter) if round(deepest) > 0 else AIR

    def sum_removed(self) -> None:
        """Return None: cells this large say nothing of a volume."""

    def _list_stamps(self, window: Window) -> list[tuple[int, int, float]]:
        stamps = []
        for (x0, y0, z0), (x1, y1, z1) in itertools.pairwise(window.points):
            count = max(1, math.ceil(2 * math.hypot(x1 - x0, y1 - y0) / self._cell))
            for place in range(count + 1):
                part = place / count
                x, y = x0 + (x1 - x0) * part, y0 + (y1 - y0) * part
                stamps.append((round(x / self._cell), round(y / self._cell), z0 + (z1 - z0) * part))
        return stamps
