"""`rmos copy`: the whole store into another place or out of one, byte for byte: moving, back-up, restore."""

import click
import msgspec
from flask.cli import with_appcontext

from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.findings import say_listed
from rmos.cli.output import emit, json_option, mark_writing, progress, say
from rmos.cli.types import StorePlace
from rmos.config import Settings
from rmos.context import current_rmos
from rmos.counts import count_of
from rmos.place import Place, overlap
from rmos.store.store import open_record
from rmos.transfer.copying import Copied, compare_stores, copy_store, plan_store_copy, preview_copy


@click.command("copy")
@click.option("--to", "target", type=StorePlace(), metavar="PLACE", help="Copy the store of this installation there.")
@click.option(
    "--from", "source", type=StorePlace(), metavar="PLACE", help="Copy a store into that of this installation."
)
@click.option("--dry-run", is_flag=True, help="Say what would be copied; write nothing.")
@click.option("--check", is_flag=True, help="Then hash what is in both places, and name what differs.")
@json_option
@with_appcontext
def copy_command(target: Place | None, source: Place | None, dry_run: bool, check: bool, as_json: bool) -> int:
    """Copy the whole store into another place, or out of one.

    PLACE is a folder or s3://bucket/prefix. Everything that was recorded
    goes along, byte for byte: runs, events, files, sessions, claims,
    tokens, tools, audits, the log of evidence, quarantine. The index does
    not: `rmos rebuild` makes it there.

    Nothing is overwritten. Run again, it goes on where it was cut off and
    brings what is new; a timer makes a mirror of it. The store may be in
    use meanwhile: the copy is an earlier state of it.

    \b
    Exit codes: 0 all is there, 1 something has other bytes there or could
    not be read, 2 usage, 10 no store there, 12 the storage did not answer,
    130 interrupted.
    """
    other = target or source
    if other is None or (target is not None and source is not None):
        raise click.UsageError("Give one of --to and --from.")
    settings = current_rmos().settings
    if overlap(settings.runs_dir, other):
        option = "--to" if target else "--from"
        raise click.BadParameter("it is this store, or inside it, or around it.", param_hint=option)
    here = open_record(settings)
    there = open_record(_settings_of(settings, other))
    origin, goal = (here, there) if target else (there, here)
    plan = plan_store_copy(origin, goal)
    if dry_run:
        report = preview_copy(plan)
    else:
        mark_writing()
        with progress("Copying", plan.count()) as advance:
            report = copy_store(origin, goal, plan, advance)
    if check and goal.exists():
        with progress("Comparing", plan.there + (0 if dry_run else plan.count())) as advance:
            compare_stores(origin, goal, report, advance)
    if as_json:
        emit({**msgspec.to_builtins(report), "dry_run": dry_run, "ok": report.ok})
    else:
        _say_copied(report, dry_run=dry_run, is_checked=check)
    return DONE if report.ok else FINDINGS


def _settings_of(settings: Settings, place: Place) -> Settings:
    """Return the settings of a store in another place: object storage is reached in the same way."""
    return msgspec.structs.replace(settings, runs_dir=place, run_attachments_dir=None)


def _say_copied(report: Copied, *, dry_run: bool, is_checked: bool) -> None:
    kinds = ", ".join(f"{kind.replace('_', ' ')} {number}" for kind, number in report.copied.items())
    verb = "Would copy" if dry_run else "Copied"
    there = f"{count_of(report.there, 'was', 'were')} there already"
    say(f"{verb} {count_of(report.total, 'object')}{f' ({kinds})' if kinds else ''}; {there}.")
    if is_checked:
        say(f"Compared byte for byte: {report.compared}")
    if report.erased:
        say(f"{'Would be erased' if dry_run else 'Erased'} there too, as here: {count_of(report.erased, 'run')}")
    if report.gone:
        say(f"Moved aside or removed here meanwhile: {count_of(report.gone, 'object')}")
    if report.left:
        say(f"No part of the record, left where they are: {len(report.left)}")
        say_listed(report.left)
    if report.damaged:
        say(f"Not copied, they cannot be read or are corrupt: {len(report.damaged)}; `rmos verify` says what to do.")
        say_listed(report.damaged)
    if report.conflicts:
        say(f"Other bytes stand there, nothing was overwritten: {len(report.conflicts)}")
        say_listed(report.conflicts)
