"""Tests of a bucket: whether it keeps the promises that a record needs, tried on the very bucket.

    Probe(client).run()                                   # before a store is founded, and when an operator asks
    Probe(client).check_refuses("_format.json", data)     # at each start: one request, which leaves nothing

Servers take the header of a conditional PUT and ignore it (with versions, or behind one of several addresses), or take
bytes that are not those that were signed. Such a bucket would lose records without a word, so it is refused, and the
message names the promise. What a probe makes stands below `_probe/` and is deleted at its end; what one that died has
left is debris.
"""

import contextlib
import logging
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final

import obstore
from obstore.store import S3Store

from rmos.errors.base import RmosError
from rmos.errors.installation import StoreUnusable
from rmos.errors.store import StorageUnavailable
from rmos.objects.base import PROBE
from rmos.objects.s3_answers import (
    ERRORS,
    NO_ANSWER,
    NO_RESPONSE,
    S3Answer,
    S3Error,
    read_error,
    read_failed,
    write_failed,
)
from rmos.objects.s3_client import S3Client, find_endpoint, open_store
from rmos.objects.s3_creating import delete_settled
from rmos.objects.s3_hop import Hop, HostAddress, find_addresses

log = logging.getLogger(__name__)

ROUNDS: Final = 20
RACERS: Final = 8
_TRIES: Final = 3
_GOOD: Final = "Use AWS S3, Cloudflare R2, or Ceph without versions, and see docs/cluster.md."


