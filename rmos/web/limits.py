"""A check's value against its limits, as a bar: numbers grow to the right, the mark is the value.

    draw_limits(make_limits({"value": 3.08, "limit": 1.6, "margin": -1.48, "unit": "index"}))

From the best value to where GREEN ends is as wide in every bar as what lies behind it, so that bars of other units can
be compared. Where YELLOW ends is drawn when the record says so. YELLOW is hatched and RED cross-hatched: no colour
stands alone.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from markupsafe import Markup

from rmos.web.formats import format_number, tone_of

_BAR: Final = 14
_MARGIN: Final = 8
_GREEN_END: Final = 0.5
"""Of the width: where GREEN ends."""
_YELLOW_END: Final = 0.8
_FARTHEST: Final = 3.0
"""How many times the last limit the bar reaches; what lies beyond stands at its end."""


_LARGEST: Final = 1e300
"""No drawing has a larger number, nor one that is not finite."""


class CheckLimits(msgspec.Struct, frozen=True):
    """A value, where GREEN ends and YELLOW ends if that is known, and whether less of it is better."""

    value: float
    green: float
    less_is_better: bool
    risk: str
    unit: str = ""
    yellow: float | None = None

    def place(self, value: float) -> float:
        """Return where a value stands between the best, 0, and the worst, 1."""
        if self.green <= 0 or (not self.less_is_better and value <= 0):
            return 0.0 if self._is_better(value, self.green) else 1.0
        ratio, last = self._ratio(value), self._ratio(self.yellow) if self.yellow is not None else 1.0
        if ratio <= 1:
            return _GREEN_END * max(ratio, 0.0)
        if ratio <= last:
            return _GREEN_END + (_YELLOW_END - _GREEN_END) * (ratio - 1) / (last - 1)
        begin = _GREEN_END if self.yellow is None or last <= 1 else _YELLOW_END
        return begin + (1 - begin) * min((ratio / last - 1) / (_FARTHEST - 1), 1.0)

    def _ratio(self, value: float) -> float:
        """Return how many times the limit a value amounts to, the worse the more."""
        if self.less_is_better:
            return value / self.green
        return self.green / value if value > 0 else float("inf")

    def _is_better(self, value: float, than: float) -> bool:
        return value <= than if self.less_is_better else value >= than


def make_limits(assessment: Mapping[str, Any]) -> CheckLimits | None:
    """Return the limits of an assessment of a record, or None when it has no numbers to draw."""
    value, green, margin = (_finite(assessment.get(name)) for name in ("value", "limit", "margin"))
    if value is None or green is None:
        return None
    better = assessment.get("better")
    if better not in ("low", "high"):
        if margin is None:
            return None
        # The margin is what is left to the limit, so it says on which side of it less is better.
        better = "low" if abs(margin - (green - value)) <= abs(margin - (value - green)) else "high"
    yellow = _finite(assessment.get("yellow_limit"))
    is_beyond = yellow is not None and (yellow > green if better == "low" else yellow < green)
    return CheckLimits(
        value,
        green,
        better == "low",
        str(assessment.get("risk")),
        str(assessment.get("unit") or ""),
        yellow if is_beyond else None,
    )


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < _LARGEST else None


class _Frame(msgspec.Struct, frozen=True):
    """The size of a drawing: its width and height, and where its bar begins."""

    width: int
    height: int
    top: int
    is_numbered: bool


_LARGE: Final = _Frame(340, 46, 15, True)
_SMALL: Final = _Frame(160, 22, 5, False)


def draw_limits(limits: CheckLimits, *, small: bool = False) -> Markup:
    """Return the bar as SVG; a small one has no numbers and fits into the row of a table."""
    frame = _SMALL if small else _LARGE
    mark = _short(_x(limits, limits.place(limits.value), frame))
    shape = "l-5 -10h10z" if small else "l-8 -13h16z"
    parts = [
        *_draw_zones(limits, frame),
        *_draw_limit_lines(limits, frame),
        Markup('<path class="mark" d="M{} {}{}"/>').format(mark, frame.top + (8 if small else 4), shape),
    ]
    return Markup('<svg class="limits{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        " small" if small else "", frame.width, frame.height, describe_limits(limits), Markup("").join(parts)
    )


def describe_limits(limits: CheckLimits) -> str:
    """Return in words what the bar shows."""
    side = "at most" if limits.less_is_better else "at least"
    unit = f" {limits.unit}" if limits.unit else ""
    text = f"{format_number(limits.value)}{unit}; GREEN is {side} {format_number(limits.green)}"
    return text if limits.yellow is None else f"{text}, YELLOW {side} {format_number(limits.yellow)}"


def _draw_zones(limits: CheckLimits, frame: _Frame) -> list[Markup]:
    zones = [("green", 0.0, _GREEN_END)]
    if limits.yellow is None:
        zones.append((_tone_beyond(limits), _GREEN_END, 1.0))
    else:
        zones += [("yellow", _GREEN_END, _YELLOW_END), ("red", _YELLOW_END, 1.0)]
    drawn = []
    for tone, begin, end in zones:
        left, right = sorted((_x(limits, begin, frame), _x(limits, end, frame)))
        box = (_short(left), frame.top, _short(right - left), _BAR)
        drawn.append(Markup('<rect class="f-{}" x="{}" y="{}" width="{}" height="{}"/>').format(tone, *box))
        if tone != "green":
            drawn.append(_hatch(left, right, frame.top, crossed=tone == "red"))
    return drawn


def _tone_beyond(limits: CheckLimits) -> str:
    """Return the colour of what lies behind the only limit that is known."""
    return tone_of(limits.risk) if limits.risk in ("YELLOW", "RED") else "past"


def _hatch(left: float, right: float, top: int, *, crossed: bool) -> Markup:
    steps = range(int(left) + 2, int(right) - _BAR + 2, 9)
    lines = "".join(f"M{x} {top + _BAR}l{_BAR} -{_BAR}" for x in steps)
    if crossed:
        lines += "".join(f"M{x} {top}l{_BAR} {_BAR}" for x in steps)
    return Markup('<path class="hatch" d="{}"/>').format(lines)


def _draw_limit_lines(limits: CheckLimits, frame: _Frame) -> list[Markup]:
    lines = [(limits.green, _GREEN_END)] + ([] if limits.yellow is None else [(limits.yellow, _YELLOW_END)])
    drawn = []
    for value, place in lines:
        x = _short(_x(limits, place, frame))
        drawn.append(Markup('<path class="limit-line" d="M{} {}v{}"/>').format(x, frame.top - 2, _BAR + 4))
        if frame.is_numbered:
            text = Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>')
            drawn.append(text.format(x, frame.top + _BAR + 15, format_number(value)))
    return drawn


def _x(limits: CheckLimits, place: float, frame: _Frame) -> float:
    """Return where a place on the bar is drawn: numbers grow to the right, so what should be large ends there."""
    return (place if limits.less_is_better else 1 - place) * (frame.width - 2 * _MARGIN) + _MARGIN


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
