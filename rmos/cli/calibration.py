"""`rmos calibrate`: what became of cuts beside what was decided on them."""

from collections.abc import Mapping, Sequence
from typing import Final

import click
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.listing import IndexReaders, read_answer
from rmos.cli.output import COLOURS, emit, json_option, say, say_table, terminal_width
from rmos.cli.run_ids import short_ids
from rmos.cli.tables import Column
from rmos.cli.types import Moment
from rmos.counts import count_of
from rmos.decisions.calibration import (
    Calibration,
    JobList,
    ListedJob,
    MachineTimes,
    ScrappedJob,
    calibrate,
    make_empty_report,
)
from rmos.decisions.proportions import Proportion
from rmos.row_models import OutcomeQuery

_COLOURS: Final = (
    Column("DECISION"),
    Column("NOT LOOKED AT", number=True, spare=True),
    Column("OF", number=True),
    Column("GOOD", number=True),
    Column("REWORK", number=True, spare=True),
    Column("SCRAP"),
)
_CHECKS: Final = (
    Column("Q", number=True),
    Column("CHECK"),
    Column("VALUE", number=True),
    Column("LIMIT", number=True),
    Column("REASON"),
    Column("WHEN (UTC)", spare=True),
    Column("RUN"),
)
_JOBS: Final = (
    Column("WHEN (UTC)"),
    Column("RUN"),
    Column("DECISION"),
    Column("REASON", spare=True),
    Column("MACHINE", least=8, spare=True),
    Column("TOOL"),
)
_TIMES: Final = (
    Column("MACHINE"),
    Column("ESTIMATE"),
    Column("JOBS", number=True),
    Column("QUARTILES", spare=True),
    Column("MEDIAN"),
)
_UNKNOWN: Final = {
    "no_check": "the run has no check of it",
    "no_number": "no number was recorded",
    "deleted": "deleted since",
    "damaged": "its record is damaged",
    "not_read": "the disk did not give it",
}
NOT_COMPARED: Final = {
    "not_completed": "did not run to the end",
    "not_timed": "without a time",
    "other_program": "ran another program",
    "which_program": "did not say which program ran",
    "feed_overridden": "ran at another feed",
    "no_estimate": "without an estimate",
}


@click.command("calibrate")
@click.option("--machine", metavar="MACHINE_ID", help="Only what this machine cut.")
@click.option("--since", type=Moment(), metavar="TIME", help="Only jobs from this date or time (UTC) on.")
@json_option
@with_appcontext
def calibration(machine: str | None, since: int | None, as_json: bool) -> int:
    """Compare decisions with what became of the cuts.

    What was scrapped of each colour, with the 95 % interval of its share;
    GREEN cuts that were scrapped, and how near they came to the limit of
    the check that the reason points to; what was not GREEN and is good;
    how long jobs took against their estimates. Outcomes that count only:
    those that were corrected are left out, and those of deleted runs.
    It changes no limit, and never the record.

    \b
    Exit codes: 0 shown, also when there are no outcomes; 1 it cannot be
    read, 2 usage, 10 no store there, 11 store locked, 130 interrupted.
    """
    query = OutcomeQuery(machine_id=machine, since_us=since)

    def ask(readers: IndexReaders) -> Calibration:
        return calibrate(readers.outcomes, readers.runs, query)

    report = read_answer(ask, nothing=make_empty_report(query))
    if as_json:
        emit(report)
    elif not report.jobs:
        say("No outcomes yet: `rmos outcome RUN_ID --ended completed --part good` reports one.")
        if report.damaged_runs:
            _say_damaged(report.damaged_runs)
    else:
        _say_report(report)
    return DONE


