"""Blobs in a bucket: one PUT once they are accepted, young when brought again, read from the spool of the host."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from rmos import digest
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectExists, ObjectMissing, OutOfSpace, StorageUnavailable, StoreReadOnly
from rmos.objects import s3_blobs as module
from rmos.objects.base import NewBlob, key_of_digest
from rmos.objects.s3_blobs import S3Blobs
from rmos.objects.s3_client import RequestLimits, S3Client
from rmos.objects.spool import Spool
from rmos.place import Bucket, S3Options
from tests.helpers import s3_proxy as faults
from tests.helpers.s3_proxy import S3Proxy
from tests.helpers.s3_server import BUCKET, BucketServer

DATA: Final = b"a drawing of a rosette" * 1000
SHA256: Final = digest.sha256_hex(DATA)
KEY: Final = key_of_digest(SHA256)
LIMIT: Final = 10_000_000
PATIENT: Final = RequestLimits(operation_s=120.0, request_s=60.0, pause_s=0.005, failures=10**9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the spool."""
    return tmp_path / "spool"


def open_blobs(proxy: S3Proxy, folder: Path, versions: list[str | None] | None = None) -> S3Blobs:
    """Return the blobs as one host sees them, whose spool is a folder."""
    options = S3Options(folder, endpoint=proxy.url, region="us-east-1", addressing="path")
    client = S3Client(Bucket(BUCKET, "shop"), options, limits=PATIENT)
    return S3Blobs(client, Spool(folder), ([] if versions is None else versions).append)


@pytest.fixture
def blobs(proxy: S3Proxy, folder: Path, monkeypatch: pytest.MonkeyPatch) -> S3Blobs:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    made = open_blobs(proxy, folder)
    made.prepare()
    return made


def keys(server: BucketServer) -> list[str]:
    """Return the keys of all objects of the store."""
    root = server.folder / "shop"
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def witnesses(server: BucketServer) -> list[str]:
    """Return the keys of all witnesses."""
    return [key for key in keys(server) if key.startswith("_renewed/")]


def test_a_blob_is_one_put_with_nothing_sent_before_it_is_accepted(blobs: S3Blobs, proxy: S3Proxy) -> None:
    sent_before: list[dict[str, int]] = []

    def accept(sha256: str, size: int) -> None:
        sent_before.append(dict(proxy.count()))
        assert (sha256, size) == (SHA256, len(DATA))

    chunks = (DATA[start : start + 1000] for start in range(0, len(DATA), 1000))
    assert blobs.create_blob(chunks, max_bytes=LIMIT, accept=accept) == NewBlob(SHA256, len(DATA), True)
    assert sent_before == [{}]
    assert proxy.count() == {"PUT": 1}


