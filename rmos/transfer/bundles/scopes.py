"""Which runs go into a bundle: those of a session, from a moment on, or some by their ids, and what they came from.

    scope = Scope(session_id="ws_…")
    selection = select_runs(store, scope, withhold_nothing)
    selection.runs, selection.sessions          # the runs asked for and the runs that they were made from

A run names its parent, and the record of one whose parent is not there does not verify: so parents go along, however
far back, also one that was deleted, whose delete goes along with it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from rmos import ids
from rmos.errors.bundles import BundleEmpty
from rmos.errors.files import AttachmentNotFound
from rmos.errors.records import RunNotFound
from rmos.errors.store import RecordDamaged
from rmos.errors.workflow import SessionNotFound
from rmos.row_models import RunQuery
from rmos.store import Store
from rmos.transfer.bundles.manifest import LeftOut
from rmos.transfer.bundles.withholding import Withhold
from rmos.transfer.run_objects import RunObjects, find_run_objects, list_session_keys

_PAGE = 500


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle is asked for: just one of these."""

    session_id: str | None = None
    since_us: int | None = None
    run_ids: Sequence[str] = ()

    def describe(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        if self.session_id is not None:
            return {"session_id": self.session_id}
        if self.since_us is not None:
            return {"since_utc": ids.utc_text(self.since_us)}
        return {"run_ids": sorted(set(self.run_ids))}


class Selection(msgspec.Struct, kw_only=True):
    """What goes along."""

    asked: int = 0
    """Runs that the scope names."""
    runs: dict[str, RunObjects] = {}
    sessions: dict[str, list[str]] = {}
    """The keys of the events of each session."""
    left_out: list[LeftOut] = []


def select_runs(store: Store, scope: Scope, withhold: Withhold) -> Selection:
    """Return the runs and sessions of a scope with their objects.

    Raises:
        RunNotFound, RunDeleted, Damage: of a run that the scope names by its id.
        SessionNotFound, BundleEmpty.
        IndexRebuilding, StorageFailed.
    """
    found = Selection()
    for run_id in _list_asked(store, scope):
        found.asked += _add_run(store, run_id, found, withhold)
    parents = [run.parent_run_id for run in found.runs.values()]
    while parents:
        parent = parents.pop()
        if parent is not None and parent not in found.runs and _add_run(store, parent, found, withhold):
            parents.append(found.runs[parent].parent_run_id)
    session_ids = {run.session_id for run in found.runs.values()} | {scope.session_id}
    for session_id in sorted(session_id for session_id in session_ids if session_id is not None):
        _add_session(store, session_id, found)
    if not found.runs and not found.sessions:
        raise BundleEmpty("There is no run in this scope.")
    return found


def _list_asked(store: Store, scope: Scope) -> Iterator[str]:
    if scope.run_ids:
        for run_id in sorted(set(scope.run_ids)):
            store.runs.record(run_id).view()  # what was named and cannot go along is refused
            yield run_id
        return
    if scope.session_id is not None and not store.sessions.exists(scope.session_id):
        raise SessionNotFound("There is no workflow session with this id.", session_id=scope.session_id)
    query = RunQuery(workflow_session_id=scope.session_id, created_from_us=scope.since_us)
    cursor: str | None = None
    while True:
        page = store.runs.page(query, limit=_PAGE, cursor=cursor)
        for item in page.items:
            yield str(msgspec.json.decode(item)["run_id"])
        cursor = page.next_cursor
        if cursor is None:
            return


def _add_run(store: Store, run_id: str, found: Selection, withhold: Withhold) -> bool:
    try:
        found.runs[run_id] = find_run_objects(store, run_id, withhold)
    except (RecordDamaged, AttachmentNotFound) as error:
        found.left_out.append(LeftOut(id=run_id, reason=error.detail))
        return False
    except RunNotFound:
        return False  # a parent that only its children remember
    return True


def _add_session(store: Store, session_id: str, found: Selection) -> None:
    try:
        keys = list_session_keys(store, session_id)
    except RecordDamaged as damage:
        found.left_out.append(LeftOut(id=session_id, reason=damage.detail))
        return
    if keys:
        found.sessions[session_id] = keys
