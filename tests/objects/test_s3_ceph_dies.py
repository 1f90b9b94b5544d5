"""A real object storage whose daemons are killed while hosts write: what was acknowledged stands."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rmos.errors.store import StorageFailed, StoreReadOnly
from rmos.objects.s3 import S3Objects
from tests.helpers.buckets import open_bucket
from tests.helpers.ceph import Ceph
from tests.helpers.s3_requests import make_bucket
from tests.helpers.s3_server import BUCKET
from tests.helpers.waiting import wait_until

pytestmark = [pytest.mark.ceph, pytest.mark.long]

DAY = "2025-12-23"
HOSTS = 4
STEP = 150
"""Objects that are acknowledged between one daemon's death and the next."""


@pytest.fixture
def ceph(tmp_path: Path) -> Iterator[Ceph]:
    (tmp_path / "ceph").mkdir()
    with Ceph(tmp_path / "ceph", store="bluestore") as started:
        make_bucket(started.url, BUCKET)
        yield started


class Host:
    """Writes objects one after the other and sends again what failed, as a client would; two hosts bring each."""

    def __init__(self, objects: S3Objects, number: int) -> None:
        self._objects, self._number = objects, number
        self.acknowledged: dict[str, bytes] = {}
        self.failures = 0
        self.other: list[BaseException] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> "Host":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _write(self) -> None:
        try:
            while not self._ended.is_set():
                key = f"{DAY}/run_{self._number // 2}_{len(self.acknowledged):06}.json"
                data = key.encode() * 20
                try:
                    self._objects.create(key, data)
                except (StorageFailed, StoreReadOnly):
                    self.failures += 1
                    self._ended.wait(0.1)
                else:
                    self.acknowledged[key] = data
        except BaseException as error:  # noqa: BLE001 - the test fails by it
            self.other.append(error)


def test_what_was_acknowledged_stands_after_the_gateway_and_the_disk_were_killed(
    ceph: Ceph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = [open_bucket(ceph.url, BUCKET, tmp_path, monkeypatch, prefix="shop") for _ in range(HOSTS)]
    hosts = [Host(objects, number) for number, objects in enumerate(opened)]

    def count(what: Callable[[Host], int]) -> int:
        assert [error for host in hosts for error in host.other] == []
        return sum(map(what, hosts))

    def write_on() -> None:
        wanted = count(lambda host: len(host.acknowledged)) + STEP
        wait_until(lambda: count(lambda host: len(host.acknowledged)) >= wanted, "objects to be acknowledged")

    with hosts[0], hosts[1], hosts[2], hosts[3]:
        for daemon in ("rgw", "osd", "rgw"):
            write_on()
            failures = count(lambda host: host.failures)
            ceph.kill(daemon)
            wait_until(lambda: count(lambda host: host.failures) > failures, "a write to fail")  # noqa: B023
            ceph.start(daemon)
        write_on()
    wait_until(lambda: all(objects.writable() for objects in opened), "each host to find out that the storage is back")
    acknowledged = {key: data for host in hosts for key, data in host.acknowledged.items()}
    reader = open_bucket(ceph.url, BUCKET, tmp_path / "reader", monkeypatch, prefix="shop")
    assert reader.read_all(list(acknowledged)) == list(acknowledged.values())
    assert len(set(reader.names(DAY)) - {key.partition("/")[2] for key in acknowledged}) <= HOSTS  # sent, and not told
