"""Requests to one bucket: their connections, their time, how often they are sent, and what became of each.

    client = S3Client(Bucket("recorder", "shop"), options)
    client.put_new("shop/2025-12-23/run_….json", data, client.deadline())       # once
    client.fetch("shop/_format.json", lambda result: result.bytes())            # up to three times

There is one kind of write: one PUT that is refused when the name is taken, with a signed digest of its bytes. The
library never sends it again by itself, or it would be told "taken" by its own first try. Reads are sent again. Every
operation has one deadline that bounds all its tries, since what waits for it has patience for one.

Connections are made at the first request of a process. The library cannot be carried over a fork: a child of a process
that has used it would hang, so it is told so instead.
"""

import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeVar

import obstore
from obstore.store import S3Store

from rmos.errors.base import RmosError
from rmos.errors.installation import ConfigError, StoreUnusable
from rmos.objects.breaker import FAILURES, OPEN_S, Breaker
from rmos.objects.s3_answers import ERRORS, NO_ANSWER, S3Answer, S3Error, read_error, read_failed
from rmos.objects.s3_etags import ETags
from rmos.observer import NO_OBSERVER, Observer
from rmos.place import Bucket, S3Options

Result = TypeVar("Result")

LONG_BYTES: Final = 2 * 1024 * 1024
"""Objects from this size on get time by their size."""
_BYTES_A_SECOND: Final = 1_000_000
"""The slowest line on which a large object still passes."""
_READ_TRIES: Final = 3
_LEAST_S: Final = 0.125
_PAGE: Final = 1000
_PAGE_RETRIES: Final = 2
"""How often the library asks again for one page, since a whole list may take long."""

_used_in: set[int] = set()
"""The process that has used the library; a fork inherits the number of another one."""


class RequestLimits(NamedTuple):
    """How long things may take, in seconds, and when the storage counts as away."""

    operation_s: float = 10.0
    """One operation with all its tries."""
    request_s: float = 5.0
    connect_s: float = 2.0
    large_s: float = 30.0
    """One request with a large object, besides a second for each megabyte."""
    pause_s: float = 0.1
    """Before the second try; later ones wait longer, up to ten times that."""
    failures: int = FAILURES
    """Requests in a row without an answer after which none is sent for a while."""
    away_s: float = OPEN_S
    """How long that while is."""


DEFAULT_LIMITS: Final = RequestLimits()


class Deadline:
    """When an operation has to have ended, whatever it tries until then."""

    def __init__(self, seconds: float, clock: Callable[[], float], pause_s: float) -> None:
        self._clock = clock
        self._end = clock() + seconds
        self._pause_s = pause_s
        self._max_pause_s = 10 * pause_s

    def left_s(self) -> float:
        """Return the seconds that are left."""
        return self._end - self._clock()

    def next_pause_s(self) -> float:
        """Return how long to wait before the next try: longer each time, never the same for two callers."""
        pause, self._pause_s = self._pause_s, min(2 * self._pause_s, self._max_pause_s)
        return pause * random.uniform(0.5, 1.0)