def _say_report(report: Calibration) -> None:
    tones = [COLOURS.get(row.risk_level) for row in report.colours]
    rows = [
        [
            row.risk_level,
            str(row.unjudged),
            str(row.jobs - row.unjudged),
            *(format_interval(share) for share in (row.good, row.rework, row.scrap)),
        ]
        for row in report.colours
    ]
    say("What became of the jobs, and the 95 % intervals of the shares")
    say_table(_COLOURS, rows, colours=tones)
    _say_green_scrapped(report)
    if report.cut_anyway.jobs:
        counts = ", ".join(f"{count} {risk}" for risk, count in report.cut_anyway.counts.items())
        _say_jobs(f"Not GREEN, cut all the same, and good ({counts})", report.cut_anyway)
    _say_times(report)
    say()
    if report.damaged_runs:
        _say_damaged(report.damaged_runs)
    say(report.note)


def _say_damaged(runs: int) -> None:
    say(f"Not counted is what was reported of {count_of(runs, 'damaged run')}: `rmos verify` names them.")


def format_interval(share: Proportion) -> str:
    """Return how many, and in brackets the interval of their share: 3 (2.6-19.9 %)."""
    if share.low is None or share.high is None:
        return str(share.count)
    return f"{share.count} ({share.low * 100:.1f}-{share.high * 100:.1f} %)"


def _say_green_scrapped(report: Calibration) -> None:
    checks, human, other = (report.green_scrapped[of_class] for of_class in ("check", "human", "other"))
    if checks.jobs:
        shown = _short([job.run_id for job in checks.items])
        _say_title("GREEN and scrapped, for a reason that checks are about, the nearest to its limit first", checks)
        say_table(_CHECKS, [_check_row(job, shown) for job in checks.items if isinstance(job, ScrappedJob)])
    if human.jobs:
        _say_jobs("GREEN and scrapped, because somebody took the wrong thing", human)
    if other.jobs:
        _say_jobs("GREEN and scrapped, for a reason that no check is about", other)


def _check_row(job: ScrappedJob, shown: Mapping[str, str]) -> list[str]:
    use = job.check
    of_check = ["", _UNKNOWN.get(job.check_unknown or "", ""), "", ""]
    if use is not None:
        of_check = [f"{use.q:.2f}", use.id, f"{use.value:g}", f"{use.limit:g} {use.unit}".strip()]
    return [*of_check, job.reason_code or "", _when(job), shown.get(job.run_id, job.run_id)]


def _say_jobs(title: str, jobs: JobList) -> None:
    _say_title(title, jobs)
    shown = _short([job.run_id for job in jobs.items])
    rows = [
        [
            _when(job),
            shown.get(job.run_id, job.run_id),
            f"{job.risk_level}{', against the decision' if job.cut_against_decision else ''}",
            job.reason_code or "",
            job.machine_id or "",
            ", ".join(job.tool_ids),
        ]
        for job in jobs.items
    ]
    say_table(_JOBS, rows)


def _say_title(title: str, jobs: JobList) -> None:
    hidden = jobs.jobs - len(jobs.items)
    say()
    say(f"{title}: {count_of(jobs.jobs, 'job')}{f', {hidden} of them not shown' if hidden > 0 else ''}")


def _say_times(report: Calibration) -> None:
    say()
    say("Time that jobs took, over the estimate")
    rows = [row for machine in report.times for row in _time_rows(machine, report.least_times)]
    if rows:
        say_table(_TIMES, rows)
    for machine in report.times:
        if machine.not_compared:
            why = ", ".join(f"{count} {NOT_COMPARED[basis]}" for basis, count in machine.not_compared.items())
            say(f"Not compared, {machine.machine_id or 'no machine named'}: {why}.")


def _time_rows(machine: MachineTimes, least: int) -> Sequence[list[str]]:
    return [
        [
            machine.machine_id or "-",
            compared.basis.replace("_", " "),
            str(compared.jobs),
            f"{compared.lower_quartile:.2f} to {compared.upper_quartile:.2f}" if compared.median is not None else "",
            f"from {least} jobs on" if compared.median is None else f"{compared.median:.2f}",
        ]
        for compared in machine.compared
    ]


def _when(job: ListedJob) -> str:
    return job.at_utc[:16].replace("T", " ")


def _short(run_ids: Sequence[str]) -> Mapping[str, str]:
    return short_ids(list(dict.fromkeys(run_ids))) if terminal_width() else {}
