"""Where GREEN and YELLOW end in a record of this engine, which says of a check only the one limit that decided.

Its records replay to the digest that they have, so nothing can be added to them: direction and limits are derived from
the engine's own numbers, for display.

    derive_limits("DEFLECTION", limit, unit, cut)      # Limits(better="low", yellow_limit=0.8)
"""

from typing import Final, NamedTuple

from rmos.engines.base import Better, significant
from rmos.engines.baseline.bending import BREAK_GREEN, BREAK_YELLOW, FIT_CRITICAL_MM, ROUGH_MM
from rmos.engines.baseline.chart import BITES
from rmos.engines.baseline.chip import rubbing_floor
from rmos.engines.baseline.chipload import OVERLOAD_YELLOW
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import DIAMETER, MEASURED
from rmos.engines.baseline.geometry import FLOOR_SHARE, PLAY, THINNEST_FLOOR_MM, WALL_MM
from rmos.engines.baseline.heat import GREEN as HEAT_GREEN
from rmos.engines.baseline.heat import YELLOW as HEAT_YELLOW
from rmos.engines.baseline.holding import SAFE, SOUND_YIELD, UNSAFE
from rmos.engines.baseline.machine import FORCE_GREEN, FORCE_YELLOW, POWER_GREEN, POWER_YELLOW
from rmos.engines.baseline.passes import DEPTH_LIMITS, PLUNGE_GREEN, PLUNGE_YELLOW
from rmos.engines.baseline.sawing import LEAST, MOST
from rmos.engines.baseline.speed import ROUTER_GREEN_M_S, ROUTER_LIMIT_M_S, SAW_GREEN_M_S, SAW_LIMIT_M_S

ENGINE_ID: Final = "baseline_v1"

Ends = tuple[float, float | None]
"""Where GREEN and where YELLOW ends on one side; None: it has no end."""

_LOW: Final[dict[str, tuple[Ends, ...]]] = {
    "DEFLECTION": (FIT_CRITICAL_MM, ROUGH_MM),
    "DEPTH_PASS": tuple(DEPTH_LIMITS.values()),
    "FORCE": ((FORCE_GREEN, FORCE_YELLOW),),
    "HEAT": ((HEAT_GREEN, HEAT_YELLOW),),
    "OVERSPEED": ((0.9, 1.0),),
    "PLUNGE": ((PLUNGE_GREEN, PLUNGE_YELLOW),),
    "POWER": ((POWER_GREEN, POWER_YELLOW),),
    "RIM_SPEED": ((ROUTER_GREEN_M_S, ROUTER_LIMIT_M_S),),
    "TOOL_BREAK": ((BREAK_GREEN, BREAK_YELLOW),),
}
"""Checks for which low values are better, with the limits that they can have."""
_HIGH: Final[dict[str, tuple[Ends, ...]]] = {
    "HOLD_DOWN": ((SAFE, UNSAFE),),
    "MATERIAL_YIELD": ((SOUND_YIELD, None),),
}
_GEOMETRY: Final[dict[str, tuple[Better, Ends]]] = {
    "diameters": ("high", PLAY),
    "cutter radii": ("high", PLAY),
    "of the flute length": ("low", (1.0, 1.0)),
    "of the top": ("high", FLOOR_SHARE),
}
"""Parts of a shape by the unit that tells which of them decided; those in mm are told apart by the operation."""
_FLOORED: Final = ("channel", "inlay_pocket", MEASURED)


class Limits(NamedTuple):
    """What an assessment lacks: the words and numbers of `rmos.engines.base.Assessment`."""

    better: Better
    yellow_limit: float | None
    other_limit: float | None = None
    other_yellow_limit: float | None = None


def derive_limits(check_id: str, limit: float, unit: str, cut: Cut) -> Limits | None:
    """Return direction and limits of a recorded check, None where the record does not tell them."""
    match check_id:
        case "CHIP_OVERLOAD":
            return Limits("low", OVERLOAD_YELLOW * limit)
        case "CHIP_RUBBING":
            diameter = cut.numbers.get(DIAMETER)
            return None if diameter is None else Limits("high", 0.5 * rubbing_floor(diameter))
        case "SAW_BITE":
            low, high = (0.0, 0.0) if cut.material is None else BITES[cut.material.saw]
            return _window(limit, (low, LEAST * low), (high, MOST * high))
        case "RIM_SPEED" if cut.is_sawn:
            slowest, fastest = zip(SAW_GREEN_M_S, SAW_LIMIT_M_S, strict=True)
            return _window(limit, slowest, fastest)
        case "GEOMETRY":
            return _of_shape(limit, unit, cut)
    is_low = check_id in _LOW
    for green, yellow in (_LOW if is_low else _HIGH).get(check_id, ()):
        if _is_same(green, limit):
            return Limits("low" if is_low else "high", yellow)
    return None


def _of_shape(limit: float, unit: str, cut: Cut) -> Limits | None:
    thin = (THINNEST_FLOOR_MM, THINNEST_FLOOR_MM) if cut.operation in _FLOORED else WALL_MM
    better, (green, yellow) = _GEOMETRY.get(unit, ("high", thin))
    return Limits(better, yellow) if _is_same(green, limit) else None


def _window(limit: float, low: Ends, high: Ends) -> Limits | None:
    """Return the limits of a window of which one end decided."""
    for (green, yellow), other in ((low, high), (high, low)):
        if _is_same(green, limit):
            return Limits("window", yellow, *other)
    return None


def _is_same(green: float, recorded: float) -> bool:
    return significant(green) == recorded
