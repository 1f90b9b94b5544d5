"""The bucket by which hosts are tested whose PUTs are lost, late or doubled, and that die: it does what it is told."""

import pytest

from rmos.errors.store import ObjectExists, ObjectMissing, StorageUnavailable
from rmos.objects.base import Objects
from tests.helpers.faulty_bucket import (
    CHANGES,
    DIES_AFTER,
    DIES_BEFORE,
    DIES_LATE,
    DOUBLED,
    DROPPED,
    LATE,
    LOST,
    PLAIN,
    Change,
    FaultyBucket,
    HostDied,
)

KEY = "2025-12-23/run_00.json"


@pytest.mark.parametrize("change", CHANGES)
def test_a_put_stands_at_once_later_or_never_and_its_host_is_told_what_the_schedule_says(change: Change) -> None:
    bucket = FaultyBucket()
    host: Objects = (victim := bucket.open_host())
    victim.changes.append(change)
    if change.told == "done":
        assert host.create(KEY, b"one") is True
    else:
        with pytest.raises(StorageUnavailable if change.told == "nothing" else HostDied):
            host.create(KEY, b"one")
    other = bucket.open_host()
    assert other.has(KEY) is change.now
    bucket.deliver_all()
    assert other.has(KEY) is (change.now or change.later)
    if change.told == "dead":
        with pytest.raises(HostDied):
            host.read(KEY)


def test_a_late_put_replaces_nothing_and_brings_back_what_was_erased() -> None:
    bucket = FaultyBucket()
    late, other = bucket.open_host(), bucket.open_host()
    late.changes.extend([LATE, DOUBLED])
    with pytest.raises(StorageUnavailable):
        late.create(KEY, b"late")
    assert other.create(KEY, b"other") is True
    bucket.deliver(0)
    assert other.read(KEY) == b"other"
    late.create("2025-12-23/twice", b"twice")
    other.erase("2025-12-23/twice")
    bucket.deliver_all()
    assert other.read("2025-12-23/twice") == b"twice"


def test_a_host_that_dies_while_it_moves_something_aside_leaves_both_and_another_goes_on() -> None:
    bucket = FaultyBucket()
    victim, other = bucket.open_host(), bucket.open_host()
    other.create(KEY, b"damaged")
    victim.changes.extend([PLAIN, DIES_BEFORE])
    with pytest.raises(HostDied):
        victim.quarantine(KEY)
    assert other.read(KEY) == other.read(f"_quarantine/{KEY}") == b"damaged"
    assert other.quarantine(KEY) == f"_quarantine/{KEY}"
    assert not other.has(KEY)


def test_what_the_server_refuses_is_not_told_to_a_host_whose_answer_is_lost() -> None:
    bucket = FaultyBucket()
    one, other = bucket.open_host(), bucket.open_host()
    one.create(KEY, b"one")
    other.changes.append(LOST)
    with pytest.raises(StorageUnavailable):
        other.create(KEY, b"other")
    with pytest.raises(ObjectExists):
        other.create(KEY, b"other")
    one.cut_off = True
    with pytest.raises(StorageUnavailable):
        one.read(KEY)
    with pytest.raises(ObjectMissing):
        other.read("2025-12-23/absent")


@pytest.mark.parametrize("change", [DIES_AFTER, DIES_LATE, DROPPED])
def test_a_blob_is_a_put_like_any_other(change: Change) -> None:
    bucket = FaultyBucket()
    host, other = bucket.open_host(), bucket.open_host()
    host.changes.append(change)
    with pytest.raises((HostDied, StorageUnavailable)):
        host.create_blob([b"one"], max_bytes=10)
    bucket.deliver_all()
    assert other.create_blob([b"one"], max_bytes=10).created is (change == DROPPED)
