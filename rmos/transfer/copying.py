"""Copy a store as it is into another place: byte for byte, by creating only, in an order in which it can be cut off.

    plan = plan_store_copy(source, target)   # two backends of objects
    report = copy_store(source, target, plan)
    report.ok                                # all of it is there
    compare_stores(source, target, report)   # hash both sides

Nothing there is overwritten or removed, but for the artifacts of runs that were erased here: their delete event goes
along, and they go as it says. Done again it goes on, and brings what is new: a mirror, when a timer runs it. The index
stays behind, for it can be made again, and so does what no store has in its folder.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

import msgspec

from rmos.errors.store import (
    ObjectExists,
    ObjectMissing,
    ObjectUnreadable,
    SourceUnreadable,
    StorageFailed,
    StorageUnavailable,
    StoreReadOnly,
)
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.blobs import BLOCK_BYTES
from rmos.store.evidence.objects import event_key
from rmos.store.reading import RunReader
from rmos.store.records import Damage
from rmos.store.store import check_format
from rmos.transfer.copy_plan import (
    LOG,
    ORDER,
    CopyPlan,
    Wave,
    is_name_of_store,
    name_kind,
    plan_copy,
    rank_of,
    walk_both,
)

Progress = Callable[[int], None]

_THREADS: Final = 16
"""Objects on their way at once: over a network more waiting brings nothing (measured), a disk orders its own turns."""
_AT_A_TIME: Final = 512
_LARGEST: Final = 1024**5


class Copied(msgspec.Struct, kw_only=True):
    """What a copy did, or would do."""

    copied: dict[str, int] = {}
    """New there, by kind."""
    there: int = 0
    """Objects whose names were there before."""
    compared: int = 0
    """Objects that were hashed on both sides."""
    erased: int = 0
    """Artifacts of runs that were erased here, and so there."""
    gone: int = 0
    """Objects that were removed or moved aside here meanwhile."""
    conflicts: list[str] = []
    """Objects that have other bytes there; both stay as they are."""
    damaged: list[str] = []
    """Objects that are not copied: they cannot be read, or a file's bytes are not those of its name."""
    left: list[str] = []
    """What is no part of the record."""

    @property
    def total(self) -> int:
        """How many objects are new there."""
        return sum(self.copied.values())

    @property
    def ok(self) -> bool:
        """Tell whether all of the record is there."""
        return not (self.conflicts or self.damaged)


def plan_store_copy(source: Objects, target: Objects) -> CopyPlan:
    """Look at both places and return what a copy has to bring; nothing is written.

    Raises:
        SourceUnreadable: there is no store to copy, or the target holds something else.
        StoreUnusable: one of them has a format that this release does not know.
        StorageFailed.
    """
    try:
        if not _is_store(source):
            raise SourceUnreadable("There is no store to copy in this place.")
        is_begun = target.exists() and bool(names := target.names(""))
        if is_begun and not all(map(is_name_of_store, names)):
            raise SourceUnreadable(
                "The place to copy to holds something else than a store; name an empty or a new one."
            )
        if is_begun:
            _is_store(target)
            _refuse_another(source, target)
        return plan_copy(source, target if is_begun else None)
    except ObjectUnreadable as error:
        raise StorageUnavailable(f"A folder cannot be listed: {error.detail}") from None


def _is_store(objects: Objects) -> bool:
    """Tell whether a store's names stand in a place, and refuse one of a newer format."""
    if not objects.exists():
        return False
    try:
        check_format(objects)
    except ObjectMissing:
        return bool(RunReader(objects).partitions())
    return True


def _refuse_another(source: Objects, target: Objects) -> None:
    """Refuse to mix two records: the first event of a log is unlike that of any other."""
    key = event_key(1)
    if source.has(key) and target.has(key) and source.read(key) != target.read(key):
        raise SourceUnreadable("The place to copy to holds another record: its log of evidence began otherwise.")


def preview_copy(plan: CopyPlan) -> Copied:
    """Return what a copy would do."""
    report = Copied(there=plan.there, left=sorted(plan.left), erased=len(plan.erased))
    for wave in plan.waves():
        kind = name_kind(wave.rank)
        report.copied[kind] = report.copied.get(kind, 0) + wave.count
    return report


def copy_store(source: Objects, target: Objects, plan: CopyPlan, progress: Progress | None = None) -> Copied:
    """Bring what a plan names.

    Raises:
        StoreUnusable, OutOfSpace, StoreReadOnly, StorageFailed: what was brought stays; do it again to go on.
    """
    target.prepare()
    report = Copied(there=plan.there, left=sorted(plan.left))
    with ThreadPoolExecutor(_THREADS) as pool:
        for wave in plan.waves():
            _copy_wave(source, target, plan, wave, report, pool, progress)
    _erase(source, target, plan, report)
    return report


