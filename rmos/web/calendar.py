"""A year of days as a grid of weeks, the darker the more runs a day has; days with an ERROR are ringed.

    draw_calendar(spread_days(store.runs.tally("risk_level", first, last), first, last))

All days of one shade are one path, so that a year takes a few kilobytes. Which day has how many runs is in the table of
months beside it, whose lines are links.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

import msgspec
from markupsafe import Markup

from rmos.web.charts import DayRuns
from rmos.web.formats import format_day

_STEP: Final = 14
_CELL: Final = 11
_LEFT: Final = 34
_TOP: Final = 18
_SHADES: Final = 4
_WEEKDAYS: Final = ((0, "Mon"), (2, "Wed"), (4, "Fri"))


class MonthRuns(msgspec.Struct, frozen=True):
    """A month, its first and last day, and its runs by their colour."""

    first: str
    last: str
    runs: dict[str, int]

    @property
    def total(self) -> int:
        """How many runs it has."""
        return sum(self.runs.values())


def add_up_months(days: Iterable[DayRuns]) -> list[MonthRuns]:
    """Return the months of these days that have runs, the latest first."""
    months: dict[str, list[DayRuns]] = {}
    for day in days:
        months.setdefault(day.date[:7], []).append(day)
    added = [MonthRuns(within[0].date, within[-1].date, _add_up(within)) for within in months.values()]
    return [month for month in reversed(added) if month.total]


def _add_up(days: Iterable[DayRuns]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for day in days:
        counts.update(day.runs)
    return dict(counts)


def draw_calendar(days: Sequence[DayRuns]) -> Markup:
    """Return the days as a grid; they begin with a Monday."""
    most = max(day.total for day in days)
    shades: dict[str, list[str]] = {}
    labels: list[Markup] = []
    for number, day in enumerate(days):
        x, y = _LEFT + number // 7 * _STEP, _TOP + number % 7 * _STEP
        shades.setdefault(f"shade-{_shade(day.total, most)}", []).append(f"M{x} {y}h{_CELL}v{_CELL}h-{_CELL}z")
        if day.runs.get("ERROR"):
            shades.setdefault("ring", []).append(f"M{x - 1} {y - 1}h{_CELL + 2}v{_CELL + 2}h-{_CELL + 2}z")
        if number % 7 == 0 and date.fromisoformat(day.date).day <= 7:
            label = Markup('<text class="tick" x="{}" y="{}">{}</text>')
            labels.append(label.format(x, _TOP - 6, format_day(day.date).split(" ")[1]))
    for weekday, name in _WEEKDAYS:
        label = Markup('<text class="tick" x="0" y="{}">{}</text>')
        labels.append(label.format(_TOP + weekday * _STEP + 10, name))
    paths = [Markup('<path class="{}" d="{}"/>').format(name, "".join(cells)) for name, cells in sorted(shades.items())]
    busy = sum(1 for day in days if day.total)
    description = (
        f"Runs from {format_day(days[0].date)} to {format_day(days[-1].date)}: "
        f"{sum(day.total for day in days)} on {busy} {'day' if busy == 1 else 'days'}, at most {most} on one."
    )
    width, height = _LEFT + (len(days) + 6) // 7 * _STEP, _TOP + 7 * _STEP
    return Markup('<svg class="days" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width, height, description, Markup("").join([*labels, *paths])
    )


def _shade(total: int, most: int) -> int:
    """Return how dark a day is, from 0 for one without runs to 4 for the busiest."""
    return -(-total * _SHADES // most) if total else 0
