"""`/`: today in the workshop: what was cut, what waits for somebody, why cuts were blocked."""

from typing import Final

from flask import Blueprint, Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.errors.http import RouteNotFound
from rmos.models import RunQuery
from rmos.web.runs import read_runs
from rmos.web.shell import render_page, wants_page

bp = Blueprint("today", __name__)

_WAITING: Final = 5
_LATEST: Final = 8


@bp.get("/")
@requires("viewer")
def show_today() -> Response:
    """Show today; programs are told that there is nothing here for them."""
    if not wants_page():
        raise RouteNotFound("There is nothing here; runs are at /api/rmos/runs.")
    runs = current_rmos().store.runs
    blocked = read_runs(runs.page(RunQuery(status="BLOCKED"), limit=_WAITING).text)
    return render_page(
        "today.html",
        here="today",
        blocked=blocked,
        latest=read_runs(runs.page(RunQuery(), limit=_LATEST).text),
    )
