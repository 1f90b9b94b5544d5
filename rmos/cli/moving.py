"""`rmos import` and `rmos export`: runs between stores, and lists for other programs."""

from pathlib import Path

import click
import msgspec
from flask.cli import with_appcontext

from rmos import ids
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.findings import say_listed
from rmos.cli.opening import LOCK_WAIT_S, command_actor, open_for_reading, open_for_writing, open_or_create
from rmos.cli.output import emit, json_option, progress, say, write_parts
from rmos.cli.run_ids import find_session_id
from rmos.cli.types import Moment, StorePlace
from rmos.context import current_rmos
from rmos.counts import count_of
from rmos.errors.store import StorageFailed
from rmos.place import Bucket, Place, is_inside, overlap
from rmos.row_models import RunQuery
from rmos.schemas.runs import list_columns
from rmos.store import Store
from rmos.transfer.exporting import csv_text, export_store, ndjson
from rmos.transfer.importing import Imported, count_source_runs, import_runs
from rmos.transfer.sources import find_store_folder


@click.command("import")
@click.argument("source", metavar="PLACE", type=StorePlace(exists=True))
@json_option
@with_appcontext
def import_command(source: Place, as_json: bool) -> int:
    """Bring the runs of another store in, with their digests.

    PLACE is a store's folder, of RMOS or of the legacy system, a zip of
    one, also with its folder on top, or s3://bucket/prefix. Bytes stay as they are; events,
    advisory links, blobs and workflow sessions come along. Nothing here is
    overwritten: what collides is told. Damaged and foreign files, links and
    names that lead elsewhere are not taken in and leave an audit record
    each. Run it again to go on after an interruption.

    \b
    Exit codes: 0 all is here, 1 something was refused or collides,
    2 usage, 10 no store in PLACE, 11 store locked, 130 interrupted.
    """
    store = open_or_create()
    settings = current_rmos().settings
    if overlap(
        settings.runs_dir, find_store_folder(source) if isinstance(source, Path) and source.is_dir() else source
    ):
        raise click.BadParameter("it is this store itself.", param_hint="PLACE")
    store.reconcile(wait_s=LOCK_WAIT_S)
    actor = command_actor(ids.new_request_id())
    with progress("Importing", count_source_runs(source, settings.s3_options)) as advance:
        report = import_runs(store, source, actor=actor, us=ids.now_us(), progress=advance, s3=settings.s3_options)
    if as_json:
        emit({**msgspec.to_builtins(report), "ok": report.ok})
    else:
        _say_imported(report)
    return DONE if report.ok else FINDINGS


def _refuse_itself(source: Place, own: Place) -> None:
    if isinstance(source, Path) and isinstance(own, Path):
        found = find_store_folder(source) if source.is_dir() else source
        is_same = found.resolve() == own.resolve()
    else:
        is_same = source == own
    if is_same:
        raise click.BadParameter("it is this store itself.", param_hint="PLACE")


def say_counts(report: Imported) -> None:
    """Write what came in, in one line."""
    there = count_of(report.there, "was", "were")
    say(
        f"Imported {count_of(report.imported, 'run')}, {there} here already; blobs: {report.blobs}, "
        f"sessions: {report.sessions}."
    )


def _say_imported(report: Imported) -> None:
    say_counts(report)
    if report.deleted:
        say(f"Deleted there, and so here: {report.deleted}")
    if report.passed_over:
        say(f"Not runs, left where they are: {count_of(report.passed_over, 'file')}")
    if report.conflicts:
        say(f"In conflict, nothing was overwritten: {len(report.conflicts)}")
        say_listed([f"{conflict.record_id}  {conflict.detail}" for conflict in report.conflicts])
    if report.refused:
        say(f"Refused: {len(report.refused)}; `rmos audit tail` has them too")
        say_listed(report.refused)


