"""Days as bars: the drawing says in words what it shows, and its bars are as tall as their runs are many."""

import re

import pytest

from rmos.index.base import TalliedRuns
from rmos.models import RISK_LEVELS
from rmos.web.charts import DayRuns, draw_days, draw_share, spread_days


def link(day: DayRuns) -> str:
    return f"/runs?day={day.date}&x"


def test_each_day_is_there_also_one_without_runs() -> None:
    counts = [TalliedRuns("2025-12-30", "GREEN", 2), TalliedRuns("2025-12-30", "RED", 1)]
    days = spread_days([*counts, TalliedRuns("2026-01-01", "RED", 4)], "2025-12-29", "2026-01-01")
    assert [(day.date, day.total) for day in days] == [
        ("2025-12-29", 0), ("2025-12-30", 3), ("2025-12-31", 0), ("2026-01-01", 4),
    ]  # fmt: skip
    assert days[1].runs == {"GREEN": 2, "RED": 1}


def test_the_drawing_is_exactly_this() -> None:
    drawn = draw_days([DayRuns("2025-12-22", {"GREEN": 3, "RED": 1}), DayRuns("2025-12-23", {})], link)
    assert drawn == (
        '<svg class="days" viewBox="0 0 62 160" role="group" aria-label="Runs a day from 22 Dec 2025 to 23 Dec 2025. '
        '4 runs, at most 4 on one day.">'
        '<path class="rule-line" d="M30 136.0H62"/><path class="rule-line" d="M30 76.0H62"/>'
        '<text class="tick" x="25" y="80.0" text-anchor="end">2</text><path class="rule-line" d="M30 16.0H62"/>'
        '<text class="tick" x="25" y="20.0" text-anchor="end">4</text>'
        '<a href="/runs?day=2025-12-22&amp;x" aria-label="22 Dec 2025: 3 GREEN, 1 RED" tabindex="-1">'
        '<title>22 Dec 2025: 3 GREEN, 1 RED</title><g class="bar">'
        '<rect class="f-green" x="32" y="46.0" width="12" height="90.0"/>'
        '<rect class="f-red" x="32" y="16.0" width="12" height="30.0"/>'
        '<rect fill="url(#cross)" x="32" y="16.0" width="12" height="30.0"/></g></a>'
        '<text class="tick" x="62" y="153" text-anchor="end">22 Dec</text></svg>'
    )


@pytest.mark.parametrize("most", [0, 1, 2, 3, 9, 11, 39, 100, 10_000])
def test_no_bar_is_taller_than_the_scale(most: int) -> None:
    drawn = draw_days([DayRuns("2025-12-23", dict.fromkeys(RISK_LEVELS, most))], link)
    tops = [float(y) for y in re.findall(r'<rect class="f-\w+" x="\d+" y="([\d.]+)"', drawn)]
    assert all(16 <= top <= 136 for top in tops)
    assert len(tops) == (len(RISK_LEVELS) if most else 0)


def test_a_share_is_drawn_against_the_largest() -> None:
    assert 'width="50.0"' in draw_share(5, 10)
    assert 'width="0.0"' in draw_share(0, 0)
