"""The published charts of `chart.toml`: chiploads at any diameter and depth, bites of saw teeth.

window("hardwood", 3.175)      # (0.051, 0.127)
derating(2.0)                  # 0.75
BITES["plywood"]               # (0.051, 0.152)
"""

import tomllib
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

from rmos.digest import canonical_sha256

_DATA: Final[dict[str, Any]] = tomllib.loads(files(__package__).joinpath("chart.toml").read_text(encoding="utf-8"))
DATA_SHA256: Final = canonical_sha256(_DATA)
"""The digest of the charts: other numbers in them make another one."""
SOURCE: Final[str] = _DATA["source"]
BITE_SOURCE: Final[str] = _DATA["bites"]["source"]
BITES: Final[dict[str, tuple[float, float]]] = {
    name: (low, high) for name, (low, high) in _DATA["bites"]["columns"].items()
}
"""Column → the lowest and the highest bite of a saw's tooth in mm."""
COLUMNS: Final = frozenset(_DATA["columns"])

_Point = tuple[float, float, float]
_POINTS: Final[dict[str, list[_Point]]] = {
    name: list(zip(_DATA["diameters_mm"], column["low"], column["high"], strict=True))
    for name, column in _DATA["columns"].items()
}

DEEPEST: Final = 0.05
"""Share of the chipload that is left at the most, however deep the cut (RMOS policy); reached at 4.8 D."""


def window(column: str, diameter_mm: float) -> tuple[float, float]:
    """Return the lowest and the highest chipload, mm per tooth, of a column at this cutter diameter.

    Linear in D between the chart's diameters, in proportion to D below the first of them, constant beyond the last
    (RMOS policy).
    """
    points = _POINTS[column]
    first, last = points[0], points[-1]
    if diameter_mm <= first[0]:
        scale = diameter_mm / first[0]
        return first[1] * scale, first[2] * scale
    for left, right in pairwise(points):
        if diameter_mm <= right[0]:
            share = (diameter_mm - left[0]) / (right[0] - left[0])
            return left[1] + share * (right[1] - left[1]), left[2] + share * (right[2] - left[2])
    return last[1], last[2]


def derating(depth_ratio: float) -> float:
    """Return the share of the chart's chipload at an axial depth of `depth_ratio` diameters.

    1 up to one diameter, 0.75 at two, 0.5 at three, linear (AST Tooling, MellowPine). Nobody publishes a value for
    deeper cuts: the line goes on down to `DEEPEST` (RMOS policy), so that a deeper pass never looks better.
    """
    return max(min(1.0, 1.25 - 0.25 * depth_ratio), DEEPEST)


def depth_ratio_at(share: float) -> float:
    """Return down to how many diameters this share of the chart's chipload is left, the inverse of `derating`."""
    return 5.0 - 4.0 * share
