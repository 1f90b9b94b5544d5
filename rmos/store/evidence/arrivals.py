"""What is not in the log yet: each object of the record, found by its name in the folders of the store.

    for folder in find_new(objects, index, everywhere=True):
        folder.name, folder.keys
    read_lines(objects, keys).entries        # without those of objects that are not to be logged

Not logged: blobs, which logged records name by digest; claims, which are promises; what is damaged, which verify names.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rmos import digest, ids
from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.index.base import Index
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.evidence.objects import Entry, is_loggable
from rmos.store.layout import ARTIFACT, AUDIT_RECORD, EVENT, LINK, SESSION_EVENT, TOKEN_EVENT, TOOL_EVENT, ObjectKind
from rmos.store.reading import RunReader

_NAMESPACE: Final = "evidence:"
"""Before the change tokens of folders: those of reconcile say another thing of the same folders."""
_OF_RUNS: Final = (ARTIFACT, EVENT, LINK)
_MAY_BE_LEGACY: Final = (ARTIFACT, LINK)


class NewNames(NamedTuple):
    """Objects of one folder that have no entry."""

    folder: str
    keys: list[str]
    token: str | None
    """The folder's change token, to be kept once all of these are logged."""


def find_new(objects: Objects, index: Index, *, everywhere: bool) -> Iterator[NewNames]:
    """Yield what is new, folder by folder; `everywhere` also lists folders that did not change."""
    tokens = {} if everywhere else index.change_tokens()
    for folder, kinds in list_folders(objects):
        name = _NAMESPACE + folder
        token = objects.changed_since(folder, tokens.get(name))
        if token is None:
            continue
        names = set(objects.names(folder))
        if names:  # what is logged goes first: of a large folder only the rest is looked at name by name
            names -= index.log.names_in(folder)
        new = [name for name in names if any(kind.pattern.fullmatch(name) for kind in kinds)]
        yield NewNames(folder, sorted(filter(is_loggable, (f"{folder}/{name}" for name in new))), token)
    own = [key for key in list_own_files(objects) if index.log.batch_of(key) is None]
    yield NewNames("", own, None)


def keep_token(index: Index, found: NewNames) -> None:
    """Note that all of a folder is logged, as far as it was listed."""
    if found.token is not None:
        index.set_change_token(_NAMESPACE + found.folder, found.token)


def list_record_keys(objects: Objects, folder: str, kinds: Sequence[ObjectKind]) -> list[str]:
    """Return the keys of a folder's objects of these kinds, also those that no line of the log can hold.

    Raises:
        ObjectUnreadable.
    """
    names = [name for name in objects.names(folder) if any(kind.pattern.fullmatch(name) for kind in kinds)]
    return [f"{folder}/{name}" for name in names]


class ReadLines(NamedTuple):
    """What came of reading some objects."""

    entries: list[Entry]
    damaged: list[str]
    """Keys of objects that stand there and are not to be logged."""
    asked: int
    """How many objects were asked for."""


def read_lines(objects: Objects, keys: Sequence[str]) -> ReadLines:
    """Return the entries of objects, as `read_line` does; those that have gone meanwhile are left out.

    Raises:
        ObjectUnreadable, StorageFailed.
    """
    lines = [(key, read_line(objects, key)) for key in keys]
    entries = [entry for _, entry in lines if entry is not None]
    return ReadLines(entries, [key for key, entry in lines if entry is None and objects.has(key)], len(keys))


def read_line(objects: Objects, key: str) -> Entry | None:
    """Return the entry of an object; None where its self-digest does not hold, or where it has gone meanwhile.

    What the legacy system wrote has no self-digest and is logged as it is.

    Raises:
        ObjectUnreadable, StorageFailed.
    """
    try:
        data = objects.read(key)
    except ObjectMissing:
        return None  # a hard delete was faster
    if data.startswith(digest.SELF_DIGEST_PREFIX):
        if digest.verify_self_digest(data) is None:
            return None
    elif layout.kind_of(key) not in _MAY_BE_LEGACY and key != layout.LEGACY_INDEX_KEY:
        return None
    return Entry(digest.sha256_hex(data), key)


def list_folders(objects: Objects) -> Iterator[tuple[str, tuple[ObjectKind, ...]]]:
    """Yield the folders that hold objects to be logged, with their kinds."""
    for partition in RunReader(objects).partitions():
        yield partition, _OF_RUNS
    for kind in (SESSION_EVENT, AUDIT_RECORD):
        for entry in sorted(objects.entries(kind.folder)):
            if entry.kind == "directory" and ids.is_partition(entry.name):
                yield f"{kind.folder}/{entry.name}", (kind,)
    yield layout.TOKENS, (TOKEN_EVENT,)
    yield layout.TOOLS, (TOOL_EVENT,)


def list_own_files(objects: Objects) -> list[str]:
    """Return the legacy index and the events of the log's keys, as far as they stand there."""
    try:
        events = [name for name in objects.names(layout.EVIDENCE) if name.startswith("log.") and name.endswith(".json")]
    except ObjectUnreadable:
        events = []
    found = [f"{layout.EVIDENCE}/{name}" for name in sorted(events)]
    return ([layout.LEGACY_INDEX_KEY] if objects.has(layout.LEGACY_INDEX_KEY) else []) + found
