"""`rmos serve`: start the service, on an address that is free, and say where it is and where the record lies.

The process becomes gunicorn, so signals, exit status and a kill reach it with nobody in between. A child of it waits
until the service answers, says so, and ends.
"""

import contextlib
import os
import shutil
import sys
import webbrowser
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext

from rmos import ids
from rmos.cli.demo import DEMO_RUNS, DEMO_SEED, make_demo
from rmos.cli.exits import flush_stdout
from rmos.cli.opening import command_actor
from rmos.cli.output import emit, json_option, say
from rmos.cli.types import Bind
from rmos.context import current_rmos
from rmos.errors.base import RmosError
from rmos.place import Place
from rmos.schemas.runs import dump_summary
from rmos.services.evidence import open_key_file, start_log
from rmos.serving.addresses import DEFAULT, Address, choose_free, claim, reachable, urls_of
from rmos.serving.announcing import find_troubles, wait_until_answering
from rmos.store import Store
from rmos.systems import require_posix

_GETTING_READY_S: Final = 10.0
"""How long a start may take to look through the record before that is said; few take a second."""


@click.command("serve")
@click.option(
    "--bind", type=Bind(), metavar="HOST:PORT", help=f"Where to listen.  [default: {DEFAULT}, or a free port]"
)
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="The port alone; 0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="How many processes serve.  [default: 2]")
@click.option("--demo/--no-demo", default=False, help="Fill an empty record with invented runs.  [default: no]")
@click.option("--open", "open_browser", is_flag=True, help="Open a browser on it.")
@json_option
@with_appcontext
def serve(
    bind: Address | None, port: int | None, workers: int | None, demo: bool, open_browser: bool, as_json: bool
) -> None:
    """Start the service.

    Says where it is and where the record lies as soon as it answers, and
    runs until Ctrl-C or SIGTERM. Without --bind and --port another port is
    taken where the usual one is in use. It never serves other machines
    while no caller needs a token.

    \b
    Exit codes: 0 ended as it was told to, 1 it cannot listen there, 2 usage
    or a wrong setting, 3 or 4 it could not start, 130 interrupted.
    """
    require_posix("The service")
    address = _choose_address(bind, port)
    record = current_rmos().settings.runs_dir
    is_new = isinstance(record, Path) and not record.exists()
    if demo and make_demo(DEMO_RUNS, DEMO_SEED) is not None:
        is_new = False
        _start_log()
    flush_stdout()
    server = os.getpid()
    if os.fork() == 0:
        with contextlib.suppress(KeyboardInterrupt, OSError):
            _announce(server, address, record, is_new=is_new, open_browser=open_browser, as_json=as_json)
        os._exit(0)  # the parent's buffers and the end of its process are not this one's business
    command = [sys.executable, "-m", "rmos.serving", "--bind", str(address), "--log-level", "warning"]
    command += ["--workers", str(workers)] if workers else []
    os.execv(command[0], command)  # noqa: S606


def _start_log() -> None:
    """Start a log of evidence for invented runs, so that all there is can be looked at; nobody depends on this key."""
    settings = current_rmos().settings
    store = Store.open(settings, summarise=dump_summary)
    try:
        actor = command_actor(ids.new_request_id())
        start_log(store, open_key_file(settings), origin=None, actor=actor, us=ids.now_us())
    except RmosError as error:  # the runs are there, and the service can start without a log
        say(f"No log of evidence was started: {error.detail}", err=True)
    finally:
        store.index.close()


def _choose_address(bind: Address | None, port: int | None) -> Address:
    """Return where to listen: just there where the user named a port, else near the usual one.

    Raises:
        CannotListen.
    """
    if bind is not None and port is not None:
        raise click.UsageError("--port is part of --bind; give one of them.")
    if bind is not None:
        return claim(bind)
    if port is not None:
        return claim(Address(DEFAULT.host, port))
    address = choose_free(DEFAULT)
    if address != DEFAULT:
        say(f"Port {DEFAULT.port} is in use; RMOS takes {address.port}.", err=True)
    return address


def _announce(server: int, address: Address, record: Place, *, is_new: bool, open_browser: bool, as_json: bool) -> None:
    """Say where RMOS runs once it answers, and what to try; nothing when the process `server` is gone before."""
    here = reachable(address)
    if not wait_until_answering(here, still_wanted=lambda: os.getppid() == server):
        return
    url, *elsewhere = urls_of(address)
    if not as_json:
        say(f"RMOS is running at {url}  (Ctrl-C stops it)")
    troubles = find_troubles(here, patience_s=_GETTING_READY_S)
    if as_json:
        emit({"url": url, "urls": [url, *elsewhere], "runs_dir": str(record), "troubles": troubles})
    else:
        for line in troubles:
            say(f"  {line}")
        for other in elsewhere:
            say(f"  other machines:    {other}")
        new = "  (empty; --demo fills an empty one with invented runs)" if is_new else ""
        say(f"  the record:        {record}{new}")
        say(f"  the newest runs:   curl '{url}/api/rmos/runs?limit=5'")
        say(f"  prove the record:  {_spell_command()} verify")
        say(f"  other programs:    {url}/api/docs")
    if open_browser and not webbrowser.open(f"{url}/"):
        say(f"No browser could be opened; the address is {url}/", err=True)


def _spell_command() -> str:
    """Return how this program is started from here: by its name where a shell finds it, else by its path."""
    started = sys.argv[0]
    if Path(started).name != "rmos":
        return f"{sys.executable} -m rmos"
    found = shutil.which("rmos")
    if found is not None and Path(found).resolve() == Path(started).resolve():
        return "rmos"
    relative = os.path.relpath(started)
    return started if relative.startswith("..") else relative
