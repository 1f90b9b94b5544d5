"""A check's value against its limits, as a bar: numbers grow to the right, the mark is the value.

    draw_limits(make_limits({"value": 3.08, "limit": 1.6, "yellow_limit": 2.6, "better": "low", "unit": "index"}))

Where colours change stands at the same place in every bar, so that bars of other units can be compared; between two
such places numbers are spread evenly. YELLOW is hatched and RED cross-hatched: no colour stands alone. Records from
before assessments said which values are better say it by their margin, and then only the colour of the value itself is
known beyond the limit.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from markupsafe import Markup

from rmos.web.formats import format_number, tone_of

_BAR: Final = 14
_MARGIN: Final = 8
_FARTHEST: Final = 3.0
"""How many times the last number the bar reaches; what lies beyond stands at its end."""
_LARGEST: Final = 1e300
"""No drawing has a larger number, nor one that is not finite."""
_SHORT: Final = {"green": 0.5, "yellow": 0.8}
"""Where GREEN and YELLOW end, of the width, when one side alone is limited."""
_WINDOW: Final = ((0.12, 0.3), (0.7, 0.88))
"""Where YELLOW and GREEN begin and end when both sides are."""


class ColourEdge(msgspec.Struct, frozen=True):
    """A number at which the colour changes, and where it stands on the bar, from 0 to 1."""

    value: float
    place: float


class CheckLimits(msgspec.Struct, frozen=True):
    """A value, the numbers at which the colour changes, in order, and the colours before, between and after them."""

    value: float
    edges: list[ColourEdge]
    tones: list[str]
    unit: str
    description: str
    green: float
    """Where GREEN ends, on the side that decided."""

    def place(self, value: float) -> float:
        """Return where a value stands on the bar, from 0 to 1."""
        first, last = self.edges[0], self.edges[-1]
        if value <= first.value:
            return first.place * max(value / first.value, 0.0) if first.value > 0 else float(value == first.value) / 2
        if value >= last.value:
            beyond = (value / last.value - 1) / (_FARTHEST - 1) if last.value > 0 else 1.0
            return last.place + (1 - last.place) * min(beyond, 1.0)
        before = max((edge for edge in self.edges if edge.value <= value), key=lambda edge: edge.value)
        after = min((edge for edge in self.edges if edge.value > value), key=lambda edge: edge.value)
        share = (value - before.value) / (after.value - before.value)
        return before.place + share * (after.place - before.place)


def make_limits(assessment: Mapping[str, Any]) -> CheckLimits | None:
    """Return the limits of an assessment of a record, or None when it has no numbers to draw."""
    value, green, margin = (_finite(assessment.get(name)) for name in ("value", "limit", "margin"))
    if value is None or green is None:
        return None
    unit, better = str(assessment.get("unit") or ""), assessment.get("better")
    beyond, yellow = "yellow", _finite(assessment.get("yellow_limit"))
    if better not in ("low", "high", "window"):
        if margin is None:
            return None
        # The margin is what is left to the limit, so it says on which side of it less is better.
        better = "low" if abs(margin - (green - value)) <= abs(margin - (value - green)) else "high"
        risk = assessment.get("risk")
        beyond, yellow = (tone_of(risk) if risk in ("YELLOW", "RED") else "past"), None
    if better == "window":
        other, other_yellow = (_finite(assessment.get(name)) for name in ("other_limit", "other_yellow_limit"))
        sides = sorted([(green, yellow), (green if other is None else other, other_yellow)], key=lambda side: side[0])
        low, high = _limit_low(*sides[0]), _limit_high(*sides[1], beyond, _WINDOW[1])
        edges, tones = [*low[0], *high[0]], [*low[1], *high[1]]
        description = f"GREEN is from {format_number(sides[0][0])} to {format_number(sides[1][0])}"
    elif better == "low":
        edges, tones = _limit_high(green, yellow, beyond, (_SHORT["green"], _SHORT["yellow"]))
        description = _describe_side("at most", green, yellow)
    else:
        mirrored, colours = _limit_high(green, yellow, beyond, (_SHORT["green"], _SHORT["yellow"]), is_mirrored=True)
        edges, tones = [ColourEdge(edge.value, 1 - edge.place) for edge in reversed(mirrored)], colours[::-1]
        description = _describe_side("at least", green, yellow)
    return CheckLimits(value, edges, tones, unit, f"{format_number(value)} {unit}".strip() + f"; {description}", green)


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < _LARGEST else None


def _describe_side(side: str, green: float, yellow: float | None) -> str:
    description = f"GREEN is {side} {format_number(green)}"
    return description if yellow is None or yellow == green else f"{description}, YELLOW {side} {format_number(yellow)}"


def _limit_high(
    green: float, yellow: float | None, beyond: str, places: tuple[float, float], *, is_mirrored: bool = False
) -> tuple[list[ColourEdge], list[str]]:
    """Return the edges where values get worse as they go away from GREEN, and the colours from GREEN on.

    Args:
        yellow: where YELLOW ends; None where nothing says so, and `beyond` is the colour then.
        is_mirrored: smaller values are worse.
    """
    if yellow is None:
        return [ColourEdge(green, places[0])], ["green", beyond]
    if not (yellow < green if is_mirrored else yellow > green):
        return [ColourEdge(green, places[0])], ["green", "red"]
    return [ColourEdge(green, places[0]), ColourEdge(yellow, places[1])], ["green", "yellow", "red"]


def _limit_low(green: float, yellow: float | None) -> tuple[list[ColourEdge], list[str]]:
    """Return the edges of a window's low side in order, and its colours up to GREEN, with which the high begins."""
    edges, tones = _limit_high(green, yellow, "yellow", (1 - _WINDOW[0][1], 1 - _WINDOW[0][0]), is_mirrored=True)
    return [ColourEdge(edge.value, 1 - edge.place) for edge in reversed(edges)], tones[:0:-1]


