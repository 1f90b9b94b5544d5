"""`/reports/calibration`: decisions beside what became of the cuts, as tables and pictures.

The same report as `/api/rmos/reports/calibration`. It changes no limit, and says so.
"""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.decisions.calibration import calibrate
from rmos.decisions.proportions import Proportion
from rmos.http.query import read_query
from rmos.schemas.calibration import load_calibration
from rmos.web.calibration_charts import draw_shares, draw_times
from rmos.web.charts import draw_share
from rmos.web.shared_words import WORDS
from rmos.web.shell import render_page

bp = Blueprint("calibration_page", __name__)

WORD_TABLES: Final = ("part_verdicts", "reasons", "not_compared", "check_unknown", "estimates")


@bp.get("/reports/calibration")
@requires("viewer")
def show_calibration() -> Response:
    """Show the report, of all outcomes or of those of a machine since a day."""
    stated = {name: values for name, values in read_query().items() if values != [""]}
    query = load_calibration(stated)
    store = current_rmos().store
    report = calibrate(store.outcome_lists, store.runs, query)
    words: Mapping[str, Mapping[str, str]] = {name: WORDS[name] for name in WORD_TABLES}
    return render_page(
        "calibration.html",
        here="runs",
        report=report,
        asked={name: values[0] for name, values in stated.items()},
        words=words,
        shares=draw_shares(report.colours),
        times=draw_times(report.times),
        format_interval=format_interval,
        draw_share=draw_share,
    )


def format_interval(share: Proportion) -> str:
    """Return the interval of a share in percent, nothing of none."""
    if share.low is None or share.high is None:
        return ""
    return f"{share.low * 100:.1f}–{share.high * 100:.1f} %"
