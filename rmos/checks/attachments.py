"""Attachments by themselves: is every blob whole, and which does nothing name any more?

    report = verify_attachments(store, workers=2)            # .ok, .blobs, .findings
    garbage = find_garbage(store, grace_s=86_400)            # .refused when the record is not whole
    move_garbage(store, garbage, grace_s=86_400)             # to quarantine; nothing is unlinked

A blob is named when its digest stands anywhere in any record, deleted ones and those in quarantine too: what is kept
needlessly costs space, what is cleared away wrongly costs a drawing. A blob is written before the event that names it,
so young ones are left alone, also those from the future; bringing the same bytes again makes a blob young. As the clock
may have been set in between, what was moved is looked for again after a pause, and put back when it is named by then.
"""

import re
import time
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from rmos.checks.beside import check_tree
from rmos.checks.findings import NOT_FAULTS, Tally, make_finding
from rmos.checks.verify import RECHECK_S, Progress, verify_store
from rmos.checks.walk import list_folders, walk
from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.models import Finding
from rmos.objects.base import QUARANTINE, RENEWED, Objects
from rmos.store import Store, layout
from rmos.store.blobs import BLOCK_BYTES
from rmos.store.layout import BLOB
from rmos.store.workers import ordered_pool

DEFAULT_GRACE_S: Final = 24 * 3600
MIN_GRACE_S: Final = 3600
"""No shorter grace is taken: the longest upload ends within it."""
_DIGEST: Final = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_NAME_NOTHING: Final = {layout.BLOB.folder, *layout.HOST_FOLDERS}
_BATCH: Final = 64
"""Records that are read at once."""
_DEPTH: Final = 4
"""Folders within folders that hold records: `_quarantine/_sessions/2025-12-23/…`."""


class BlobReport(msgspec.Struct, frozen=True, kw_only=True):
    """What hashing all attachments found."""

    store_root: str
    blobs: int
    findings: list[Finding]
    ok: bool


class Garbage(msgspec.Struct, frozen=True, kw_only=True):
    """Blobs that nothing names, by their keys, or why none is cleared away."""

    blobs: int
    young: int
    unnamed: list[str]
    refused: list[Finding]
    change_tokens: dict[str, str]
    """What each folder of records was like before it was listed."""


def count_blobs(store: Store) -> int:
    """Return how many blobs stand in their folders, from their names alone."""
    return sum(len(names) for _, names in walk(store.objects, BLOB, Tally()))


def verify_attachments(
    store: Store, *, workers: int = 1, recheck_s: float = RECHECK_S, progress: Progress | None = None
) -> BlobReport:
    """Hash every blob again; a suspicion is looked at twice, so that a store in use gives no false alarm.

    Args:
        workers: processes to use, or threads; more than one forks, which only commands should do.
    """
    objects, found = store.objects, Tally()
    folders = list_folders(objects, BLOB, BLOB.folder, found)
    with ordered_pool(_Check(objects), workers, objects.works_with) as check:
        for tally in check(folders):
            found.add(tally)
            if progress:
                progress(tally.counts[BLOB.counted_as])
    findings = found.findings
    if findings:
        time.sleep(recheck_s)
        again = {(suspicion.kind, suspicion.path) for suspicion in _check_again(objects, findings)}
        findings = [suspicion for suspicion in findings if (suspicion.kind, suspicion.path) in again]
    return BlobReport(
        store_root=objects.root,
        blobs=found.counts[BLOB.counted_as],
        findings=sorted(findings),
        ok=all(suspicion.kind in NOT_FAULTS for suspicion in findings),
    )


