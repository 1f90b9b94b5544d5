"""Judging what lies beside the partitions: blobs, claims, the earlier system's index, and the names in the root."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rmos import ids
from rmos.checks.findings import finding
from rmos.checks.runs import Judged
from rmos.errors import ObjectMissing, ObjectUnreadable
from rmos.models import Finding
from rmos.objects import Objects
from rmos.store import layout
from rmos.store.reading import RunReader
from rmos.store.records import Damage, earlier_json_sha256, judge_claim

_LARGEST_JSON: Final = 16 * 1024 * 1024
"""A JSON blob above this size is not parsed to see whether the earlier system named it; RMOS policy."""


def judge_beside(objects: Objects, *, quick: bool) -> Iterator[Judged]:
    """Give the counts and findings of each folder of blobs and of claims."""
    for outer in sorted(objects.names(layout.ATTACHMENTS)):
        for inner in sorted(objects.names(f"{layout.ATTACHMENTS}/{outer}")):
            yield _judge_blobs(objects, f"{layout.ATTACHMENTS}/{outer}/{inner}", outer + inner, quick=quick)
    for folder in sorted(objects.names(layout.CLAIMS)):
        yield _judge_claims(objects, f"{layout.CLAIMS}/{folder}")


def judge_root(objects: Objects, reader: RunReader) -> Judged:
    """Return what is wrong with the names in the root, and with the earlier system's index."""
    judged = Judged(Counter(quarantined=len(reader.quarantined())), [])
    earlier_store = not objects.has(layout.FORMAT_KEY)
    for name, kind in objects.entries(""):
        if layout.is_index_file(name) or name in layout.OWN_NAMES:
            continue
        if kind == "directory" and ids.is_partition(name):
            continue
        if earlier_store and (name.startswith("_") or name == layout.EARLIER_ATTACHMENTS):
            continue
        if layout.kind_of(name) == "debris":
            judged.counts["debris"] += 1
        else:
            judged.findings.append(finding("stray", name, f"a {kind} of this name is not part of the store"))
    if not reader.tombstones().readable:
        detail = "which runs the earlier system had deleted is not known any more"
        judged.findings.append(finding("earlier_index_unreadable", layout.EARLIER_INDEX_KEY, detail))
    return judged


def _judge_blobs(objects: Objects, folder: str, shard: str, *, quick: bool) -> Judged:
    judged = Judged(Counter(), [])
    for name, kind in objects.entries(folder):
        key = f"{folder}/{name}"
        sha256 = name[:64]
        if layout.kind_of(name) == "debris":
            judged.counts["debris"] += 1
        elif not ids.SHA256.fullmatch(sha256) or not sha256.startswith(shard) or name[64:65] not in ("", "."):
            judged.findings.append(
                finding("stray", key, "a blob's name is its SHA-256, in the folder of its first digits")
            )
        elif kind != "file":
            judged.findings.append(finding("not_a_file", key, f"a {kind} stands where a blob should be"))
        else:
            judged.counts["blobs"] += 1
            if not quick:
                judged.findings.extend(_judge_blob(objects, key, sha256))
    return judged


def _judge_blob(objects: Objects, key: str, sha256: str) -> Iterator[Finding]:
    try:
        found, size = objects.digest(key)
        if found == sha256:
            return
        if size <= _LARGEST_JSON and _is_earlier_json(objects.read(key), sha256):
            yield finding(
                "legacy_json_digest", key, "the name is the digest of the compact form of the same JSON value"
            )
            return
        yield finding("blob_corrupt", key, f"the bytes have the SHA-256 {found}")
    except ObjectUnreadable as error:
        yield finding("unreadable", key, error.detail)
    except ObjectMissing:
        return


def _is_earlier_json(data: bytes, sha256: str) -> bool:
    try:
        return earlier_json_sha256(data) == sha256
    except (ValueError, RecursionError):
        return False


def _judge_claims(objects: Objects, folder: str) -> Judged:
    judged = Judged(Counter(), [])
    for name, _ in objects.entries(folder):
        key = f"{folder}/{name}"
        if layout.kind_of(name) == "debris":
            judged.counts["debris"] += 1
            continue
        judged.counts["claims"] += 1
        try:
            judge_claim(objects.read(key))
        except (Damage, ObjectUnreadable) as error:
            judged.findings.append(finding("claim_corrupt", key, error.detail))
        except ObjectMissing:
            continue
    return judged
