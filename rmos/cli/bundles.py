"""`rmos bundle`: runs as one file, to be taken to another shop and taken in there."""

from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from rmos import ids
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.findings import say_listed
from rmos.cli.moving import say_counts
from rmos.cli.opening import LOCK_WAIT_S, command_actor, open_for_writing, open_or_create
from rmos.cli.output import emit, goes_to_stdout, json_option, say, write_data, write_new_file
from rmos.cli.run_ids import find_run_id, find_session_id
from rmos.cli.types import Moment
from rmos.context import current_rmos
from rmos.counts import count_of
from rmos.errors.store import StorageFailed
from rmos.store import Store
from rmos.store.blobs import BLOCK_BYTES
from rmos.transfer.bundles.making import PlannedBundle, plan_bundle
from rmos.transfer.bundles.receiving import ImportedBundle, import_bundle, working_folder
from rmos.transfer.bundles.scopes import Scope


@click.group("bundle", cls=AppGroup)
def bundle() -> None:
    """Send runs to another shop as one file, and take such a file in.

    A bundle holds the records, their files and their sessions, byte for
    byte, with a list of digests and, where the shop keeps a log of
    evidence, a proof of each run.
    """


@bundle.command("create")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--session", metavar="WS_ID", help="The workflow session with its runs.")
@click.option("--since", type=Moment(), metavar="TIME", help="All runs from this date or time (UTC) on.")
@click.option("--run", "runs", multiple=True, metavar="RUN_ID", help="This run, with its session; may be repeated.")
@json_option
@with_appcontext
def create(file: Path, session: str | None, since: int | None, runs: tuple[str, ...], as_json: bool) -> int:
    """Write a bundle of runs: those of a session, from a time on, or some.

    The runs that they were made from go along. The same record gives the
    same bytes. What is damaged is left out and listed, in the file too;
    what was deleted is not bundled. Never overwrites a file. FILE may be -
    for the standard output.

    \b
    Exit codes: 0 written, 1 something was left out, or there is no such
    run, 2 usage, 10 no store there, 130 interrupted.
    """
    if sum(map(bool, (session, since is not None, runs))) != 1:
        raise click.UsageError("Give one of --session, --since and --run.")
    to_stdout = goes_to_stdout(file, as_json=as_json)
    store = open_for_writing()
    store.reconcile(wait_s=LOCK_WAIT_S)
    planned = plan_bundle(store, _read_scope(store, session, since, runs))
    if to_stdout:
        for piece in planned.write():
            write_data(piece)
    else:
        write_new_file(file, planned.write())
    _report_created(planned, None if to_stdout else file, as_json=as_json)
    return FINDINGS if planned.manifest.left_out else DONE


def _read_scope(store: Store, session: str | None, since: int | None, runs: tuple[str, ...]) -> Scope:
    if session:
        return Scope(session_id=find_session_id(store, session))
    return Scope(since_us=since, run_ids=[find_run_id(store, run) for run in runs])


def _report_created(planned: PlannedBundle, file: Path | None, *, as_json: bool) -> None:
    manifest = planned.manifest
    if as_json:
        left_out = [{"id": left.id, "reason": left.reason} for left in manifest.left_out]
        emit({"file": str(file), "counts": manifest.counts, "left_out": left_out, "scope": manifest.scope})
        return
    counts = manifest.counts
    if file is not None:
        say(
            f"Wrote {file}: {count_of(counts['runs'], 'run')}, {count_of(counts['parents'], 'parent')}, "
            f"{count_of(counts['sessions'], 'session')}, {count_of(counts['blobs'], 'blob')}, "
            f"{count_of(counts['proofs'], 'proof')}."
        )
    if manifest.left_out:
        say(f"Left out: {len(manifest.left_out)}; manifest.json has them too", err=file is None)
        say_listed([f"{left.id}  {left.reason}" for left in manifest.left_out], err=file is None)


@bundle.command("import")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@json_option
@with_appcontext
def import_command(file: Path, as_json: bool) -> int:
    """Take in a bundle that another shop has made, as a whole or not at all.

    All of the file is checked first: names, digests, records. One that is
    not whole is refused; its bytes go to quarantine and an audit record
    says why. Ids and bytes stay as they are. Nothing here is overwritten:
    what is here already with other bytes is told, and nothing comes in.
    Run it again after an interruption; twice brings nothing new.

    \b
    Exit codes: 0 all is here, 1 refused, or in conflict, 2 usage,
    11 store locked, 130 interrupted.
    """
    store = open_or_create()
    store.reconcile(wait_s=LOCK_WAIT_S)
    report = import_bundle(
        store,
        _read_blocks(file),
        folder=working_folder(current_rmos().settings),
        actor=command_actor(ids.new_request_id()),
        us=ids.now_us(),
    )
    _report_imported(report, as_json=as_json)
    return DONE


def _read_blocks(path: Path) -> Iterator[bytes]:
    try:
        with click.open_file(str(path), "rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block
    except OSError as error:
        raise StorageFailed(f"The file could not be read: {(error.strerror or 'refused').lower()}.") from None


def _report_imported(report: ImportedBundle, *, as_json: bool) -> None:
    if as_json:
        members = ("imported", "there", "blobs", "sessions", "sha256")
        emit({name: getattr(report, name) for name in members})
        return
    say_counts(report)
