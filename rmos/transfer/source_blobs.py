"""The blobs of a store that is imported, of any size: found whole before anything of their run is taken in.

    blobs = SourceBlobs(source)
    found = list(blobs.named(["9f86d0…"]))       # Damage when one of them does not have its digest
    blobs.put(store, found[0])

They are read block by block, once to be hashed and once more to be written, when they are hashed again; so neither a
large file nor one that changes meanwhile does harm.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from rmos import digest
from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.store import Store, layout
from rmos.store.legacy import is_legacy_json
from rmos.store.records import Damage
from rmos.transfer.sources import ImportSource

_NAME: Final = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(([0-9a-f]{64})(?:\.[A-Za-z0-9]{1,16})?)")
_ANY_SIZE: Final = 2**62
"""Bytes: what a run names was let in under the limits of the store that it comes from."""


NO_OBJECT: Final = "no object of a store has such a name"


def is_blob_name(name: str) -> bool:
    """Tell whether a blob may have this name in the tree of attachments."""
    match = _NAME.fullmatch(name)
    return match is not None and match[4].startswith(match[1] + match[2])


class SourceBlob(NamedTuple):
    """A blob that goes along: its digest, where it stands and is to stand; `is_exact` unless it is legacy JSON."""

    sha256: str
    source_key: str
    key: str
    is_exact: bool


class SourceBlobs:
    """The blobs that were found in a source, by their digests."""

    def __init__(self, source: ImportSource) -> None:
        self._source = source
        self._keys: dict[str, str] = {}
        self._durable: set[str] = set()

    def note(self, key: str, name: str) -> str | None:
        """Note a file of the tree of attachments by its name there; return why it is no blob, or None."""
        match = _NAME.fullmatch(name)
        if match is None:
            return NO_OBJECT
        if not match[4].startswith(match[1] + match[2]):
            return layout.BLOB.rule
        self._keys.setdefault(match[4], key)
        return None

    def named(self, names: Iterable[object]) -> Iterator[SourceBlob]:
        """Give those of the digests that are there; one that is not is not missed here but by verify.

        Raises:
            Damage: a blob does not have the digest that is its name, or cannot be read.
        """
        for sha256 in dict.fromkeys(name for name in names if isinstance(name, str) and name in self._keys):
            source_key = self._keys[sha256]
            key = f"{layout.blob_folder_key(sha256)}/{source_key.rpartition('/')[2]}"
            is_exact = self._sha256(source_key) == sha256
            if not is_exact and not is_legacy_json(self._read(source_key), sha256):
                raise _corrupt(sha256)
            yield SourceBlob(sha256, source_key, key, is_exact)

    def put(self, store: Store, blob: SourceBlob) -> bool:
        """Make a blob durable and tell whether it is new here.

        Raises:
            Damage: it has changed since it was found whole.
            ObjectExists, OutOfSpace, StoreReadOnly, StorageFailed.
        """
        if blob.sha256 in self._durable:
            return False  # another run named it too
        created = self._put(store, blob)
        self._durable.add(blob.sha256)
        return created

    def _put(self, store: Store, blob: SourceBlob) -> bool:
        if not blob.is_exact or blob.key.rpartition("/")[2] != blob.sha256:
            return store.objects.create(blob.key, self._read(blob.source_key))

        def accept(sha256: str, size: int) -> None:
            if sha256 != blob.sha256:
                raise _corrupt(blob.sha256)

        blocks = self._source.blocks(blob.source_key)
        return store.objects.create_blob(blocks, max_bytes=_ANY_SIZE, accept=accept).created

    def _sha256(self, key: str) -> str:
        hasher = digest.Sha256()
        try:
            for block in self._source.blocks(key):
                hasher.update(block)
        except (ObjectMissing, ObjectUnreadable) as error:
            raise _describe_unreadable(key, error) from None
        return hasher.hexdigest()

    def _read(self, key: str) -> bytes:
        try:
            return self._source.read(key)
        except (ObjectMissing, ObjectUnreadable) as error:
            raise _describe_unreadable(key, error) from None


def _describe_unreadable(key: str, error: ObjectMissing | ObjectUnreadable) -> Damage:
    return Damage("unreadable", f"{key.rpartition('/')[2]}: {error.detail}")


def _corrupt(sha256: str) -> Damage:
    return Damage("blob_corrupt", f"the run's blob {sha256} does not have the digest that is its name")
