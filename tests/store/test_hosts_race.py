"""Two hosts that write to one record, one key and one limit at the same moment: the names in the bucket decide."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest

from rmos.checks.verify import verify_store
from rmos.errors.request import IdempotencyKeyReused
from rmos.store import Store
from rmos.store.audit import RateLimit
from tests.helpers.buckets import open_bucket
from tests.helpers.memory_index import MemoryDatabase, MemoryIndex
from tests.helpers.s3_server import BUCKET, BucketServer
from tests.makers import ANNA, US, summarise
from tests.store.test_audit import admit
from tests.store.writing import add, put

T = TypeVar("T")
WRITERS = 8


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Store]]:
    """Two hosts: each has its own client of the bucket and its own spool; their index is one."""
    database = MemoryDatabase()
    with BucketServer(tmp_path / "server") as server:
        made = []
        for name in ("one", "two"):
            objects = open_bucket(server.url, BUCKET, tmp_path / name, monkeypatch, prefix="shop")
            objects.prepare()
            made.append(Store(objects, MemoryIndex(database), summarise=summarise))
        made[0].reconcile()
        yield made


def race(hosts: list[Store], work: Callable[[Store, int], T]) -> list[T]:
    """Let writers on both hosts begin at the same moment, and return what each came to."""
    barrier = Barrier(WRITERS)

    def begin(number: int) -> T:
        barrier.wait()
        return work(hosts[number % 2], number)

    with ThreadPoolExecutor(WRITERS) as threads:
        return list(threads.map(begin, range(WRITERS)))


def test_events_of_one_run_get_each_number_once_and_none_is_left_out(hosts: list[Store]) -> None:
    run_id = put(hosts[0])
    numbers = race(hosts, lambda host, number: [add(host, run_id, advisory_id=f"{number}-{n}") for n in range(4)])
    assert sorted(number for own in numbers for number in own) == list(range(1, 4 * WRITERS + 1))
    for host in hosts:
        advisories = host.runs.record(run_id, fresh=True).view().advisories
        assert len({advisory["advisory_id"] for advisory in advisories}) == 4 * WRITERS
    assert verify_store(hosts[1], recheck_s=0).ok


def test_one_key_stands_for_one_run_whoever_asks_and_another_body_is_refused(hosts: list[Store]) -> None:
    bodies = ["a" * 64, "b" * 64]

    def take(host: Store, number: int) -> tuple[str, str] | None:
        body = bodies[number // 2 % 2]
        try:
            return body, host.claims.take_run_id("anna", "order-17", body, US + number)
        except IdempotencyKeyReused:
            return None

    taken = [one for one in race(hosts, take) if one is not None]
    assert len(taken) == WRITERS // 2
    assert len(set(taken)) == 1


def test_a_limit_is_that_of_all_hosts_together(hosts: list[Store]) -> None:
    limit = RateLimit(3, 60)
    assert sum(race(hosts, lambda host, number: admit(host, US, ANNA, limit))) == 3
    records = [record for date in hosts[0].audit.days() for record in hosts[0].audit.day(date)]
    assert sum(record.outcome == "admitted" for record in records) == 3
