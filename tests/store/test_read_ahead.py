"""Reading the objects of some runs before the first of them is looked at."""

from pathlib import Path

import pytest

from rmos.errors.store import ObjectMissing, ObjectUnavailable
from rmos.objects.local import LocalObjects
from rmos.store import read_ahead
from rmos.store.layout import RunFiles
from rmos.store.read_ahead import list_keys, read_runs_ahead

DAY = "2025-12-23"
RUNS = [RunFiles(f"run_{number:032x}", True, (1,), ()) for number in range(4)]
KEYS = [key for files in RUNS for key in list_keys(DAY, files)]


@pytest.fixture
def objects(tmp_path: Path) -> LocalObjects:
    objects = LocalObjects(tmp_path)
    for key in KEYS:
        objects.create(key, key.encode())
    return objects


@pytest.fixture
def asked(objects: LocalObjects, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is asked of the disk, in order."""
    asked: list[str] = []
    genuine = objects.read

    def read(key: str) -> bytes:
        asked.append(key)
        return genuine(key)

    monkeypatch.setattr(objects, "read", read)
    return asked


def test_objects_of_a_folder_are_read_before_the_first_run_is_looked_at_and_each_once(
    objects: LocalObjects, asked: list[str]
) -> None:
    runs = read_runs_ahead(objects, DAY, RUNS)
    first, read = next(runs)
    assert (first, asked) == (RUNS[0], KEYS)
    found = [read(key) for key in list_keys(DAY, first)]
    found += [read(key) for files, read in runs for key in list_keys(DAY, files)]
    assert (found, asked) == ([key.encode() for key in KEYS], KEYS)


def test_no_more_is_held_than_a_bound_and_the_rest_is_read_when_it_is_looked_at(
    objects: LocalObjects, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "_HELD_BYTES", len(KEYS[0]) + len(KEYS[1]))
    runs = list(read_runs_ahead(objects, DAY, RUNS))
    assert asked == KEYS[:3]
    assert [read(key) for files, read in runs for key in list_keys(DAY, files)] == [key.encode() for key in KEYS]
    assert asked == KEYS


def test_what_cannot_be_read_is_the_error_of_its_own_run_alone(
    objects: LocalObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / KEYS[2]).unlink()
    genuine = objects.read

    def read(key: str) -> bytes:
        if key == KEYS[5]:
            raise ObjectUnavailable("It cannot be read: input/output error.")
        return genuine(key)

    monkeypatch.setattr(objects, "read", read)
    said: list[object] = []
    for files, read_one in read_runs_ahead(objects, DAY, RUNS):
        for key in list_keys(DAY, files):
            try:
                said.append(read_one(key).decode())
            except (ObjectMissing, ObjectUnavailable) as error:
                said.append(type(error))
    assert said == [*KEYS[:2], ObjectMissing, *KEYS[3:5], ObjectUnavailable, *KEYS[6:]]
