"""`rmos migrate`: move in from the single-file store of the legacy system."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from flask.cli import AppGroup, with_appcontext

from rmos import ids
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.findings import say_listed
from rmos.cli.opening import LOCK_WAIT_S, command_actor, open_for_reading, open_for_writing, open_or_create
from rmos.cli.output import emit, json_option, progress, say
from rmos.context import current_rmos
from rmos.counts import count_of
from rmos.errors.installation import NoStore
from rmos.store import Store
from rmos.transfer.migrate import (
    FailedRecord,
    Migration,
    migrate,
    migration_status,
    plan_migration,
    rollback,
    verify_migration,
)
from rmos.transfer.single_file import find_source, read_source

_Command = Callable[..., Any]


@click.group("migrate", cls=AppGroup)
def migrate_group() -> None:
    """Move in from a single-file store (`runs.json`).

    The old file is never changed, and a back-up of it is made first. Old
    ids are kept. `rmos migrate migrate` can be cut off and run again.
    """


def _from_option(command: _Command) -> _Command:
    return click.option(
        "--from",
        "path",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The old store's runs.json; by default what RMOS_RUN_STORE_PATH names.",
    )(command)


def _path(path: Path | None) -> Path:
    found = path or current_rmos().settings.run_store_path
    if found is None:
        raise click.UsageError("Name the old store's file with --from, or set RMOS_RUN_STORE_PATH.")
    return found.absolute()


@migrate_group.command("status")
@_from_option
@json_option
@with_appcontext
def status(path: Path | None, as_json: bool) -> int:
    """Say how much of the old store is here already. Writes nothing.

    \b
    Exit codes: 0 all of it can be or was moved in, 1 something needs a
    person, 2 usage, 10 no store or no old store there, 130 interrupted.
    """
    source = read_source(_path(path))
    return _report(migration_status(open_for_reading(), source), as_json)


@migrate_group.command("migrate")
@_from_option
@click.option("--dry-run", is_flag=True, help="Say what would be done and write nothing, not even the store's folder.")
@json_option
@with_appcontext
def run_migration(path: Path | None, dry_run: bool, as_json: bool) -> int:
    """Bring the runs of the old store in.

    Makes a back-up beside the old file, which is never changed. Runs that are here already
    are a success. A run whose time or id cannot be kept is set aside in a
    file of its own and reported; fields without a home are kept in the
    run's `meta.migrated_from` and listed. Makes the store's folder when
    there is none.

    \b
    Exit codes: 0 all is here, 1 some were set aside or are in conflict,
    2 usage, 10 no old store there, 11 store locked, 130 interrupted.
    """
    source = read_source(_path(path))
    if dry_run:
        return _report_plan(plan_migration(_find_store(), source), as_json)
    store = open_or_create()
    store.reconcile(wait_s=LOCK_WAIT_S)
    with progress("Moving in", len(source.records)) as advance:
        return _report(migrate(store, source, progress=advance), as_json)


@migrate_group.command("verify")
@_from_option
@json_option
@with_appcontext
def verify(path: Path | None, as_json: bool) -> int:
    """Compare every run of the old store with what is recorded. Writes nothing.

    \b
    Exit codes: 0 all mapped fields and all counts agree, 1 they do not, or
    runs were set aside, 2 usage, 10 no store there, 130 interrupted.
    """
    source = read_source(_path(path))
    return _report(verify_migration(open_for_reading(), source), as_json)


@migrate_group.command("rollback")
@_from_option
@json_option
@with_appcontext
def roll_back(path: Path | None, as_json: bool) -> int:
    """Take back what the migration wrote, and nothing else.

    Removes only artifacts that are byte for byte what the migration wrote
    and to which nothing has happened since. Other runs are never touched.
    An old file that is gone is written again from its back-up.

    \b
    Exit codes: 0 taken back, 1 some were kept, 2 usage, 10 no store or no
    back-up there, 11 store locked, 130 interrupted.
    """
    source = find_source(_path(path))
    store = open_for_writing()
    actor = command_actor(ids.new_request_id())
    with progress("Taking back", len(source.records)) as advance:
        return _report(rollback(store, source, actor=actor, us=ids.now_us(), progress=advance), as_json)


def _find_store() -> Store | None:
    try:
        return open_for_reading()
    except NoStore:
        return None


def _report_plan(report: Migration, as_json: bool) -> int:
    if as_json:
        emit({**msgspec.to_builtins(report), "ok": report.ok, "dry_run": True})
        return DONE if report.ok else FINDINGS
    say(f"Old store: {report.source}, {count_of(report.total, 'run')}; it stays as it is.")
    say(f"Would back it up as {report.backup}.")
    say(f"Would bring in {count_of(report.waiting, 'run')}.")
    if report.there:
        say(f"Here already: {report.there}.")
    if report.deleted:
        say(f"Brought in before and deleted for good since: {report.deleted}.")
    _say_problems("Would set aside", report.kept_aside)
    if report.aside_file:
        say(f"  in {report.aside_file}", hang=" " * 4)
        say("  to be mended and migrated from there.")
    _say_problems("In conflict", report.conflicts)
    _say_unmapped(report, "Would be kept")
    say("Dry run: nothing was written.")
    return DONE if report.ok else FINDINGS


def _report(report: Migration, as_json: bool) -> int:
    if as_json:
        emit({**msgspec.to_builtins(report), "ok": report.ok})
    else:
        _say(report)
    return DONE if report.ok else FINDINGS


def _say(report: Migration) -> None:
    say(f"Old store: {report.source}, {count_of(report.total, 'run')}; back-up: {report.backup or 'none yet'}")
    counts = {name: getattr(report, name) for name in ("written", "there", "waiting", "deleted", "removed")}
    say(", ".join(f"{name} {number}" for name, number in counts.items() if number) or "Nothing to do.")
    _say_problems("Set aside", report.kept_aside)
    if report.aside_file:
        say(f"  next: mend them in {report.aside_file} and migrate from that file.")
    _say_problems("In conflict", report.conflicts)
    _say_problems("Kept", report.kept)
    _say_unmapped(report, "Kept")


def _say_unmapped(report: Migration, verb: str) -> None:
    if report.unmapped:
        fields = sorted({field for entry in report.unmapped for field in entry.fields})
        runs = count_of(len(report.unmapped), "run")
        say(f"{verb} in meta.migrated_from of {runs}, having no field of their own: {', '.join(fields)}")


def _say_problems(title: str, problems: list[FailedRecord]) -> None:
    if problems:
        say(f"{title}: {len(problems)}")
        say_listed([f"{problem.run_id}  {problem.error}" for problem in problems])