class _Frame(msgspec.Struct, frozen=True):
    """The size of a drawing: its width and height, and where its bar begins."""

    width: int
    height: int
    top: int
    is_numbered: bool

    def x(self, place: float) -> float:
        """Return where a place on the bar is drawn."""
        return place * (self.width - 2 * _MARGIN) + _MARGIN


_LARGE: Final = _Frame(340, 46, 15, True)
_SMALL: Final = _Frame(160, 22, 5, False)


def draw_limits(limits: CheckLimits, *, small: bool = False) -> Markup:
    """Return the bar as SVG; a small one has no numbers and fits into the row of a table."""
    frame = _SMALL if small else _LARGE
    mark = _short(frame.x(limits.place(limits.value)))
    shape = "l-5 -10h10z" if small else "l-8 -13h16z"
    parts = [
        *_draw_zones(limits, frame),
        *_draw_edges(limits, frame),
        Markup('<path class="mark" d="M{} {}{}"/>').format(mark, frame.top + (8 if small else 4), shape),
    ]
    return Markup('<svg class="limits{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        " small" if small else "", frame.width, frame.height, limits.description, Markup("").join(parts)
    )


def _draw_zones(limits: CheckLimits, frame: _Frame) -> list[Markup]:
    places = [0.0, *(edge.place for edge in limits.edges), 1.0]
    drawn = []
    for tone, begin, end in zip(limits.tones, places, places[1:], strict=False):
        left, right = frame.x(begin), frame.x(end)
        box = (_short(left), frame.top, _short(right - left), _BAR)
        drawn.append(Markup('<rect class="f-{}" x="{}" y="{}" width="{}" height="{}"/>').format(tone, *box))
        if tone != "green":
            drawn.append(_hatch(left, right, frame.top, crossed=tone == "red"))
    return drawn


def _hatch(left: float, right: float, top: int, *, crossed: bool) -> Markup:
    steps = range(int(left) + 2, int(right) - _BAR + 2, 9)
    lines = "".join(f"M{x} {top + _BAR}l{_BAR} -{_BAR}" for x in steps)
    if crossed:
        lines += "".join(f"M{x} {top}l{_BAR} {_BAR}" for x in steps)
    return Markup('<path class="hatch" d="{}"/>').format(lines)


def _draw_edges(limits: CheckLimits, frame: _Frame) -> list[Markup]:
    drawn = []
    for edge in limits.edges:
        x = _short(frame.x(edge.place))
        drawn.append(Markup('<path class="limit-line" d="M{} {}v{}"/>').format(x, frame.top - 2, _BAR + 4))
        if frame.is_numbered:
            text = Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>')
            drawn.append(text.format(x, frame.top + _BAR + 15, format_number(edge.value)))
    return drawn


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
