"""`/record`: whether the record is whole and the service well, and what to do where not. Nothing here repairs."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.checks.findings import NEXT
from rmos.checks.last_verify import read_last_verify
from rmos.context import current_rmos
from rmos.http.health_checks import check_health
from rmos.models import RISK_LEVELS
from rmos.web.calendar import add_up_months, draw_calendar
from rmos.web.charts import spread_days
from rmos.web.shell import render_page

bp = Blueprint("record_page", __name__)

_WEEKS: Final = 53
_FEW_WEEKS: Final = 26
"""The weeks that a small screen shows."""


class RunbookLine(msgspec.Struct, frozen=True):
    """A kind of finding, how many there are, and what to do."""

    kind: str
    number: int
    next: str


@bp.get("/record")
@requires("viewer")
def show_record() -> Response:
    """Show the state of the record."""
    rmos = current_rmos()
    store, today = rmos.store, date.fromisoformat(ids.partition_of(ids.now_us()))
    first = today - timedelta(days=today.weekday() + 7 * (_WEEKS - 1))
    days = spread_days(
        store.runs.tally("risk_level", first.isoformat(), today.isoformat()), first.isoformat(), today.isoformat()
    )
    verified = read_last_verify(rmos.settings.instance_path, store.objects.root)
    return render_page(
        "record.html",
        here="record",
        health=check_health(rmos),
        verified=verified,
        runbook=_list_runbook({} if verified is None else verified.findings),
        quarantined=store.reader.quarantined(),
        free_bytes=store.objects.free_bytes(),
        total=store.runs.total("risk_level"),
        calendars={"wide-only": draw_calendar(days), "narrow-only": draw_calendar(days[7 * (_WEEKS - _FEW_WEEKS) :])},
        months=add_up_months(days),
        levels=RISK_LEVELS,
        query_month=lambda month: urlencode({"created_from": month.first, "created_to": month.last}),
    )


def _list_runbook(findings: Mapping[str, int]) -> list[RunbookLine]:
    return [RunbookLine(kind, number, NEXT.get(kind, "")) for kind, number in sorted(findings.items())]
