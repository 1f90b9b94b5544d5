"""What a bucket is asked for, and how often: few requests for many names, events once, and 404 twice."""

from collections import Counter
from pathlib import Path

import pytest

from rmos import digest
from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.objects import s3_reading
from rmos.objects.event_cache import MAX_EVENT_BYTES, EventCache
from rmos.objects.s3 import S3Objects
from rmos.objects.s3_reading import _name_before
from rmos.observer import NoObserver
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_server import BUCKET, BucketServer

DAY = "2025-12-23"
ARTIFACT, EVENT = f"{DAY}/run_{'0' * 32}.json", f"{DAY}/run_{'0' * 32}.000001.json"


class Counting(NoObserver):
    """Counts requests by method and outcome."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()

    def storage_request(self, method: str, outcome: str, seconds: float) -> None:
        self.requests[f"{method} {outcome}"] += 1


@pytest.fixture
def objects(bucket_server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Objects:
    return open_bucket(bucket_server.url, BUCKET, tmp_path, monkeypatch)


@pytest.fixture
def requests(objects: S3Objects) -> Counter[str]:
    """The requests that were sent."""
    objects.observer = counting = Counting()
    return counting.requests


def seal(text: str) -> bytes:
    """Return a record that vouches for itself."""
    return digest.encode_record({"text": text})


def test_an_event_is_asked_for_once_and_an_artifact_each_time(objects: S3Objects, requests: Counter[str]) -> None:
    for key in (ARTIFACT, EVENT):
        objects.create(key, seal(key))
    for _ in range(3):
        assert objects.read_all([ARTIFACT, EVENT]) == [seal(ARTIFACT), seal(EVENT)]
    assert requests == {"PUT ok": 2, "GET ok": 3 + 1}


def test_an_event_that_does_not_vouch_for_itself_is_asked_for_until_it_does(
    objects: S3Objects, requests: Counter[str]
) -> None:
    objects.create(EVENT, seal("whole")[:-3])
    for _ in range(2):
        objects.read(EVENT)
    objects.quarantine(EVENT)
    objects.create(EVENT, seal("whole"))
    assert objects.read(EVENT) == seal("whole")


def test_an_event_that_this_process_moves_or_erases_is_gone_at_once(objects: S3Objects) -> None:
    objects.create(EVENT, seal("one"))
    assert objects.read(EVENT) == seal("one")
    objects.erase(EVENT)
    with pytest.raises(ObjectMissing):
        objects.read(EVENT)


def test_the_cache_holds_the_events_that_were_read_last_and_no_more_bytes_than_it_may() -> None:
    small, large = seal("x" * 1000), seal("x" * MAX_EVENT_BYTES)
    cache = EventCache(max_bytes=3 * len(small))
    for number in (1, 2, 3):
        cache.add(f"a.00000{number}.json", small)
    assert cache.find("a.000001.json") == small
    cache.add("a.000004.json", small)
    assert [cache.find(f"a.00000{number}.json") is not None for number in (1, 2, 3, 4)] == [True, False, True, True]
    for key, data in {"a.json": small, "a.000005.json": large, "a.000006.json": b"{}"}.items():
        cache.add(key, data)
        assert cache.find(key) is None
    cache.drop("a.000001.json")
    assert cache.find("a.000001.json") is None


def test_an_object_that_is_not_there_is_asked_for_by_a_request_that_can_say_so(
    objects: S3Objects, requests: Counter[str]
) -> None:
    assert not objects.has(ARTIFACT)
    objects.create(ARTIFACT, b"one")
    assert objects.has(ARTIFACT)
    assert requests == {"HEAD absent": 1, "GET absent": 1, "PUT ok": 1, "HEAD ok": 1}


def test_names_by_their_beginning_are_one_request_however_many_others_there_are(
    objects: S3Objects, requests: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        objects.create(f"{DAY}/run_{number:02}.json", b"")
    requests.clear()
    assert objects.names(DAY, "run_07") == ["run_07.json"]
    assert objects.names(DAY, "run_30") == []
    assert objects.names("", DAY[:4]) == [DAY]
    assert requests["LIST ok"] <= 3 * 2  # the second one says that there is no other page
    assert requests["GET absent"] == 1  # nothing came after `run_30`: that it was S3 which said so is asked for
    assert set(requests) == {"LIST ok", "GET absent"}


@pytest.mark.parametrize("beginning", ["run_00", "a", "0", "!", " ", "é", "\ue000", "a\x00", "~"])
def test_a_listing_begins_before_all_names_that_are_asked_for(beginning: str) -> None:
    before = _name_before(beginning).encode()
    assert all(before < f"{beginning}{rest}".encode() for rest in ("", "0", "~"))


def test_a_record_above_the_bound_is_refused_before_it_is_read(
    objects: S3Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.create(ARTIFACT, b"x" * 2000)
    monkeypatch.setattr(s3_reading, "MAX_OBJECT_BYTES", 1999)
    with pytest.raises(ObjectUnreadable, match="too large"):
        objects.read(ARTIFACT)


def test_moving_aside_goes_on_where_it_was_cut_off(objects: S3Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    objects.create(ARTIFACT, b"damaged")
    with monkeypatch.context() as dying:
        dying.setattr(S3Objects, "_delete", lambda self, key, made: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            objects.quarantine(ARTIFACT)
    assert objects.has(ARTIFACT)
    assert objects.quarantine(ARTIFACT) == f"_quarantine/{ARTIFACT}"
    assert objects.names(f"_quarantine/{DAY}") == [ARTIFACT.rpartition("/")[2]]
    assert not objects.has(ARTIFACT)


def test_an_object_larger_than_memory_should_hold_is_moved_aside_as_it_stands(objects: S3Objects) -> None:
    data = bytes(range(256)) * 12_000  # above what is read in one piece
    key = f"_attachments/ab/cd/{'ab' * 32}"
    objects.create(key, data)
    assert objects.digest(objects.quarantine(key)) == (digest.sha256_hex(data), len(data))
    assert not objects.has(key)
