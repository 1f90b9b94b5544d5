"""`rmos repair`: say what would be done about the findings, then do just that."""

from typing import Final

import click
from flask.cli import with_appcontext

from rmos import ids
from rmos.checks.repair import RepairAction, RepairPlan, apply_repair, plan_repair
from rmos.cli.exits import DONE, FINDINGS, LEFT
from rmos.cli.findings import say_findings, say_listed
from rmos.cli.opening import command_actor, count_runs, open_for_reading, open_for_writing, workers_for
from rmos.cli.output import emit, json_option, progress, say
from rmos.context import current_rmos
from rmos.services.evidence import open_key_file
from rmos.services.evidence_trust import gather_trust

_WORDS: Final = {
    "rebuild": "make the index again",
    "finish": "finish the hard delete of",
    "index": "index",
    "quarantine": "move to quarantine",
    "forget": "forget the row of",
    "remake": "make again from the log's entries",
}


@click.command("repair")
@click.option("--dry-run", is_flag=True, help="Say what would be done and write nothing.")
@click.option("--remove-missing", is_flag=True, help="Also drop the rows of runs whose file is gone.")
@click.option("--index-orphans/--no-index-orphans", default=True, help="Index artifacts that the index does not know.")
@json_option
@with_appcontext
def repair(dry_run: bool, remove_missing: bool, index_orphans: bool, as_json: bool) -> int:
    """Heal what can be healed, and say what is left.

    Verifies, prints its plan and does just that: indexes what the index
    does not know, finishes hard deletes that were cut off, moves damaged
    objects to `_quarantine`, and makes lost tiles of the log again from its
    entries. Unlinks nothing else, signs nothing, never moves what has a
    valid self-digest, nor an event. Rows of missing files are kept, so
    that the loss stays visible, unless --remove-missing is given. A second
    run changes nothing.

    \b
    Exit codes: 0 nothing is left, 1 a dry run that has a plan or leaves
    something, 2 usage, 3 something is left, 10 no store there, 11 store
    locked, 130 interrupted.
    """
    store = open_for_reading() if dry_run else open_for_writing()
    runs = count_runs(store)
    trust = gather_trust(open_key_file(current_rmos().settings), (), ()).trust
    with progress("Verifying", runs) as advance:
        plan = plan_repair(
            store,
            remove_missing=remove_missing,
            index_orphans=index_orphans,
            workers=workers_for(store, runs),
            progress=advance,
            evidence=trust,
        )
    if not as_json:
        _say_actions("Plan" if plan.actions else "Plan: nothing to do", plan.actions)
    done = plan
    if not dry_run:
        actor = command_actor(ids.new_request_id())
        done = apply_repair(store, plan, actor=actor, us=ids.now_us(), evidence=trust)
    if as_json:
        emit({"dry_run": dry_run, "actions": done.actions, "left": done.left})
    else:
        _say_outcome(plan, done, dry_run=dry_run)
    if dry_run:
        return FINDINGS if plan.actions or plan.left else DONE
    return LEFT if done.left else DONE


def _say_actions(title: str, actions: list[RepairAction]) -> None:
    say(f"{title}: {len(actions)}" if actions else f"{title}.")
    say_listed([f"{_WORDS[action.action]} {action.path}  ({action.reason})" for action in actions])


def _say_outcome(plan: RepairPlan, done: RepairPlan, *, dry_run: bool) -> None:
    if dry_run:
        say("Dry run: nothing was written.")
    elif plan.actions:
        say(f"Done: {len(done.actions)} of {len(plan.actions)}.")
    if done.left:
        say(f"Left for a person: {len(done.left)}")
        say_findings(done.left)
