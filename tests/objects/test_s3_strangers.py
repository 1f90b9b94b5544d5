"""What stands between a host and its bucket: proxies that pack and redirect, clocks, keys, requests that linger."""

import gzip
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from rmos.errors.store import ObjectExists, StorageUnavailable, StoreReadOnly
from rmos.objects.s3 import S3Objects
from rmos.objects.s3_client import RequestLimits
from tests.helpers import s3_proxy as faults
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_proxy import Fault, Hold, Reply, S3Proxy
from tests.helpers.s3_server import BUCKET, BucketServer

KEY: Final = "2025-12-23/run_00.json"
DATA: Final = b"what was recorded\n" * 200
PATIENT: Final = RequestLimits(operation_s=120.0, request_s=60.0, pause_s=0.005, failures=10**9)
"""Time for a machine that has much else to do."""
QUICK: Final = RequestLimits(operation_s=0.5, request_s=0.2, pause_s=0.005, failures=10**9)
"""For what does not come to its end."""
LATEST_S: Final = 20.0


Open = Callable[[RequestLimits], S3Objects]


@pytest.fixture
def open_host(proxy: S3Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return what opens the store on one more host."""
    return lambda limits: open_bucket(proxy.url, BUCKET, tmp_path, monkeypatch, prefix="shop", limits=limits)


@pytest.fixture
def objects(open_host: Open) -> S3Objects:
    made = open_host(PATIENT)
    made.create(KEY, DATA)
    assert made.read(KEY) == DATA
    return made


def pack(reply: Reply) -> Reply:
    """Pack the body of an answer."""
    return reply._replace(body=gzip.compress(reply.body)).with_headers(content_encoding="gzip")


STRANGE: dict[str, Fault] = {
    "packed": faults.alter_reply(pack),
    "packed, with an ETag of its own": faults.alter_reply(lambda reply: pack(reply).with_headers(etag='W/"5f-1"')),
    "a page of something else": lambda exchange: exchange.answer(Reply(200, (("etag", '"a1"'),), b"<html>sign in")),
    "a page without an ETag": lambda exchange: exchange.answer(Reply(200, (), b"<html>sign in")),
    "a trickle": lambda exchange: exchange.answer_slowly(exchange.pass_on(), 0.05, 10),
}


@pytest.mark.parametrize("what", STRANGE)
def test_an_answer_that_is_not_of_the_server_is_no_object(
    objects: S3Objects, proxy: S3Proxy, open_host: Open, what: str
) -> None:
    patient = objects
    if what == "a trickle":
        objects = open_host(QUICK)
    proxy.always(faults.gets, STRANGE[what])
    asks: list[Callable[[], object]] = [
        lambda: objects.read(KEY),
        lambda: objects.open(KEY),
        lambda: objects.digest(KEY),
        lambda: objects.create(KEY, DATA),
        lambda: objects.create(KEY, b"other"),
        lambda: objects.quarantine(KEY),
    ]
    for ask in asks:
        began = time.monotonic()
        with pytest.raises(StorageUnavailable):
            ask()
        assert time.monotonic() - began < LATEST_S
    proxy.heal()
    assert patient.read(KEY) == DATA


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_who_is_redirected_is_told_to_look_at_the_region(objects: S3Objects, proxy: S3Proxy, status: int) -> None:
    proxy.always(faults.puts, faults.refuse(status, "", location=f"{proxy.url}/{BUCKET}/shop/elsewhere"))
    with pytest.raises(StoreReadOnly, match="RMOS_S3_REGION"):
        objects.create("2025-12-23/new", b"1")
    proxy.heal()
    assert objects.names("") == ["2025-12-23"]


REFUSED: Final = {
    "RequestTimeTooSkewed": "clock",
    "ExpiredToken": "AWS_ACCESS_KEY_ID",
    "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID",
    "AccessDenied": "policy",
    "AuthorizationHeaderMalformed": "RMOS_S3_REGION",
    "MethodNotAllowed": "MethodNotAllowed",
}


@pytest.mark.parametrize("code", REFUSED)
def test_who_is_refused_is_told_what_to_look_at_and_nothing_is_missing_or_damaged(
    objects: S3Objects, proxy: S3Proxy, code: str
) -> None:
    proxy.always(faults.anything, faults.refuse(403, code))
    for write in (lambda: objects.create("2025-12-23/new", b"1"), lambda: objects.create_blob([b"1"], max_bytes=1)):
        with pytest.raises(StoreReadOnly, match=REFUSED[code]):
            write()
    for read in (objects.read, objects.open, objects.digest, objects.erase, objects.quarantine):
        with pytest.raises(StorageUnavailable, match="refused"):
            read(KEY)
    proxy.heal()
    assert objects.read(KEY) == DATA


def test_connections_that_end_after_each_answer_are_made_anew(objects: S3Objects, proxy: S3Proxy) -> None:
    proxy.always(faults.anything, faults.close_after)
    for number in range(50):
        objects.create(f"2025-12-24/{number:02}", b"%d" % number)
        assert objects.read(f"2025-12-24/{number:02}") == b"%d" % number
    assert len(objects.names("2025-12-24")) == 50


def test_a_put_that_lingers_makes_an_erased_object_again_and_replaces_none(
    objects: S3Objects, proxy: S3Proxy, open_host: Open
) -> None:
    hasty, other = open_host(PATIENT._replace(request_s=0.3)), objects
    for key, meanwhile in (("2025-12-23/taken", b"of another host"), ("2025-12-23/erased", None)):
        late = Hold()
        proxy.on(faults.puts, late)
        assert hasty.create(key, DATA), "the second try makes it"
        if meanwhile is None:
            assert other.erase(key)
            late.release()
            assert other.read(key) == DATA, "as after a restored back-up: verify finds it, repair erases it again"
            assert other.erase(key)
            assert not other.has(key)
        else:
            late.release()
            with pytest.raises(ObjectExists):
                other.create(key, meanwhile)
            assert other.read(key) == DATA


@pytest.mark.parametrize("place", range(3))
def test_a_page_of_a_long_list_that_does_not_come_is_asked_for_again(
    objects: S3Objects, proxy: S3Proxy, server: BucketServer, place: int
) -> None:
    day = server.folder / "shop" / "2025-12-25"
    day.mkdir()
    names = [f"run_{number:04}" for number in range(2500)]
    for name in names:
        (day / name).touch()
    proxy.on(lambda request: "list-type" in request.target, *[faults.pass_through] * place, faults.cut_answer)
    assert objects.names("2025-12-25", "run_") == names