class LargeObject(Exception):
    """An object needs more time than it was given; never leaves the object layer."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class S3Client:
    """Requests to one bucket; several threads may use it."""

    def __init__(
        self,
        bucket: Bucket,
        options: S3Options,
        *,
        limits: RequestLimits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.bucket = bucket
        self.options = options
        self.limits = limits
        self.observer: Observer = NO_OBSERVER
        self.breaker = Breaker(
            clock,
            lambda is_open: self.observer.breaker(is_open),
            failures=limits.failures,
            open_s=limits.away_s,
        )
        self.etags = ETags()
        self._clock = clock
        self._sleep = sleep
        self._turn = threading.Lock()
        self._pid = 0
        self._stores: dict[tuple[float, int], S3Store] = {}

    def path(self, key: str) -> str:
        """Return the key in the bucket of a key in the store."""
        return f"{self.bucket.prefix}/{key}".strip("/") if self.bucket.prefix else key

    def deadline(self, size: int = 0) -> Deadline:
        """Return the deadline of an operation that begins now, with an object of some size."""
        large_s = 0.0 if size < LONG_BYTES else self._request_s(size)
        return Deadline(self.limits.operation_s + large_s, self._clock, self.limits.pause_s)

    # Requests, each sent once; all raise S3Error, and StorageUnavailable while the breaker is open

    def put_new(self, path: str, data: Any, deadline: Deadline) -> str | None:
        """Make an object under a new name; return the version's id that a versioned bucket gave it."""
        size = memoryview(data).nbytes
        put = self._ask("PUT", path, deadline, lambda store: obstore.put(store, path, data, mode="create"), size=size)
        return put["version"]

    def get(
        self,
        path: str,
        receive: Callable[["obstore.GetResult"], Result],
        deadline: Deadline,
        *,
        size: int = 0,
        refuse_large: bool = False,
    ) -> Result:
        """Return what `receive` makes of an object, whose bytes are still on their way when it is called.

        Args:
            size: what is to be received; it has time by that.
            refuse_large: raise LargeObject, with nothing received, when that time is too short for the object.
        """

        def request(store: S3Store) -> Result:
            result = obstore.get(store, path)
            self.etags.require_kind(result.meta["e_tag"])
            if "Content-Encoding" in result.attributes:  # none was asked for, so somebody on the way packs bodies
                raise S3Error(S3Answer.NOT_S3, "a response in another encoding")
            if refuse_large and result.meta["size"] >= LONG_BYTES:
                raise LargeObject(result.meta["size"])
            return receive(result)

        return self._ask("GET", path, deadline, request, size=size)

    def get_range(self, path: str, start: int, end: int, e_tag: str | None, deadline: Deadline) -> bytes:
        """Return the bytes from `start` to before `end` of an object that has an ETag."""

        def request(store: S3Store) -> bytes:
            data = obstore.get(store, path, options={"range": (start, end), "if_match": e_tag}).bytes().to_bytes()
            if len(data) != end - start:
                raise S3Error(S3Answer.AMBIGUOUS, "a part of another length")
            return data

        return self._ask("GET", path, deadline, request, size=end - start)

    def head(self, path: str, deadline: Deadline) -> "obstore.ObjectMeta":
        """Return an object's size, time and ETag."""

        def request(store: S3Store) -> "obstore.ObjectMeta":
            meta = obstore.head(store, path)
            self.etags.require_kind(meta["e_tag"])
            return meta

        return self._ask("HEAD", path, deadline, request)

    def delete(self, path: str, deadline: Deadline) -> None:
        """Delete an object, or nothing when it is not there."""
        self._ask("DELETE", path, deadline, lambda store: obstore.delete(store, path))

    def list_folder(self, folder: str, deadline: Deadline) -> "obstore.ListResult[Any]":
        """Return all objects directly in a folder, and the names that go on below it; pages are asked for again."""

        def request(store: S3Store) -> "obstore.ListResult[Any]":
            return obstore.list_with_delimiter(store, folder or None)

        return self._ask("LIST", folder, deadline, request, retries=_PAGE_RETRIES)

    def list_from(self, folder: str, offset: str | None) -> Iterator["obstore.ObjectMeta"]:
        """Yield all objects below a folder that come after a key, in the order of keys, page by page.

        A page that does not come is asked for again from the last object on. Each has a deadline of its own: a store of
        a million objects is listed in a thousand.
        """
        store = self._store(self.limits.request_s, _PAGE_RETRIES)
        pages: Iterator[Sequence[obstore.ObjectMeta]] | None = None

        def next_page(deadline: Deadline) -> "Sequence[obstore.ObjectMeta] | None":
            nonlocal pages
            listing = pages or iter(obstore.list(store, folder or None, offset=offset, chunk_size=_PAGE))
            pages = None  # after an error it gives nothing more
            page = self._ask("LIST", folder, deadline, lambda _: next(listing, None))
            pages = listing
            return page

        while page := self.ask_again(next_page):
            offset = page[-1]["path"]
            yield from page

    def _ask(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        request: Callable[[S3Store], Result],
        *,
        size: int = 0,
        retries: int = 0,
    ) -> Result:
        store = self._store(self._seconds(size, deadline), retries)
        self.breaker.enter()
        answer, began = S3Answer.AMBIGUOUS, self._clock()
        try:
            result = request(store)
            answer = S3Answer.OK
            return result
        except S3Error as error:
            answer = error.answer
            raise
        except ERRORS as error:
            known = read_error(error, path)
            answer = known.answer
            raise known from None
        except (RmosError, LargeObject):  # it was answered, and not liked
            answer = S3Answer.OK
            raise
        finally:
            if answer is not S3Answer.BAD_NAME:
                self.breaker.note(answered=answer not in NO_ANSWER)
                if method == "HEAD" and answer is S3Answer.NOT_S3:
                    answer = S3Answer.ABSENT  # mostly; a GET will say it
                self.observer.storage_request(method, _OUTCOMES.get(answer, answer.value), self._clock() - began)

    # Operations

    def read(self, work: Callable[[Deadline], Result], *, size: int = 0) -> Result:
        """Return what a reading request returns, sent again when there was no answer.

        Raises:
            ObjectMissing: the server says that it is not there.
            ObjectUnreadable: the key is none that the storage takes.
            StorageUnavailable: anything else.
        """
        try:
            return self.ask_again(work, size=size)
        except S3Error as error:
            raise read_failed(error) from None

    def ask_again(self, work: Callable[[Deadline], Result], *, size: int = 0) -> Result:
        """Return what a reading request returns, as `read`, but raise S3Error when it fails."""
        deadline = self.deadline(size)
        for last in (False,) * (_READ_TRIES - 1) + (True,):
            try:
                return work(deadline)
            except S3Error as error:
                if last or error.answer not in NO_ANSWER or not self.pause(deadline):
                    raise
        raise AssertionError("the last try returns or raises")

    def fetch(self, path: str, receive: Callable[["obstore.GetResult"], Result]) -> Result:
        """Return what `receive` makes of an object of any size, as `read`; it raises its own errors as RmosError."""
        try:
            return self.read(lambda deadline: self.get(path, receive, deadline, refuse_large=True))
        except LargeObject as large:
            size = large.size
        return self.read(lambda deadline: self.get(path, receive, deadline, size=size), size=size)

    def pause(self, deadline: Deadline) -> bool:
        """Wait before another try; False when there is no time for one."""
        seconds = deadline.next_pause_s()
        if deadline.left_s() <= seconds:
            return False
        self._sleep(seconds)
        return True

    # Connections

    def _seconds(self, size: int, deadline: Deadline) -> float:
        """Return how long a request may take: as the size asks for, but not beyond the deadline."""
        seconds, left = self._request_s(size), deadline.left_s()
        if seconds <= left:
            return seconds
        return min(seconds, max(_LEAST_S, 2.0 ** (math.frexp(left)[1] - 1)))  # a few values only: each has connections

    def _request_s(self, size: int) -> float:
        """Return how long one request with an object of this size may take; a few values only, as `_seconds`."""
        if size < LONG_BYTES:
            return self.limits.request_s
        rounded = 1 << (size - 1).bit_length()
        return self.limits.large_s + rounded / _BYTES_A_SECOND

    def _store(self, seconds: float, retries: int) -> S3Store:
        pid = os.getpid()
        if pid != self._pid:
            self._begin_in_process(pid)
        store = self._stores.get((seconds, retries))
        if store is None:
            with self._turn:
                store = self._stores.setdefault(
                    (seconds, retries), open_store(self.bucket, self.options, self.limits, seconds, retries)
                )
        return store

    def _begin_in_process(self, pid: int) -> None:
        if _used_in - {pid}:
            raise StoreUnusable("The object storage was used before a fork; its client cannot be carried over one.")
        _used_in.add(pid)
        self._turn = threading.Lock()
        self._stores = {}
        self._pid = pid