class Probe:
    """Tests the bucket of a client."""

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._endpoint = find_endpoint(client.bucket, client.options)

    def check_refuses(self, key: str, data: bytes) -> None:
        """Test that an object which stands there is not made again; a server that does so puts the same bytes there.

        Raises:
            StoreUnusable, StoreReadOnly, StorageUnavailable.
        """
        if self._put(self._client.path(key), data):
            raise _lacks("replaces an object whose name is taken (it ignores If-None-Match)")

    def run(self) -> int:
        """Test everything, and return how many creates were tried.

        Raises:
            StoreUnusable: the bucket does not keep a promise.
            StoreReadOnly, StorageUnavailable.
        """
        folder = self._client.path(f"{PROBE}/{secrets.token_hex(8)}")
        try:
            tried = self._test_order(f"{folder}/order")
            tried += self._test_digest(f"{folder}/digest")
            races = [f"{folder}/race-{number:02}" for number in range(ROUNDS)]
            with contextlib.ExitStack() as hops:
                stores = [hops.enter_context(way) for way in self._ways()]
                tried += sum(self._test_race(path, stores) for path in races)
            if not {f"{folder}/order", *races}.issubset(one["path"] for one in self._list(folder)):
                raise _lacks("does not list what was just written")
        finally:
            self._clear(folder)
        return tried

    def clear(self) -> int:
        """Delete what probes have left, and return how many objects."""
        return self._clear(self._client.path(PROBE))

    # Each test

    def _test_order(self, path: str) -> int:
        """Test that the second create is refused, and that the first one's bytes are read at once."""
        if not self._put(path, b"first"):
            raise _lacks("refuses a name that is not taken")
        if self._put(path, b"second"):
            raise _lacks("replaces an object whose name is taken (it ignores If-None-Match)")
        if self._get(path) != b"first":
            raise _lacks("does not give what was just written")
        return 2

    def _test_digest(self, path: str) -> int:
        """Test that bytes which were altered on their way are refused."""
        for spoil in (False, True):
            with self._by_way_of(self._addresses()[0], spoil=spoil) as store:
                refused = _try_put(store, f"{path}-{spoil}", b"signed")
            # Both have to come to the server, or nothing is tested: the first one is taken, the other one refused.
            if refused is not None and (not spoil or refused.code.startswith(NO_RESPONSE)):
                raise write_failed(refused)
        if self._get(f"{path}-True") is not None:
            raise _lacks("takes bytes that do not have the digest with which they were signed")
        return 2

    def _test_race(self, path: str, stores: Sequence[S3Store]) -> int:
        """Test that of creates at the same moment, through every address, exactly one wins and its bytes stand."""
        barrier = Barrier(RACERS)

        def race(number: int) -> S3Error | None:
            barrier.wait()
            return _try_put(stores[number % len(stores)], path, b"%d" % number)

        with ThreadPoolExecutor(RACERS) as threads:
            refused = list(threads.map(race, range(RACERS)))
        winners = [number for number, error in enumerate(refused) if error is None]
        unknown = [error for error in refused if error is not None and error.answer is not S3Answer.EXISTS]
        if len(winners) > 1:
            raise _lacks(f"let {len(winners)} of {RACERS} creates of one name win that raced")
        if unknown:
            raise write_failed(unknown[0])
        if not winners or self._get(path) != b"%d" % winners[0]:
            raise _lacks("does not give the bytes of the create that won")
        return RACERS

    # Requests

    def _addresses(self) -> list[HostAddress]:
        with contextlib.suppress(OSError):
            if addresses := find_addresses(self._endpoint):
                return addresses
        raise StorageUnavailable("The object storage's host cannot be reached at any address of its name.")

    def _ways(self) -> list[contextlib.AbstractContextManager[S3Store]]:
        """Return a store for each address; for one alone no hop, which would only keep creates apart that race."""
        client, addresses = self._client, self._addresses()[:RACERS]
        if len(addresses) > 1:
            return [self._by_way_of(address) for address in addresses]
        straight = open_store(client.bucket, client.options, client.limits, client.limits.request_s)
        return [contextlib.nullcontext(straight)]

    @contextlib.contextmanager
    def _by_way_of(self, address: HostAddress, *, spoil: bool = False) -> Iterator[S3Store]:
        """Yield a store whose requests go to one address of the host."""
        client = self._client
        options = client.options
        plain = options._replace(endpoint=(options.endpoint or self._endpoint).replace("https://", "http://", 1))
        with Hop(self._endpoint, address, spoil=spoil, ca_file=options.ca_file) as hop:
            yield open_store(client.bucket, plain, client.limits, client.limits.request_s, proxy_url=hop.url)

    def _put(self, path: str, data: bytes) -> bool:
        """Make an object; False when it was refused because the name is taken."""
        client = self._client
        for tries in range(1, _TRIES + 1):
            try:
                client.put_new(path, data, client.deadline())
                return True
            except S3Error as error:
                if error.answer is S3Answer.EXISTS:
                    return False
                if tries == _TRIES or error.answer not in NO_ANSWER:
                    raise write_failed(error) from None
        raise AssertionError("the last try returns or raises")

    def _get(self, path: str) -> bytes | None:
        client = self._client
        try:
            return client.get(path, lambda result: result.bytes().to_bytes(), client.deadline())
        except S3Error as error:
            if error.answer is S3Answer.ABSENT:
                return None
            raise read_failed(error) from None

    def _list(self, folder: str) -> "Iterator[obstore.ObjectMeta]":
        try:
            yield from self._client.list_from(folder, None)
        except S3Error as error:
            raise read_failed(error) from None

    def _clear(self, folder: str) -> int:
        """Delete what stands below a folder; without the right to delete it stays, as debris."""
        cleared = 0
        with contextlib.suppress(RmosError):
            for one in list(self._list(folder)):
                delete_settled(self._client, one["path"])
                cleared += 1
        return cleared


def _try_put(store: S3Store, path: str, data: bytes) -> S3Error | None:
    """Make an object by one request; the error says why it was not made, or why that is not known."""
    try:
        obstore.put(store, path, data, mode="create")
    except ERRORS as error:
        return read_error(error, path)
    return None


def _lacks(what: str) -> StoreUnusable:
    log.error("the bucket was tested and %s", what)
    return StoreUnusable(f"The bucket cannot hold a store: it {what}. {_GOOD}")
