"""What every object backend keeps, and the rules for keys; one contract suite tests them all.

The protocol has the verbs that a folder, a bucket or a dictionary can keep alike. What only a filesystem needs (fsync
of folders, temporary files, modification times) is the local backend's own business: it shows here as a promise
(`ensure_durable`, `clear_debris`) or as text that only the backend reads (`changed_since`).
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, Protocol, runtime_checkable

from rmos.errors.base import RmosError
from rmos.errors.store import ObjectMissing, ObjectUnreadable, StorageFailed

QUARANTINE: Final = "_quarantine"
"""Where damaged objects go, each under its own key."""
ATTACHMENTS: Final = "_attachments"
RENEWED: Final = "_renewed"
"""Where a bucket keeps that a blob was brought again, as `<sha256>/<random>`; it is no part of the record."""
PROBE: Final = "_probe"
"""Where a bucket is tested; what stands there was left by a test that died."""
MAX_OBJECT_BYTES: Final = 64 * 1024 * 1024
"""Largest record that is read whole; RMOS policy. Blobs are streamed and have no such limit."""

EntryKind = Literal["file", "directory", "link", "other"]
WorksWith = Literal["processes", "threads"]
"""What may share a backend's work: forked processes, or only threads of one process."""
ReadResult = bytes | ObjectMissing | ObjectUnreadable
"""An object's bytes, or the error in which reading it ended."""
CreateResult = bool | RmosError
"""What `create` returned for an object, or the error in which it ended."""


class NewObject(NamedTuple):
    """An object to be created."""

    key: str
    data: bytes


class NewBlob(NamedTuple):
    """Bytes that are durable under their SHA-256; `created` is False when they were there already."""

    sha256: str
    size: int
    created: bool


Accept = Callable[[str, int], None]
"""Is called with a blob's SHA-256 and size before it gets its name, and raises when it is not to be."""


NameBlob = Callable[[str], str]
"""Returns the key for bytes with a SHA-256, by default `key_of_digest`."""


def accept_all(sha256: str, size: int) -> None:
    """Accept every blob."""


