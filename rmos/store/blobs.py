"""Blobs: bytes under their SHA-256, of any size, written once. Those of the legacy system may carry an extension.

    blob = blobs.put(chunks, max_bytes=64 * 1024 * 1024)    # hashed while written; the same bytes again are a success
    with blobs.open(blob.sha256) as found:                  # hashed before the first byte is given
        found.read_at(0, 64 * 1024)

A damaged blob is never given out. Hashing a large file for every reader would cost more than reading it, so what was
found whole is cached under the digest and the stamp of the open object, which no later write leaves as it was.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from types import TracebackType
from typing import Final, NamedTuple

import msgspec

from rmos import digest, ids
from rmos.errors.files import AttachmentNotFound
from rmos.errors.store import (
    ObjectExists,
    ObjectMissing,
    ObjectUnreadable,
    StorageFailed,
    StorageUnavailable,
)
from rmos.objects.base import Accept, NewBlob, Objects, OpenObject, accept_all
from rmos.store.layout import blob_folder_key
from rmos.store.legacy import is_legacy_json
from rmos.store.records import Damage, describe_unreadable, raise_problem

BLOCK_BYTES: Final = 256 * 1024
"""How much of a blob is in memory at once."""
LARGEST_JSON_BYTES: Final = 16 * 1024 * 1024
"""A JSON blob above this size is not parsed to see whether the legacy system named it; RMOS policy."""
_REMEMBERED: Final = 4096
_ATTEMPTS: Final = 3
"""How often a blob is hashed whose stamp changes meanwhile: it settles once all of the file was seen."""


class Verified(msgspec.Struct, frozen=True):
    """Whether a blob is whole, else `missing`, `damaged` or `unreadable`."""

    sha256: str
    ok: bool
    error: str | None


class _Whole(NamedTuple):
    """A blob that was found whole: how long it is, and whether its name is the SHA-256 of these very bytes."""

    size: int
    exact: bool


class OpenBlob:
    """A blob that was found whole, open for reading."""

    def __init__(self, sha256: str, opened: OpenObject, *, size: int, exact: bool) -> None:
        self.sha256 = sha256
        self.size = size
        self.exact = exact
        """Whether its name is the SHA-256 of these very bytes, as it is but for JSON of the legacy system."""
        self._opened = opened

    def read_at(self, offset: int, length: int) -> bytes:
        """Return bytes from an offset on, fewer only at the end."""
        try:
            return self._opened.read_at(offset, length)
        except ObjectUnreadable as error:
            raise_problem(describe_unreadable(error, "the attachment: "))

    def blocks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Give the bytes from `start` to before `end`, block by block, and close the blob."""
        with self:
            stop = self.size if end is None else end
            while start < stop and (block := self.read_at(start, min(BLOCK_BYTES, stop - start))):
                yield block
                start += len(block)

    def __enter__(self) -> "OpenBlob":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the blob."""
        self._opened.close()


class Blobs:
    """The blobs of one store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._whole: OrderedDict[tuple[str, Hashable], _Whole] = OrderedDict()
        self._turn = threading.Lock()

    def put(self, chunks: Iterable[bytes], *, max_bytes: int, accept: Accept = accept_all) -> NewBlob:
        """Make bytes durable under their digest; what `chunks` and `accept` raise is passed on and leaves nothing.

        Raises:
            PayloadTooLarge: there are more than `max_bytes`.
            Damage: what stands under the digest has other bytes.
            OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
        """
        try:
            return self._objects.create_blob(chunks, max_bytes=max_bytes, accept=accept)
        except ObjectExists as error:
            raise Damage("blob_corrupt", error.detail) from None
        except ObjectUnreadable as error:
            raise StorageFailed(f"{error.detail} Run `rmos verify`.") from None

    def put_bytes(self, data: bytes) -> NewBlob:
        """Make bytes that are in memory durable under their digest."""
        return self.put([data], max_bytes=len(data))

    def open(self, sha256: str) -> OpenBlob:
        """Open a blob and make sure that it is whole.

        Raises:
            AttachmentNotFound: there is none, or this is no digest.
            Damage: its bytes are not those that its name says.
            StorageUnavailable: they cannot be read.
        """
        try:
            key = blob_key(self._objects, sha256) if ids.SHA256.fullmatch(sha256) else None
            if key is None:
                raise AttachmentNotFound("There is no attachment with this digest.")
            opened = self._objects.open(key)
        except ObjectMissing:
            raise AttachmentNotFound("There is no attachment with this digest.") from None
        except ObjectUnreadable as error:
            raise_problem(describe_unreadable(error, "the attachment: "))
        try:
            whole = self._require_whole(opened, sha256)
        except BaseException as error:  # whatever it is: nobody else closes the file any more
            opened.close()
            if isinstance(error, ObjectUnreadable):
                raise_problem(describe_unreadable(error, "the attachment: "))
            raise
        return OpenBlob(sha256, opened, size=whole.size, exact=whole.exact)

    def read(self, sha256: str) -> bytes:
        """Return a blob's bytes at once.

        Raises:
            AttachmentNotFound, Damage: as `open`.
        """
        with self.open(sha256) as blob:
            return b"".join(blob.blocks())

    def verify(self, sha256: str) -> Verified:
        """Hash a blob where the storage has it, without the digests that are cached, and return how it is.

        Raises:
            StorageFailed: the storage does not answer, so nothing is known of it.
        """
        try:
            key = blob_key(self._objects, sha256) if ids.SHA256.fullmatch(sha256) else None
            if key is None:
                return Verified(sha256, False, "missing")
            found, size = self._objects.digest(key)
            whole = found == sha256 or (size <= LARGEST_JSON_BYTES and is_legacy_json(self._objects.read(key), sha256))
        except ObjectMissing:
            return Verified(sha256, False, "missing")
        except ObjectUnreadable:
            return Verified(sha256, False, "unreadable")
        return Verified(sha256, whole, None if whole else "damaged")

    def _require_whole(self, opened: OpenObject, sha256: str) -> _Whole:
        """Return what is known of the bytes once they hold.

        A stamp that is another one after the hashing may have been an old one before it: FUSE and NFS learn by reading
        how long a file is and when it changed. Then it is hashed once more under the new one. What is brought again
        and again meanwhile has a new stamp each time: that is no damage, but what is read next may be other bytes.

        Raises:
            Damage, ObjectUnreadable.
            StorageUnavailable: its bytes hold, and it changes all the time.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            stamp = opened.stamp()
            with self._turn:
                known = self._whole.get((sha256, stamp))
                if known is not None:
                    self._whole.move_to_end((sha256, stamp))
                    return known
            found, size = _sha256(opened)
            whole = found == sha256 or _is_named_by_legacy_json(opened, size, sha256)
            is_settled = opened.stamp() == stamp
            if not is_settled and attempt < _ATTEMPTS:
                continue
            if not whole:
                break
            known = _Whole(size, found == sha256)
            if not is_settled:
                raise StorageUnavailable("The attachment is being written again just now.")
            with self._turn:
                self._whole[sha256, stamp] = known
                if len(self._whole) > _REMEMBERED:
                    self._whole.popitem(last=False)
            return known
        raise Damage("blob_corrupt", "The attachment's bytes do not have its digest; run `rmos verify`.")


def _sha256(opened: OpenObject) -> tuple[str, int]:
    """Return the digest and the length of an object, read to its end whatever its size is said to be."""
    hasher, offset = digest.Sha256(), 0
    while block := opened.read_at(offset, BLOCK_BYTES):
        hasher.update(block)
        offset += len(block)
    return hasher.hexdigest(), offset


def _is_named_by_legacy_json(opened: OpenObject, size: int, sha256: str) -> bool:
    """Tell whether the legacy system named a JSON blob, after the compact form of the value that it holds."""
    return size <= LARGEST_JSON_BYTES and is_legacy_json(opened.read_at(0, size), sha256)


def blob_key(objects: Objects, sha256: str) -> str | None:
    """Return the key of a blob, or None when no blob has this digest."""
    folder = blob_folder_key(sha256)
    plain = f"{folder}/{sha256}"
    if objects.has(plain):
        return plain
    names = sorted(name for name in objects.names(folder) if name.startswith(sha256 + "."))
    return f"{folder}/{names[0]}" if names and not names[0].endswith(".tmp") else None