_OUTCOMES: Final = {
    S3Answer.NOT_S3: "refused",
    S3Answer.NO_BUCKET: "refused",
    S3Answer.FULL: "refused",
    S3Answer.BAD_NAME: "refused",
}
"""How the observer calls what it has no word for."""


def find_region(options: S3Options) -> str:
    """Return the region that requests are signed for."""
    return options.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def find_endpoint(bucket: Bucket, options: S3Options) -> str:
    """Return the URL of the host that requests go to."""
    endpoint = options.endpoint or f"https://s3.{find_region(options)}.amazonaws.com"
    if options.addressing == "path":
        return endpoint
    scheme, _, host = endpoint.partition("://")
    return f"{scheme}://{bucket.name}.{host}"


def open_store(
    bucket: Bucket, options: S3Options, limits: RequestLimits, seconds: float, retries: int = 0, **client: Any
) -> S3Store:
    """Return the library's store of a bucket, whose requests may take some seconds; nothing is sent yet.

    Args:
        client: further options of the library's HTTP client.

    Raises:
        ConfigError: the file of certificates cannot be read.
    """
    endpoint = find_endpoint(bucket, options)
    if options.ca_file is not None:
        try:
            client["root_certificate"] = options.ca_file.read_bytes()
        except OSError as error:
            raise ConfigError(f"RMOS_S3_CA_FILE cannot be read: {os.strerror(error.errno or 0).lower()}.") from None
    connection: Any = {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=min(limits.connect_s, seconds)),
        "timeout": timedelta(seconds=seconds),
        **client,
    }
    return S3Store(
        bucket.name,
        checksum_algorithm="SHA256",  # buckets with Object Lock demand one
        conditional_put="etag",
        disable_bulk_delete=True,
        unsigned_payload=False,
        virtual_hosted_style_request=options.addressing == "virtual",
        region=find_region(options),
        endpoint=endpoint,
        aws_endpoint_url_s3=endpoint,  # else a variable of the environment would win
        client_options=connection,
        retry_config={
            "max_retries": retries,
            "retry_timeout": timedelta(seconds=limits.operation_s - limits.request_s),
            "backoff": {
                "init_backoff": timedelta(seconds=limits.pause_s),
                "max_backoff": timedelta(seconds=10 * limits.pause_s),
            },
        },
    )
