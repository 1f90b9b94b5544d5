"""`/`: today in the workshop: what was cut, what waits for somebody, why cuts were blocked."""

from collections import Counter
from collections.abc import Mapping
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
from rmos.web.formats import text_of
from rmos.web.runs import ListedRun, read_run, read_runs
from rmos.web.shell import render_page, wants_page
from rmos.workflow import has_override

bp = Blueprint("today", __name__)

_WEEKS: Final = 6
_FEW_DAYS: Final = 14
"""The days that a small screen shows."""
_LATEST: Final = 8
_WAITING: Final = 6
_COUNTED: Final = 100
"""How far runs are counted that wait for a second person."""
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
        asked=_count_asked(store, ids.utc_text(now_us)),
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
    """Return the runs for which a second person is asked, newest first, and then the latest that are blocked."""
    asked = _read_page(store, RunQuery(override="asked", now_utc=now_utc), _WAITING)
    # As many as are shown, though all that are asked for stand among them and as many more are overridden.
    blocked = _read_page(store, RunQuery(status="BLOCKED"), 3 * _WAITING)
    waiting = [_read_waiting(summary) for summary in asked]
    known = {entry.run.run_id for entry in waiting}
    waiting += [
        Waiting(read_run(summary))
        for summary in blocked
        if summary["run_id"] not in known and not _is_overridden(summary, now_utc)
    ]
    return waiting[:_WAITING]


def _read_waiting(summary: Mapping[str, Any]) -> Waiting:
    """Return a run for which a second person is asked."""
    request = summary.get("override") or {}
    return Waiting(read_run(summary), text_of(request.get("by")), text_of(request.get("expires_at_utc")))


def _read_page(store: Store, query: RunQuery, limit: int) -> list[dict[str, Any]]:
    summaries: list[dict[str, Any]] = msgspec.json.decode(f"[{store.runs.page(query, limit=limit).text}]")
    return summaries


def _is_overridden(summary: Mapping[str, Any], now_utc: str) -> bool:
    """Tell whether an override of a run is in force."""
    override = summary.get("override") or {}
    return has_override([override], summary["risk_level"], now_utc=now_utc)


def _count_asked(store: Store, now_utc: str) -> str:
    """Return how many runs wait for a second person, counted so far as anybody looks."""
    number = store.runs.count_up_to(RunQuery(override="asked", now_utc=now_utc), _COUNTED + 1)
    return f"more than {_COUNTED}" if number > _COUNTED else str(number) if number else ""


def _query_day(day: str, **more: str) -> str:
    return urlencode({"created_from": day, "created_to": day, **more})


def _link_day(day: DayRuns) -> str:
    return f"{request.script_root}/runs?{_query_day(day.date)}"
