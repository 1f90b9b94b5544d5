"""`rmos backtest --outcomes`: what an engine would have blocked, by what became of the cuts."""

from typing import Final

from rmos.cli.calibration import format_interval
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.opening import workers_for
from rmos.cli.output import emit, progress, say, say_table
from rmos.cli.tables import Column
from rmos.counts import count_of
from rmos.decisions.outcome_backtest import (
    JOB_KINDS,
    BlockedJobs,
    OutcomeBacktest,
    backtest_outcomes,
    count_runs_with_events,
)
from rmos.engines.plugin import Engine
from rmos.store import Store

_COLUMNS: Final = (
    Column("THE PART"),
    Column("JOBS", number=True),
    Column("NOT EVALUATED", number=True, spare=True),
    Column("BLOCKED AS RECORDED", number=True, spare=True),
    Column("WOULD BE BLOCKED"),
)
_KINDS: Final = {
    "scrap": "scrap",
    "scrap_human": "scrap, a wrong zero, tool or program",
    "rework": "to be reworked",
    "good": "good",
    "unjudged": "not looked at",
}


def say_outcome_backtest(store: Store, engine: Engine, timeout_ms: float, since: str | None, as_json: bool) -> int:
    """Count, show, and return the exit code: 1 when a run could not be read."""
    runs = count_runs_with_events(store, since)
    with progress("Evaluating", runs) as advance:
        report = backtest_outcomes(
            *(store, engine), timeout_ms=timeout_ms, since=since, workers=workers_for(store, runs), progress=advance
        )
    if as_json:
        emit(report)
    else:
        _say_report(report)
    return FINDINGS if report.damaged or report.unreadable else DONE


def _say_report(report: OutcomeBacktest) -> None:
    if report.jobs:
        kinds: dict[str, BlockedJobs] = {kind: getattr(report, kind) for kind in JOB_KINDS}
        say_table(_COLUMNS, [_make_row(kind, jobs) for kind, jobs in kinds.items() if jobs.jobs])
    say(
        f"{report.engine_id} {report.engine_version} evaluated the cuts of {count_of(report.jobs, 'job')}. "
        "It changes no limit."
    )
    for run_ids, why in ((report.damaged, "damaged"), (report.unreadable, "the disk did not give them")):
        if run_ids:
            say(f"Not known what became of them, {why} ({len(run_ids)}): {', '.join(run_ids[:10])}.")


def _make_row(kind: str, jobs: BlockedJobs) -> list[str]:
    return [
        _KINDS[kind],
        str(jobs.jobs),
        str(jobs.not_evaluated),
        str(jobs.blocked_recorded.count),
        f"{format_interval(jobs.blocked)} of {jobs.blocked.of}",
    ]
