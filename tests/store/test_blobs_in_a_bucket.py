"""Blobs of a store in a bucket: read from this host's spool, verified in the bucket, and readable with a full spool."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from rmos import digest
from rmos.errors.store import OutOfSpace, StorageFailed
from rmos.objects import s3_ranges
from rmos.objects.base import key_of_digest
from rmos.objects.s3_client import RequestLimits
from rmos.observer import NoObserver
from rmos.store.blobs import Blobs, Verified
from rmos.store.records import Damage
from tests.helpers import s3_proxy as faults
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_proxy import S3Proxy
from tests.helpers.s3_server import BUCKET, BucketServer

DATA: Final = bytes(range(256)) * 40
SHA256: Final = digest.sha256_hex(DATA)
PATIENT: Final = RequestLimits(operation_s=120.0, request_s=60.0, pause_s=0.005, failures=10**9)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BucketServer]:
    with BucketServer(tmp_path / "server") as made:
        yield made


@pytest.fixture
def proxy(server: BucketServer) -> Iterator[S3Proxy]:
    with S3Proxy(server.address) as made:
        yield made


@pytest.fixture
def open_host(proxy: S3Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Blobs]:
    """Return what opens the blobs on a host, which has a spool of its own."""

    def open_blobs(host: str) -> Blobs:
        return Blobs(open_bucket(proxy.url, BUCKET, tmp_path / host, monkeypatch, prefix="shop", limits=PATIENT))

    return open_blobs


@pytest.fixture
def blobs(open_host: Callable[[str], Blobs]) -> Blobs:
    made = open_host("here")
    assert made.put_bytes(DATA).sha256 == SHA256
    return made


def test_rot_in_the_bucket_is_found_by_verify_while_the_spool_still_has_the_bytes(
    blobs: Blobs, open_host: Callable[[str], Blobs], server: BucketServer
) -> None:
    assert blobs.read(SHA256) == DATA
    assert blobs.verify(SHA256) == Verified(SHA256, True, None)
    (server.folder / "shop" / key_of_digest(SHA256)).write_bytes(b"rotten")
    assert blobs.read(SHA256) == DATA
    assert blobs.verify(SHA256) == Verified(SHA256, False, "damaged")
    with pytest.raises(Damage):
        open_host("another").read(SHA256)
    (server.folder / "shop" / key_of_digest(SHA256)).unlink()
    assert blobs.verify(SHA256) == Verified(SHA256, False, "missing")


def test_a_storage_that_does_not_answer_says_nothing_of_a_blob(blobs: Blobs, proxy: S3Proxy) -> None:
    proxy.always(faults.anything, faults.refuse(503, "SlowDown"))
    for ask in (blobs.verify, blobs.read):
        with pytest.raises(StorageFailed):
            ask(SHA256)


@pytest.fixture
def full_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no spool take a byte, as on a full disk; blocks are so small that there are some."""

    def full(file: object, data: bytes) -> None:
        raise OutOfSpace("The spool of this host is full; nothing was recorded.")

    monkeypatch.setattr("rmos.objects.spool.SpoolFile.write", full)
    monkeypatch.setattr(s3_ranges, "_BLOCK_BYTES", 1000)


def test_a_full_spool_turns_away_uploads_and_no_reader(blobs: Blobs, full_spool: None) -> None:
    with pytest.raises(OutOfSpace):
        blobs.put_bytes(b"another")
    with blobs.open(SHA256) as opened:
        assert opened.read_at(999, 2) == DATA[999:1001]
        assert opened.read_at(len(DATA) - 1, 10) == DATA[-1:]
        assert opened.read_at(len(DATA), 10) == b""
        assert b"".join(opened.blocks(500, 5000)) == DATA[500:5000]


def test_a_reader_without_a_spool_gets_the_very_object_or_none(blobs: Blobs, proxy: S3Proxy, full_spool: None) -> None:
    opened = blobs.open(SHA256)
    proxy.on(faults.gets, faults.cut_answer, faults.lose_answer)
    assert opened.read_at(0, 10) == DATA[:10]
    proxy.always(faults.gets, faults.refuse(412, "PreconditionFailed"))
    with pytest.raises(StorageFailed):
        opened.read_at(5000, 10)


def test_what_the_spool_holds_is_told(blobs: Blobs) -> None:
    told: list[int] = []

    class Observer(NoObserver):
        def spool_bytes(self, used: int) -> None:
            told.append(used)

    blobs._objects.observer = Observer()  # type: ignore[attr-defined]
    blobs.read(SHA256)
    blobs.read(blobs.put_bytes(b"more").sha256)
    assert told == [len(DATA), len(DATA) + 4]