@click.command("export")
@click.option(
    "--format",
    "form",
    type=click.Choice(("ndjson", "csv", "store"), case_sensitive=False),
    default="ndjson",
    show_default=True,
    help="Lines of JSON, a table, or a store's folder.",
)
@click.option("--bom", is_flag=True, help="Begin a CSV with a byte order mark, for Excel.")
@click.option("--to", "target", type=StorePlace(), metavar="PLACE", help="A new file, or the store's folder or bucket.")
@click.option(
    "--proofs",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="With a store, also the proof of each run.",
)
@click.option("--session", metavar="WS_ID", help="Only the runs of this workflow session.")
@click.option("--since", type=Moment(), metavar="TIME", help="From this date or time (UTC) on.")
@click.option("--until", type=Moment(end=True), metavar="TIME", help="Up to the end of this date, or before this time.")
@click.option("--deleted", is_flag=True, help="Also runs that were soft-deleted.")
@json_option
@with_appcontext
def export(
    form: str,
    bom: bool,
    target: Place | None,
    proofs: Path | None,
    session: str | None,
    since: int | None,
    until: int | None,
    deleted: bool,
    as_json: bool,
) -> int:
    """Write runs out: a session, a range of dates, or all of them.

    ndjson and csv are the summaries that lists show, newest first, to
    stdout or a new file, in UTF-8. Cells of the CSV are safe against
    formulas; `--bom` lets Excel read its letters.
    `--format store` copies artifacts, events, links, blobs and the runs'
    sessions byte for byte into a folder that is a store itself; run again,
    it goes on. With
    `--proofs` a folder beside it gets RUN_ID.proof.zip of each run that is
    in the log of evidence. Never overwrites a file.

    \b
    Exit codes: 0 written, 1 some runs are damaged or could not be read and
    were left out, or it cannot be written, 2 usage, 10 no store there,
    130 interrupted.
    """
    if bom and form != "csv":
        raise click.UsageError("--bom goes with --format csv.")
    if proofs is not None and form != "store":
        raise click.UsageError("--proofs goes with --format store.")
    session_id = session and find_session_id(open_for_reading(), session)
    query = RunQuery(
        workflow_session_id=session_id, created_from_us=since, created_to_us=until, include_deleted=deleted
    )
    if form == "store":
        return _export_store(query, target, proofs, as_json)
    if as_json and target is None:
        raise click.UsageError("--json goes with --to: stdout is the export itself.")
    if isinstance(target, Bucket):
        raise click.UsageError("--to s3://… goes with --format store.")
    store = _current(open_for_writing())
    texts = ndjson(store, query) if form == "ndjson" else csv_text(store, query, list_columns(), bom=bom)
    written = write_parts(texts, target)
    if as_json:
        emit({"characters": written})
    return DONE


def _current(store: Store) -> Store:
    """Bring the index up to the record, so that the export is complete."""
    store.reconcile(wait_s=LOCK_WAIT_S)
    return store


def _export_store(query: RunQuery, target: Place | None, proofs: Path | None, as_json: bool) -> int:
    if target is None:
        raise click.UsageError("--format store needs --to FOLDER.")
    open_for_reading()
    settings = current_rmos().settings
    if overlap(settings.runs_dir, target):
        raise click.BadParameter("it is this store, or inside it.", param_hint="--to")
    if proofs is not None and any(is_inside(proofs, place) for place in (settings.runs_dir, target)):
        raise click.BadParameter("it is inside a store; name a folder beside it.", param_hint="--proofs")
    store = _current(open_for_writing())
    try:
        with progress("Exporting", store.runs.count(query)) as advance:
            report = export_store(store, query, target, advance, proofs=proofs, s3=settings.s3_options)
    except OSError as error:
        raise StorageFailed(f"The proofs could not be written: {(error.strerror or 'refused').lower()}.") from None
    if as_json:
        emit(report)
    else:
        say(f"Exported {count_of(report.runs, 'run')}, {count_of(report.objects, 'new object')}.")
        if report.damaged:
            say(f"Left out, damaged: {len(report.damaged)}; `rmos verify` says what to do about each.")
            say_listed(report.damaged)
        if report.unreadable:
            say(f"Left out, the disk did not give them: {len(report.unreadable)}; run it again.")
            say_listed(report.unreadable)
        if proofs is not None:
            say(f"Wrote {count_of(report.proofs, 'proof')}.")
        if report.unproven:
            say(f"Without a proof: {len(report.unproven)}; run `rmos evidence append`, then this again.")
            say_listed(report.unproven)
    return FINDINGS if report.damaged or report.unreadable or report.unproven else DONE