class _Check:
    """Checks all blobs whose digests begin alike."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def __call__(self, folder: str) -> Tally:
        total = Tally()
        for tally in check_tree(self._objects, BLOB, quick=False, within=folder):
            total.add(tally)
        return total


def _check_again(objects: Objects, suspicions: Sequence[Finding]) -> Iterator[Finding]:
    folders = {folder for found in suspicions for folder in (found.path, found.path.rpartition("/")[0])}
    for tally in check_tree(objects, BLOB, quick=False, only=folders):
        yield from tally.findings


def find_garbage(
    store: Store, *, grace_s: float, recheck_s: float = RECHECK_S, progress: Progress | None = None
) -> Garbage:
    """Return the blobs that no record names and that are older than the grace period.

    Nothing is cleared away as long as anything of the record is missing or cannot be read: what it named is not known.
    """
    report = verify_store(store, quick=True, recheck_s=recheck_s, progress=progress)
    if not report.ok:
        return Garbage(blobs=0, young=0, unnamed=[], refused=report.findings, change_tokens={})
    blobs, young, unnamed = 0, 0, {}
    tokens: dict[str, str] = {}
    for folder, names in walk(store.objects, BLOB, Tally()):
        for name in names:
            blobs += 1
            key = f"{folder}/{name}"
            if _is_young(store.objects, key, grace_s):
                young += 1
            else:
                unnamed[name[:64]] = key
    try:
        for named in _yield_named(store.objects, tokens):
            unnamed.pop(named, None)
    except ObjectUnreadable as error:
        unreadable = make_finding("unreadable", "", f"a record cannot be read: {error.detail}")
        return Garbage(blobs=blobs, young=young, unnamed=[], refused=[unreadable], change_tokens={})
    return Garbage(blobs=blobs, young=young, unnamed=sorted(unnamed.values()), refused=[], change_tokens=tokens)


def move_garbage(store: Store, garbage: Garbage, *, grace_s: float, recheck_s: float = RECHECK_S) -> list[str]:
    """Move what nothing names to quarantine and return the keys that were moved.

    What was brought again, or named, while this was going on is put back: its bytes are there all the time.

    Raises:
        StoreReadOnly, StorageFailed, OutOfSpace.
    """
    moved: dict[str, tuple[str, str]] = {}
    for key in garbage.unnamed:
        if _is_young(store.objects, key, grace_s):
            continue
        try:
            aside = store.objects.quarantine(key)
        except ObjectMissing:
            continue
        if _is_young(store.objects, aside, grace_s):
            _put_back(store, aside)
        else:
            moved[key.rpartition("/")[2][:64]] = (key, aside)
    if moved:
        time.sleep(recheck_s)
        for named in _collect_named_since(store, garbage.change_tokens, list(moved)):
            _put_back(store, moved.pop(named)[1])
    for sha256 in moved:
        store.objects.clear_debris(f"{RENEWED}/{sha256}")
    return sorted(key for key, _ in moved.values())


def _collect_named_since(store: Store, change_tokens: dict[str, str], moved: list[str]) -> list[str]:
    """Return what records name that were written meanwhile; when one of them cannot be read, it may name anything."""
    try:
        return list(set(_yield_named(store.objects, dict(change_tokens))) & set(moved))
    except ObjectUnreadable:
        return moved


def _is_young(objects: Objects, key: str, grace_s: float) -> bool:
    age_s = objects.age_s(key)
    return age_s is None or age_s < max(grace_s, MIN_GRACE_S)


def _put_back(store: Store, aside: str) -> None:
    opened = store.objects.open(aside)

    def blocks() -> Iterator[bytes]:
        offset = 0
        while block := opened.read_at(offset, BLOCK_BYTES):
            yield block
            offset += len(block)

    try:
        store.blobs.put(blocks(), max_bytes=opened.size)
    finally:
        opened.close()


def _yield_named(objects: Objects, tokens: dict[str, str]) -> Iterator[str]:
    """Yield every digest that stands in a record, again and again, of the folders that changed since their token.

    Args:
        tokens: the change tokens of the folders that were listed before; that of each folder is put in.

    Raises:
        ObjectUnreadable: a record cannot be read.
    """
    for entry in objects.entries(""):
        if entry.kind == "directory" and entry.name not in _NAME_NOTHING:
            yield from _yield_named_below(objects, entry.name, tokens, 1)
        elif entry.name == layout.LEGACY_INDEX_KEY:
            yield from _digests(objects, [entry.name])


def _yield_named_below(objects: Objects, folder: str, tokens: dict[str, str], depth: int) -> Iterator[str]:
    token = objects.changed_since(folder, tokens.get(folder))
    fresh = token is not None
    if token is not None:
        tokens[folder] = token
    records = []
    for name, kind in objects.entries(folder):
        key = f"{folder}/{name}"
        if kind == "directory" and depth < _DEPTH and key != f"{QUARANTINE}/{layout.BLOB.folder}":
            yield from _yield_named_below(objects, key, tokens, depth + 1)
        elif (kind == "file" and fresh and name.endswith(".json")) or "json~" in name:
            records.append(key)
    for start in range(0, len(records), _BATCH):
        yield from _digests(objects, records[start : start + _BATCH])


def _digests(objects: Objects, keys: Sequence[str]) -> Iterator[str]:
    for data in objects.read_all(keys):
        if isinstance(data, ObjectUnreadable):
            raise data
        if not isinstance(data, ObjectMissing):  # it was taken away just now
            yield from (found.decode() for found in _DIGEST.findall(data))
