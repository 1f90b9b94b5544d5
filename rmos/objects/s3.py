"""Objects in a bucket of object storage, write-once, for any number of hosts.

    objects = S3Objects(Bucket("recorder", "shop"), options, Spool(options.spool_dir))
    objects.prepare()                                    # the bucket is tested, not believed
    objects.create("2025-12-23/run_….json", data)

Creating is one PUT that the server refuses when the name is taken; 200 is durable, so there is nothing to fsync. A host
that dies before the response leaves an object that was not acknowledged, whole or not at all. A deleted object cannot
be deleted on a condition everywhere, so whoever moves one aside or erases one holds the lock of the index.

`s3_client` sends requests, `s3_answers` knows what responses say, `s3_creating` settles what was not said,
`s3_reading` is the half that changes nothing, `s3_blobs` has what is large, and `s3_probe` tests a bucket.
"""

import contextlib
import logging
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import obstore

from rmos.errors.base import RmosError
from rmos.errors.installation import StoreUnusable
from rmos.errors.store import ObjectExists, ObjectMissing, StorageUnavailable, StoreReadOnly
from rmos.objects.base import (
    PROBE,
    QUARANTINE,
    RENEWED,
    Accept,
    CreateResult,
    NameBlob,
    NewBlob,
    NewObject,
    OpenObject,
    accept_all,
    check_key,
    create_or_error,
)
from rmos.objects.s3_blobs import S3Blobs
from rmos.objects.s3_client import DEFAULT_LIMITS, Deadline, RequestLimits, S3Client
from rmos.objects.s3_creating import create_settled, delete_settled
from rmos.objects.s3_probe import Probe
from rmos.objects.s3_reading import S3Reading
from rmos.objects.spool import Spool
from rmos.observer import Observer
from rmos.place import Bucket, S3Options

log = logging.getLogger(__name__)

_FORMAT: Final = "_format.json"
_COPY_BYTES: Final = 1024 * 1024


