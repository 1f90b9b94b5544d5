"""What every object backend must do with many objects at once; see `conftest.py` for the backends."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rmos.errors.store import ObjectExists, ObjectUnreadable
from rmos.objects.base import CreateResult, NewObject, Objects, create_or_error
from tests.helpers.memory_objects import MemoryObjects
from tests.trying import tries

DAY = "2025-12-23"


def kinds(results: list[CreateResult]) -> list[object]:
    """Return what became of each: True, False, or the type of the error."""
    return [result if isinstance(result, bool) else type(result) for result in results]


def test_many_are_created_in_whatever_folders_and_read_back(objects: Objects) -> None:
    new = [NewObject(f"{DAY if place % 3 else '_claims/ab'}/{place}", b"x" * place * 50) for place in range(150)]
    assert objects.create_many(new) == [True] * len(new)
    assert [objects.read(one.key) for one in new] == [one.data for one in new]
    assert objects.create_many(new) == [False] * len(new)
    assert len(objects.names(DAY)) + len(objects.names("_claims/ab")) == len(new)
    assert objects.create_many([]) == []


def test_each_of_many_has_its_own_result_and_spoils_no_other(objects: Objects) -> None:
    objects.create(f"{DAY}/same", b"same")
    objects.create(f"{DAY}/other", b"other")
    new = [
        NewObject(f"{DAY}/new", b"new"),
        NewObject("../out", b""),
        NewObject(f"{DAY}/other", b"bytes"),
        NewObject(f"{DAY}/same", b"same"),
        NewObject(f"{DAY}/last", b"last"),
    ]
    assert kinds(objects.create_many(new)) == [True, ObjectUnreadable, ObjectExists, False, True]
    assert objects.read(f"{DAY}/other") == b"other"
    assert sorted(objects.names(DAY)) == ["last", "new", "other", "same"]


def test_of_many_that_race_for_the_same_names_one_wins_each(objects: Objects) -> None:
    barrier = Barrier(4)

    def create(writer: int) -> list[CreateResult]:
        barrier.wait()
        return objects.create_many([NewObject(f"{DAY}/{place}", b"%d" % writer) for place in range(20)])

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(create, range(4)))
    for place in range(20):
        of_place = kinds([results[place] for results in outcomes])
        assert sorted(of_place, key=str) == [ObjectExists] * 3 + [True]
        assert objects.read(f"{DAY}/{place}") == b"%d" % of_place.index(True)


keys = st.sampled_from([f"{folder}/{name}" for folder in (DAY, "_claims/ab", "a/b/c") for name in "xyz"] + ["../x", ""])
many = st.dictionaries(keys, st.sampled_from([b"", b"one", b"two"]), max_size=8).map(
    lambda found: [NewObject(key, data) for key, data in found.items()]
)


@settings(max_examples=tries(25), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(calls=st.lists(many, max_size=4))
def test_many_at_once_are_what_the_same_are_one_after_the_other(objects: Objects, calls: list[list[NewObject]]) -> None:
    model = MemoryObjects()
    prefix = f"try-{id(calls)}-{len(objects.names(''))}"
    for number, new in enumerate([*calls, []]):
        below = [one._replace(key=f"{prefix}/{one.key}" if one.key else "") for one in new]
        expected = [create_or_error(model.create, one) for one in below]
        assert kinds(objects.create_many(below)) == kinds(expected), f"call no. {number}"
    for one in {one for new in calls for one in new}:
        if model.has(key := f"{prefix}/{one.key}") if one.key and ".." not in one.key else False:
            assert objects.read(key) == model.read(key)
