"""Blobs in a bucket: sent as one PUT of a mapped file once they are hashed, downloaded once to be read.

    blobs = S3Blobs(client, spool, note_version)
    blobs.create_blob(chunks, max_bytes=64 * 1024 * 1024)       # hashed into the spool, accepted, then sent
    blobs.open(key).read_at(0, 64 * 1024)                  # from the spool, whose bytes have the digest

A blob is as young as it was last brought. Nothing is written over in a bucket, so who brings bytes that stand there
already leaves a witness, an empty object `_renewed/<sha256>/<random>`, and looks at the blob *after* that. Who
clears away looks for witnesses *after* a blob was moved aside. So one of the two sees the other, whoever comes first.
"""

import math
import secrets
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from rmos import ids
from rmos.digest import Md5, Sha256, Sha256Beside
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectExists, OutOfSpace
from rmos.objects.base import (
    ATTACHMENTS,
    QUARANTINE,
    RENEWED,
    Accept,
    NameBlob,
    NewBlob,
    OpenObject,
    accept_all,
    check_key,
    key_of_digest,
)
from rmos.objects.opened import OpenFile
from rmos.objects.s3_answers import NO_ANSWER, S3Answer, S3Error, write_failed
from rmos.objects.s3_client import Deadline, S3Client
from rmos.objects.s3_creating import create_settled
from rmos.objects.s3_ranges import OpenRanges
from rmos.objects.spool import Spool

if TYPE_CHECKING:
    from obstore import GetResult


MAX_BLOB_BYTES: Final = 5 * 1024**3
"""What one PUT takes, of AWS and of others."""
_CHUNK_BYTES: Final = 1024 * 1024
_FETCHING_S: Final = 10.0
"""How long to wait for another process of this host that downloads the same blob."""


