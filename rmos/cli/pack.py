"""`rmos pack`: what an operator takes to the machine for a run, as one zip."""

import contextlib
from pathlib import Path

import click
from flask.cli import with_appcontext

from rmos import ids
from rmos.cli.exits import DONE
from rmos.cli.opening import LOCK_WAIT_S, command_actor, open_for_writing
from rmos.cli.output import emit, goes_to_stdout, json_option, say, write_data, write_file
from rmos.cli.run_ids import find_run_id, find_session_id
from rmos.context import current_rmos
from rmos.errors.programs import PackNotReady
from rmos.errors.store import StoreLocked
from rmos.services.packs.gathering import find_toolpaths_run
from rmos.services.packs.releasing import OperatorPacks
from rmos.store import Store


@click.command("pack")
@click.argument("about", metavar="RUN_ID|SESSION_ID")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Default: RUN_ID.pack.zip; `-` writes to the standard output.",
)
@json_option
@with_appcontext
def pack(about: str, out: Path | None, as_json: bool) -> int:
    """Write what an operator takes to the machine: programs, setup sheet, record.

    Of a session it is the run whose programs the session stands by. The gate
    is asked as by the service: what was approved must still hold, to the
    byte. That it was taken, and by whom, is recorded on the run, once for
    each person and pack. It never sends anything to a machine, and never
    changes a decision.

    \b
    Exit codes: 0 written; 1 it may not leave, and what is missing or has
    changed is said; 2 usage, 10 no store there.
    """
    to_stdout = goes_to_stdout(out, as_json=as_json)
    now_us, store, rmos = ids.now_us(), open_for_writing(), current_rmos()
    with contextlib.suppress(StoreLocked):  # somebody else is at it; the index is brought up to the record so or so
        store.reconcile(wait_s=LOCK_WAIT_S)
    packs = OperatorPacks(store, rmos.engines, rmos.settings)
    made = packs.make(_find_run(store, about))
    made = packs.release(made, actor=command_actor(ids.new_request_id()), us=now_us)
    if to_stdout:
        write_data(made.data)
        return DONE
    target = out or Path(made.filename)
    write_file(target, made.data)
    if as_json:
        emit(
            {
                "run_id": made.run_id,
                "file": str(target),
                "bytes": len(made.data),
                "sha256": made.sha256,
                "members": sorted(made.members),
            }
        )
    else:
        say(f"Wrote {target}, SHA-256 {made.sha256}.")
        for name in sorted(name for name in made.members if name.startswith("programs/")):
            say(f"  {name}")
        say("Unpack it, then: sha256sum -c SHA256SUMS; print sheet.html from a browser.")
    return DONE


def _find_run(store: Store, about: str) -> str:
    """Return the run that a person means, by its own id or by that of its session."""
    if not about.lower().startswith("ws_"):
        return find_run_id(store, about)
    session_id = find_session_id(store, about)
    run_id = find_toolpaths_run(store.sessions.record(session_id))
    if run_id is None:
        detail = "The session stands by no program: approve its cut, request the toolpaths, and store the program."
        raise PackNotReady(detail, session_id=session_id, missing=["program"])
    return run_id
