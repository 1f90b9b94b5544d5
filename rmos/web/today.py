"""`/`: today in the workshop: what was cut, what waits for somebody, why cuts were blocked."""

from collections import Counter
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, request

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.errors.http import RouteNotFound
from rmos.models import RISK_LEVELS
from rmos.row_models import RunQuery
from rmos.store import Store
from rmos.web.charts import PATTERNS, DayRuns, draw_days, draw_share, spread_days
from rmos.web.runs import ListedRun, read_run, read_runs
from rmos.web.shell import render_page, wants_page

bp = Blueprint("today", __name__)

_WEEKS: Final = 6
_FEW_DAYS: Final = 14
"""The days that a small screen shows."""
_LATEST: Final = 8
_LOOKED_AT: Final = 50
"""The latest blocked runs among which those are looked for that wait for a second person."""
_WAITING: Final = 6
_RULES: Final = 6


class Waiting(msgspec.Struct, frozen=True):
    """A run that somebody has to look at, and who asked for an override of it, if anybody did."""

    run: ListedRun
    asked_by: str = ""
    expires_at_utc: str = ""


@bp.get("/")
@requires("viewer")
def show_today() -> Response:
    """Show today; programs are told that there is nothing here for them."""
    if not wants_page():
        raise RouteNotFound("There is nothing here; runs are at /api/rmos/runs.")
    store, now_us = current_rmos().store, ids.now_us()
    today = date.fromisoformat(ids.partition_of(now_us))
    first = today - timedelta(days=today.weekday() + 7 * (_WEEKS - 1))
    week = today - timedelta(days=6)
    days = spread_days(
        store.runs.tally("risk_level", first.isoformat(), today.isoformat()), first.isoformat(), today.isoformat()
    )
    rules = _count_rules(store, week, today)
    return render_page(
        "today.html",
        here="today",
        today=days[-1],
        levels=RISK_LEVELS,
        days=days,
        patterns=PATTERNS,
        charts={"wide-only": draw_days(days, _link_day), "narrow-only": draw_days(days[-_FEW_DAYS:], _link_day)},
        day_query=lambda **more: _query_day(days[-1].date, **more),
        link_day=_link_day,
        rules=[(rule, count, draw_share(count, rules[0][1])) for rule, count in rules],
        rule_query=lambda rule: urlencode({"rule": rule, "created_from": week.isoformat()}),
        waiting=_find_waiting(store, ids.utc_text(now_us)),
        latest=read_runs(store.runs.page(RunQuery(), limit=_LATEST).text),
        free_bytes=store.objects.free_bytes(),
    )


def _count_rules(store: Store, first: date, last: date) -> list[tuple[str, int]]:
    """Return the rules that blocked cuts or warned of them most often, and how often."""
    counts: Counter[str] = Counter()
    for tallied in store.runs.tally("rule", first.isoformat(), last.isoformat()):
        counts[tallied.value.upper()] += tallied.runs
    return counts.most_common(_RULES)


def _find_waiting(store: Store, now_utc: str) -> list[Waiting]:
    """Return the latest blocked runs, first those for which a second person is asked."""
    page = store.runs.page(RunQuery(status="BLOCKED"), limit=_LOOKED_AT)
    waiting = [_read_waiting(summary, now_utc) for summary in msgspec.json.decode(f"[{page.text}]")]
    return sorted(waiting, key=lambda entry: not entry.asked_by)[:_WAITING]


def _read_waiting(summary: dict[str, Any], now_utc: str) -> Waiting:
    override = summary.get("override") or {}
    expires = override.get("expires_at_utc") or ""
    if not override or override.get("effective") is True or (expires and expires <= now_utc):
        return Waiting(read_run(summary))
    return Waiting(read_run(summary), str(override.get("by") or ""), expires)


def _query_day(day: str, **more: str) -> str:
    return urlencode({"created_from": day, "created_to": day, **more})


def _link_day(day: DayRuns) -> str:
    return f"{request.script_root}/runs?{_query_day(day.date)}"