def _copy_wave(
    source: Objects,
    target: Objects,
    plan: CopyPlan,
    wave: Wave,
    report: Copied,
    pool: ThreadPoolExecutor,
    progress: Progress | None,
) -> None:
    """Bring objects that need not wait for one another; those of the log do, since no number of it may be skipped."""
    spread = map if wave.rank.stage == LOG else pool.map
    kind, keys = name_kind(wave.rank), wave.keys()
    while some := list(islice(keys, _AT_A_TIME)):
        for key, fault in zip(some, spread(lambda key: _copy_object(source, target, key), some), strict=True):
            if fault is None:
                report.copied[kind] = report.copied.get(kind, 0) + 1
            elif isinstance(fault, ObjectExists):
                report.conflicts.append(key)
            elif isinstance(fault, ObjectMissing):
                report.gone += 1
                _follow_erased(source, target, plan, key)
            else:
                report.damaged.append(key)
            if progress:
                progress(1)


def _copy_object(source: Objects, target: Objects, key: str) -> ObjectExists | ObjectMissing | ObjectUnreadable | None:
    """Bring one object, or return why not.

    Raises:
        OutOfSpace, StoreReadOnly, StorageFailed.
    """
    try:
        if layout.kind_of(key) is layout.BLOB and key.rpartition("/")[2] == key[-64:]:
            _copy_blob(source, target, key)
        else:
            _copy_record(source, target, key)
    except (ObjectExists, ObjectMissing, ObjectUnreadable) as fault:
        return fault
    return None


def _copy_blob(source: Objects, target: Objects, key: str) -> None:
    def accept(sha256: str, size: int) -> None:
        if sha256 != key[-64:]:
            raise ObjectUnreadable("The bytes of the file are not those of its name.")

    target.create_blob(_blocks(source, key), max_bytes=_LARGEST, accept=accept)


def _copy_record(source: Objects, target: Objects, key: str) -> None:
    """Bring an object under the name that it has; one in quarantine, or a stray, may be larger than any record."""
    try:
        data = source.read(key)
    except ObjectUnreadable as fault:
        if isinstance(fault, StorageFailed) or rank_of(key).stage <= len(ORDER):
            raise
        target.create_blob(_blocks(source, key), max_bytes=_LARGEST, name=lambda _: key)
    else:
        target.create(key, data)


def _blocks(source: Objects, key: str) -> Iterator[bytes]:
    opened, offset = source.open(key), 0
    try:
        while block := opened.read_at(offset, BLOCK_BYTES):
            yield block
            offset += len(block)
    finally:
        opened.close()


def _follow_erased(source: Objects, target: Objects, plan: CopyPlan, key: str) -> None:
    """Let the events of a run go along that was erased since it was listed: the last one says so."""
    folder, _, name = key.rpartition("/")
    if layout.kind_of(key) is layout.ARTIFACT:
        numbers = layout.sort_out_events(layout.EVENT, source.names(folder, f"{name[:-5]}.")).get(name[:-5], ())
        keys = (layout.event_key(folder, name[:-5], number) for number in numbers)
        plan.add(folder, [key.rpartition("/")[2] for key in keys if not target.has(key)])


def _erase(source: Objects, target: Objects, plan: CopyPlan, report: Copied) -> None:
    """Erase there the artifacts of runs that are erased here, once their delete event is durable there."""
    reader = RunReader(target)
    for partition, run_id in plan.erased:
        key = layout.artifact_key(partition, run_id)
        numbers = layout.sort_out_events(layout.EVENT, target.names(partition, f"{run_id}.")).get(run_id, ())
        try:
            if not source.has(key) and reader.read_erasure(run_id, partition, numbers) is not None:
                report.erased += target.erase(key)
        except (Damage, StoreReadOnly):
            report.conflicts.append(key)


def compare_stores(source: Objects, target: Objects, report: Copied, progress: Progress | None = None) -> None:
    """Hash what has the same name in both places, and add to a report what differs or cannot be read.

    Raises:
        StorageFailed.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        for folder, names, there in walk_both(source, target, []):
            keys = iter(sorted(f"{folder}/{name}" if folder else name for name in there.intersection(names)))
            while some := list(islice(keys, _AT_A_TIME)):
                sums = pool.map(lambda key: (_hash(source, key), _hash(target, key)), some)
                for key, (here, beyond) in zip(some, sums, strict=True):
                    if here is None or beyond is None:
                        report.damaged += [] if key in report.damaged else [key]
                    elif here and beyond and here != beyond:
                        report.conflicts += [] if key in report.conflicts else [key]
                    report.compared += 1
                    if progress:
                        progress(1)


def _hash(objects: Objects, key: str) -> str | None:
    """Return the digest of an object's bytes, nothing when it is gone meanwhile, None when it cannot be read."""
    try:
        return objects.digest(key)[0]
    except ObjectMissing:
        return ""
    except ObjectUnreadable:
        return None
