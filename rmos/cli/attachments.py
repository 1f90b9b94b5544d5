"""`rmos attachments`: hash all attachments again; move aside those that nothing names."""

import click
from flask.cli import with_appcontext

from rmos.checks.attachments import (
    DEFAULT_GRACE_S,
    MIN_GRACE_S,
    Garbage,
    count_blobs,
    find_garbage,
    move_garbage,
    verify_attachments,
)
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.findings import say_findings, say_listed
from rmos.cli.opening import count_runs, open_for_reading, open_for_writing
from rmos.cli.output import emit, json_option, progress, say
from rmos.counts import count_of
from rmos.systems import count_cores


@click.group("attachments")
def attachments() -> None:
    """Prove that attachments are whole, and clear away what nothing names."""


@attachments.command("verify")
@json_option
@with_appcontext
def verify(as_json: bool) -> int:
    """Hash every attachment again, on all cores, and say which are not whole.

    Creates and changes nothing. What runs name and what is not there is
    told by `rmos verify`, which reads the records as well.

    \b
    Exit codes: 0 all are whole, 1 findings, 2 usage, 10 no store there,
    130 interrupted.
    """
    store = open_for_reading()
    with progress("Hashing", count_blobs(store)) as advance:
        report = verify_attachments(store, workers=count_cores(), progress=advance)
    if as_json:
        emit(report)
    else:
        say(f"Hashed: {count_of(report.blobs, 'attachment')}")
        say_findings(report.findings)
        say("OK: all are whole." if report.ok else f"NOT OK: {count_of(len(report.findings), 'finding')}.")
    return DONE if report.ok else FINDINGS


@attachments.command("gc")
@click.option("--dry-run", is_flag=True, help="Say what would be moved and move nothing.")
@click.option(
    "--grace-hours",
    type=click.IntRange(min=MIN_GRACE_S // 3600),
    default=DEFAULT_GRACE_S // 3600,
    show_default=True,
    help="Leave younger attachments alone.",
)
@json_option
@with_appcontext
def gc(dry_run: bool, grace_hours: int, as_json: bool) -> int:
    """Move attachments to quarantine that no record names.

    A digest that stands in any run, event or session counts, deleted ones
    and those in quarantine too. As long as anything of the record is
    missing or unreadable nothing is moved, and the runs concerned are
    listed. Nothing is unlinked.

    \b
    Exit codes: 0 nothing to do, or moved; 1 refused, or a dry run that
    found some; 2 usage, 10 no store there, 130 interrupted.
    """
    grace_s = grace_hours * 3600.0
    store = open_for_reading()
    with progress("Reading what is named", count_runs(store)) as advance:
        garbage = find_garbage(store, grace_s=grace_s, progress=advance)
    moved = [] if dry_run or not garbage.unnamed else move_garbage(open_for_writing(), garbage, grace_s=grace_s)
    if as_json:
        document = {name: getattr(garbage, name) for name in ("blobs", "young", "unnamed", "refused")}
        emit({**document, "moved": moved})
    else:
        _say(garbage, moved, dry_run=dry_run)
    return FINDINGS if garbage.refused or (dry_run and garbage.unnamed) else DONE


def _say(garbage: Garbage, moved: list[str], *, dry_run: bool) -> None:
    if garbage.refused:
        runs = sorted({found.run_id for found in garbage.refused if found.run_id})
        say("Nothing was moved: the record is not whole, so what it names is not known.")
        say_findings(garbage.refused)
        if runs:
            say()
            say(f"Runs concerned ({len(runs)}):")
            say_listed(runs)
        return
    say(f"Attachments: {garbage.blobs}, of which {count_of(garbage.young, 'is', 'are')} too young to be cleared away")
    if dry_run:
        say(f"Named by nothing: {len(garbage.unnamed)}")
        say_listed(garbage.unnamed)
    else:
        say(f"Moved to quarantine: {len(moved)}")
        say_listed(moved)
