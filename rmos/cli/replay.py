"""`rmos replay` and `rmos backtest`: recorded decisions computed again, and computed otherwise."""

import csv
import io
from pathlib import Path

import click
from flask.cli import with_appcontext

from rmos.cli.backtest_outcomes import say_outcome_backtest
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.opening import count_runs, open_for_reading, workers_for
from rmos.cli.output import COLOURS, emit, json_option, progress, say, say_table, terminal_width, write_data
from rmos.cli.run_ids import find_run_id, short_ids
from rmos.cli.tables import Column
from rmos.cli.types import Day
from rmos.context import current_rmos
from rmos.counts import count_of
from rmos.decisions.backtest import Backtest, Flip, backtest
from rmos.decisions.replay import replay_run
from rmos.engines.registry import Registry
from rmos.engines.shop import load_shop
from rmos.transfer.exporting import BOM, csv_cell

_COLUMNS = (
    Column("CREATED (UTC)", spare=True),
    Column("RUN"),
    Column("TOOL", least=10, spare=True),
    Column("WAS"),
    Column("WOULD BE"),
    Column("SCORE", number=True),
    Column("WOULD BE", number=True),
    Column("WHY"),
)
_SHOWN = 12
"""Digits of a digest that are shown."""


@click.command("replay")
@click.argument("run_id", metavar="RUN_ID")
@json_option
@with_appcontext
def replay(run_id: str, as_json: bool) -> int:
    """Compute a recorded decision again and compare digests.

    From the recorded inputs, with the recorded engine. Where that is gone
    or is another version by now, nothing is reproduced, and it says why.
    Changes nothing.

    \b
    Exit codes: 0 reproduced, 1 not, 2 usage, 10 no store there,
    130 interrupted.
    """
    rmos = current_rmos()
    store = open_for_reading()
    record = store.runs.record(find_run_id(store, run_id), include_deleted=True)
    replayed = replay_run(record, rmos.engines, timeout_ms=rmos.settings.engine_timeout_ms)
    if as_json:
        emit(replayed)
        return DONE if replayed.reproduced else FINDINGS
    say(f"Run {replayed.run_id}, evaluated by {replayed.engine_id} {replayed.engine_version_recorded}")
    say(f"  recorded  {replayed.feasibility_sha256_recorded[:_SHOWN]}")
    say(f"  now       {(replayed.feasibility_sha256_now or 'not computed')[:_SHOWN]}")
    for path in replayed.changed_paths:
        say(f"  differs   {path}")
    say("Reproduced." if replayed.reproduced else f"NOT reproduced. {replayed.note}")
    return DONE if replayed.reproduced else FINDINGS


@click.command("backtest")
@click.option("--engine", "engine_id", required=True, metavar="ID", help="Who evaluates: an engine of `rmos rules`.")
@click.option(
    "--tables",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Judge by the materials.toml of this folder instead of that of the instance folder.",
)
@click.option("--since", type=Day(), metavar="DATE", help="Only runs of this date (UTC, 2025-12-23) and later.")
@click.option("--csv", "as_csv", is_flag=True, help="Write the flips to stdout as CSV, in UTF-8.")
@click.option("--bom", is_flag=True, help="Begin the CSV with a byte order mark, for Excel.")
@click.option(
    "--outcomes", "by_outcomes", is_flag=True, help="Count what it would have blocked of what was scrapped and good."
)
@json_option
@with_appcontext
def backtest_command(
    engine_id: str, tables: Path | None, since: str | None, as_csv: bool, bom: bool, by_outcomes: bool, as_json: bool
) -> int:
    """List the decisions that another engine or other tables would flip.

    Judges the recorded inputs again, on all cores, and writes nothing. A
    decision flips when its risk level would be another one. Damaged runs
    are named and not evaluated; runs without inputs are counted. With
    --outcomes it says of the jobs that were reported what it would have
    blocked, by what came of them, and changes no limit.

    \b
    Exit codes: 0 nothing flips, 1 something does or a run is damaged,
    with --outcomes only if one is; 2 usage, 10 no store there,
    130 interrupted.
    """
    if as_csv and as_json:
        raise click.UsageError("Choose --csv or --json.")
    if bom and not as_csv:
        raise click.UsageError("--bom goes with --csv.")
    if by_outcomes and as_csv:
        raise click.UsageError("--outcomes is a table or --json.")
    rmos = current_rmos()
    engines = rmos.engines if tables is None else Registry.load(load_shop(tables))
    engine = engines.get(engine_id)
    store = open_for_reading()
    if by_outcomes:
        return say_outcome_backtest(store, engine, rmos.settings.engine_timeout_ms, since, as_json)
    runs = count_runs(store)
    with progress("Judging", runs) as advance:
        report = backtest(
            store,
            engine,
            timeout_ms=rmos.settings.engine_timeout_ms,
            since=since,
            workers=workers_for(store, runs),
            progress=advance,
        )
    if as_json:
        emit(report)
    elif as_csv:
        write_data(_csv(report.flips, bom=bom))
    else:
        _say_flips(report.flips)
    if not as_json:
        _say_report(report, err=as_csv)
    return FINDINGS if report.flips or report.damaged or report.unreadable else DONE


def _say_flips(flips: list[Flip]) -> None:
    if not flips:
        return
    shown = short_ids([flip.run_id for flip in flips]) if terminal_width() else {}
    rows = [
        [
            flip.created_at_utc[: 16 if shown else 19].replace("T", " "),
            shown.get(flip.run_id, flip.run_id),
            flip.tool_id,
            flip.risk_recorded,
            flip.risk_now,
            _score(flip.score_recorded),
            _score(flip.score_now),
            flip.why,
        ]
        for flip in flips
    ]
    say_table(_COLUMNS, rows, colours=[COLOURS.get(flip.risk_now) for flip in flips])


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.1f}"


def _csv(flips: list[Flip], *, bom: bool) -> str:
    """Return the flips as CSV (RFC 4180), the names of the members first, with a byte order mark for Excel."""
    text = io.StringIO()
    text.write(BOM if bom else "")
    writer = csv.writer(text)
    writer.writerow(Flip.__struct_fields__)
    for flip in flips:
        writer.writerow([csv_cell(getattr(flip, name)) for name in Flip.__struct_fields__])
    return text.getvalue()


def _say_report(report: Backtest, *, err: bool) -> None:
    counts = ", ".join(f"{number} {kind}" for kind, number in report.flipped.items())
    say(
        f"{report.engine_id} {report.engine_version} evaluated {count_of(report.judged, 'run')}; "
        + (f"{len(report.flips)} would flip: {counts}." if report.flips else "none would flip."),
        err=err,
    )
    if report.without_inputs:
        say(f"Not evaluated, without inputs: {report.without_inputs}.", err=err)
    if report.damaged:
        say(f"Not evaluated, damaged ({len(report.damaged)}): {', '.join(report.damaged[:10])}.", err=err)
        say("`rmos verify` says what is wrong with them.", err=err)
    if report.unreadable:
        unread = ", ".join(report.unreadable[:10])
        say(f"Not evaluated, the disk did not give them ({len(report.unreadable)}): {unread}.", err=err)
