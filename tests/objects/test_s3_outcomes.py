"""What becomes of an operation over object storage when one of its requests, or all, are lost, refused or spoiled.

Each operation is tried once in peace, which says how many requests it has; then every fault is done to each of them,
and to all from each on. Whatever happens, it ends in what it is for, or in an error that says that nothing is known,
within its deadline. It is never damage, never "not there" and never other bytes. And when the storage has recovered,
doing it again leads to the same end as if nothing had been.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import pytest

from rmos import digest
from rmos.errors.store import ObjectMissing, OutOfSpace, StorageUnavailable, StoreReadOnly
from rmos.objects.base import QUARANTINE, key_of_digest
from rmos.objects.s3 import S3Objects
from rmos.objects.s3_client import RequestLimits
from tests.helpers import s3_proxy as faults
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_proxy import Exchange, Fault, S3Proxy
from tests.helpers.s3_server import BUCKET, BucketServer

KEY: Final = "2025-12-23/run_00.json"
DATA: Final = b"what was recorded\n" * 200
BLOB: Final = key_of_digest(digest.sha256_hex(DATA))
ANY_SIZE: Final = 100_000
REFUSALS: Final = (StorageUnavailable, StoreReadOnly, OutOfSpace)
"""What an operation may end in: nothing is known, or the storage refused."""
ONE_FAULT: Final = RequestLimits(operation_s=60.0, request_s=0.5, pause_s=0.005, failures=10**9)
"""Time for any number of tries: one fault is always overcome."""
MANY_FAULTS: Final = RequestLimits(operation_s=0.6, request_s=0.2, pause_s=0.005)
LATEST_S: Final = 20.0
"""When an operation with `MANY_FAULTS` has to have ended, on a machine that has much else to do."""


class Operation(NamedTuple):
    """What is done, and before it, and what holds once it is done."""

    before: Callable[[S3Objects], object]
    do: Callable[[S3Objects], object]
    is_done: Callable[[S3Objects], bool]
    """Whether it is done, which an error leaves open; fails on what must never be."""


def stands(objects: S3Objects, key: str) -> bool:
    """Tell whether an object stands under a key; it has to have the right bytes then."""
    with contextlib.suppress(ObjectMissing):
        require(objects.read(key) == DATA)
        return True
    return False


def require(holds: bool) -> None:
    """Fail when something does not hold."""
    assert holds


def is_moved(objects: S3Objects) -> bool:
    """Tell whether the object was moved aside: it stands in one place, or in both, and never in none, nor twice."""
    in_place, aside = stands(objects, KEY), stands(objects, f"{QUARANTINE}/{KEY}")
    require(in_place or aside)
    require(not stands(objects, f"{QUARANTINE}/{KEY}~2"))
    return aside and not in_place


def move_aside(objects: S3Objects) -> None:
    """Move the object aside; one that is not there was moved by an earlier try."""
    require(objects.quarantine(KEY) == f"{QUARANTINE}/{KEY}")


def make(objects: S3Objects) -> None:
    """Make the object."""
    objects.create(KEY, DATA)


def bring(objects: S3Objects) -> None:
    """Bring the blob."""
    require(objects.create_blob([DATA], max_bytes=ANY_SIZE).sha256 in BLOB)


def do_nothing(objects: S3Objects) -> bool:
    """Do nothing."""
    return True


OPERATIONS: dict[str, Operation] = {
    "create": Operation(do_nothing, make, lambda objects: stands(objects, KEY)),
    "create again": Operation(make, make, lambda objects: stands(objects, KEY)),
    "read": Operation(make, lambda objects: require(objects.read(KEY) == DATA), do_nothing),
    "digest": Operation(make, lambda objects: require(objects.digest(KEY)[1] == len(DATA)), do_nothing),
    "has": Operation(make, lambda objects: require(objects.has(KEY)), do_nothing),
    "names": Operation(make, lambda objects: require(objects.names("2025-12-23") == ["run_00.json"]), do_nothing),
    "names that begin so": Operation(
        make, lambda objects: require(objects.names("2025-12-23", "run_00") == ["run_00.json"]), do_nothing
    ),
    "erase": Operation(make, lambda objects: objects.erase(KEY), lambda objects: not stands(objects, KEY)),
    "quarantine": Operation(make, move_aside, is_moved),
    "create a blob": Operation(do_nothing, bring, lambda objects: stands(objects, BLOB)),
    "create a blob again": Operation(bring, bring, lambda objects: stands(objects, BLOB)),
    "open a blob": Operation(
        bring, lambda objects: require(objects.open(BLOB).read_at(0, ANY_SIZE) == DATA), do_nothing
    ),
}


def delay(exchange: Exchange) -> None:
    """Answer late, but in time."""
    reply = exchange.pass_on()
    exchange.proxy.closing.wait(0.02)
    exchange.answer(reply)


def flip(exchange: Exchange) -> None:
    """Flip a bit of what is sent, or of what is answered; another one each time, as a bad line does.

    Not of a list: nothing vouches for its names, so whoever lists looks at what it names before anything is made of it.
    """
    if "list-type" in exchange.request.target:
        faults.pass_through(exchange)
        return
    place = len(exchange.proxy.seen)
    if exchange.request.body:
        body = faults.flip_bit(exchange.request.body, place)
        exchange.answer(exchange.pass_on(exchange.request._replace(body=body)))
    else:
        reply = exchange.pass_on()
        exchange.answer(reply._replace(body=faults.flip_bit(reply.body, place)))


def conflict(exchange: Exchange) -> None:
    """Answer a PUT with 409, as a server does while another PUT is under way."""
    refuse = faults.refuse(409, "ConditionalRequestConflict")
    (refuse if faults.puts(exchange.request) else faults.pass_through)(exchange)


FAULTS: dict[str, Fault] = {
    "answer lost": faults.lose_answer,
    "answer withheld": faults.withhold_answer,
    "answer cut off": faults.cut_answer,
    "request lost": faults.lose_request,
    "request cut off": faults.cut_request,
    "delay": delay,
    "503 before": faults.refuse(503, "SlowDown"),
    "503 after": faults.refuse_after(503, "SlowDown"),
    "500 after": faults.refuse_after(500, "InternalError"),
    "reset before": faults.reset_before,
    "reset after": faults.reset_after,
    "flipped": flip,
    "409": conflict,
    "silence": faults.fall_silent,
}
SAMPLE: Final = ("answer lost", "answer cut off", "flipped", "409")
"""Faults that are tried in a quick run too."""
OTHERS: Final = [pytest.param(kind, marks=pytest.mark.long) for kind in FAULTS if kind not in SAMPLE]


@pytest.fixture(scope="module")
def local_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with BucketServer(tmp_path_factory.mktemp("server")) as made:
        yield made.url


@pytest.fixture(params=["local_server", pytest.param("ceph_url", marks=[pytest.mark.ceph, pytest.mark.long])])
def proxy(request: pytest.FixtureRequest) -> Iterator[S3Proxy]:
    """A proxy before each kind of server."""
    parts = urlsplit(request.getfixturevalue(request.param))
    with S3Proxy((str(parts.hostname), parts.port or 80)) as made:
        yield made


Open = Callable[[RequestLimits, int], S3Objects]
"""Opens a store by its number: a new one, or the same one in another process."""


@pytest.fixture
def shop(tmp_path: Path, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch) -> Open:
    def open_shop(limits: RequestLimits, number: int) -> S3Objects:
        folder, prefix = tmp_path / f"{number}", f"{tmp_path.name}/{number}"
        return open_bucket(proxy.url, BUCKET, folder, monkeypatch, prefix=prefix, limits=limits)

    return open_shop


def count_requests(shop: Open, proxy: S3Proxy, operation: Operation) -> int:
    """Return how many requests an operation has in peace."""
    objects = shop(ONE_FAULT, 1000)
    operation.before(objects)
    before = len(proxy.seen)
    operation.do(objects)
    return len(proxy.seen) - before


@pytest.mark.parametrize(
    "kind", [kind if kind in SAMPLE else pytest.param(kind, marks=pytest.mark.long) for kind in FAULTS]
)
@pytest.mark.parametrize("name", OPERATIONS)
def test_one_fault_in_any_request_of_an_operation_is_overcome(shop: Open, proxy: S3Proxy, name: str, kind: str) -> None:
    operation = OPERATIONS[name]
    for place in range(count_requests(shop, proxy, operation)):
        objects = shop(ONE_FAULT, place)
        operation.before(objects)
        proxy.on(faults.anything, *[faults.pass_through] * place, FAULTS[kind])
        operation.do(objects)
        proxy.heal()
        assert operation.is_done(objects), place
        assert operation.is_done(shop(ONE_FAULT, place)), place


@pytest.mark.long
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_faults_without_end_from_any_request_on_are_told_in_time_and_nothing_is_wrong_afterwards(
    shop: Open, proxy: S3Proxy, name: str, kind: str
) -> None:
    operation = OPERATIONS[name]
    for place in range(count_requests(shop, proxy, operation)):
        objects = shop(MANY_FAULTS, place)
        operation.before(objects)
        proxy.on(faults.anything, *[faults.pass_through] * place)
        proxy.always(faults.anything, FAULTS[kind])
        began = time.monotonic()
        with contextlib.suppress(*REFUSALS):
            operation.do(objects)
        assert time.monotonic() - began < LATEST_S
        proxy.heal()
        after = shop(ONE_FAULT, place)
        if not operation.is_done(after):
            operation.do(after)
        assert operation.is_done(after), place
