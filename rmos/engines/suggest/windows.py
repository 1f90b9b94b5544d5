"""How far each setting may move alone before a check leaves GREEN, and which one does."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from rmos.engines.baseline_v2.check_plan import MOVING
from rmos.engines.baseline_v2.cut import Cut, vary

_ROUNDS: Final = 22
"""Halvings of the logarithm: better than a thousandth."""
SMALLEST: Final[Mapping[str, float]] = {"feed": 1.0, "rpm": 100.0, "depth": 0.005, "stickout": 1.2}
LARGEST: Final[Mapping[str, float]] = {"feed": 100_000.0, "rpm": 200_000.0, "depth": 200.0, "stickout": 200.0}
_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "feed": ("feed_mm_min", "mm/min"),
    "rpm": ("spindle_rpm", "rpm"),
    "depth": ("axial_depth_mm", "mm"),
    "stickout": ("stickout_mm", "mm"),
}


class SettingWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A setting's GREEN window with all others as they are; the check that ends it, empty where nothing does.

    None of both ends when the setting is not GREEN where it stands.
    """

    name: str
    unit: str
    value: float
    low: float | None
    low_by: str
    high: float | None
    high_by: str


def windows_of(cut: Cut, asked: Mapping[str, Any]) -> tuple[SettingWindow, ...]:
    """Return the windows of feed, speed, depth of a pass and stick-out around a cut.

    Args:
        asked: the checks that have their inputs.
    """
    # The depth of a saw's cut is its kerf, which nobody sets.
    names = [name for name in _NAMES if not (cut.is_sawn and name in ("depth", "stickout"))]
    return tuple(_window(cut, name, asked) for name in names if getattr(cut, name) == getattr(cut, name))


def _window(cut: Cut, setting: str, asked: Mapping[str, Any]) -> SettingWindow:
    value = getattr(cut, setting)
    name, unit = _NAMES[setting]

    def fails(number: float) -> str:
        """Return the check that is not GREEN with this number, the first by its id; empty when all are."""
        moved = vary(cut, **{setting: number})
        if setting == "feed" and cut.plunge == cut.plunge:
            moved = vary(moved, plunge=cut.plunge * number / cut.feed)
        return first_failing(moved, asked)

    if fails(value):
        return SettingWindow(
            name=name, unit=unit, value=value, low=None, low_by=fails(value), high=None, high_by=fails(value)
        )
    floor = max(SMALLEST[setting], cut.total if setting == "stickout" and cut.total == cut.total else 0.0)
    ceiling = min(LARGEST[setting], cut.total if setting == "depth" and cut.total == cut.total else math.inf)
    low, low_by = _end(value, min(floor, value), fails)
    high, high_by = _end(value, max(ceiling, value), fails)
    low, high = min(value, _round_number(low, math.ceil, fails)), max(value, _round_number(high, math.floor, fails))
    return SettingWindow(name=name, unit=unit, value=value, low=low, low_by=low_by, high=high, high_by=high_by)


def _round_number(number: float, towards: Callable[[float], int], fails: Callable[[float], str]) -> float:
    """Return a number with three digits: the nearest, if that is GREEN, else the next on the GREEN side."""
    step = 10.0 ** (math.floor(math.log10(number)) - 2)
    nearest = float(f"{round(number / step) * step:.6g}")
    return nearest if not fails(nearest) else float(f"{towards(number / step) * step:.6g}")


def _end(inside: float, outside: float, fails: Callable[[float], str]) -> tuple[float, str]:
    """Return where GREEN ends between a number inside and one that may be outside, and the check that ends it."""
    by = fails(outside)
    if not by:
        return outside, ""
    for _ in range(_ROUNDS):
        middle = math.sqrt(inside * outside)
        failing = fails(middle)
        if failing:
            outside, by = middle, failing
        else:
            inside = middle
    return inside, by


def first_failing(cut: Cut, asked: Mapping[str, Any]) -> str:
    """Return the id of the first moving check that is not GREEN, empty when all are."""
    for check in MOVING[cut.operation]:
        if check.rule.id not in asked:
            continue
        verdict = check.ask(cut)
        if verdict is not None and verdict.risk != "GREEN":
            return check.rule.id
    return ""
