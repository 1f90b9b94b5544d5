"""Repair: a plan made from what verify found, and the carrying out of just that plan.

What is repaired is the index (it can always be computed again) and what cannot be trusted (moved to quarantine, never
unlinked). What vouches for itself is never moved, nor is an event: its number stays taken. The rest is left for a
person and says so.
"""

from typing import Final, Literal

import msgspec

from rmos import digest
from rmos.checks.findings import NOT_FAULTS
from rmos.checks.verify import RECHECK_S, Progress, verify_store
from rmos.errors import ObjectMissing, ObjectUnreadable
from rmos.models import Finding
from rmos.objects import Objects
from rmos.store import Store

_REINDEXED: Final = frozenset({"orphaned", "index_stale", "index_altered"})
_REBUILT: Final = frozenset({"index_missing", "index_unreadable"})
_SET_ASIDE: Final = frozenset({"corrupt", "undecodable", "not_a_file", "blob_corrupt"})


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that repair does."""

    action: Literal["rebuild", "index", "quarantine", "forget"]
    path: str
    run_id: str | None
    reason: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What repair does, in this order, and what it leaves for a person."""

    actions: list[Action] = []
    left: list[Finding] = []


def plan_repair(
    store: Store,
    *,
    remove_missing: bool = False,
    index_orphans: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
    recheck_s: float = RECHECK_S,
) -> Plan:
    """Return what repair would do; reads only."""
    report = verify_store(store, workers=workers, progress=progress, recheck_s=recheck_s)
    set_aside = {found.path for found in report.findings if _can_set_aside(store.objects, found)}
    damaged = {found.path for found in report.findings if found.kind not in _REINDEXED}
    actions: list[Action] = []
    left: list[Finding] = []
    for found in report.findings:
        action: Literal["rebuild", "index", "quarantine", "forget"] | None = None
        if found.path in set_aside:
            if found.kind not in _SET_ASIDE:
                continue  # the same object's other findings go with it
            action = "quarantine"
        elif found.kind in _REBUILT and index_orphans:
            action = "rebuild"
        elif found.kind in _REINDEXED and (index_orphans or found.kind != "orphaned") and found.path not in damaged:
            action = "index"
        elif found.kind == "missing" and remove_missing:
            action = "forget"
        if action is not None:
            actions.append(Action(action=action, path=found.path, run_id=found.run_id, reason=found.detail))
        elif found.kind not in NOT_FAULTS:
            left.append(found)
    order = ("quarantine", "rebuild", "index", "forget")
    return Plan(actions=sorted(actions, key=lambda action: (order.index(action.action), action.path)), left=left)


def apply_repair(store: Store, plan: Plan) -> Plan:
    """Do just what the plan says and return what was done; what could not be done any more is left out.

    Raises:
        StoreLocked, StoreReadOnly, StorageFailed, OutOfSpace.
    """
    done = []
    for action in plan.actions:
        if action.action == "quarantine":
            if _holds(store.objects, action.path) or not store.objects.has(action.path):
                continue
            store.objects.quarantine(action.path)
            done.append(action)
    if any(action.action == "rebuild" for action in plan.actions):
        store.reconcile(full=True)
    indexed = [action for action in plan.actions if action.action in ("rebuild", "index")]
    runs = [(action.path.partition("/")[0], action.run_id) for action in indexed if action.run_id]
    forgotten = [action for action in plan.actions if action.action == "forget" and not store.objects.has(action.path)]
    if done or runs or forgotten:
        store.refold(runs, forget=[action.run_id for action in forgotten if action.run_id])
    return Plan(actions=[*done, *indexed, *forgotten], left=plan.left)


def _can_set_aside(objects: Objects, found: Finding) -> bool:
    return found.kind in _SET_ASIDE and not _holds(objects, found.path)


def _holds(objects: Objects, key: str) -> bool:
    """Tell whether an object vouches for itself: by `_sha256`, or, a blob, by its name."""
    try:
        if key.startswith("_attachments/"):
            return objects.digest(key)[0] == key.rpartition("/")[2][:64]
        return digest.sealed_sha256(objects.read(key)) is not None
    except (ObjectMissing, ObjectUnreadable):
        return False
