"""What the legacy system left beside its artifacts: tombstones and advisory links. Read only; never rewritten.

Its `_index.json` is the only trace of its soft deletes, so it stays part of the record. When it cannot be read, that is
known as such (`readable` is False) and never taken for "nothing was deleted".
"""

import json
from typing import Any, NamedTuple

from rmos import digest, ids
from rmos.errors.store import ObjectMissing, ObjectUnavailable, ObjectUnreadable
from rmos.models import Deletion
from rmos.objects.base import Objects
from rmos.store.layout import LEGACY_INDEX_KEY, link_advisory_id

_LINK_FIELDS = ("advisory_id", "kind", "created_at_utc", "request_id", "engine_id", "engine_version")


class Tombstones(NamedTuple):
    """The runs that the legacy system soft-deleted."""

    present: bool
    readable: bool
    deletions: dict[str, Deletion]
    unavailable: bool = False
    """Whether the storage did not give them: asked again, it may."""


NO_TOMBSTONES = Tombstones(present=False, readable=True, deletions={})


def read_tombstones(objects: Objects) -> Tombstones:
    """Read the tombstones out of `_index.json`, when there is one."""
    try:
        return parse_tombstones(objects.read(LEGACY_INDEX_KEY))
    except ObjectMissing:
        return NO_TOMBSTONES
    except ObjectUnreadable as error:
        unavailable = isinstance(error, ObjectUnavailable)
        return Tombstones(present=True, readable=False, deletions={}, unavailable=unavailable)


def parse_tombstones(data: bytes) -> Tombstones:
    """Return the tombstones that the bytes of an `_index.json` hold."""
    try:
        index = json.loads(data)
    except (ValueError, RecursionError):
        return Tombstones(present=True, readable=False, deletions={})
    if not isinstance(index, dict):
        return Tombstones(present=True, readable=False, deletions={})
    deletions = {
        run_id: Deletion(
            mode="soft",
            deleted_at_utc=_text(entry, "deleted_at_utc"),
            deleted_by=_text(entry, "deleted_by"),
            reason=_text(entry, "deleted_reason"),
        )
        for run_id, entry in index.items()
        if isinstance(entry, dict) and entry.get("deleted") is True and ids.is_run_id(run_id)
    }
    return Tombstones(present=True, readable=True, deletions=deletions)


def read_link(data: bytes, name: str) -> dict[str, Any] | None:
    """Return the advisory that a link names, or None when the link cannot be read or belongs to another name."""
    try:
        link = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(link, dict):
        return None
    advisory_id = link.get("advisory_id")
    if not isinstance(advisory_id, str) or not _is_same(advisory_id, link_advisory_id(name)):
        return None
    return {field: link.get(field) for field in _LINK_FIELDS}


def _is_same(advisory_id: str, in_name: str) -> bool:
    """Tell whether a name carries the advisory id, as it is or in a sanitised form."""
    if advisory_id == in_name:
        return True
    kept, named = (_fold_text(text) for text in (advisory_id, in_name))
    return kept == named


def _fold_text(text: str) -> str:
    """Return the text with everything but ASCII letters and digits folded to `_`."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in text)


def _text(entry: dict[str, Any], field: str) -> str | None:
    value = entry.get(field)
    return value if isinstance(value, str) else None


def legacy_json_sha256(data: bytes) -> str:
    """Return the digest that the legacy system gave a JSON value: of sorted, compact `json.dumps`, not of RFC 8785."""
    value: Any = json.loads(data)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return digest.sha256_hex(text.encode("utf-8", "surrogatepass"))


def is_legacy_json(data: bytes, sha256: str) -> bool:
    """Tell whether the legacy system named a JSON blob so: after the compact form of the value that it holds."""
    try:
        return legacy_json_sha256(data) == sha256
    except (ValueError, RecursionError):  # no JSON, an integer of thousands of digits, nesting beyond reason
        return False
