"""`rmos rebuild`: fill the index again from the record."""

import click
from flask.cli import with_appcontext

from rmos.checks.orphans import find_orphans
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.opening import LOCK_WAIT_S, count_runs, open_for_reading, open_for_writing, workers_for
from rmos.cli.output import emit, json_option, progress, say
from rmos.counts import count_of
from rmos.store import Store, layout


@click.command("rebuild")
@click.option("--dry-run", is_flag=True, help="Say what would be indexed and write nothing.")
@json_option
@with_appcontext
def rebuild(dry_run: bool, as_json: bool) -> int:
    """Fill the index again from the record, while the service runs.

    Reads every artifact with its events. Never changes, moves or removes an
    object, and never forgets a delete: rows are written over, and rows
    whose file is gone are kept as missing. Waits up to 10 s for another
    rebuild or repair.

    \b
    Exit codes: 0 every run is indexed (a dry run: always), 1 some are
    damaged, missing or cannot be read, 2 usage, 10 no store there,
    11 store locked, 130 interrupted.
    """
    if dry_run:
        return _say_would(open_for_reading(), as_json)
    store = open_for_writing()
    runs = count_runs(store)
    with progress("Rebuilding", runs) as advance:
        done = store.reconcile(full=True, wait_s=LOCK_WAIT_S, workers=workers_for(store, runs), progress=advance)
    # A new index counts once more what repair set aside long ago.
    damaged = done.damaged - (_set_aside(store) if done.replaced_index else 0)
    missing = store.index.runs.state_counts().get("missing", 0)
    if as_json:
        emit(
            {
                "dry_run": False,
                "indexed": done.indexed,
                "damaged": damaged,
                "missing": missing,
                "unavailable": done.unavailable,
            }
        )
    else:
        say(f"Indexed {count_of(done.indexed, 'run')}; damaged {damaged}, missing {missing}.")
        if damaged or missing:
            say("Next: `rmos verify` lists what is damaged or missing and says what to do about each.")
        if done.unavailable:
            say(f"The disk did not give {done.unavailable} records; what the index had of them stands. Run it again.")
    return FINDINGS if damaged or missing or done.unavailable else DONE


def _set_aside(store: Store) -> int:
    """Return how many runs stand in quarantine and nowhere else: listed as damaged for ever, no longer a fault."""
    return sum(
        layout.kind_of(key) is layout.ARTIFACT and not store.objects.has(key) for key in store.reader.quarantined()
    )


def _say_would(store: Store, as_json: bool) -> int:
    runs, unknown = count_runs(store), len(find_orphans(store))
    if as_json:
        emit({"dry_run": True, "would_index": runs, "not_in_index": unknown})
    else:
        say(f"Would index {count_of(runs, 'run')}, {unknown} of which the index does not know. Nothing was written.")
    return DONE
