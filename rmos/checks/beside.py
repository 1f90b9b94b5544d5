"""Judging what lies beside the partitions: blobs, claims, tokens, audit records, the earlier index, the root itself."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

from rmos import ids
from rmos.checks.audits import judge_audits
from rmos.checks.findings import finding, shown
from rmos.checks.folders import entries_of
from rmos.checks.runs import Judged
from rmos.checks.tokens import judge_tokens
from rmos.errors.objects import ObjectMissing, ObjectUnreadable
from rmos.models import Finding
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.blobs import LARGEST_JSON_BYTES
from rmos.store.reading import RunReader
from rmos.store.records import Damage, earlier_json_sha256, judge_claim

_SHARD: Final = re.compile(r"[0-9a-f]{2}")
_OWN_FILES: Final = frozenset({layout.FORMAT_KEY, layout.EARLIER_INDEX_KEY})


def judge_beside(objects: Objects, *, quick: bool, only: Collection[str] | None = None) -> Iterator[Judged]:
    """Give the counts and findings of each folder of blobs and of claims, and of the tokens.

    Args:
        quick: do not hash blobs.
        only: read just the objects of these paths; names are judged all the same.
    """
    judged = Judged(Counter(), [])
    for folder in shards(objects, layout.ATTACHMENTS, 2, judged):
        yield judge_blobs(objects, folder, quick=quick, only=only)
    for folder in shards(objects, layout.CLAIMS, 1, judged):
        yield _judge_claims(objects, folder, only=only)
    yield judge_tokens(objects)
    yield judged
    yield from judge_audits(objects, only=only)


def judge_root(objects: Objects, reader: RunReader) -> Judged:
    """Return what is wrong with the names in the root, and with the earlier system's index."""
    judged = Judged(Counter(), [])
    try:
        judged.counts["quarantined"] = len(reader.quarantined())
    except ObjectUnreadable as error:
        judged.findings.append(finding("unreadable", QUARANTINE, error.detail))
    earlier_store = not objects.has(layout.FORMAT_KEY)
    for name, kind in objects.entries(""):
        if _belongs(name, kind, earlier_store=earlier_store):
            continue
        if layout.kind_of(name) == "debris":
            judged.counts["debris"] += 1
        else:
            judged.findings.append(finding("stray", name, f"a {kind} of this name is not part of the store"))
    if not reader.tombstones().readable:
        detail = "which runs the earlier system had deleted is not known any more"
        judged.findings.append(finding("earlier_index_unreadable", layout.EARLIER_INDEX_KEY, detail))
    return judged


def _belongs(name: str, kind: str, *, earlier_store: bool) -> bool:
    """Tell whether a name in the root is the store's own; what cannot be read there is found where it is read."""
    if layout.is_index_file(name) or name in _OWN_FILES:
        return kind in ("file", "link")
    if ids.is_partition(name) or name in layout.OWN_NAMES:
        return kind == "directory"
    return earlier_store and (name.startswith("_") or name == layout.EARLIER_ATTACHMENTS)


def shards(objects: Objects, folder: str, depth: int, judged: Judged) -> Iterator[str]:
    """Give the folders that hold the objects, `depth` levels down, and judge the names on the way."""
    if depth == 0:
        yield folder
        return
    for name, kind in entries_of(objects, folder, judged):
        path = f"{folder}/{name}"
        if kind == "directory" and _SHARD.fullmatch(name):
            yield from shards(objects, path, depth - 1, judged)
        elif layout.kind_of(name) == "debris":
            judged.counts["debris"] += 1
        else:
            judged.findings.append(finding("stray", path, f"a {kind} of this name is not part of the store"))


def judge_blobs(objects: Objects, folder: str, *, quick: bool, only: Collection[str] | None) -> Judged:
    """Return the count and the findings of one folder of blobs, `_attachments/ab/cd`; `quick` hashes none."""
    judged = Judged(Counter(), [])
    shard = folder[-5:-3] + folder[-2:]
    for name, kind in entries_of(objects, folder, judged):
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
            if not quick and (only is None or shown(key) in only):
                judged.findings.extend(_judge_blob(objects, key, sha256))
    return judged


def _judge_blob(objects: Objects, key: str, sha256: str) -> Iterator[Finding]:
    try:
        found, size = objects.digest(key)
        if found == sha256:
            return
        if size <= LARGEST_JSON_BYTES and _is_earlier_json(objects.read(key), sha256):
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


def _judge_claims(objects: Objects, folder: str, *, only: Collection[str] | None) -> Judged:
    judged = Judged(Counter(), [])
    for name, kind in entries_of(objects, folder, judged):
        key = f"{folder}/{name}"
        digits, _, extension = name.partition(".")
        if layout.kind_of(name) == "debris":
            judged.counts["debris"] += 1
        elif not ids.SHA256.fullmatch(digits) or not digits.startswith(folder[-2:]) or extension != "json":
            judged.findings.append(finding("stray", key, "a claim is <64 hex>.json in the folder of its first digits"))
        elif kind != "file":
            judged.findings.append(finding("not_a_file", key, f"a {kind} stands where a claim should be"))
        else:
            judged.counts["claims"] += 1
            if only is None or key in only:
                judged.findings.extend(_judge_claim(objects, key))
    return judged


def _judge_claim(objects: Objects, key: str) -> Iterator[Finding]:
    try:
        judge_claim(objects.read(key))
    except (Damage, ObjectUnreadable) as error:
        yield finding("claim_corrupt", key, error.detail)
    except ObjectMissing:
        return
