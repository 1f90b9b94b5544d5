"""Attachments by themselves: is every blob whole, and which does nothing name any more?

    report = verify_attachments(store, workers=2)            # .ok, .blobs, .findings
    garbage = find_garbage(store, grace_s=86_400)            # .refused when the record is not whole
    move_garbage(store, garbage, grace_s=86_400)             # to quarantine; nothing is unlinked

A blob is named when its digest stands anywhere in any record, deleted ones and those in quarantine too: what is kept
needlessly costs space, what is cleared away wrongly costs a drawing. A blob is written before the event that names it,
so young ones are left alone; bringing the same bytes again makes a blob young.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from rmos import ids
from rmos.checks.beside import judge_blobs, shards
from rmos.checks.findings import NOT_FAULTS, finding
from rmos.checks.runs import Judged
from rmos.checks.verify import RECHECK_S, verify_store
from rmos.errors.objects import ObjectMissing, ObjectUnreadable
from rmos.models import Finding
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import Store, layout
from rmos.store.blobs import BLOCK_BYTES
from rmos.store.workers import ordered_pool

DEFAULT_GRACE_S: Final = 24 * 3600
MIN_GRACE_S: Final = 3600
"""No shorter grace is taken: the longest upload ends within it."""
_DIGEST: Final = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
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


def verify_attachments(store: Store, *, workers: int = 1, recheck_s: float = RECHECK_S) -> BlobReport:
    """Hash every blob again; a suspicion is looked at twice, so that a store in use gives no false alarm.

    Args:
        workers: processes to use; more than one forks, which only commands should do.
    """
    objects = store.objects
    strays = Judged(Counter(), [])
    folders = list(shards(objects, layout.ATTACHMENTS, 1, strays))
    findings, blobs = strays.findings, 0
    with ordered_pool(_Judge(objects), workers) as judge:
        for judged in judge(folders):
            findings.extend(judged.findings)
            blobs += judged.counts["blobs"]
    if findings:
        time.sleep(recheck_s)
        again = {(found.kind, found.path) for found in _again(objects)}
        findings = [found for found in findings if (found.kind, found.path) in again]
    return BlobReport(
        store_root=objects.root,
        blobs=blobs,
        findings=sorted(findings),
        ok=all(found.kind in NOT_FAULTS for found in findings),
    )


class _Judge:
    """Judges all blobs whose digests begin alike."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def __call__(self, folder: str) -> Judged:
        total = Judged(Counter(), [])
        for inner in shards(self._objects, folder, 1, total):
            judged = judge_blobs(self._objects, inner, quick=False, only=None)
            total.counts.update(judged.counts)
            total.findings.extend(judged.findings)
        return total


def _again(objects: Objects) -> Iterator[Finding]:
    strays = Judged(Counter(), [])
    for folder in shards(objects, layout.ATTACHMENTS, 2, strays):
        yield from judge_blobs(objects, folder, quick=False, only=None).findings
    yield from strays.findings


def find_garbage(store: Store, *, grace_s: float, recheck_s: float = RECHECK_S) -> Garbage:
    """Return the blobs that no record names and that are older than the grace period.

    Nothing is cleared away as long as anything of the record is missing or cannot be read: what it named is not known.
    """
    report = verify_store(store, quick=True, recheck_s=recheck_s)
    if not report.ok:
        return Garbage(blobs=0, young=0, unnamed=[], refused=report.findings, change_tokens={})
    blobs, young, unnamed = 0, 0, {}
    tokens: dict[str, str] = {}
    strays = Judged(Counter(), [])
    for folder in shards(store.objects, layout.ATTACHMENTS, 2, strays):
        for name in store.objects.names(folder):
            if not ids.SHA256.fullmatch(name[:64]) or name[64:65] not in ("", "."):
                continue
            blobs += 1
            key = f"{folder}/{name}"
            if _is_young(store.objects, key, grace_s):
                young += 1
            else:
                unnamed[name[:64]] = key
    try:
        for named in _named(store.objects, tokens):
            unnamed.pop(named, None)
    except ObjectUnreadable as error:
        found = finding("unreadable", "", f"a record cannot be read: {error.detail}")
        return Garbage(blobs=blobs, young=young, unnamed=[], refused=[found], change_tokens={})
    return Garbage(blobs=blobs, young=young, unnamed=sorted(unnamed.values()), refused=[], change_tokens=tokens)


def move_garbage(store: Store, garbage: Garbage, *, grace_s: float) -> list[str]:
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
    for named in _named_since(store, garbage.change_tokens, list(moved)) if moved else ():
        if named in moved:
            _put_back(store, moved.pop(named)[1])
    return sorted(key for key, _ in moved.values())


def _named_since(store: Store, change_tokens: dict[str, str], moved: list[str]) -> list[str]:
    """Return what records name that were written meanwhile; when one of them cannot be read, it may name anything."""
    try:
        return list(set(_named(store.objects, dict(change_tokens))) & set(moved))
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


def _named(objects: Objects, tokens: dict[str, str]) -> Iterator[str]:
    """Yield every digest that stands in a record, again and again, of the folders that changed since their token.

    Args:
        tokens: the change tokens of the folders that were listed before; that of each folder is put in.

    Raises:
        ObjectUnreadable: a record cannot be read.
    """
    for entry in objects.entries(""):
        if entry.kind == "directory" and entry.name != layout.ATTACHMENTS:
            yield from _named_below(objects, entry.name, tokens, 1)
        elif entry.name == layout.EARLIER_INDEX_KEY:
            yield from _digests(objects, entry.name)


def _named_below(objects: Objects, folder: str, tokens: dict[str, str], depth: int) -> Iterator[str]:
    token = objects.changed_since(folder, tokens.get(folder))
    fresh = token is not None
    if token is not None:
        tokens[folder] = token
    for name, kind in objects.entries(folder):
        key = f"{folder}/{name}"
        if kind == "directory" and depth < _DEPTH and key != f"{QUARANTINE}/{layout.ATTACHMENTS}":
            yield from _named_below(objects, key, tokens, depth + 1)
        elif (kind == "file" and fresh and name.endswith(".json")) or "json~" in name:
            yield from _digests(objects, key)


def _digests(objects: Objects, key: str) -> Iterator[str]:
    try:
        data = objects.read(key)
    except ObjectMissing:
        return
    for found in _DIGEST.findall(data):
        yield found.decode()