class OpenObject(Protocol):
    """An object of any size, open for reading; the bytes that it has stay, whatever becomes of its name."""

    @property
    def size(self) -> int:
        """The length in bytes when it was opened."""

    def stamp(self) -> Hashable:
        """Return a value that differs whenever the bytes may: an ETag, a change time, the version of an object.

        Raises:
            ObjectUnreadable: the storage does not give it.
        """

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes from `offset` on, fewer only at the end.

        Raises:
            ObjectUnreadable: the storage does not give them.
        """

    def close(self) -> None:
        """Close the object; a second time does nothing."""


class FolderEntry(NamedTuple):
    """One name in a folder, and what stands there; links are never followed."""

    name: str
    kind: EntryKind


class Objects(Protocol):
    """Bytes under names: create exclusively, read, list, move aside.

    Three kinds of errors are kept apart. `ObjectMissing`, `ObjectUnreadable` and `ObjectExists` say something about
    one object. `StoreReadOnly`, `OutOfSpace` and `StoreUnusable` say that the storage answered and refused. Every
    method may raise `StorageFailed`: the storage failed or did not answer, so nothing is known of the object. It
    passes through the store as it is: it is no damage, no finding, and marks no row missing.
    """

    @property
    def root(self) -> str:
        """Where the objects are, in words for an operator; never shown to a client."""

    @property
    def works_with(self) -> WorksWith:
        """What a command may spread its work over; a backend that holds connections does not outlive a fork."""

    def prepare(self) -> None:
        """Make the root and check that objects can be created safely there.

        Raises:
            StoreUnusable: the storage lacks what durable exclusive creation needs.
            StoreReadOnly, OutOfSpace.
        """

    def exists(self) -> bool:
        """Tell whether the root is there."""

    # Writing

    def create(self, key: str, data: bytes) -> bool:
        """Make an object durable under a new name: True when made now, False when these bytes were there already.

        Raises:
            ObjectExists: other bytes stand under the name; nothing was changed.
            OutOfSpace, StoreReadOnly: nothing was acknowledged.
        """

    def create_many(self, new: Sequence[NewObject]) -> list[CreateResult]:
        """Make many objects durable together, no two under one key; return what `create` would have said of each.

        The results come in the order of the objects. One that is refused keeps no other from being made. When this
        returns, each object without an error is durable.
        """

    def create_blob(
        self,
        chunks: Iterable[bytes],
        *,
        max_bytes: int,
        accept: Accept = accept_all,
        name: NameBlob | None = None,
    ) -> NewBlob:
        """Make bytes durable under their SHA-256, hashed while they are written, in constant memory.

        Args:
            name: None makes a blob (`key_of_digest`); else the key is in no tree of blobs.

        What `chunks` and `accept` raise is passed on; then, as after every failure, nothing is left behind. A blob
        that stands there already becomes as young as a new one.

        Raises:
            PayloadTooLarge: there are more than `max_bytes`.
            ObjectExists: what stands under the digest has other bytes, so it is corrupt; nothing was changed.
            OutOfSpace, StoreReadOnly: nothing was acknowledged.
        """

    def ensure_durable(self, key: str) -> None:
        """Return once an object that was found is as durable as one that was created: its maker may have died before.

        Raises:
            OutOfSpace, StoreReadOnly: it must not be acknowledged.
        """

    def ensure_folder_durable(self, folder: str) -> None:
        """Do as `ensure_durable` for all objects directly in a folder, as a log does for what it found there.

        Raises:
            OutOfSpace, StoreReadOnly.
        """

    def quarantine(self, key: str) -> str:
        """Move what stands under the key aside and return its new key; its bytes stay as they are.

        Raises:
            ObjectMissing: nothing stands there.
            OutOfSpace, StoreReadOnly: it may stand in either place.
        """

    def erase(self, key: str) -> bool:
        """Remove an object for good: True when it stood there, False when it was gone already.

        For the artifact of a run whose hard delete is durable, and for nothing else.

        Raises:
            OutOfSpace, StoreReadOnly: it may still stand there.
        """

    def clear_debris(self, folder: str) -> int:
        """Remove what writers that died have left in a folder, never an object, and return how many.

        Below `_renewed` that is what says of a blob that it was brought again: for one that was moved aside.
        """

    # Reading

    def read(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissing: nothing stands under the key.
            ObjectUnreadable: not an object, no permission, or above `MAX_OBJECT_BYTES`.
        """

    def read_all(self, keys: Sequence[str]) -> list[ReadResult]:
        """Return many objects' bytes in the order of their keys; for one without bytes, the error that says so.

        A storage that failed or did not answer is raised: nothing is known of the object then.
        """

    def open(self, key: str) -> OpenObject:
        """Open an object of any size, to be read piece by piece.

        Raises:
            ObjectMissing, ObjectUnreadable: as `read`.
        """

    def digest(self, key: str) -> tuple[str, int]:
        """Return the SHA-256 and the size of an object of any size, in constant memory.

        Raises:
            ObjectMissing, ObjectUnreadable: as `read`.
        """

    def has(self, key: str) -> bool:
        """Tell whether anything stands under the key, readable or not."""

    def age_s(self, key: str) -> float | None:
        """Return how long ago the object was made or renewed, in seconds, or None when it is not there."""

    # Listing

    def entries(self, folder: str) -> Iterator[FolderEntry]:
        """Yield what stands in a folder (`""` is the root), in no order; an absent folder is empty.

        Raises:
            ObjectUnreadable: the folder cannot be listed.
        """

    def names(self, folder: str, beginning: str = "") -> list[str]:
        """Return the names in a folder that begin so, in no order, without looking at what they are.

        Raises:
            ObjectUnreadable: the folder cannot be listed.
        """

    def changed_since(self, key: str, token: str | None) -> str | None:
        """Return a new token when a folder's names, or an object, may have changed since a token was given, else None.

        Ask before listing or reading, and keep the token once all of that is done: what changes meanwhile is then seen
        the next time. A token is text that only the backend reads, and may be kept for years. A backend that cannot
        tell returns one always, as is done for None; None is returned only where nothing can have changed.
        """

    # State

    def writable(self) -> bool:
        """Tell whether writes are taken (False after the storage reported an error)."""

    def free_bytes(self) -> int | None:
        """Return how much space is left; None where there is no limit to ask for."""


@runtime_checkable
class Probeable(Protocol):
    """Storage whose promises are tested, since servers that speak the same protocol do not all keep them."""

    def probe(self) -> int:
        """Test everything that the store needs of it, and return how many creates were tried.

        Raises:
            StoreUnusable: it does not keep a promise; the message names it.
            StoreReadOnly, StorageUnavailable.
        """

    def keeps_versions(self) -> bool:
        """Tell whether what is erased stays there as an earlier version.

        Raises:
            StorageUnavailable.
        """


def read_or_error(read: Callable[[str], bytes], key: str) -> ReadResult:
    """Return what `read` returns for a key, or its error about the object; a failing storage is raised."""
    try:
        return read(key)
    except StorageFailed:
        raise  # also when it is an ObjectUnreadable as well: the object may be whole
    except (ObjectMissing, ObjectUnreadable) as error:
        return error


def create_or_error(create: Callable[[str, bytes], bool], new: NewObject) -> CreateResult:
    """Return what `create` returns for an object, or the error in which it ends."""
    try:
        return create(new.key, new.data)
    except RmosError as error:
        return error


def check_key(key: str) -> None:
    """Refuse a key that could lead out of the store.

    Raises:
        ObjectUnreadable: an empty, absolute or climbing key.
    """
    for part in key.split("/"):
        if not part or part in (".", "..") or "\x00" in part:
            raise ObjectUnreadable("The key is not the name of an object.")


def key_of_digest(sha256: str) -> str:
    """Return the key of the blob with this digest."""
    return f"{ATTACHMENTS}/{sha256[:2]}/{sha256[2:4]}/{sha256}"
