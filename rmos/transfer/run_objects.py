"""What belongs to a run, and to its session, as objects of the store: what goes along when it is taken elsewhere.

found = find_run_objects(store, run_id)
found.keys, found.blobs                      # events and links before the artifact; digests of the blobs
list_session_keys(store, found.session_id)
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rmos import ids
from rmos.errors.records import RunDeleted
from rmos.errors.workflow import SessionNotFound
from rmos.models import RunView
from rmos.store import Store, layout
from rmos.store.naming import list_made_blobs, list_named_blobs


class RunObjects(NamedTuple):
    """The objects of a run."""

    run_id: str
    keys: list[str]
    """Events, links, then the artifact: a copy that is cut off has no artifact, and so no run."""
    blobs: list[str]
    """Digests, in the order in which the run names them."""
    parent_run_id: str | None
    session_id: str | None
    withheld: Mapping[str, str] = {}
    """Digests of blobs that must not go along, each with the reason."""


def find_run_objects(
    store: Store, run_id: str, withhold: Callable[[RunView], Mapping[str, str]] | None = None
) -> RunObjects:
    """Return the objects of a run, also of one that was deleted; of one that was erased, the events that say so.

    Args:
        withhold: returns the blobs of a run that must not go along, each with the reason.

    Raises:
        RunNotFound.
        Damage, StorageUnavailable: the run is damaged, or the storage did not give it.
    """
    try:
        record = store.runs.record(run_id, include_deleted=True)
    except RunDeleted:
        return _find_erased(store, run_id)
    view = record.view()
    files = store.reader.files(run_id, record.partition, None, trusted=False)
    keys = [layout.event_key(record.partition, run_id, number) for number in files.events]
    keys += [f"{record.partition}/{name}" for name in files.links]
    keys.append(layout.artifact_key(record.partition, run_id))
    blobs = dict.fromkeys([*list_named_blobs(view), *list_made_blobs(record.events)])
    return RunObjects(
        run_id,
        keys,
        list(blobs),
        view.artifact.parent_run_id,
        view.artifact.workflow_session_id,
        {} if withhold is None else withhold(view),
    )


def _find_erased(store: Store, run_id: str) -> RunObjects:
    partition = store.reader.find_partition(run_id) or ""
    files = store.reader.files(run_id, partition, None, trusted=False)
    return RunObjects(run_id, [layout.event_key(partition, run_id, number) for number in files.events], [], None, None)


def list_session_keys(store: Store, session_id: str | None) -> list[str]:
    """Return the keys of a session's events, in their order; none of a session that has no record.

    Raises:
        Damage: its record cannot be trusted.
    """
    if session_id is None or not ids.is_session_id(session_id):
        return []
    try:
        record = store.sessions.record(session_id)
    except SessionNotFound:
        return []
    return [layout.event_key(record.folder, session_id, number) for number in range(1, record.version + 1)]
