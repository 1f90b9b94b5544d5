"""What no real cut has, and the slip of the pen that makes it: inches for millimetres, mbar for kPa, percent for a
share.

A number beyond these bounds is refused by name with what was probably meant; the bounds lie far outside of what
lutherie and its machines know (RMOS policy), so that an odd but real cut is evaluated.
"""

from typing import Final, NamedTuple

from rmos.engines.baseline.fields import (
    AXIAL_DEPTH,
    DIAMETER,
    FEED,
    FLUTE_LENGTH,
    HOLD_AREA,
    HOLD_FRICTION,
    HOLD_PRESSURE,
    MACHINE_FORCE,
    MACHINE_MAX_RPM,
    PLUNGE_FEED,
    RPM,
    SPINDLE_POWER,
    STICKOUT,
    STOCK_THICKNESS,
    TOOL_MAX_RPM,
    TOTAL_DEPTH,
    WIDTH,
)
from rmos.engines.baseline.inputs import CutInputs
from rmos.engines.baseline.wording import num
from rmos.engines.baseline_v2.fields import ANGLE, MACHINE_MAX_FEED, MACHINE_MIN_RPM

ATMOSPHERE_KPA: Final = 101.325
"""A vacuum holds with one atmosphere at the most."""
_SAME: Final = 1e-9


class Bounds(NamedTuple):
    """What a number lies between, the unit it is told in, and what to ask when it is smaller or larger."""

    low: float
    high: float
    unit: str
    if_less: str = ""
    if_more: str = ""


_INCHES: Final = "are these inches? say units inch, 1 in is 25.4 mm"
_MICRONS: Final = "are these thousandths of a millimetre?"
_THOUSANDS: Final = "are these thousands? 18 000 rpm is 18000"
_PER_SECOND: Final = "is this a feed per second, or in m/min? 1 m/min is 1000 mm/min"

BOUNDS: Final[dict[str, Bounds]] = {
    DIAMETER: Bounds(0.3, 800, "mm", _INCHES, _MICRONS),
    STICKOUT: Bounds(1.2, 200, "mm", _INCHES, _MICRONS),
    FLUTE_LENGTH: Bounds(0.3, 200, "mm", _INCHES, _MICRONS),
    STOCK_THICKNESS: Bounds(0.3, 1000, "mm", _INCHES, _MICRONS),
    AXIAL_DEPTH: Bounds(0.005, 200, "mm", _INCHES, _MICRONS),
    TOTAL_DEPTH: Bounds(0.02, 300, "mm", _INCHES, _MICRONS),
    WIDTH: Bounds(0.2, 5000, "mm", _INCHES, _MICRONS),
    FEED: Bounds(5, 100_000, "mm/min", _PER_SECOND, "is the feed per minute?"),
    PLUNGE_FEED: Bounds(1, 100_000, "mm/min", _PER_SECOND, "is the feed per minute?"),
    RPM: Bounds(100, 200_000, "rpm", _THOUSANDS, "is it turns per minute?"),
    TOOL_MAX_RPM: Bounds(100, 300_000, "rpm", _THOUSANDS, "is it turns per minute?"),
    MACHINE_MAX_RPM: Bounds(100, 300_000, "rpm", _THOUSANDS, "is it turns per minute?"),
    MACHINE_MIN_RPM: Bounds(1, 100_000, "rpm", "", "is it turns per minute?"),
    MACHINE_MAX_FEED: Bounds(50, 500_000, "mm/min", _PER_SECOND, "is the feed per minute?"),
    SPINDLE_POWER: Bounds(10, 100_000, "W", "is this kW? 1 kW is 1000 W", "is this in watts?"),
    MACHINE_FORCE: Bounds(1, 100_000, "N", "is this in newtons? 1 lbf is 4.45 N", "is this in newtons?"),
    HOLD_PRESSURE: Bounds(
        0.1,
        ATMOSPHERE_KPA,
        "kPa",
        "is this in bar? 1 bar is 100 kPa",
        "no vacuum is more than one atmosphere; is this in mbar? 600 mbar are 60 kPa",
    ),
    HOLD_AREA: Bounds(1, 10_000_000, "mm²", "is this in cm² or in m²?", "is this larger than any table?"),
    HOLD_FRICTION: Bounds(
        0.01, 1.0, "", "is this a coefficient of friction?", "friction is 1 at the most; percent? 40 % is 0.4"
    ),
    ANGLE: Bounds(5, 175, "degrees", "is this the angle between the edges, in degrees?", "is it between the edges?"),
}
"""Path → what its number lies between."""
_WORTH_A_LOOK: Final = tuple(BOUNDS.items())


def refuse_slips(inputs: CutInputs) -> None:
    """Note every number that no real cut has in `problems`, and take it away from the numbers."""
    numbers = inputs.numbers
    for path, bounds in _WORTH_A_LOOK:
        value = numbers.get(path)
        if value is None or bounds[0] <= value <= bounds[1]:
            continue
        if value > bounds.high * (1 + _SAME):
            _refuse(inputs, path, f"no more than {num(bounds.high)}", bounds.unit, bounds.if_more)
        elif value < bounds.low * (1 - _SAME):
            _refuse(inputs, path, f"no less than {num(bounds.low)}", bounds.unit, bounds.if_less)


def _refuse(inputs: CutInputs, path: str, bound: str, unit: str, asked: str) -> None:
    value = inputs.numbers.pop(path)
    text = f"is {num(value)} {unit}".rstrip()
    hint = f": {asked}" if asked else ""
    inputs.refuse(path, f"{text}, a real cut has {bound} {unit}".rstrip() + hint)
