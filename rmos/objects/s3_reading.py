"""Objects in a bucket, as they are read and listed: the half of `s3` that changes nothing.

    objects = S3Reading(S3Client(Bucket("recorder"), options))
    objects.read_all(["2025-12-23/run_….json", "2025-12-23/run_….000001.json"])

An object is not there only when the server says `NoSuchKey`: a HEAD cannot say it, so its 404 is asked for once more by
a GET. A folder is empty only where such a GET is understood. What a folder's names were at an earlier time a bucket
cannot tell, so every folder may have changed.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import obstore

from rmos.errors.store import ObjectMissing, ObjectUnreadable, StorageUnavailable
from rmos.objects.base import (
    MAX_OBJECT_BYTES,
    FolderEntry,
    ReadResult,
    WorksWith,
    check_key,
    read_or_error,
)
from rmos.objects.event_cache import EventCache
from rmos.objects.s3_answers import S3Answer, S3Error, read_failed
from rmos.objects.s3_client import Deadline, S3Client

READERS: Final = 16
"""Requests of one process at once; more are slower again (measured)."""
_UNKNOWN: Final = "unknown"

Item = TypeVar("Item")
Result = TypeVar("Result")


class S3Reading:
    """The objects below a prefix of a bucket; several threads may use them."""

    works_with: WorksWith = "threads"

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._events = EventCache()
        self._threads: tuple[int, ThreadPoolExecutor] | None = None

    @property
    def root(self) -> str:
        """The URL of the bucket and prefix."""
        return str(self._client.bucket)

    def exists(self) -> bool:
        """Tell whether the bucket is there; a prefix is there when a first object is."""
        path = self._client.path("_format.json")

        def ask(deadline: Deadline) -> bool:
            try:
                self._client.get(path, lambda result: None, deadline)
            except S3Error as error:
                if error.answer is S3Answer.NO_BUCKET:
                    return False
                if error.answer is not S3Answer.ABSENT:
                    raise
            return True

        return self._client.read(ask)

    # Reading

    def read(self, key: str) -> bytes:
        """Return an object's bytes; an event is asked for only once."""
        check_key(key)
        data = self._events.find(key)
        if data is None:
            data = self._client.fetch(self._client.path(key), self._new_receiver())
            self._events.add(key, data)
        return data

    def _new_receiver(self) -> Callable[["obstore.GetResult"], bytes]:
        take = self._client.etags.new_taker()

        def receive(result: "obstore.GetResult") -> bytes:
            if result.meta["size"] > MAX_OBJECT_BYTES:
                raise ObjectUnreadable("The object is too large to be a record.")
            return take(result)

        return receive

    def read_all(self, keys: Sequence[str]) -> list[ReadResult]:
        """Read many objects at once."""
        return self._spread(lambda key: read_or_error(self.read, key), keys)

    def _spread(self, ask: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Ask for many at once; for the first one in this thread, which would only wait for the others."""
        others = [self._pool().submit(ask, item) for item in items[1:]]
        try:
            return [*(ask(item) for item in items[:1]), *(other.result() for other in others)]
        finally:
            for other in others:
                other.cancel()  # after an error nobody wants the rest

    def _pool(self) -> ThreadPoolExecutor:
        pid = os.getpid()
        if self._threads is None or self._threads[0] != pid:  # threads do not pass a fork
            self._threads = pid, ThreadPoolExecutor(READERS, thread_name_prefix="s3-read")
        return self._threads[1]

    def has(self, key: str) -> bool:
        """Tell whether an object stands under the key."""
        return self._head(key) is not None

    def _head(self, key: str) -> "obstore.ObjectMeta | None":
        check_key(key)
        path = self._client.path(key)

        def ask(deadline: Deadline) -> "obstore.ObjectMeta | None":
            try:
                return self._client.head(path, deadline)
            except S3Error as error:
                if error.answer is not S3Answer.NOT_S3:
                    raise
            # A HEAD has no text that could say whether the object is missing or the bucket, or what answered.
            return self._client.get(path, lambda result: result.meta, deadline)

        try:
            return self._client.read(ask)
        except ObjectMissing:
            return None

    # Listing

    def entries(self, folder: str) -> Iterator[FolderEntry]:
        """Yield the names in a folder; one that is an object and a folder comes as both."""
        objects, folders = self._list_names(folder)
        yield from (FolderEntry(name, "file") for name in objects)
        yield from (FolderEntry(name, "directory") for name in folders)

    def names(self, folder: str, beginning: str = "") -> list[str]:
        """Return the names in a folder that begin so."""
        if beginning:
            return self._names_beginning(folder, beginning)
        objects, folders = self._list_names(folder)
        return list(dict.fromkeys(objects + folders))

    def _names_beginning(self, folder: str, beginning: str) -> list[str]:
        """Begin the listing just before the names that are asked for, and end it at the first other one."""
        prefix = self._prefix(folder)
        names: dict[str, None] = {}
        one = None
        try:
            for one in self._client.list_from(prefix.rstrip("/"), prefix + _name_before(beginning)):
                below = one["path"][len(prefix) :]
                if below.startswith(beginning):
                    names[below.partition("/")[0]] = None
                elif below > beginning:
                    break
        except S3Error as error:
            raise self._list_failed(error, folder) from None
        if one is None:
            self._require_s3()
        return list(names)

    def _list_names(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of objects in a folder, and of folders."""
        found = self._list(folder)
        prefix = self._prefix(folder)
        start = len(prefix)
        paths = (one["path"] for one in found["objects"])
        # Another one is the empty object that stands for the folder in some programs.
        objects = [path[start:] for path in paths if path.startswith(prefix)]
        return objects, [below[start:] for below in found["common_prefixes"]]

    def _list(self, folder: str) -> "obstore.ListResult[Any]":
        try:
            found = self._client.ask_again(
                lambda deadline: self._client.list_folder(self._prefix(folder).rstrip("/"), deadline)
            )
        except S3Error as error:
            raise self._list_failed(error, folder) from None
        if not found["objects"] and not found["common_prefixes"]:
            self._require_s3()
        return found

    def _require_s3(self) -> None:
        """Ask something that only S3 can answer: a page of a web server reads as an empty listing to the library.

        Raises:
            StorageUnavailable: what answers is no S3, or there is no bucket.
        """
        if not self.exists():
            raise StorageUnavailable("The bucket of the store is not there.")

    def _list_failed(self, error: S3Error, folder: str) -> Exception:
        """Return what it means that a folder cannot be listed; one foreign key is enough for that."""
        if error.answer is S3Answer.BAD_NAME:
            where = f"below {folder}/" if folder else "at the top of the store"
            return ObjectUnreadable(
                f"The key {error.code} {where} in the bucket cannot be listed: RMOS wrote none with '..', '//' or a "
                "control character. Look at it with the tools of the storage, and remove it there."
            )
        failed = read_failed(error)
        return StorageUnavailable("The folder cannot be listed.") if isinstance(failed, ObjectMissing) else failed

    def changed_since(self, key: str, token: str | None) -> str | None:
        """Return a token always: a bucket has no times of folders."""
        return _UNKNOWN

    def free_bytes(self) -> int | None:
        """Return None: a bucket says of no limit."""
        return None

    def _prefix(self, folder: str) -> str:
        path = self._client.path(folder)
        return f"{path}/" if path else ""


def _name_before(beginning: str) -> str:
    """Return a text that sorts before all names that begin so, and after most that do not."""
    last = ord(beginning[-1])
    if last <= ord("!") or 0xDFFF < last <= 0xE000:  # no text of one character stands before these
        return beginning[:-1]
    return f"{beginning[:-1]}{chr(last - 1)}~"
