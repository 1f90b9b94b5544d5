"""The charts of `charts.toml`, united: which chiploads makers print for a tool, a material and a diameter.

    window = window_of("end_mill", "hardwood", 3.175, 2)
    window.low, window.high, window.special         # 0.013, 0.127, 0.305
    derating(2.0)                                   # 0.75

Chiploads go with a power of the diameter, so a chart is a straight line between its points when both are logarithms.
Where several charts cover a diameter their union counts. Below the smallest diameter of all of them the chip is the
same share of the diameter (so PreciseBits states it), beyond the largest it stays. A thicker cutter never takes less
than a thinner one. Some charts are printed for cutters with one flute, which are ground for plastics and metal with an
open flute: they count for those alone.
"""

import functools
import math
import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, NamedTuple

from rmos.digest import canonical_sha256

_DATA: Final[dict[str, Any]] = tomllib.loads(files(__package__).joinpath("charts.toml").read_text(encoding="utf-8"))
DATA_SHA256: Final = canonical_sha256(_DATA)
"""The digest of the charts: other numbers in them make another one."""
BITE_SOURCE: Final[str] = _DATA["bites"]["source"]
BITES: Final[dict[str, tuple[float, float]]] = {
    name: (column[0], column[1]) for name, column in _DATA["bites"].items() if name != "source"
}
"""Column → the lowest and the highest bite of a saw's tooth in mm when a machine feeds."""
_MM: Final = {"mm": 1.0, "inch": 25.4}
_SAME: Final = 1e-6
DEEPEST: Final = 0.05
"""Share of the chipload that is left at the most, however deep the cut (RMOS policy); reached at 4.8 D."""
FALLBACK: Final = "end_mill"
"""Whose charts stand in for a tool that has none for a material (RMOS policy)."""

_Point = tuple[float, float, float]
_Key = tuple[str, str, bool]
"""Kind of tool, column of materials, whether the tool has one flute."""


class ChiploadWindow(NamedTuple):
    """Lowest and highest chipload of the general charts, the highest of any series, mm per tooth; who printed them."""

    low: float
    high: float
    special: float
    sources: tuple[str, ...]


class _Chart(NamedTuple):
    source: str
    is_special: bool
    has_one_flute: bool
    points: tuple[_Point, ...]

    def at(self, diameter: float) -> tuple[float, float] | None:
        """Return the window of this chart at a diameter, None where it prints nothing."""
        first, last = self.points[0], self.points[-1]
        if not first[0] * (1 - _SAME) <= diameter <= last[0] * (1 + _SAME):
            return None
        for left, right in pairwise(self.points):
            if diameter <= right[0]:
                share = max(0.0, math.log(diameter / left[0]) / math.log(right[0] / left[0]))
                return left[1] * (right[1] / left[1]) ** share, left[2] * (right[2] / left[2]) ** share
        return last[1], last[2]


def _read_charts() -> dict[_Key, list[_Chart]]:
    charts: dict[_Key, list[_Chart]] = {}
    for entry in _DATA["chart"]:
        unit = _MM[entry["unit"]]
        points = tuple((unit * d, unit * low, unit * high) for d, low, high in entry["points"])
        one = entry.get("flutes") == 1
        chart = _Chart(entry["source"], entry.get("series") == "special", one, points)
        for material in entry["materials"]:
            for has_one_flute in (True,) if one else (False, True):
                charts.setdefault((entry["tool"], material, has_one_flute), []).append(chart)
    return charts


def _unite(charts: Sequence[_Chart]) -> tuple[_Point, ...]:
    """Return the union of charts at each diameter that one of them prints; its upper end never falls."""
    united: list[_Point] = []
    for diameter in sorted({point[0] for chart in charts for point in chart.points}):
        seen = [window for chart in charts if (window := chart.at(diameter)) is not None]
        high = max(window[1] for window in seen)
        united.append((diameter, min(window[0] for window in seen), max(high, united[-1][2] if united else 0.0)))
    return tuple(united)


_CHARTS: Final = _read_charts()
_GENERAL: Final = {
    key: _Chart("", False, False, _unite([chart for chart in charts if not chart.is_special]))
    for key, charts in _CHARTS.items()
}
_ANY: Final = {key: _Chart("", True, False, _unite(charts)) for key, charts in _CHARTS.items()}
COLUMNS: Final = frozenset(material for _, material, _ in _CHARTS)


@functools.lru_cache(maxsize=4096)
def window_of(tool: str, material: str, diameter_mm: float, flutes: float) -> ChiploadWindow:
    """Return the makers' window for a kind of tool in a column of materials at a diameter."""
    key = (tool, material, flutes == 1)
    key = key if key in _GENERAL else (FALLBACK, material, flutes == 1)
    low, high = _reach(_GENERAL[key], diameter_mm)
    return ChiploadWindow(low, high, max(high, _reach(_ANY[key], diameter_mm)[1]), _names(_CHARTS[key], diameter_mm))


def _reach(chart: _Chart, diameter: float) -> tuple[float, float]:
    """Return a window also where nothing is printed: in proportion below the first diameter, as it is beyond the
    last.
    """
    first, last = chart.points[0], chart.points[-1]
    if diameter < first[0]:
        return first[1] * diameter / first[0], first[2] * diameter / first[0]
    return chart.at(min(diameter, last[0])) or (last[1], last[2])


def _names(charts: Iterable[_Chart], diameter: float) -> tuple[str, ...]:
    """Return the sources whose charts cover a diameter; all general ones where none does."""
    general = [chart for chart in charts if not chart.is_special]
    covering = [chart.source for chart in general if chart.at(diameter) is not None]
    return tuple(dict.fromkeys(covering or [chart.source for chart in general]))


def derating(depth_ratio: float) -> float:
    """Return the share of the chart's chipload at an axial depth of `depth_ratio` diameters.

    1 up to one diameter, 0.75 at two, 0.5 at three, linear (Amana, Onsrud, Freud, AST Tooling). Nobody prints a value
    for deeper cuts: the line goes on down to `DEEPEST` (RMOS policy), so that a deeper pass never looks better.
    """
    return max(min(1.0, 1.25 - 0.25 * depth_ratio), DEEPEST)
