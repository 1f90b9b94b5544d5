"""What a bucket is tested for: servers that break one promise each are refused, and the message names the promise."""

import hashlib
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from rmos.errors.installation import StoreUnusable
from rmos.errors.store import StorageUnavailable, StoreReadOnly
from rmos.objects import s3_hop
from rmos.objects.s3 import S3Objects
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_requests import make_bucket
from tests.helpers.s3_server import BUCKET, BucketServer

FORMAT = b'{"format":1}\n'
Open = Callable[..., S3Objects]


@pytest.fixture
def reopen(server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the same store, as another host would."""
    return lambda **how: open_bucket(server.url, BUCKET, tmp_path, monkeypatch, prefix="shop", **how)


def keys(server: BucketServer) -> list[str]:
    return sorted(path.relative_to(server.folder).as_posix() for path in server.folder.rglob("*") if path.is_file())


def spoil(server: BucketServer, monkeypatch: pytest.MonkeyPatch, **methods: Any) -> None:
    """Replace methods of the server's handler."""
    handler = server._server.RequestHandlerClass
    for name, method in methods.items():
        monkeypatch.setattr(handler, name, method)


def forget_condition(handler: Any) -> None:
    """Answer a PUT as if it had no condition."""
    del handler.headers["If-None-Match"]


def test_a_server_that_keeps_every_promise_holds_a_store_and_nothing_of_the_test_is_left(
    server: BucketServer, reopen: Open
) -> None:
    objects = reopen(rounds=3)
    objects.prepare()
    assert objects.probe() == 2 + 2 + 3 * 8
    assert keys(server) == []
    assert objects.create("_format.json", FORMAT)
    reopen().prepare()
    assert keys(server) == ["shop/_format.json"]


def test_a_server_that_ignores_the_header_is_refused_before_a_store_is_founded(
    server: BucketServer, reopen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = server._server.RequestHandlerClass.do_PUT  # type: ignore[attr-defined]
    spoil(server, monkeypatch, do_PUT=lambda handler: (forget_condition(handler), genuine(handler)))
    with pytest.raises(StoreUnusable, match="ignores If-None-Match"):
        reopen().prepare()
    assert keys(server) == []


def test_a_server_that_ignores_the_header_since_is_refused_at_the_next_start_and_harms_nothing(
    server: BucketServer, reopen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    reopen().prepare()
    reopen().create("_format.json", FORMAT)
    genuine = server._server.RequestHandlerClass.do_PUT  # type: ignore[attr-defined]
    spoil(server, monkeypatch, do_PUT=lambda handler: (forget_condition(handler), genuine(handler)))
    with pytest.raises(StoreUnusable, match="ignores If-None-Match"):
        reopen().prepare()
    assert (server.folder / "shop/_format.json").read_bytes() == FORMAT


def test_a_server_that_looks_before_it_writes_is_refused_since_two_racing_creates_win(
    server: BucketServer, reopen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks whether the name is taken, and writes after another one has looked as well."""
    genuine = server._server.RequestHandlerClass.do_PUT  # type: ignore[attr-defined]
    both = threading.Barrier(2, timeout=30)
    racing: list[str] = []

    def put(handler: Any) -> None:
        if "race-" in handler.path and len(racing) < 2:
            racing.append(handler.path)
            both.wait()
            forget_condition(handler)
        genuine(handler)

    spoil(server, monkeypatch, do_PUT=put)
    with pytest.raises(StoreUnusable, match=r"let [23] of 8 creates of one name win that raced"):
        reopen().prepare()


def test_a_server_that_takes_altered_bytes_is_refused(
    server: BucketServer, reopen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_body(handler: Any) -> bytes:
        body: bytes = handler.rfile.read(int(handler.headers["Content-Length"]))
        return body

    spoil(server, monkeypatch, _read_body=read_body)
    with pytest.raises(StoreUnusable, match="do not have the digest with which they were signed"):
        reopen().prepare()
    assert keys(server) == []


def test_a_server_that_does_not_list_what_was_written_is_refused(
    server: BucketServer, reopen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = server._server.RequestHandlerClass.do_GET  # type: ignore[attr-defined]

    def get(handler: Any) -> None:
        handler.path = handler.path.replace("_probe", "_elsewhere") if "list-type=2" in handler.path else handler.path
        genuine(handler)

    spoil(server, monkeypatch, do_GET=get)
    with pytest.raises(StoreUnusable, match="does not list what was just written"):
        reopen().prepare()


class Versions:
    """Lets a server give ids of versions, as one whose bucket was made to keep versions, and replace objects or not."""

    def __init__(self, server: BucketServer, monkeypatch: pytest.MonkeyPatch) -> None:
        handler = server._server.RequestHandlerClass
        put, end = handler.do_PUT, handler.end_headers  # type: ignore[attr-defined]
        self.appear = self.replace = False

        def do_put(one: Any) -> None:
            if self.replace:
                forget_condition(one)
            put(one)

        def end_headers(one: Any) -> None:
            if self.appear and one.command == "PUT":
                one.send_header("x-amz-version-id", hashlib.sha256(one.path.encode()).hexdigest())
            end(one)

        spoil(server, monkeypatch, do_PUT=do_put, end_headers=end_headers)


def test_when_versions_appear_and_objects_are_replaced_nothing_is_acknowledged_any_more(
    server: BucketServer, reopen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = Versions(server, monkeypatch)
    objects = reopen()
    objects.prepare()
    objects.create("2025-12-23/a", b"one")
    versions.appear = versions.replace = True
    for _ in range(2):  # the first one is written, and may have replaced another
        with pytest.raises(StoreReadOnly, match="keep versions, and with them it replaces objects"):
            objects.create("2025-12-23/a", b"two")
    assert not objects.writable()
    with pytest.raises(StoreReadOnly):
        objects.erase("2025-12-23/a")
    assert objects.read("2025-12-23/a") == b"two"  # the server replaced it, and reading goes on


def test_when_versions_appear_and_names_stay_taken_the_bucket_is_tested_once_and_writing_goes_on(
    server: BucketServer, reopen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = Versions(server, monkeypatch)
    objects = reopen()
    objects.prepare()
    versions.appear = True
    tested: list[int] = []
    run = objects._probe.run
    monkeypatch.setattr(objects._probe, "run", lambda: tested.append(run()))
    for name in "abc":
        assert objects.create(f"2025-12-23/{name}", b"one")
    assert len(tested) == 1
    assert objects.writable()


@pytest.mark.ceph
@pytest.mark.long
def test_ceph_holds_a_store_and_a_bucket_of_it_that_keeps_versions_does_not(
    ceph_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = open_bucket(ceph_url, BUCKET, tmp_path, monkeypatch, rounds=20)
    assert objects.probe() == 2 + 2 + 20 * 8
    make_bucket(ceph_url, "with-versions", versions=True)
    versioned = open_bucket(ceph_url, "with-versions", tmp_path, monkeypatch)
    assert not versioned.keeps_versions()  # nothing is there yet
    versioned._client.put_new(versioned._client.path("_format.json"), FORMAT, versioned._client.deadline())
    assert versioned.keeps_versions()
    assert not objects.keeps_versions()
    with pytest.raises(StoreUnusable, match="ignores If-None-Match"):
        versioned.prepare()


@pytest.mark.ceph
@pytest.mark.long
def test_a_bucket_of_ceph_that_is_made_to_keep_versions_later_is_found_out_by_the_next_write(
    ceph_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bucket(ceph_url, "versions-later")
    objects = open_bucket(ceph_url, "versions-later", tmp_path, monkeypatch)
    objects.prepare()
    assert objects.create("2025-12-23/a", b"one")
    make_bucket(ceph_url, "versions-later", versions=True)
    with pytest.raises(StoreReadOnly, match="replaces objects"):
        objects.create("2025-12-23/b", b"one")
    assert objects.read("2025-12-23/a") == b"one"


def test_creates_race_through_every_address_that_the_name_of_the_endpoint_has(
    server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second gateway of the same name that does not look is found out, though requests go to the first one mostly."""
    with BucketServer(tmp_path / "server") as second:
        genuine = second._server.RequestHandlerClass.do_PUT  # type: ignore[attr-defined]
        spoil(second, monkeypatch, do_PUT=lambda handler: (forget_condition(handler), genuine(handler)))
        monkeypatch.setattr(s3_hop, "find_addresses", lambda endpoint: [server.address, second.address])
        monkeypatch.setattr("rmos.objects.s3_probe.find_addresses", s3_hop.find_addresses)
        objects = open_bucket(server.url, BUCKET, tmp_path, monkeypatch, rounds=5)
        with pytest.raises(StoreUnusable, match="creates of one name win that raced"):
            objects.prepare()


def test_a_server_that_fails_meanwhile_is_no_bucket_without_a_promise(
    server: BucketServer, reopen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(handler: Any) -> None:
        handler.rfile.read(int(handler.headers["Content-Length"]))
        handler.send_error(HTTPStatus.SERVICE_UNAVAILABLE)

    spoil(server, monkeypatch, do_PUT=put)
    with pytest.raises(StorageUnavailable):
        reopen().prepare()


def test_what_a_probe_that_died_has_left_is_debris(server: BucketServer, reopen: Open) -> None:
    objects = reopen()
    objects.create("_probe/0123456789abcdef/order", b"first")
    objects.create("2025-12-23/a", b"one")
    assert objects.clear_debris("2025-12-23") == 0
    assert objects.clear_debris("_probe") == 1
    assert keys(server) == ["shop/2025-12-23/a"]
