"""`rmos proof`: what proves a run to somebody who trusts neither the shop nor RMOS."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.opening import open_for_reading
from rmos.cli.output import emit, goes_to_stdout, json_option, say, write_data, write_file
from rmos.cli.run_ids import find_run_id
from rmos.services.evidence import make_object_proof, prove_run
from rmos.tlog.note import Note, parse_note


@click.command("proof")
@click.argument("run_id", metavar="RUN_ID", required=False)
@click.option(
    "--object", "key", metavar="KEY", help="Prove one object of the store, such as _tokens/tok_….000001.json."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Default: RUN_ID.proof.zip; - is the standard output.",
)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Prove under this checkpoint, one that was printed or witnessed, instead of the last one.",
)
@json_option
@with_appcontext
def proof(run_id: str | None, key: str | None, out: Path | None, checkpoint: Path | None, as_json: bool) -> int:
    """Write what proves a run to somebody who has nothing of RMOS.

    The file holds the run's own files, a proof of each that it is in the
    log, and how to check that: with one Python file, in a browser offline,
    or with Go. Who checks it needs the log's verifier key by another way. Of a
    run that was deleted the file says who did it, when and why.

    \b
    Exit codes: 0 written; 1 the run is not in the log yet, or the log does
    not hold, 2 usage, 10 no store there.
    """
    if (run_id is None) == (key is None):
        raise click.UsageError("Name a run, or an object with --object.")
    to_stdout = goes_to_stdout(out, as_json=as_json)
    store = open_for_reading()
    saved = None if checkpoint is None else _read_checkpoint(checkpoint)
    if run_id is not None:
        run_id = find_run_id(store, run_id)
        data, name = prove_run(store, run_id, saved), run_id
    else:
        data, name = make_object_proof(store, str(key), saved), str(key).rpartition("/")[2]
    if to_stdout:
        write_data(data)
        return DONE
    target = out or Path(f"{name}.proof.zip")
    write_file(target, data)
    if as_json:
        emit({"file": str(target), "bytes": len(data)})
    else:
        say(f"Wrote {target}.")
    return DONE


def _read_checkpoint(path: Path) -> Note:
    try:
        return parse_note(path.read_bytes())
    except OSError as error:
        raise click.BadParameter(f"it cannot be read: {error.strerror}.", param_hint="--checkpoint") from None
