"""`rmos audit tail`: what was deleted and what was turned down, oldest first."""

import json
import time
from typing import Any, Final

import click
import msgspec
from flask.cli import AppGroup, with_appcontext

from rmos.checks.trail import Trail
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.opening import open_for_reading
from rmos.cli.output import emit, json_option, say, terminal_width

_POLL_S: Final = 1.0
_COLOURS: Final = {"refused": "yellow"}


class AuditGroup(AppGroup):
    """A group whose commands hand their exit code on."""


@click.group("audit", cls=AuditGroup)
def audit() -> None:
    """See who deleted, restored, overrode or approved what, and what was turned down."""


@audit.command("tail")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, metavar="N", help="Lines.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until interrupted.")
@json_option
@with_appcontext
def tail(limit: int, follow: bool, as_json: bool) -> int:
    """Show the last deletes, overrides and approvals, and what was turned down.

    What is `done` is read from the events of runs, sessions and tokens, so
    an attempt whose process died is never shown as a success. Reads every
    event of the store. With --follow what comes is shown whatever the clock
    says; with --json besides, each is one line of JSON. Changes nothing.

    \b
    Exit codes: 0 shown, 1 the disk did not give all of it, 2 usage, 10 no
    store there, 130 interrupted.
    """
    trail = Trail(open_for_reading())
    entries = trail.read(limit)
    if as_json and not follow:
        emit({"items": entries})
    else:
        for entry in entries:
            _say(msgspec.to_builtins(entry), as_json)
    if trail.unavailable and not follow:
        say(f"The disk did not give {trail.unavailable} of the records; ask again, or run `rmos verify`.", err=True)
        return FINDINGS
    while follow:
        time.sleep(_POLL_S)
        for entry in trail.read_new():
            _say(msgspec.to_builtins(entry), as_json)
    return DONE


def _say(entry: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(entry))
        return
    why = f"  {entry['error']}: {entry['detail']}" if entry["error"] else ""
    reason = entry["data"].get("reason")
    mode = entry["data"].get("mode")
    what = f"{entry['action']} {mode}" if mode else entry["action"]
    when, target = entry["created_at_utc"][:19].replace("T", " "), str(entry["target"])
    who = f"by {entry['actor']} ({entry['role']})" + (f" from {entry['address']}" if entry["address"] else "")
    line = f"{who}  reason: {reason}{why}" if reason else f"{who}{why}"
    if terminal_width() is None:
        say(f"{when}  {entry['outcome']:<8}  {what}  {target}  {line}")
        return
    # Two lines for each: the eye runs down the first, and what follows is never cut.
    say(f"{when[:16]}  {entry['outcome']:<8}  {what:<12}  {target}", colour=_COLOURS.get(entry["outcome"]))
    say(f"    {line}", hang=" " * 4)
