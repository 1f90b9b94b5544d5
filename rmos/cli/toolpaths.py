"""`rmos toolpaths`: the programs of an approved design, as files.

    rmos toolpaths ws_01a2 --post grbl --out bench        # makes them, when the session waits for its toolpaths
    rmos toolpaths @latest --out bench                    # writes those that a run holds

The same gate as over HTTP stands before each file, and asks each time.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec
from flask.cli import with_appcontext

from rmos import ids
from rmos.cam.dialects import load_dialects
from rmos.cli.exits import DONE
from rmos.cli.opening import command_actor, open_for_writing
from rmos.cli.output import emit, json_option, make_folder, say, write_file
from rmos.cli.run_ids import find_run_id, find_session_id
from rmos.context import current_rmos, require_request_id
from rmos.counts import count_of
from rmos.errors.programs import ProgramNotFound
from rmos.errors.request import ValidationFailed
from rmos.schemas.workflow import load_action
from rmos.services.action_inputs import ActionRequest
from rmos.services.actions import perform_action
from rmos.services.gates import GatePolicy
from rmos.services.program_release import ProgramGate
from rmos.store import Store
from rmos.store.session_records import SessionRecord
from rmos.workflow import GIVING_TOOLPATHS

_SESSION: Final = "ws_"
_WAITS: Final = "toolpaths_requested"


class WrittenProgram(NamedTuple):
    """A program that stands in a file."""

    path: Path
    sha256: str
    size_bytes: int


@click.command("toolpaths")
@click.argument("run_or_session", metavar="RUN|SESSION")
@click.option(
    "--post",
    type=click.Choice([*load_dialects()], case_sensitive=False),
    metavar="NAME",
    help=f"Which controller they are made for: {', '.join(load_dialects())}; by default that of the machine.",
)
@click.option(
    "--options",
    metavar="JSON",
    help='What may be chosen of the paths, as over HTTP, such as {"tabs": {"count": 4}}.',
)
@click.option(
    "--operation",
    "operations",
    multiple=True,
    metavar="NAME",
    help="Make this cut alone, such as channel or inlay_pocket:3; once for each.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder that the programs are written into; it is made where it is not there.",
)
@json_option
@with_appcontext
def toolpaths(
    run_or_session: str, post: str | None, options: str | None, operations: tuple[str, ...], out: Path, as_json: bool
) -> int:
    """Write the programs of an approved design, once nothing speaks against it.

    SESSION is one that waits for its toolpaths (they are made, measured,
    compared with what was approved, and recorded with a run), or one that
    has them. RUN is one that holds programs. The gate is asked for each of
    them: what is not covered, or not approved any more, is never written.

    \b
    Exit codes: 0 written, 1 the gate is closed, they cannot be made, or a
    file could not be written; 2 usage, 10 no store there, 130 interrupted.
    """
    store = open_for_writing()
    wanted = {"post_processor_id": post, "options": _read_options(options), "operations": list(operations)}
    chosen = {name: value for name, value in wanted.items() if value}
    run_id = _find_run(store, run_or_session, chosen)
    written = _write_programs(store, run_id, out)
    if as_json:
        emit({"run_id": run_id, "programs": [_describe(program) for program in written]})
        return DONE
    say(f"{count_of(len(written), 'program')} of {run_id}")
    for program in written:
        say(f"  {program.path} ({count_of(program.size_bytes, 'byte')}), sha256 {program.sha256}")
    return DONE


def _read_options(text: str | None) -> dict[str, Any] | None:
    """Return the options of a JSON object.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        return None if text is None else msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise click.BadParameter("is no JSON object.", param_hint="--options") from None


def _find_run(store: Store, named: str, chosen: dict[str, Any]) -> str:
    """Return the run that holds the programs; those of a session that waits for them are made.

    Raises:
        ValidationFailed: something is chosen of programs that are there already.
        ProgramNotFound: the session has none, and does not wait for them.
    """
    if not named.startswith(_SESSION):
        _refuse_choice(chosen)
        return find_run_id(store, named)
    session_id = find_session_id(store, named)
    record = store.sessions.record(session_id)
    if record.session.state != _WAITS:
        _refuse_choice(chosen)
        return _find_made(record)
    rmos = current_rmos()
    request = ActionRequest(
        session_id=session_id, action="make_toolpaths", fields=load_action("make_toolpaths", chosen)
    )
    actor = command_actor(require_request_id())
    policy = GatePolicy.of(rmos.settings)
    done = perform_action(store, rmos.engines, request, policy, actor=actor, us=ids.now_us())
    return "" if done.run is None else done.run.run_id


def _refuse_choice(chosen: dict[str, Any]) -> None:
    if chosen:
        names = ", ".join(sorted(chosen))
        text = "These programs are made already; only a session that waits for its toolpaths takes a choice."
        raise ValidationFailed(text, errors={names: [text]})


def _find_made(record: SessionRecord) -> str:
    made = [event.data.get("run_id") for event in record.events if event.kind in GIVING_TOOLPATHS]
    if not made or not isinstance(made[-1], str):
        session = record.session
        text = f"The session {session.session_id} is {session.state} and has no programs."
        raise ProgramNotFound(f"{text} {session.next_step or ''}".rstrip(), session_id=session.session_id)
    return made[-1]


def _write_programs(store: Store, run_id: str, folder: Path) -> list[WrittenProgram]:
    """Write every program of a run; each of them has to leave before the first is written.

    Raises:
        ProgramNotFound, NotCovered, StaleApproval, RunNotFound, RunDeleted, Damage.
        StorageFailed: a file could not be written.
    """
    rmos = current_rmos()
    gate = ProgramGate(store, rmos.engines, GatePolicy.of(rmos.settings))
    count = len(gate.list_programs(run_id))
    if not count:
        raise ProgramNotFound("The run has no program.", run_id=run_id)
    opened = []
    for number in range(1, count + 1):
        blob, named = gate.open_program(run_id, number)
        with blob:
            name = Path(named.filename or f"program_{number}.nc").name
            opened.append((folder / name, named.sha256, blob.read_at(0, blob.size)))
    make_folder(folder)
    for path, _, data in opened:
        write_file(path, data)
    return [WrittenProgram(path, sha256, len(data)) for path, sha256, data in opened]


def _describe(program: WrittenProgram) -> dict[str, Any]:
    return {"path": str(program.path), "sha256": program.sha256, "size_bytes": program.size_bytes}
