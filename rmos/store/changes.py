"""Changes of a run that may be made already: read, decide, append one event; when another writer was faster, again.

    changed = change_run(store.runs, run_id, decide, actor=actor, us=us)
    changed.event                            # None when the run was so already, and nothing was written

`decide` is given the run as it stands and returns the event that is to come, or None.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rmos.errors.records import VersionConflict
from rmos.models import Actor, RunView
from rmos.store.runs import Record, Runs

_ATTEMPTS: Final = 100
"""How often a change is decided again; each time another writer has changed the run meanwhile."""


class Change(NamedTuple):
    """An event that is to be appended."""

    kind: str
    data: Mapping[str, Any]


class Changed(NamedTuple):
    """The run as it stands after the change, and whether this call made it so."""

    view: RunView
    made: bool


Decide = Callable[[Record, RunView], Change | None]


def change_run(
    runs: Runs, run_id: str, decide: Decide, *, actor: Actor, us: int, seen: Record | None = None
) -> Changed:
    """Append the event that `decide` asks for to a run that stands.

    Args:
        us: the moment of the request; recorded, never used for the order.
        seen: the run as the caller has read it, so that it is not read again unless it has changed.

    Raises:
        RunNotFound, RunDeleted, Damage, VersionConflict, NotCanonical, PayloadTooLarge, OutOfSpace, StoreReadOnly,
        StorageFailed, and whatever `decide` raises: nothing was acknowledged.
    """
    record = seen or runs.record(run_id)
    for _ in range(_ATTEMPTS):
        view = record.view()
        change = decide(record, view)
        if change is None and record is seen:
            record = runs.record(run_id)  # it may have been undone, or the run deleted, since the caller read it
            continue
        if change is None:
            runs.settle(record)
            return Changed(view, False)
        try:
            stored = runs.add_event(run_id, change.kind, change.data, actor=actor, us=us, after=record)
        except VersionConflict:
            record = runs.record(run_id, fresh=True)
            continue
        return Changed(stored.view, True)
    raise VersionConflict("Too many others are writing to this run; try again.", run_id=run_id)
