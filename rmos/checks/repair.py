"""Repair: a plan made from what verify found, and the carrying out of just that plan.

What is repaired is the index (it can always be computed again), what cannot be trusted (moved to quarantine, never
unlinked), a hard delete that was cut off behind its durable event (carried out), and a tile of the log, which follows
from the entries. What else can be trusted is never moved, nor is an event: its number stays taken. The rest is left for
a person and says so; nothing is ever signed.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from rmos import digest, ids
from rmos.checks.findings import NOT_FAULTS
from rmos.checks.log import EvidenceTrust
from rmos.checks.log_tiles import find_log_damage, make_tiles
from rmos.checks.sessions import session_id_of
from rmos.checks.verify import RECHECK_S, Progress, verify_store
from rmos.errors.store import IndexBroken, IndexUnavailable, ObjectMissing, ObjectUnavailable, ObjectUnreadable
from rmos.index.base import Index
from rmos.models import Actor, Finding
from rmos.objects.base import Objects
from rmos.store import Store, layout
from rmos.store.artifacts import examine_artifact
from rmos.store.evidence.set_aside import note_set_aside

_REINDEXED: Final = frozenset({"orphaned", "index_stale", "index_altered"})
_REBUILT: Final = frozenset({"index_missing", "index_unreadable"})
_REMAINS: Final = frozenset({"event_without_run", "link_without_run"})
"""What still names a run whose artifact is gone: its row would come back with the next rebuild."""
_SET_ASIDE: Final = frozenset({"corrupt", "undecodable", "not_a_file", "blob_corrupt"})

LOCK_WAIT_S: Final = 30.0
"""How long a repair waits for the lock of the index."""

ActionKind = Literal["rebuild", "finish", "index", "quarantine", "forget", "remake"]


class RepairAction(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that repair does."""

    action: ActionKind
    path: str
    run_id: str | None
    reason: str


class RepairPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What repair does, in this order, and what it leaves for a person."""

    actions: list[RepairAction] = []
    left: list[Finding] = []


def plan_repair(
    store: Store,
    *,
    remove_missing: bool = False,
    index_orphans: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
    recheck_s: float = RECHECK_S,
    evidence: EvidenceTrust | None = None,
) -> RepairPlan:
    """Return what repair would do; reads only.

    Args:
        evidence: whom to believe of the log, whose tiles are looked at too; None leaves it alone.
    """
    report = verify_store(store, workers=workers, progress=progress, recheck_s=recheck_s)
    choice = _RepairChoice(store.objects, report.findings, remove_missing=remove_missing, index_orphans=index_orphans)
    actions: dict[tuple[int, str], RepairAction] = {}
    left: list[Finding] = []
    order = ("quarantine", "rebuild", "finish", "index", "forget", "remake")
    for found in report.findings:
        chosen = choice.of(found)
        if chosen == "leave":
            left.append(found)
        elif chosen is not None:
            action = RepairAction(action=chosen, path=found.path, run_id=found.run_id, reason=found.detail)
            actions.setdefault((order.index(chosen), found.path), action)
    if evidence is not None:
        damage = find_log_damage(store.objects, evidence, recheck_s=recheck_s)
        left += damage.left
        for found in damage.tiles:
            action = RepairAction(action="remake", path=found.path, run_id=None, reason=found.detail)
            actions[order.index("remake"), found.path] = action
    return RepairPlan(actions=[actions[key] for key in sorted(actions)], left=left)


class _RepairChoice:
    """What is done about each finding, in the light of all of them."""

    def __init__(
        self, objects: Objects, findings: Sequence[Finding], *, remove_missing: bool, index_orphans: bool
    ) -> None:
        self._remove_missing = remove_missing
        self._index_orphans = index_orphans
        self._unfinished = {found.path for found in findings if found.kind == "delete_unfinished"}
        self._set_aside = {found.path for found in findings if _can_set_aside(objects, found)}
        self._damaged = {found.path for found in findings if found.kind not in _REINDEXED}
        self._missing = {found.path for found in findings if found.kind == "missing"}
        self._indexed = {found.run_id for found in findings if found.run_id and self._can_index(found)}
        self._named = {found.run_id for found in findings if found.kind in _REMAINS}

    def of(self, found: Finding) -> ActionKind | Literal["leave"] | None:
        """Return the action for a finding, or None when nothing is left of it after another's."""
        if found.path in self._unfinished:
            return "finish" if found.kind == "delete_unfinished" else None  # the artifact's other findings go with it
        if found.path in self._set_aside:
            return "quarantine" if found.kind in _SET_ASIDE else None  # the object's other findings go with it
        if found.kind in _REBUILT and self._index_orphans:
            return "rebuild"
        if self._can_index(found):
            return "index"
        if found.path in self._missing and found.kind in ("missing", "index_altered"):
            if found.run_id in self._indexed:
                return None  # the row stands under a wrong partition: computing it again moves it
            if self._remove_missing and found.run_id not in self._named:
                return "forget" if found.kind == "missing" else None
        return None if found.kind in NOT_FAULTS else "leave"

    def _can_index(self, found: Finding) -> bool:
        """Tell whether computing the row again mends it; the row of what cannot be a run is for a person."""
        if found.kind not in _REINDEXED or found.path in self._damaged:
            return False
        if found.kind == "orphaned" and not self._index_orphans:
            return False
        place = found.path.partition("/")[0]
        if place == layout.SESSIONS:
            return session_id_of(found.path) is not None
        return found.run_id is not None and ids.is_run_id(found.run_id) and ids.is_partition(place)


