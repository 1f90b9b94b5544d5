"""`rmos delete` and `rmos restore`: as over HTTP, by the same rules."""

import click
import msgspec
from flask.cli import with_appcontext

from rmos import ids
from rmos.cli.exits import DONE
from rmos.cli.opening import command_actor, open_for_writing
from rmos.cli.output import emit, json_option, say
from rmos.cli.run_ids import find_run_id
from rmos.context import current_rmos
from rmos.models import Actor
from rmos.services.deletes import Deleted, DeletePolicy, DeleteRequest, delete_run, restore_run
from rmos.store import Store


@click.command("delete")
@click.argument("run_id")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in 6 to 500 characters; kept for good.")
@click.option(
    "--mode",
    type=click.Choice(("soft", "hard"), case_sensitive=False),
    default="soft",
    show_default=True,
    help="hard erases the artifact.",
)
@json_option
@with_appcontext
def delete(run_id: str, reason: str, mode: str, as_json: bool) -> int:
    """Delete one run, so that a trace stays: who, when and why.

    Soft: gone from lists and counts, undone by `rmos restore`. Hard: the
    artifact's file is erased, its digest and the reason stay; needs
    RMOS_DELETE_ALLOW_HARD. Deleting again changes nothing. What is turned
    down is written down too, and counts for the same limit as over HTTP.

    \b
    Exit codes: 0 deleted, 1 turned down or no such run, 2 usage,
    10 no store there, 130 interrupted.
    """
    store = _open()
    asked = DeleteRequest(run_id=find_run_id(store, run_id), reason=reason, mode=mode)
    return _say(delete_run(store, _policy(), asked, actor=_actor(), us=ids.now_us()), as_json)


@click.command("restore")
@click.argument("run_id")
@click.option("--reason", metavar="TEXT", help="Why, in 6 to 500 characters.")
@json_option
@with_appcontext
def restore(run_id: str, reason: str | None, as_json: bool) -> int:
    """Undo a soft delete. A run that stands stays as it is.

    The delete and the restore both stay in the run's events; nothing
    brings an erased run back.

    \b
    Exit codes: 0 the run stands, 1 turned down, erased or no such run,
    2 usage, 10 no store there, 130 interrupted.
    """
    store = _open()
    asked = DeleteRequest(run_id=find_run_id(store, run_id), reason=reason)
    return _say(restore_run(store, _policy(), asked, actor=_actor(), us=ids.now_us()), as_json)


def _open() -> Store:
    store = open_for_writing()
    store.gaps.on_gap = lambda: say(
        "The index did not take it yet; it will at the next start, or with `rmos rebuild`.", err=True
    )
    return store


def _policy() -> DeletePolicy:
    return DeletePolicy.of(current_rmos().settings)


def _actor() -> Actor:
    return command_actor(ids.new_request_id())


def _say(deleted: Deleted, as_json: bool) -> int:
    if as_json:
        emit(msgspec.to_builtins(deleted))
    elif deleted.deleted:
        undone = "`rmos restore` undoes it" if deleted.mode == "soft" else "the artifact is erased"
        say(f"Deleted ({deleted.mode}): {deleted.run_id}; reason: {deleted.reason or 'not known'}. Next: {undone}.")
    else:
        say(f"{deleted.run_id} stands: it is listed and can be read.")
    return DONE
