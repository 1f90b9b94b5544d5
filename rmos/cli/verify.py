"""`rmos verify`: read every object again and say what is wrong."""

import contextlib
import json
import os
import secrets
import stat
import time
from pathlib import Path

import click
import msgspec
from flask.cli import with_appcontext

from rmos import ids
from rmos.checks.last_verify import keep_verify
from rmos.checks.verify import Report, verify_store
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.findings import describe_sound_store, list_unchecked, say_findings, say_listed
from rmos.cli.opening import count_runs, open_for_reading, workers_for
from rmos.cli.output import emit, json_option, progress, say
from rmos.cli.types import Day
from rmos.config import metrics_folder
from rmos.context import current_rmos
from rmos.counts import count_of
from rmos.metrics import record_verify
from rmos.place import Place, is_inside
from rmos.services.evidence import open_key_file
from rmos.services.evidence_trust import gather_trust


@click.command("verify")
@click.option("--strict/--no-strict", default=True, help="Decode artifacts and recompute digests, or only hash bytes.")
@click.option("--quick", is_flag=True, help="Do not hash blobs.")
@click.option("--since", type=Day(), metavar="DATE", help="Only runs of this date (UTC, 2025-12-23) and later.")
@click.option("--min-runs", type=click.IntRange(min=0), default=0, metavar="N", help="Fewer runs are a finding.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the report there as JSON, whole or not at all; never inside the store.",
)
@click.option("--evidence", "with_evidence", is_flag=True, help="Also check the record against its log.")
@click.option("--key", "keys", multiple=True, metavar="VKEY", help="A verifier key of the log that you have kept.")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A checkpoint of the log that you have kept.",
)
@json_option
@with_appcontext
def verify(
    strict: bool,
    quick: bool,
    since: str | None,
    min_runs: int,
    report_path: Path | None,
    with_evidence: bool,
    keys: tuple[str, ...],
    checkpoints: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Prove that the record is whole, or say what is not.

    Reads every artifact, event, blob and index row again, each suspicion
    twice, so that a store in use gives no false alarm. Creates and changes
    nothing in the store, also on a read-only mount.

    With --evidence it also shows that nothing was changed or removed since
    it was logged, by somebody who also made digests and rows fit. Without
    --key it believes the key of this installation, and says so.

    \b
    Exit codes: 0 healthy, 1 findings, 2 usage, 10 no store there,
    12 the storage did not answer, 130 interrupted.
    """
    store = open_for_reading()
    if report_path is not None:
        _refuse_inside(report_path, current_rmos().settings.runs_dir)
    gathered = None
    if with_evidence or keys or checkpoints:
        gathered = gather_trust(open_key_file(current_rmos().settings), keys, checkpoints)
    runs = count_runs(store)
    started = time.monotonic()
    with progress("Verifying", runs) as advance:
        report = verify_store(
            store,
            strict=strict,
            quick=quick,
            since=since,
            min_runs=min_runs,
            workers=workers_for(store, runs),
            progress=advance,
            evidence=None if gathered is None else gathered.trust,
        )
    if metrics_folder():
        seconds = time.monotonic() - started
        record_verify(ok=report.ok, findings=len(report.findings), seconds=seconds, at_s=time.time())
    if since is None and not quick and strict:
        keep_verify(current_rmos().settings.instance_path, report, ids.now_us())
    if report_path is not None:
        _write_report(report_path, report)
    if as_json:
        emit(report)
    else:
        _say_report(report, list_unchecked(strict=strict, quick=quick, since=since))
        if gathered is not None:
            say(f"The log was believed by {gathered.source}.")
    return DONE if report.ok else FINDINGS


def _say_report(report: Report, open_ends: list[str]) -> None:
    say(f"Store: {report.store_root}")
    counts = [f"{kind.replace('_', ' ')} {number}" for kind, number in report.counts.items() if number]
    say(f"Verified: {', '.join(counts) or 'an empty store'}")
    if report.quarantined:
        say(f"In quarantine ({len(report.quarantined)}), no longer a fault:")
        say_listed(report.quarantined)
    say_findings(report.findings)
    if report.findings:
        say()
    if report.ok:
        say(describe_sound_store(open_ends, len(report.quarantined)))
    else:
        say(f"NOT OK: {count_of(len(report.findings), 'finding')}; each group above says what to do next.")


def _refuse_inside(path: Path, place: Place) -> None:
    if is_inside(path, place):
        raise click.BadParameter("it would stand inside the store; choose a place outside.", param_hint="--report")


def _write_report(path: Path, report: Report) -> None:
    """Write the report beside its final name, then rename it: a reader never sees half of one."""
    text = json.dumps(msgspec.to_builtins(report), indent=2) + "\n"
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            path.write_text(text, encoding="ascii")  # a pipe or a device, which a rename would replace
            return
        try:
            fresh.write_text(text, encoding="ascii")
            os.replace(fresh, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
    except OSError as error:
        raise click.BadParameter(f"it cannot be written: {error.strerror}.", param_hint="--report") from None
