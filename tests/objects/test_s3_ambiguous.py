"""Thousands of PUTs of which nobody says whether they were done, while another host wants the same names.

Whatever becomes of a request: under each name stands one object, with the bytes of the one host that was told so.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from rmos.errors.store import ObjectExists, StorageUnavailable
from rmos.objects.s3 import S3Objects
from rmos.objects.s3_client import RequestLimits
from tests.helpers import s3_proxy as faults
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_proxy import Exchange, Fault, Request, S3Proxy
from tests.helpers.s3_server import BUCKET, BucketServer
from tests.helpers.waiting import PATIENCE_S

AMBIGUOUS: Final = 1000
THREADS: Final = 32
PATIENT: Final = RequestLimits(operation_s=PATIENCE_S, request_s=PATIENCE_S, pause_s=0.002, failures=10**9)
"""Time for each request to be answered, on a machine that has much else to do."""
HURRIED: Final = PATIENT._replace(request_s=0.5)
"""Time for each name to be settled; a request that nobody answers is given up."""


@pytest.fixture
def local_server(tmp_path: Path) -> Iterator[str]:
    with BucketServer(tmp_path / "server") as server:
        yield server.url


@pytest.fixture(params=["local_server", pytest.param("ceph_url", marks=pytest.mark.ceph)])
def proxy(request: pytest.FixtureRequest) -> Iterator[S3Proxy]:
    """A proxy before each kind of server."""
    parts = urlsplit(request.getfixturevalue(request.param))
    with S3Proxy((str(parts.hostname), parts.port or 80)) as made:
        yield made


class ComesLate:
    """Keep a PUT until its host, which has given up, asks what stands there, and let it through after the answer."""

    def __init__(self, proxy: S3Proxy) -> None:
        self._asked: dict[str, threading.Event] = {}
        self._passed: dict[str, threading.Event] = {}
        proxy.always(lambda request: faults.gets(request) and request.target in self._asked, self._answer)

    def __call__(self, exchange: Exchange) -> None:
        target = exchange.request.target
        passed = self._passed[target] = threading.Event()
        asked = self._asked[target] = threading.Event()
        exchange.wait_for(asked)
        try:
            exchange.pass_on()
        finally:
            passed.set()
        exchange.drop()

    def _answer(self, exchange: Exchange) -> None:
        reply = exchange.pass_on()
        target = exchange.request.target
        self._asked[target].set()
        exchange.wait_for(self._passed[target])
        exchange.answer(reply)


KINDS: dict[str, Callable[[S3Proxy], Fault]] = {
    "its answer is lost": lambda proxy: faults.lose_answer,
    "its answer does not come in time": lambda proxy: faults.withhold_answer,
    "it comes late, after its host looked": ComesLate,
    "503 though it was done": lambda proxy: faults.refuse_after(503, "SlowDown"),
    "503 and it was not done": lambda proxy: faults.refuse(503, "SlowDown"),
    "reset after it was done": lambda proxy: faults.reset_after,
    "409 and it was not done": lambda proxy: faults.refuse(409, "ConditionalRequestConflict"),
}


class Firsts:
    """Picks the first PUT of each name that one host sends: its bytes say whose it is."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._turn = threading.Lock()

    def __call__(self, request: Request) -> bool:
        if not faults.puts(request) or not request.body.startswith(b"unlucky"):
            return False
        with self._turn:
            first = request.target not in self._seen
            self._seen.add(request.target)
            return first


def create(objects: S3Objects, key: str, data: bytes) -> bool:
    """Create an object; False when another one has the name.

    Whether its bytes were there already is not looked at: the library sends a request again by itself when a connection
    that it kept is reset, so they may be there by the very same call.
    """
    try:
        objects.create(key, data)
    except ObjectExists:
        return False
    return True


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_of_a_thousand_puts_of_which_nobody_says_whether_they_were_done_each_becomes_one_object(
    proxy: S3Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    unlucky = open_bucket(proxy.url, BUCKET, tmp_path, monkeypatch, prefix=tmp_path.name, limits=HURRIED)
    other = open_bucket(proxy.url, BUCKET, tmp_path, monkeypatch, prefix=tmp_path.name, limits=PATIENT)
    firsts = Firsts()
    proxy.always(firsts, KINDS[kind](proxy))

    def race(number: int) -> tuple[bool, bool, bytes]:
        key = f"2025-12-23/run_{number:05}.json"
        mine, theirs = b"unlucky %d" % number, b"the other %d" % number
        if number % 2:  # one after the other, and in the other order when both are in a hurry
            won, lost = create(unlucky, key, mine), create(other, key, theirs)
        else:
            with ThreadPoolExecutor(1) as thread:
                beside = thread.submit(create, other, key, theirs)
                won, lost = create(unlucky, key, mine), beside.result()
        return won, lost, other.read(key)

    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = list(threads.map(race, range(AMBIGUOUS)))
    for number, (won, lost, stands) in enumerate(outcomes):
        assert won is not lost, number
        assert stands == (b"unlucky %d" if won else b"the other %d") % number
    assert len(other.names("2025-12-23")) == AMBIGUOUS
    assert len(firsts._seen) == AMBIGUOUS
    assert sum(won for won, _, _ in outcomes) >= AMBIGUOUS // 2, "who comes first gets the name, whatever is lost"


VERBS: Final[dict[str, Callable[[S3Objects], object]]] = {
    "create": lambda objects: objects.create("2025-12-23/new", b"1"),
    "create_blob": lambda objects: objects.create_blob([b"1"], max_bytes=10),
    "read": lambda objects: objects.read("2025-12-23/before"),
    "open": lambda objects: objects.open("2025-12-23/before"),
    "has": lambda objects: objects.has("2025-12-23/before"),
    "names": lambda objects: objects.names("2025-12-23"),
    "names that begin so": lambda objects: objects.names("2025-12-23", "be"),
    "erase": lambda objects: objects.erase("2025-12-23/before"),
    "quarantine": lambda objects: objects.quarantine("2025-12-23/before"),
}


@pytest.mark.parametrize("away_s", [PATIENCE_S, 0.0], ids=["away for long", "back at once"])
def test_after_five_requests_without_an_answer_none_is_sent_for_a_while_and_then_one_finds_the_storage_again(
    tmp_path: Path, local_server: str, monkeypatch: pytest.MonkeyPatch, away_s: float
) -> None:
    parts = urlsplit(local_server)
    limits = RequestLimits(pause_s=0.001, away_s=away_s)
    with S3Proxy((str(parts.hostname), parts.port or 80)) as proxy:
        objects = open_bucket(proxy.url, BUCKET, tmp_path, monkeypatch, limits=limits)
        assert objects.create("2025-12-23/before", b"1")
        before = len(proxy.seen)
        proxy.always(faults.anything, faults.lose_request)
        while objects.writable():
            with pytest.raises(StorageUnavailable):
                objects.read("2025-12-23/before")
        if away_s:
            assert len(proxy.seen) - before == limits.failures
            for verb in VERBS.values():
                with pytest.raises(StorageUnavailable):
                    verb(objects)
            assert len(proxy.seen) - before == limits.failures
        else:
            proxy.heal()
            assert objects.read("2025-12-23/before") == b"1"
            assert objects.writable()
