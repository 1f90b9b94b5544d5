"""Checking what lies beside the partitions: blobs, claims, tokens, tools, audit records, the legacy index, the root.

    for tally in check_beside(objects, quick=False):
        tally.counts, tally.findings

Which kinds there are says the table in `store/layout.py`; one whose objects are whole records is checked by decoding
them, as its row there says.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from rmos import ids
from rmos.checks.findings import Tally
from rmos.checks.walk import walk
from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.models import Event
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.blobs import LARGEST_JSON_BYTES
from rmos.store.history import read_chain
from rmos.store.layout import BLOB, KINDS, SESSION_EVENT, TOKEN_EVENT, TOOL_EVENT, ObjectKind
from rmos.store.legacy import is_legacy_json
from rmos.store.reading import RunReader
from rmos.store.records import Damage
from rmos.store.tokens import fold_token
from rmos.store.tool_records import fold_tool


def check_beside(objects: Objects, *, quick: bool, only: Collection[str] | None = None) -> Iterator[Tally]:
    """Give the counts and findings of each folder of objects that lie in trees of their own, but for sessions.

    Args:
        quick: do not hash blobs.
        only: open just the objects in these folders; names are looked at all the same.
    """
    for kind in KINDS:
        if kind.folder and kind is not SESSION_EVENT:
            yield from check_tree(objects, kind, quick=quick, only=only)


def check_tree(
    objects: Objects, kind: ObjectKind, *, quick: bool, within: str | None = None, only: Collection[str] | None = None
) -> Iterator[Tally]:
    """Give the counts and findings of each folder of a kind, and those of the names on the way, as `walk` does."""
    on_the_way = Tally()
    check = _CHECKS.get(kind.name, _check_records)
    for folder, names in walk(objects, kind, on_the_way, within=within, only=only):
        tally = Tally()
        check(objects, kind, folder, names, quick, tally)
        yield tally
    yield on_the_way


def _check_records(
    objects: Objects, kind: ObjectKind, folder: str, names: list[str], quick: bool, tally: Tally
) -> None:
    """Check objects each of which is a whole record."""
    assert kind.decode is not None  # another kind needs a check of its own, in `_CHECKS`
    tally.count(kind.counted_as, len(names))
    for name in names:
        key = f"{folder}/{name}"
        try:
            kind.decode(objects.read(key), name)
        except Damage as damage:
            tally.find(damage.kind, key, damage.detail)
        except ObjectUnreadable as error:
            tally.find("unreadable", key, error.detail)
        except ObjectMissing:
            continue  # it was taken away just now


def _check_chains(objects: Objects, kind: ObjectKind, folder: str, names: list[str], quick: bool, tally: Tally) -> None:
    """Check the events of each record that is nothing but events, and what they amount to."""
    of, fold = _FOLDS[kind.name]
    for record_id, numbers in layout.sort_out_events(kind, names).items():
        tally.count(kind.counted_as)
        chain = read_chain(objects.read, folder, record_id, numbers, of=of)
        tally.find_problems(chain.problems)
        if chain.problems:
            continue
        try:
            fold(record_id, chain.events)
        except Damage as damage:
            tally.find(damage.kind, layout.event_key(folder, record_id, 1), damage.detail)


_FOLDS: Final[dict[str, tuple[str, Callable[[str, list[Event]], object]]]] = {
    TOKEN_EVENT.name: ("token", lambda record_id, events: fold_token(record_id.removeprefix("tok_"), events)),
    TOOL_EVENT.name: ("tool", fold_tool),
}
"""What a record of events alone is called, and what folds it."""


def _check_blobs(objects: Objects, kind: ObjectKind, folder: str, names: list[str], quick: bool, tally: Tally) -> None:
    tally.count(kind.counted_as, len(names))
    for name in [] if quick else names:
        key, sha256 = f"{folder}/{name}", name[:64]
        try:
            found, size = objects.digest(key)
            if found == sha256:
                continue
            if size <= LARGEST_JSON_BYTES and is_legacy_json(objects.read(key), sha256):
                detail = "the name is the digest of the compact form of the same JSON value"
                tally.find("legacy_json_digest", key, detail)
            else:
                tally.find("blob_corrupt", key, f"the bytes have the SHA-256 {found}")
        except ObjectUnreadable as error:
            tally.find("unreadable", key, error.detail)
        except ObjectMissing:
            continue  # it was taken away just now


_CHECKS: Final[dict[str, Callable[[Objects, ObjectKind, str, list[str], bool, Tally], None]]] = {
    BLOB.name: _check_blobs,
    TOKEN_EVENT.name: _check_chains,
    TOOL_EVENT.name: _check_chains,
}
"""How a kind is checked whose objects are no whole records."""


def check_root(objects: Objects, reader: RunReader) -> Tally:
    """Return what is wrong with the names in the root, and with the legacy system's index."""
    tally = Tally()
    try:
        tally.counts["quarantined"] = len(reader.quarantined())
    except ObjectUnreadable as error:
        tally.find("unreadable", QUARANTINE, error.detail)
    is_legacy_store = not objects.has(layout.FORMAT_KEY)
    for name, what in objects.entries(""):
        if _belongs(name, what, is_legacy_store=is_legacy_store) or layout.is_of_file_system(name, what):
            continue
        if layout.is_debris(name):
            tally.count("debris")
        else:
            tally.find("stray", name, f"a {what} of this name is not part of the store")
    tombstones = reader.tombstones()
    if tombstones.unavailable:
        tally.find("unreadable", layout.LEGACY_INDEX_KEY, "it cannot be read just now")
    elif not tombstones.readable:
        detail = "which runs the earlier system had deleted is not known any more"
        tally.find("earlier_index_unreadable", layout.LEGACY_INDEX_KEY, detail)
    return tally


def _belongs(name: str, what: str, *, is_legacy_store: bool) -> bool:
    """Tell whether a name in the root is the store's own; what cannot be read there is found where it is read."""
    if layout.is_index_file(name) or name in layout.OWN_FILES:
        return what in ("file", "link")
    if ids.is_partition(name) or name in layout.OWN_FOLDERS:
        return what == "directory"
    return is_legacy_store and (name.startswith("_") or name == layout.LEGACY_ATTACHMENTS)