def apply_repair(
    store: Store,
    plan: RepairPlan,
    *,
    actor: Actor,
    us: int,
    wait_s: float = LOCK_WAIT_S,
    evidence: EvidenceTrust | None = None,
) -> RepairPlan:
    """Do just what the plan says and return what was done; what could not be done any more is left out.

    Args:
        evidence: whom to believe of the log, as for the plan.
        actor: who has it done, and `us` when: what the log holds is moved only once an audit record says so.
        wait_s: how long to wait for another repair or rebuild.

    Raises:
        StoreLocked, StoreReadOnly, StorageFailed, OutOfSpace.
    """
    done = []
    # Two repairs have one plan: what the first has moved, the second finds gone when it has the lock.
    with store.index.lock(wait_s=wait_s):
        moved = [action.path for action in plan.actions if action.action in ("quarantine", "forget")]
        note_set_aside(store.objects, store.audit, moved, actor=actor, us=us)
        for action in plan.actions:
            if action.action == "quarantine" and _is_broken(store.objects, action.path):
                store.objects.quarantine(action.path)
                done.append(action)
        tiles = {action.path: action for action in plan.actions if action.action == "remake"}
        if tiles and evidence is not None:
            done += [tiles[key] for key in make_tiles(store.objects, evidence, tiles)]
    for action in plan.actions:
        if action.action == "rebuild":
            store.reconcile(full=True, wait_s=wait_s)
            done.append(action)
        elif action.action == "finish" and action.run_id is not None:
            store.deletes.finish(action.run_id)
            done.append(action)
    rows = [action for action in plan.actions if action.action in ("index", "forget")]
    # An index that the plan does not mend is not touched: the rows come with the next rebuild.
    if done or rows:
        done += _refold(store, rows) if is_usable(store.index) else []
    return RepairPlan(actions=done, left=plan.left)


def _refold(store: Store, actions: list[RepairAction]) -> list[RepairAction]:
    """Compute rows again, drop those of runs that are gone, and return what was done; quarantine is folded too."""
    indexed = [action for action in actions if action.action == "index"]
    forgotten = [action for action in actions if action.action == "forget" and not _has(store.objects, action.path)]
    runs = [(action.path.partition("/")[0], action.run_id) for action in indexed if action.run_id]
    sessions = [session_id for action in indexed if (session_id := session_id_of(action.path))]
    gone = [action.run_id or session_id_of(action.path) for action in forgotten]
    store.refold(runs, sessions=sessions, forget=[record_id for record_id in gone if record_id])
    return [*indexed, *forgotten]


def is_usable(index: Index) -> bool:
    """Tell whether the index is there and complete, so that single rows can be computed again."""
    try:
        return index.state().was_complete
    except (IndexBroken, IndexUnavailable):
        return False


def _can_set_aside(objects: Objects, found: Finding) -> bool:
    """Tell whether what stands there may be moved: it is broken, and its name need not stay taken by whatever it is."""
    kind = layout.kind_of(found.path)
    may_move = found.kind in _SET_ASIDE and kind is not None and kind.is_movable
    return may_move and _is_broken(objects, found.path)


def _has(objects: Objects, key: str) -> bool:
    try:
        return objects.has(key)
    except ObjectUnreadable:
        return False  # the altered row of what cannot be a run, or a name with odd bytes, shown escaped


def _is_broken(objects: Objects, key: str) -> bool:
    """Tell whether something stands there whose self-digest does not hold, nor, of a blob, its name.

    What the legacy system wrote has no `_sha256`: it is broken when it cannot be what its name says.
    """
    folder, _, name = key.rpartition("/")
    kind = layout.kind_of(key)
    try:
        if kind is layout.BLOB:
            return objects.digest(key)[0] != name[:64]
        data = objects.read(key)
    except ObjectUnavailable:
        return False  # it may be whole; what cannot be read is not moved
    except (ObjectMissing, ObjectUnreadable):
        return _has(objects, key)
    if kind is not layout.ARTIFACT or digest.verify_self_digest(data) is not None:
        return False
    return any(damage.kind in _SET_ASIDE for damage in examine_artifact(data, name[:-5], folder).damages)
