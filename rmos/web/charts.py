"""Runs of many days as bars, in SVG made of attributes and classes; each drawing has a table beside it in the template.

    days = spread_days(store.runs.tally("risk_level", first, last), first, last)
    draw_days(days, lambda day: f"/runs?created_from={day.date}&created_to={day.date}")      # beside PATTERNS

YELLOW is hatched, RED crossed, UNKNOWN and ERROR dotted, so that no colour stands alone.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec
from markupsafe import Markup

from rmos.index.base import TalliedRuns
from rmos.models import RISK_LEVELS
from rmos.web.formats import format_day, tone_of

_STEP: Final = 16
_LABEL: Final = 44
"""How wide a day's name is at most."""
_BAR: Final = 12
_TALL: Final = 120
_TOP: Final = 16
_LEFT: Final = 30
_BELOW: Final = 24
_PATTERNS: Final = {"YELLOW": "hatch", "RED": "cross", "UNKNOWN": "dots", "ERROR": "dots"}


class DayRuns(msgspec.Struct, frozen=True):
    """A day and its runs by their colour."""

    date: str
    runs: dict[str, int]

    @property
    def total(self) -> int:
        """How many runs it has."""
        return sum(self.runs.values())


def spread_days(counts: Iterable[TalliedRuns], first: str, last: str) -> list[DayRuns]:
    """Return each day from the first to the last, those without runs too."""
    found: dict[str, dict[str, int]] = {}
    for count in counts:
        found.setdefault(count.partition, {})[count.value] = count.runs
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    dates = [(begin + timedelta(days=number)).isoformat() for number in range((end - begin).days + 1)]
    return [DayRuns(day, found.get(day, {})) for day in dates]


def draw_days(days: Sequence[DayRuns], link: Callable[[DayRuns], str]) -> Markup:
    """Return the days as stacked bars, each of them a link; the page has to hold `PATTERNS`."""
    most = _round_up(max(day.total for day in days))
    width, height = _LEFT + len(days) * _STEP, _TOP + _TALL + _BELOW
    parts = _draw_scale(most, width)
    for number, day in enumerate(days):
        x = _LEFT + number * _STEP
        if day.total:
            parts.append(_draw_day(day, x, most, link(day)))
        if date.fromisoformat(day.date).weekday() == 0:
            # The label of a last week ends where the chart does.
            label, is_cut = format_day(day.date)[:-5], x + _LABEL > width
            text = Markup('<text class="tick" x="{}" y="{}"{}>{}</text>')
            ends = Markup(' text-anchor="end"') if is_cut else ""
            parts.append(text.format(width if is_cut else x, _TOP + _TALL + 17, ends, label))
    title = f"Runs a day from {format_day(days[0].date)} to {format_day(days[-1].date)}"
    description = f"{sum(day.total for day in days)} runs, at most {max(day.total for day in days)} on one day."
    return Markup('<svg class="days" viewBox="0 0 {} {}" role="group" aria-label="{}">{}</svg>').format(
        width, height, f"{title}. {description}", Markup("").join(parts)
    )


def _draw_day(day: DayRuns, x: int, most: int, href: str) -> Markup:
    description = ", ".join(f"{day.runs[risk]} {risk}" for risk in RISK_LEVELS if day.runs.get(risk))
    boxes, y = [], float(_TOP + _TALL)
    for risk in RISK_LEVELS:
        tall = day.runs.get(risk, 0) / most * _TALL
        if not tall:
            continue
        y -= tall
        box = (x + 2, f"{y:.1f}", _BAR, f"{tall:.1f}")
        shape = Markup('<rect class="f-{}" x="{}" y="{}" width="{}" height="{}"/>')
        boxes.append(shape.format(tone_of(risk), *box))
        if risk in _PATTERNS:
            pattern = Markup('<rect fill="url(#{})" x="{}" y="{}" width="{}" height="{}"/>')
            boxes.append(pattern.format(_PATTERNS[risk], *box))
    title = f"{format_day(day.date)}: {description}"
    return Markup('<a href="{}" aria-label="{}" tabindex="-1"><title>{}</title><g class="bar">{}</g></a>').format(
        href, title, title, Markup("").join(boxes)
    )


def _draw_scale(most: int, width: int) -> list[Markup]:
    drawn = []
    for share in (0.0, 0.5, 1.0):
        y = _TOP + _TALL - share * _TALL
        drawn.append(Markup('<path class="rule-line" d="M{} {:.1f}H{}"/>').format(_LEFT, y, width))
        if share and (share * most).is_integer():
            label = Markup('<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{:.0f}</text>')
            drawn.append(label.format(_LEFT - 5, y + 4, share * most))
    return drawn


def _round_up(number: int) -> int:
    """Return the next number that a scale may end at: 2, 4, 10, 20, 40, 100 …"""
    step = 1
    while True:
        for factor in (2, 4, 10):
            if factor * step >= number:
                return factor * step
        step *= 10


PATTERNS: Final = Markup(
    '<svg class="patterns" width="0" height="0" aria-hidden="true"><defs>'
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path class="hatch" d="M-1 7L7 -1"/></pattern>'
    '<pattern id="cross" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path class="hatch" d="M-1 7L7 -1M-1 -1L7 7"/></pattern>'
    '<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse">'
    '<circle class="dot" cx="2.5" cy="2.5" r="1"/></pattern></defs></svg>'
)
"""What bars and keys are hatched with, once for a page."""


def draw_share(value: int, most: int) -> Markup:
    """Return a bar that is as long as a value is of the largest one."""
    width = 100 * value / most if most else 0
    return Markup(
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="share" width="{:.1f}" height="10" rx="1"/></svg>'
    ).format(width)