def test_what_is_not_accepted_breaks_off_or_is_too_large_sends_nothing_and_leaves_nothing(
    blobs: S3Blobs, proxy: S3Proxy, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(sha256: str, size: int) -> None:
        raise KeyError

    def break_off() -> Iterator[bytes]:
        yield DATA
        raise ConnectionResetError

    monkeypatch.setattr(module, "MAX_BLOB_BYTES", 2 * len(DATA))  # 5 GiB would fill the disk
    attempts: list[tuple[type[Exception], Callable[[], object]]] = [
        (KeyError, lambda: blobs.create_blob([DATA], max_bytes=LIMIT, accept=refuse)),
        (ConnectionResetError, lambda: blobs.create_blob(break_off(), max_bytes=LIMIT)),
        (PayloadTooLarge, lambda: blobs.create_blob([DATA], max_bytes=len(DATA) - 1)),
        (PayloadTooLarge, lambda: blobs.create_blob([DATA] * 3, max_bytes=LIMIT)),
    ]
    for error, attempt in attempts:
        with pytest.raises(error):
            attempt()
    assert proxy.count() == {}
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_bytes_that_stand_there_are_no_new_blob_and_young_again(
    blobs: S3Blobs, server: BucketServer, proxy: S3Proxy
) -> None:
    blobs.create_blob([DATA], max_bytes=LIMIT)
    assert blobs.age_s(KEY, 0.0) > 1e9
    assert blobs.create_blob([DATA], max_bytes=LIMIT) == NewBlob(SHA256, len(DATA), False)
    assert len(witnesses(server)) == 1
    assert -1 < blobs.age_s(KEY, 0.0) < 60
    paths = [(request.method, request.target.partition("?")[0]) for request in proxy.seen]
    renewed = next(place for place, (method, path) in enumerate(paths) if method == "PUT" and "/_renewed/" in path)
    assert ("GET", f"/{BUCKET}/shop/{KEY}") in paths[renewed:], "the blob is looked at after the witness stands"


def test_a_blob_is_renewed_by_the_clock_of_the_server_as_it_was_made_by_it(
    blobs: S3Blobs, server: BucketServer
) -> None:
    blobs.create_blob([DATA], max_bytes=LIMIT)
    blobs.create_blob([DATA], max_bytes=LIMIT)
    (witness,) = witnesses(server)
    os.utime(server.folder / "shop" / witness, (1000, 1000))
    assert blobs.age_s(KEY, 0.0) == pytest.approx(time.time() - 1000, abs=60)
    assert blobs.age_s(KEY, 2000.0) == pytest.approx(time.time() - 2000, abs=60)


def test_what_was_moved_aside_is_young_only_when_it_was_renewed_and_its_witnesses_are_forgotten(
    blobs: S3Blobs, server: BucketServer
) -> None:
    blobs.create_blob([DATA], max_bytes=LIMIT)
    aside = f"_quarantine/{KEY}"
    assert blobs.age_s(aside, 1e12) == float("inf")
    blobs.create_blob([DATA], max_bytes=LIMIT)
    for key in (aside, f"{aside}~2"):
        assert -1 < blobs.age_s(key, 0.0) < 60
    assert blobs.forget_renewals(SHA256) == 1
    assert witnesses(server) == []
    assert blobs.age_s(aside, 1e12) == float("inf")


@pytest.mark.parametrize("other", [b"x" + DATA[1:], b"short"], ids=["as long", "shorter"])
def test_other_bytes_under_the_digest_are_told_and_left(blobs: S3Blobs, server: BucketServer, other: bytes) -> None:
    blobs.create_blob([DATA], max_bytes=LIMIT)
    (server.folder / "shop" / KEY).write_bytes(other)
    with pytest.raises(ObjectExists, match="corrupt"):
        blobs.create_blob([DATA], max_bytes=LIMIT)
    assert (server.folder / "shop" / KEY).read_bytes() == other


def test_what_is_no_blob_stands_under_the_name_that_it_is_given_and_has_no_witness(
    blobs: S3Blobs, server: BucketServer
) -> None:
    for created in (True, False):
        made = blobs.create_blob([DATA], max_bytes=LIMIT, name=lambda sha256: f"_quarantine/_bundles/{sha256}.zip")
        assert made.created is created
    assert keys(server) == [f"_quarantine/_bundles/{SHA256}.zip"]


def test_a_version_of_the_bucket_is_told_before_the_blob_is_acknowledged(
    blobs: S3Blobs, proxy: S3Proxy, folder: Path
) -> None:
    versions: list[str | None] = []
    proxy.on(faults.puts, faults.alter_reply(lambda reply: reply.with_headers(x_amz_version_id="v1")))
    open_blobs(proxy, folder, versions).create_blob([DATA], max_bytes=LIMIT)
    assert versions == ["v1"]


# Reading


def test_a_blob_is_downloaded_once_by_a_host_and_read_from_anywhere(
    blobs: S3Blobs, proxy: S3Proxy, folder: Path
) -> None:
    blobs.create_blob([DATA], max_bytes=LIMIT)
    stamps = set()
    for process in (blobs, blobs, open_blobs(proxy, folder)):
        opened = process.open(KEY)
        assert opened.size == len(DATA)
        assert opened.read_at(22, 22) == DATA[:22]
        assert opened.read_at(len(DATA) - 3, 100) == DATA[-3:]
        stamps.add(opened.stamp())
    assert len(stamps) == 1
    assert proxy.count()["GET"] == 1
    open_blobs(proxy, folder / "of another host").open(KEY)
    assert proxy.count()["GET"] == 2


def test_a_blob_whose_bytes_are_others_is_opened_as_it_is_and_never_under_its_name(
    blobs: S3Blobs, server: BucketServer, folder: Path
) -> None:
    blobs.create_blob([DATA], max_bytes=LIMIT)
    (server.folder / "shop" / KEY).write_bytes(b"rotten")
    opened = blobs.open(KEY)
    assert opened.read_at(0, 100) == b"rotten"
    assert blobs.digest(KEY) == (digest.sha256_hex(b"rotten"), 6)
    assert [path.name for path in (folder / "blobs").iterdir()] == [digest.sha256_hex(b"rotten")]


@pytest.mark.parametrize(
    "fault", [faults.flip_answer, faults.cut_answer, faults.lose_answer, faults.refuse(503, "Slow")]
)
def test_what_is_spoiled_or_lost_on_its_way_is_read_again(
    blobs: S3Blobs, proxy: S3Proxy, folder: Path, fault: faults.Fault
) -> None:
    blobs.create_blob([DATA], max_bytes=LIMIT)
    proxy.on(faults.gets, fault)
    assert blobs.open(KEY).read_at(0, LIMIT) == DATA
    proxy.on(faults.gets, fault)
    assert blobs.digest(KEY) == (SHA256, len(DATA))
    assert [path.name for path in (folder / "blobs").iterdir()] == [SHA256]


def test_bytes_that_are_other_ones_each_time_are_no_damage(blobs: S3Blobs, proxy: S3Proxy, folder: Path) -> None:
    blobs.create_blob([DATA], max_bytes=LIMIT)
    bodies = iter(range(1000))
    proxy.always(faults.gets, faults.alter_reply(lambda reply: reply._replace(body=b"%d" % next(bodies))))
    for ask in (blobs.open, blobs.digest):
        with pytest.raises(StorageUnavailable):
            ask(KEY)
    assert list((folder / "blobs").iterdir()) == []


def test_what_is_not_there_is_missing_and_a_missing_bucket_is_not(blobs: S3Blobs, proxy: S3Proxy) -> None:
    for ask in (blobs.open, blobs.digest):
        with pytest.raises(ObjectMissing):
            ask(KEY)
    proxy.always(faults.gets, faults.refuse(404, "NoSuchBucket"))
    for ask in (blobs.open, blobs.digest):
        with pytest.raises(StorageUnavailable):
            ask(KEY)
    proxy.always(faults.puts, faults.refuse(404, "NoSuchBucket"))
    with pytest.raises(StoreReadOnly):
        blobs.create_blob([DATA], max_bytes=LIMIT)


def test_a_lost_spool_is_filled_again_and_a_full_one_is_out_of_space(
    blobs: S3Blobs, proxy: S3Proxy, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.create_blob([DATA], max_bytes=LIMIT)
    first = blobs.open(KEY)
    (folder / "blobs" / SHA256).unlink()
    assert blobs.open(KEY).read_at(0, LIMIT) == DATA == first.read_at(0, LIMIT)

    def full(file: object, data: bytes) -> None:
        raise OutOfSpace("The spool of this host is full.")

    monkeypatch.setattr("rmos.objects.spool.SpoolFile.write", full)
    before = proxy.count()
    with pytest.raises(OutOfSpace):
        blobs.create_blob([b"another"], max_bytes=LIMIT)
    assert proxy.count() == before
    assert blobs.open(KEY).read_at(0, LIMIT) == DATA