class S3Blobs:
    """The blobs of one bucket; several threads may use it."""

    def __init__(self, client: S3Client, spool: Spool, note_version: Callable[[str | None], None]) -> None:
        self._client = client
        self._spool = spool
        self._note_version = note_version

    def prepare(self) -> None:
        """Make the spool.

        Raises:
            OutOfSpace, StorageFailed.
        """
        self._spool.prepare()

    # Writing

    def create_blob(
        self,
        chunks: Iterable[bytes],
        *,
        max_bytes: int,
        accept: Accept = accept_all,
        name: NameBlob | None = None,
    ) -> NewBlob:
        """Make bytes durable under their SHA-256, as `Objects.create_blob` says; nothing is sent before `accept`.

        Raises:
            PayloadTooLarge, ObjectExists, OutOfSpace, StoreReadOnly, StorageFailed.
        """
        max_bytes = min(max_bytes, MAX_BLOB_BYTES)
        size = 0
        with self._spool.new_file() as file, Sha256Beside() as hashing:
            for chunk in chunks:
                size += len(chunk)
                if size > max_bytes:
                    raise PayloadTooLarge(f"The file is above the limit of {max_bytes} bytes.", limit_bytes=max_bytes)
                hashing.update(chunk)
                file.write(chunk)
            sha256 = hashing.hexdigest()
            accept(sha256, size)
            key = (name or key_of_digest)(sha256)
            check_key(key)
            created = self._publish(self._client.path(key), file.map(), sha256, size, renew=name is None)
        return NewBlob(sha256, size, created)

    def _publish(self, path: str, data: Any, sha256: str, size: int, *, renew: bool) -> bool:
        """Send a blob until it stands; False when these bytes stood there before."""
        seen: set[str] = set()
        is_young = not renew

        def has_bytes(result: "GetResult") -> bool:
            return result.meta["size"] == size and self._hash(result, sha256, seen)[0] == sha256

        def compare(deadline: Deadline) -> bool:
            nonlocal is_young
            if not is_young:
                self._renew(sha256, deadline)
                is_young = True
            return self._client.get(path, has_bytes, deadline, size=size)

        try:
            return create_settled(self._client, path, data, compare, note_version=self._note_version)
        except ObjectExists:
            raise ObjectExists("The attachment that stands under this digest is corrupt.") from None

    def _renew(self, sha256: str, deadline: Deadline) -> None:
        """Leave a witness that a blob was brought again.

        Raises:
            S3Error: it may not stand there.
        """
        path = self._client.path(f"{RENEWED}/{sha256}/{secrets.token_hex(8)}")
        try:
            self._note_version(self._client.put_new(path, b"", deadline))
        except S3Error as error:
            if error.answer in NO_ANSWER:
                raise
            if error.answer is not S3Answer.EXISTS:  # else the library has sent it twice by itself
                raise write_failed(error) from None

    def forget_renewals(self, sha256: str) -> int:
        """Delete the witnesses of a blob that was moved aside, and return how many there were.

        Raises:
            StorageUnavailable, StoreReadOnly: some may stand there still.
        """
        found = self._list_renewals(sha256)
        for path in found:
            try:
                self._client.delete(path, self._client.deadline())
            except S3Error as error:
                raise write_failed(error) from None
        return len(found)

    # Reading

    def open(self, key: str) -> OpenObject:
        """Open an object of any size; a blob is downloaded once by this host, or read where it is if the spool is full.

        A blob that is here is not asked for again: whatever becomes of it in the bucket, these bytes have its digest.

        Raises:
            ObjectMissing, ObjectUnreadable, StorageUnavailable.
        """
        check_key(key)
        try:
            return self._open_here(key)
        except OutOfSpace:
            return OpenRanges(self._client, self._client.path(key))

    def _open_here(self, key: str) -> OpenFile:
        sha256 = digest_of_key(key)
        if sha256 is None or not key.startswith(f"{ATTACHMENTS}/"):
            return self.download(key, None)
        opened = self._spool.find(sha256)
        if opened is None:
            with self._spool.fetching(sha256, wait_s=_FETCHING_S):
                opened = self._spool.find(sha256) or self.download(key, sha256)
        return opened

    def download(self, key: str, sha256: str | None = None) -> OpenFile:
        """Return an object of any size, whole and open, as the bucket has it now.

        Args:
            sha256: the digest that it should have; other bytes are asked for once more.
        """
        seen: set[str] = set()

        def receive(result: "GetResult") -> OpenFile:
            with self._spool.new_file() as file:
                found, _ = self._hash(result, sha256, seen, file.write)
                return self._spool.keep(file, found)  # under the digest that it has

        opened = self._client.fetch(self._client.path(key), receive)
        self._client.observer.spool_bytes(self._spool.held_bytes)
        return opened

    def digest(self, key: str, sha256: str | None = None) -> tuple[str, int]:
        """Return the SHA-256 and the size of an object as it is in the bucket.

        Args:
            sha256: as for `download`; None is the digest that the key says.

        Raises:
            ObjectMissing, ObjectUnreadable, StorageUnavailable.
        """
        check_key(key)
        expected, seen = sha256 or digest_of_key(key), set[str]()
        return self._client.fetch(self._client.path(key), lambda result: self._hash(result, expected, seen))

    def _hash(
        self,
        result: "GetResult",
        expected: str | None,
        seen: set[str],
        write: Callable[[bytes], None] | None = None,
    ) -> tuple[str, int]:
        """Return the SHA-256 and the size of an object, whose bytes may be written somewhere on the way.

        Args:
            expected: the SHA-256 that it should have; None asks the ETag, as nothing else says what the server has.
            seen: what came in earlier tries: other bytes than expected are believed when they come twice.

        Raises:
            S3Error: it is to be read again, as its bytes may have been spoiled on their way.
        """
        hashing, md5, size = Sha256(), Md5(), 0
        for chunk in result.stream(min_chunk_size=_CHUNK_BYTES):
            hashing.update(chunk)
            size += len(chunk)
            if expected is None:
                md5.update(chunk)
            if write is not None:
                write(chunk)
        found = hashing.hexdigest()
        if expected is None:
            self._client.etags.require_fit(md5.hexdigest(), result.meta["e_tag"], seen)
        elif found != expected and found not in seen:
            seen.add(found)
            raise S3Error(S3Answer.AMBIGUOUS, "other bytes than expected")
        return found, size

    # Age

    def age_s(self, key: str, made_s: float) -> float:
        """Return how long ago a blob was made or renewed, in seconds.

        Args:
            made_s: when the object was made, in seconds since 1970. A blob that was moved aside is an object made
                then, which says nothing of its age: it is infinitely old unless it was renewed.
        """
        sha256 = digest_of_key(key)
        times = [-math.inf if key.startswith(f"{QUARANTINE}/") else made_s]
        if sha256 is not None:
            times += self._list_renewals(sha256).values()
        return time.time() - max(times)

    def _list_renewals(self, sha256: str) -> dict[str, float]:
        """Return the witnesses of a blob, each with its time by the clock of the server, as the blob itself has one."""
        folder = self._client.path(f"{RENEWED}/{sha256}")
        listed = self._client.read(lambda deadline: self._client.list_folder(folder, deadline))
        return {found["path"]: found["last_modified"].timestamp() for found in listed["objects"]}


def digest_of_key(key: str) -> str | None:
    """Return the SHA-256 by which a key is named, or None when it is the key of no blob.

    One of the legacy system may have an extension, and one that was moved aside a number.
    """
    folder, _, name = key.rpartition("/")
    if folder.removeprefix(f"{QUARANTINE}/").startswith(ATTACHMENTS) and ids.SHA256.fullmatch(name[:64]):
        return name[:64]
    return None
