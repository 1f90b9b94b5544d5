"""What every object backend does, and the rules for keys; one contract suite tests them all."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, NamedTuple, Protocol

from rmos.errors.objects import ObjectUnreadable

QUARANTINE: Final = "_quarantine"
"""Where damaged objects go, each under its own key."""
ATTACHMENTS: Final = "_attachments"
MAX_OBJECT_BYTES: Final = 64 * 1024 * 1024
"""Largest record that is read whole; RMOS policy. Blobs are streamed and have no such limit."""
TEMPORARY_PREFIX: Final = ".tmp-"
TEMPORARY_MAX_AGE_S: Final = 3600
"""Only temporary files older than this are debris; younger ones may belong to a writer at work."""

EntryKind = Literal["file", "directory", "link", "other"]


class NewBlob(NamedTuple):
    """Bytes that are durable under their SHA-256; `created` is False when they were there already."""

    sha256: str
    size: int
    created: bool


Accept = Callable[[str, int], None]
"""Is told a blob's SHA-256 and size before it gets its name, and raises when it is not to be."""


def accept_all(sha256: str, size: int) -> None:
    """Let a blob be, whatever it is."""


class OpenObject(Protocol):
    """An object of any size, open for reading; the bytes that it has stay, whatever becomes of its name."""

    @property
    def size(self) -> int:
        """The length in bytes when it was opened."""

    def stamp(self) -> tuple[int, ...]:
        """Return what changes whenever the bytes may have: what was found whole under one stamp still is."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes from `offset` on, fewer only at the end.

        Raises:
            ObjectUnreadable: the disk does not give them.
        """

    def close(self) -> None:
        """Let go of it."""


class Entry(NamedTuple):
    """One name in a folder, and what stands there; links are never followed."""

    name: str
    kind: EntryKind


class Objects(Protocol):
    """Bytes under names: create exclusively, read, list, move aside."""

    @property
    def root(self) -> str:
        """Where the objects are, in words for an operator; never shown to a client."""

    def prepare(self) -> None:
        """Make the root and check that objects can be created safely there.

        Raises:
            StoreUnusable: the filesystem lacks what durable exclusive creation needs.
            StoreReadOnly, OutOfSpace, StorageFailed.
        """

    def exists(self) -> bool:
        """Tell whether the root is there."""

    def create(self, key: str, data: bytes) -> bool:
        """Make an object durable under a new name: True when made now, False when these bytes were there already.

        Raises:
            ObjectExists: other bytes stand under the name; nothing was changed.
            OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
        """

    def create_blob(self, chunks: Iterable[bytes], *, max_bytes: int, accept: Accept = accept_all) -> NewBlob:
        """Make bytes durable under their SHA-256, hashed while they are written, in constant memory.

        What `chunks` and `accept` raise is passed on; then, as after every failure, nothing is left behind. A blob
        that stands there already becomes as young as a new one.

        Raises:
            PayloadTooLarge: there are more than `max_bytes`.
            ObjectExists: what stands under the digest has other bytes, so it is damaged; nothing was changed.
            OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
        """

    def settle(self, key: str) -> None:
        """Make an object that was found as durable as one that was created: its maker may have died before that.

        Raises:
            OutOfSpace, StoreReadOnly, StorageFailed: it must not be acknowledged.
        """

    def read(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissing: nothing stands under the key.
            ObjectUnreadable: not a regular file, no permission, or above `MAX_OBJECT_BYTES`.
        """

    def open(self, key: str) -> OpenObject:
        """Open an object of any size, to be read piece by piece.

        Raises:
            ObjectMissing, ObjectUnreadable: as `read`.
        """

    def has(self, key: str) -> bool:
        """Tell whether anything stands under the key, readable or not."""

    def age_s(self, key: str) -> float | None:
        """Return how long ago the object was last modified, in seconds, or None when it is not there."""

    def entries(self, folder: str) -> Iterator[Entry]:
        """Give what stands in a folder (`""` is the root), in no order; an absent folder is empty."""

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, in no order, without looking at what they are."""

    def mtime_ns(self, key: str) -> int | None:
        """Return when an object, or a folder's list of names, last changed, or None when it is not there."""

    def digest(self, key: str) -> tuple[str, int]:
        """Return the SHA-256 and the size of an object of any size, in constant memory.

        Raises:
            ObjectMissing, ObjectUnreadable: as `read`.
        """

    def quarantine(self, key: str) -> str:
        """Move what stands under the key aside and return its new key; its bytes stay as they are."""

    def erase(self, key: str) -> bool:
        """Unlink an object and make that durable: True when it stood there, False when it was gone already.

        For the artifact of a run whose hard delete is durable, and for nothing else.

        Raises:
            OutOfSpace, StoreReadOnly, StorageFailed: it may still stand there.
        """

    def sweep(self, folder: str) -> int:
        """Unlink temporary files older than `TEMPORARY_MAX_AGE_S` and return how many."""

    def writable(self) -> bool:
        """Tell whether writes are taken (False after the disk reported an error)."""

    def free_bytes(self) -> int:
        """Return how much space is left."""


def check_key(key: str) -> None:
    """Refuse a key that could lead out of the store.

    Raises:
        ObjectUnreadable: an empty, absolute or climbing key.
    """
    for part in key.split("/"):
        if not part or part in (".", "..") or "\x00" in part:
            raise ObjectUnreadable("The key is not the name of an object.")