class S3Objects(S3Reading):
    """The objects below a prefix of a bucket; several threads may use them."""

    def __init__(
        self, bucket: Bucket, options: S3Options, spool: Spool, *, limits: RequestLimits = DEFAULT_LIMITS
    ) -> None:
        super().__init__(S3Client(bucket, options, limits=limits))
        self._probe = Probe(self._client)
        self._blobs = S3Blobs(self._client, spool, self._note_version)
        self._turn = threading.Lock()
        self._are_versions_tested = False
        self._refusal: str | None = None
        """Why no writes are taken, once the bucket was found to replace objects."""

    @property
    def observer(self) -> Observer:
        """Who counts the requests."""
        return self._client.observer

    @observer.setter
    def observer(self, observer: Observer) -> None:
        self._client.observer = observer

    def prepare(self) -> None:
        """Test that the bucket refuses a name that is taken: briefly where a store is, else in full."""
        self._blobs.prepare()
        if not self.exists():
            raise StoreUnusable(f"There is no bucket {self._client.bucket.name}: make it, or name the right one.")
        try:
            founded = self.read(_FORMAT)
        except ObjectMissing:
            self._probe.run()
        else:
            self._probe.check_refuses(_FORMAT, founded)

    def probe(self) -> int:
        """Test the bucket in full, as at the first start of a store, and return how many creates were tried.

        Raises:
            StoreUnusable: it does not keep a promise that the store needs; the message names it.
            StoreReadOnly, StorageUnavailable.
        """
        return self._probe.run()

    def keeps_versions(self) -> bool:
        """Tell whether the founding object, which is always there, has the id of a version."""
        path = self._client.path(_FORMAT)
        try:
            version = self._client.fetch(path, lambda result: result.meta["version"])
        except ObjectMissing:
            return False
        return version not in (None, "null")  # what it says of an object from before there were versions

    def writable(self) -> bool:
        """Tell whether writes are taken: the storage answers, and was not found to replace objects.

        A host that nobody sends requests to while it says no has to find out by itself that the storage is back.
        """
        if self._client.breaker.is_open:
            self._pool().submit(self._ask_whether_back)
        return self._refusal is None and not self._client.breaker.is_open

    # Creating

    def create(self, key: str, data: bytes) -> bool:
        """Make an object under a new name (see the module)."""
        check_key(key)
        self._refuse_after_replacing()
        path, take = self._client.path(key), self._client.etags.new_taker()

        def has_bytes(result: "obstore.GetResult") -> bool:
            return result.meta["size"] == len(data) and take(result) == data

        def compare(deadline: Deadline) -> bool:
            return self._client.get(path, has_bytes, deadline, size=len(data))

        return create_settled(self._client, path, data, compare, note_version=self._note_version)

    def create_many(self, new: Sequence[NewObject]) -> list[CreateResult]:
        """Make many objects, by as many PUTs at once as the process reads at once."""
        return self._spread(lambda one: create_or_error(self.create, one), new)

    def create_blob(
        self,
        chunks: Iterable[bytes],
        *,
        max_bytes: int,
        accept: Accept = accept_all,
        name: NameBlob | None = None,
    ) -> NewBlob:
        """Make bytes durable under their SHA-256, through the spool of this host."""
        self._refuse_after_replacing()
        return self._blobs.create_blob(chunks, max_bytes=max_bytes, accept=accept, name=name)

    def open(self, key: str) -> OpenObject:
        """Open an object, which is downloaded into the spool first."""
        check_key(key)
        return self._blobs.open(key)

    def ensure_durable(self, key: str) -> None:
        """Return at once: what a bucket shows is durable."""
        check_key(key)
        self._refuse_after_replacing()

    def ensure_folder_durable(self, folder: str) -> None:
        """Return at once: what a bucket shows is durable."""
        self._refuse_after_replacing()

    def _ask_whether_back(self) -> None:
        with contextlib.suppress(RmosError):
            self.exists()

    def _refuse_after_replacing(self) -> None:
        if self._refusal is not None:
            raise StoreReadOnly(self._refusal)

    def _note_version(self, version: str | None) -> None:
        """Test the bucket anew at the first version it gives: some servers replace objects once there are versions.

        Raises:
            StoreReadOnly: it does, so nothing is acknowledged any more, nor the object just written.
        """
        if version is None:
            return
        with self._turn:
            if self._are_versions_tested:
                return
            self._refuse_after_replacing()
            try:
                self._probe.run()
            except StoreUnusable as error:
                log.critical("the bucket keeps versions now, and %s", error.detail)
                self._refusal = (
                    f"The bucket was made to keep versions, and with them it replaces objects: {error.detail}"
                )
                raise StoreReadOnly(self._refusal) from None
            self._are_versions_tested = True

    # Reading, where blobs differ

    def digest(self, key: str) -> tuple[str, int]:
        """Return the SHA-256 and the size of an object; a blob that has another digest than its name is read twice."""
        return self._blobs.digest(key)

    def age_s(self, key: str) -> float | None:
        """Return how long ago an object was made, and a blob also when it was last brought again."""
        head = self._head(key)
        return None if head is None else self._blobs.age_s(key, head["last_modified"].timestamp())

    # Moving aside and removing

    def quarantine(self, key: str) -> str:
        """Copy what stands under the key to `_quarantine/<key>`, read it back, then delete it.

        Cut off in between, both stand, and doing it again goes on: a copy with the same bytes is found again.
        """
        check_key(key)
        self._refuse_after_replacing()
        head = self._head(key)
        if head is None:
            raise ObjectMissing("There is no such object.")
        opened = self._blobs.download(key)
        target, attempt = f"{QUARANTINE}/{key}", 1
        while (copy := self._copy(opened, target)) is None:
            attempt += 1
            target = f"{QUARANTINE}/{key}~{attempt}"
        if self._blobs.digest(target, copy.sha256) != (copy.sha256, copy.size):
            raise StorageUnavailable("The copy in quarantine does not read back; the object stays where it is.")
        self._delete(key, made=head["last_modified"])
        return target

    def _copy(self, opened: OpenObject, target: str) -> NewBlob | None:
        """Make a copy of an open object under a key, or return None when other bytes stand there."""
        chunks = (opened.read_at(offset, _COPY_BYTES) for offset in range(0, opened.size, _COPY_BYTES))
        try:
            return self._blobs.create_blob(chunks, max_bytes=opened.size, name=lambda sha256: target)
        except ObjectExists:
            return None

    def erase(self, key: str) -> bool:
        """Delete an object; the server has to say that it is gone."""
        check_key(key)
        self._refuse_after_replacing()
        if not self.has(key):
            return False
        self._delete(key)
        return True

    def _delete(self, key: str, *, made: datetime | None = None) -> None:
        delete_settled(self._client, self._client.path(key), made=made)
        self._events.drop(key)

    def clear_debris(self, folder: str) -> int:
        """Remove what probes that died have left; writers leave nothing, as an object comes whole or not at all."""
        if folder.startswith(f"{RENEWED}/"):
            return self._blobs.forget_renewals(folder.removeprefix(f"{RENEWED}/"))
        return self._probe.clear() if folder == PROBE else 0
