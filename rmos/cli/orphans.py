"""`rmos orphans`: artifacts that the index does not know."""

import click
from flask.cli import with_appcontext

from rmos.checks.orphans import Orphan, find_orphans, is_movable, move_orphans
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.findings import say_listed
from rmos.cli.opening import open_for_reading, open_for_writing
from rmos.cli.output import emit, json_option, progress, say


@click.command("orphans")
@click.option("--delete", is_flag=True, help="Move to quarantine what cannot be indexed and is older than an hour.")
@click.option("--yes", "-y", is_flag=True, help="With --delete: do not ask.")
@json_option
@with_appcontext
def orphans(delete: bool, yes: bool, as_json: bool) -> int:
    """List the artifacts that the index does not know.

    Events and advisory links belong to their run and are never orphans.
    Without --delete nothing is changed. With it, only what `rmos rebuild`
    cannot index is moved, to `_quarantine`, looked at again just before:
    nothing is ever unlinked, and what has a valid self-digest is never moved.

    \b
    Exit codes: 0 none, or all moved; 1 there are some, or declined,
    2 usage, 10 no store there, 11 store locked, 130 interrupted.
    """
    if yes and not delete:
        raise click.UsageError("--yes only goes with --delete.")
    store = open_for_reading()
    with progress("Looking through days", len(store.reader.partitions())) as advance:
        found = find_orphans(store, progress=advance)
    moved = _move(found, yes=yes) if delete else []
    left = [orphan for orphan in found if orphan not in moved]
    if as_json:
        emit({"orphans": left, "moved": moved})
    else:
        _say_orphans(left, moved, deleting=delete)
    return FINDINGS if left else DONE


def _move(found: list[Orphan], *, yes: bool) -> list[Orphan]:
    chosen = [orphan for orphan in found if is_movable(orphan)]
    if not chosen:
        return []
    for orphan in chosen:
        say(f"  {orphan.path}  {orphan.reason}", err=True)
    if not yes and not click.confirm(f"Move {len(chosen)} to quarantine?", err=True):
        return []
    return move_orphans(open_for_writing(), chosen)


def _say_orphans(left: list[Orphan], moved: list[Orphan], *, deleting: bool) -> None:
    if moved:
        say(f"Moved to quarantine: {len(moved)}")
        say_listed([orphan.path for orphan in moved])
    say(f"Orphans: {len(left)}")
    say_listed([f"{orphan.path}  {orphan.reason}" for orphan in left])
    if any(orphan.indexable for orphan in left):
        say("Next: `rmos rebuild` indexes those that are whole.")
    if all(orphan.indexable for orphan in left):
        return
    say("Next: `rmos verify` says what to do about each that cannot be indexed.")
    if deleting:
        say("      Left alone is what is younger than an hour, what has a valid self-digest, and what you declined.")
    else:
        say("      `rmos orphans --delete` moves those aside that are damaged and older than an hour.")
