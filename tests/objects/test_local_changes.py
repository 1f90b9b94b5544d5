"""How a local folder tells that nothing has changed: by the time of its list of names, when that can be relied on."""

import os
import time
from pathlib import Path

import pytest

from rmos.objects.local import LocalObjects
from tests.objects.calls import KEY

DAY = "2025-12-23"
MINUTE_NS = 60_000_000_000


@pytest.fixture
def day(store: LocalObjects, root: Path) -> Path:
    """The folder of a date, in which nothing has changed for a minute."""
    store.create(KEY, b"one")
    set_time(root / DAY, time.time_ns() - MINUTE_NS)
    return root / DAY


def set_time(path: Path, mtime_ns: int) -> None:
    os.utime(path, ns=(mtime_ns, mtime_ns))


def test_a_folder_with_the_time_of_its_token_has_not_changed_for_any_process(store: LocalObjects, day: Path) -> None:
    token = store.changed_since(DAY, None)
    assert token is not None
    store.read(KEY)
    store.names(DAY)
    assert store.changed_since(DAY, token) is None
    assert LocalObjects(day.parent).changed_since(DAY, token) is None


@pytest.mark.parametrize("seconds", [-3600, 1, 3600])
def test_a_folder_with_any_other_time_has_changed_also_with_an_earlier_one(
    store: LocalObjects, day: Path, seconds: int
) -> None:
    token = store.changed_since(DAY, None)
    set_time(day, day.stat().st_mtime_ns + seconds * 1_000_000_000)
    assert store.changed_since(DAY, token) is not None


@pytest.mark.parametrize(("age_s", "young"), [(1.5, True), (-3600, True), (0, True), (2.5, False)])
def test_the_time_of_a_folder_that_changed_just_now_or_in_the_future_is_not_relied_on(
    store: LocalObjects, day: Path, monkeypatch: pytest.MonkeyPatch, age_s: float, young: bool
) -> None:
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    set_time(day, now - int(age_s * 1_000_000_000))
    token = store.changed_since(DAY, None)
    assert (store.changed_since(DAY, token) is not None) is young


def test_a_young_time_that_grows_old_has_changed_once_more(
    store: LocalObjects, day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came after the listing, within the same tick, is seen the next time."""
    set_time(day, time.time_ns())
    young = store.changed_since(DAY, None)
    later = time.time_ns() + MINUTE_NS
    monkeypatch.setattr(time, "time_ns", lambda: later)
    old = store.changed_since(DAY, young)
    assert old is not None
    assert store.changed_since(DAY, old) is None


def test_a_folder_that_goes_and_comes_back_with_its_old_time_differs_from_its_absence(
    store: LocalObjects, day: Path
) -> None:
    token = store.changed_since(DAY, None)
    day.rename(day.parent / "away")
    absent = store.changed_since(DAY, token)
    assert absent is not None
    assert store.changed_since(DAY, absent) is None
    (day.parent / "away").rename(day)
    assert store.changed_since(DAY, absent) == token
