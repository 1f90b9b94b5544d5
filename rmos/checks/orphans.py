"""Orphans: artifacts that the index does not know, or knows only as damaged. Events and links are never orphans."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from rmos import digest
from rmos.checks.repair import is_usable
from rmos.checks.verify import RECHECK_S
from rmos.errors.store import IndexBroken, IndexUnavailable, ObjectMissing, ObjectUnreadable
from rmos.index.base import KnownRun
from rmos.store import Store, layout
from rmos.store.history import read_run
from rmos.store.layout import RunFiles
from rmos.store.records import Damage

MIN_AGE_S: Final = 3600
"""A file whose time is nearer to now is left alone: somebody may be restoring a back-up right now."""


class Orphan(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact without a sound row: where it is, whether reconcile can index it, and why not."""

    path: str
    run_id: str
    indexable: bool
    age_s: float
    reason: str


def find_orphans(
    store: Store, *, recheck_s: float = RECHECK_S, progress: Callable[[int], None] | None = None
) -> list[Orphan]:
    """Return the artifacts that the index does not know, looked at twice so that a live store gives no false alarm."""
    suspects: set[tuple[str, str]] = set()
    for partition in store.reader.partitions():
        suspects |= {(partition, files.run_id) for files in _list_unknown(store, partition)}
        if progress:
            progress(1)
    if not suspects:
        return []
    time.sleep(recheck_s)
    store.index.close()  # what was opened while nobody wrote would not show who writes by now
    orphans = []
    for partition in sorted({partition for partition, _ in suspects}):
        for files in _list_unknown(store, partition):
            if (partition, files.run_id) in suspects:
                orphan = _examine(store, partition, files)
                if orphan is not None:
                    orphans.append(orphan)
    return orphans


def is_movable(orphan: Orphan) -> bool:
    """Tell whether `move_orphans` would move it: reconcile cannot index it, and its time is over an hour away."""
    return not orphan.indexable and abs(orphan.age_s) > MIN_AGE_S


def move_orphans(store: Store, orphans: list[Orphan]) -> list[Orphan]:
    """Move to quarantine what reconcile cannot index, and return what was moved.

    Each is looked at again just before. An artifact whose `_sha256` holds is never moved.

    Raises:
        StoreReadOnly, StorageFailed, OutOfSpace, StoreLocked.
    """
    moved = []
    for orphan in orphans:
        partition = orphan.path.partition("/")[0]
        again = _examine(store, partition, RunFiles(orphan.run_id, True, (), ()))
        if again is not None and is_movable(again) and not _may_be_sound(store, orphan.path):
            store.objects.quarantine(orphan.path)
            moved.append(orphan)
    # An index that is absent or broken is not touched here: the rows come with the next rebuild.
    if moved and is_usable(store.index):
        store.refold([])
    return moved


def _list_unknown(store: Store, partition: str) -> list[RunFiles]:
    known: dict[str, KnownRun] = {}
    try:
        known = store.index.runs.known(partition)
    except (IndexBroken, IndexUnavailable):
        known = {}
    listing = layout.sort_out(store.objects.names(partition))
    return [
        files
        for files in listing.runs.values()
        if files.artifact and (files.run_id not in known or known[files.run_id].state == "damaged")
    ]


def _examine(store: Store, partition: str, files: RunFiles) -> Orphan | None:
    """Return the orphan as it stands now, or None when it is gone, or damaged in its events alone."""
    key = layout.artifact_key(partition, files.run_id)
    history = read_run(store.objects.read, partition, RunFiles(files.run_id, True, (), ()))
    if history.is_gone:
        return None
    damages = history.examined.damages
    try:
        known = store.index.runs.find(files.run_id).value
    except (IndexBroken, IndexUnavailable):
        known = None
    if not damages and known is not None and known.partition == partition:
        return None
    if not damages and known is not None:
        damages = [Damage("duplicate", f"another run of this id stands in {known.partition}")]
    return Orphan(
        path=key,
        run_id=files.run_id,
        indexable=not damages,
        age_s=store.objects.age_s(key) or 0.0,
        reason=damages[0].detail if damages else "the index has no row for it; run `rmos rebuild`",
    )


def _may_be_sound(store: Store, key: str) -> bool:
    """Tell whether an artifact's self-digest holds, or may: what cannot be read is left to a person."""
    try:
        return digest.verify_self_digest(store.objects.read(key)) is not None
    except ObjectUnreadable:
        return True
    except ObjectMissing:
        return False
