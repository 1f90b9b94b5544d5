"""Attachments that nothing names, in a bucket: moved aside unless somebody brings them again, at whatever moment."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rmos import digest
from rmos.checks.attachments import Garbage, find_garbage, move_garbage
from rmos.checks.verify import verify_store
from rmos.index import open_index
from rmos.objects.base import key_of_digest
from rmos.objects.s3 import S3Objects
from rmos.store import Store, layout
from rmos.store.specimens import row_schema
from tests.helpers import s3_proxy as faults
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_proxy import Exchange, S3Proxy
from tests.helpers.s3_server import BUCKET, BucketServer
from tests.makers import ANNA, US, add_event, make_members, summarise

DAY_S = 86_400.0
UNNAMED = digest.sha256_hex(b"unnamed")


class Shop:
    """A store in a bucket with old attachments: one that a run names, and one that nothing names."""

    def __init__(self, folder: Path, server: BucketServer, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
        self.objects = open_bucket(proxy.url, BUCKET, folder / "here", monkeypatch, prefix="shop")
        self.other: S3Objects = open_bucket(server.url, BUCKET, folder / "there", monkeypatch, prefix="shop")
        """The same store as another host sees it, past the proxy."""
        self.root = server.folder / "shop"
        self.objects.prepare()
        self.objects.create(layout.FORMAT_KEY, b'{"format":1}\n')
        index = open_index(folder, None, row_schema=row_schema(summarise))
        self.store = Store(self.objects, index, summarise=summarise)
        self.store.reconcile()
        self.named = self.store.blobs.put_bytes(b"named").sha256
        run_id = self.store.runs.put(make_members()).view.artifact.run_id
        add_event(self.store, run_id, "advisory", {"advisory_id": self.named}, actor=ANNA, us=US)
        self.store.blobs.put_bytes(b"unnamed")
        for sha256 in (self.named, UNNAMED):
            os.utime(self.root / key_of_digest(sha256), (0, 0))

    def find(self) -> Garbage:
        return find_garbage(self.store, grace_s=DAY_S, recheck_s=0)

    def move(self, garbage: Garbage) -> list[str]:
        return move_garbage(self.store, garbage, grace_s=DAY_S, recheck_s=0)

    def bring(self) -> None:
        """Bring the bytes that nothing names again, on the other host."""
        self.other.create_blob([b"unnamed"], max_bytes=100)

    def witnesses(self) -> list[str]:
        return sorted(path.parent.name for path in self.root.glob("_renewed/*/*"))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], tuple[Shop, S3Proxy]]]:
    with BucketServer(tmp_path / "server") as server, S3Proxy(server.address) as proxy:
        yield lambda: (Shop(tmp_path, server, proxy, monkeypatch), proxy)


Open = Callable[[], tuple[Shop, S3Proxy]]


def test_what_nothing_names_is_moved_with_its_witnesses_and_the_store_is_whole(shop: Open) -> None:
    held, _ = shop()
    held.bring()
    held.store.blobs.put_bytes(b"named")
    assert held.find().unnamed == [], "brought again a moment ago"
    for path in held.root.glob("_renewed/*/*"):
        os.utime(path, (0, 0))
    garbage = held.find()
    assert garbage.unnamed == [key_of_digest(UNNAMED)]
    assert held.move(garbage) == [key_of_digest(UNNAMED)]
    assert not held.other.has(key_of_digest(UNNAMED))
    assert held.other.read(f"_quarantine/{key_of_digest(UNNAMED)}") == b"unnamed"
    assert held.witnesses() == [held.named]
    assert verify_store(held.store, recheck_s=0).findings == []


def bring_before_the_delete(held: Shop, exchange: Exchange) -> None:
    """Bring the blob again when it was copied and is about to be deleted."""
    held.bring()
    exchange.answer(exchange.pass_on())


def bring_after_the_delete(held: Shop, exchange: Exchange) -> None:
    """Bring the blob again when it was just deleted, before anybody knows."""
    reply = exchange.pass_on()
    held.bring()
    exchange.answer(reply)


@pytest.mark.parametrize("moment", [None, bring_before_the_delete, bring_after_the_delete])
def test_what_is_brought_again_meanwhile_stands_afterwards(
    shop: Open, moment: Callable[[Shop, Exchange], None] | None
) -> None:
    held, proxy = shop()
    garbage = held.find()
    assert garbage.unnamed == [key_of_digest(UNNAMED)]
    if moment is None:
        held.bring()
    else:
        proxy.on(faults.deletes, lambda exchange: moment(held, exchange))
    held.move(garbage)
    assert held.other.read(key_of_digest(UNNAMED)) == b"unnamed"
    assert held.find().unnamed == []
