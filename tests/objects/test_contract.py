"""What every object backend must do; see `conftest.py` for the backends."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos import digest
from rmos.errors.store import ObjectExists, ObjectMissing, ObjectUnavailable, ObjectUnreadable, StorageFailed
from rmos.objects.base import ATTACHMENTS, QUARANTINE, Objects, check_key, read_or_error
from tests.trying import tries

KEY = "2025-12-23/run_00.json"


def test_what_was_created_is_read_back_byte_for_byte(objects: Objects) -> None:
    for number, data in enumerate([b"", b"\n", b"\x00\xff" * 4096, b"x" * 3_000_000]):
        assert objects.create(f"2025-12-23/{number}", data) is True
        assert objects.read(f"2025-12-23/{number}") == data
        assert objects.digest(f"2025-12-23/{number}") == (digest.sha256_hex(data), len(data))


def test_the_same_bytes_again_are_a_success_that_creates_nothing(objects: Objects) -> None:
    assert objects.create(KEY, b"one") is True
    before = objects.changed_since(KEY, None)
    assert objects.create(KEY, b"one") is False
    assert objects.changed_since(KEY, before) in (None, before)  # the same token: it cannot tell
    assert objects.names("2025-12-23") == ["run_00.json"]


@pytest.mark.parametrize("other", [b"two", b"", b"one ", b"on"])
def test_trap_05_other_bytes_under_the_same_name_are_refused_and_change_nothing(objects: Objects, other: bytes) -> None:
    objects.create(KEY, b"one")
    with pytest.raises(ObjectExists):
        objects.create(KEY, other)
    assert objects.read(KEY) == b"one"
    assert objects.names("2025-12-23") == ["run_00.json"]


def race(objects: Objects, datas: list[bytes]) -> list[bool | None]:
    """Create one key from as many threads as there are datas; None stands for a refusal."""
    barrier = Barrier(len(datas))

    def create(data: bytes) -> bool | None:
        barrier.wait()
        try:
            return objects.create(KEY, data)
        except ObjectExists:
            return None

    with ThreadPoolExecutor(len(datas)) as threads:
        return list(threads.map(create, datas))


def test_trap_05_of_32_racing_creates_of_other_bytes_one_wins(objects: Objects) -> None:
    datas = [f"writer {number}".encode() * 50 for number in range(32)]
    outcomes = race(objects, datas)
    assert sorted(outcomes, key=str) == [None] * 31 + [True]
    assert objects.read(KEY) == datas[outcomes.index(True)]
    assert objects.names("2025-12-23") == ["run_00.json"]


def test_of_32_racing_creates_of_the_same_bytes_all_succeed_and_one_created(objects: Objects) -> None:
    outcomes = race(objects, [b"the same"] * 32)
    assert sorted(outcomes, key=str) == [False] * 31 + [True]


def test_an_absent_object_is_missing_however_much_of_its_path_is_there(objects: Objects) -> None:
    objects.create(KEY, b"one")
    for key in ("2025-12-24/run_00.json", "2025-12-23/run_01.json", f"{KEY}/below", "_claims/ab/cd"):
        assert objects.has(key) is False
        assert objects.age_s(key) is None
        for ask in (objects.read, objects.digest):
            with pytest.raises(ObjectMissing):
                ask(key)


def test_many_are_read_in_the_order_of_their_keys_each_with_its_bytes_or_its_error(objects: Objects) -> None:
    objects.create(KEY, b"one")
    objects.create(f"{KEY}.event-000001.json", b"")
    found = objects.read_all([f"{KEY}.event-000001.json", "2025-12-23/absent", KEY, "../x", KEY])
    assert [found[0], found[2], found[4]] == [b"", b"one", b"one"]
    assert isinstance(found[1], ObjectMissing)
    assert isinstance(found[3], ObjectUnreadable)
    assert objects.read_all([]) == []


def test_a_storage_that_did_not_answer_is_raised_and_never_one_result_among_many() -> None:
    def read(key: str) -> bytes:
        raise ObjectUnavailable("It cannot be read: input/output error.")

    with pytest.raises(StorageFailed):
        read_or_error(read, KEY)


def test_names_can_be_asked_for_by_their_beginning(objects: Objects) -> None:
    for name in ("run_00.json", "run_00.json.event-000001.json", "run_01.json", "run_0", "run_00/below", "other"):
        objects.create(f"2025-12-23/{name}", b"")
    begin = {beginning: sorted(objects.names("2025-12-23", beginning)) for beginning in ("run_00", "run_02", "other")}
    assert begin == {
        "run_00": ["run_00", "run_00.json", "run_00.json.event-000001.json"],
        "run_02": [],
        "other": ["other"],
    }
    assert objects.names("2025-12-24", "run") == []


def test_an_absent_folder_is_empty(objects: Objects) -> None:
    assert objects.names("2025-12-24") == []
    assert list(objects.entries("2025-12-24")) == []
    assert objects.clear_debris("2025-12-24") == 0


def test_folders_list_what_stands_in_them_and_of_what_kind(objects: Objects) -> None:
    for name in ("a", "b", ".hidden", "Ünïcode ½", "glob_[*]"):
        objects.create(f"2025-12-23/{name}", b"")
    objects.create("2025-12-23/folder/c", b"")
    assert sorted(objects.names("2025-12-23")) == sorted(["a", "b", ".hidden", "Ünïcode ½", "glob_[*]", "folder"])
    assert {(entry.name, entry.kind) for entry in objects.entries("2025-12-23")} == {
        ("a", "file"),
        ("b", "file"),
        (".hidden", "file"),
        ("Ünïcode ½", "file"),
        ("glob_[*]", "file"),
        ("folder", "directory"),
    }
    assert "2025-12-23" in objects.names("")


CHANGES: dict[str, Callable[[Objects], object]] = {
    "an object comes": lambda objects: objects.create("2025-12-23/b", b""),
    "an object goes": lambda objects: objects.erase(KEY),
    "an object is moved aside": lambda objects: objects.quarantine(KEY),
    "a folder comes": lambda objects: objects.create("2025-12-23/folder/c", b""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_whose_names_change_has_changed_since_every_token_before(objects: Objects, change: str) -> None:
    objects.create(KEY, b"one")
    token = objects.changed_since("2025-12-23", None)
    CHANGES[change](objects)
    assert objects.changed_since("2025-12-23", token) is not None


def test_what_was_never_looked_at_has_changed_whether_it_is_there_or_not(objects: Objects) -> None:
    objects.create(KEY, b"one")
    for key in ("2025-12-23", KEY, "2025-12-24", "2025-12-23/absent"):
        assert objects.changed_since(key, None) is not None
        assert objects.changed_since(key, "a token of another backend") is not None


def test_a_folder_that_comes_after_its_token_has_changed(objects: Objects) -> None:
    token = objects.changed_since("2025-12-23", None)
    objects.create(KEY, b"one")
    assert objects.changed_since("2025-12-23", token) is not None


def test_an_object_that_nobody_touches_has_not_changed_or_the_backend_never_can_tell(objects: Objects) -> None:
    objects.create(KEY, b"one")
    token = objects.changed_since(KEY, None)
    objects.read(KEY)
    objects.names("2025-12-23")
    assert objects.changed_since(KEY, token) in (None, token)


def test_a_new_object_is_young(objects: Objects) -> None:
    objects.create(KEY, b"")
    age = objects.age_s(KEY)
    assert age is not None
    assert -1 < age < 60


def test_an_object_that_was_found_is_made_durable_and_stays_as_it_is(objects: Objects) -> None:
    objects.create(KEY, b"one")
    objects.ensure_durable(KEY)
    assert objects.read(KEY) == b"one"


def test_clearing_debris_leaves_every_object(objects: Objects) -> None:
    for name in ("a", ".hidden", "a.json.tmp", "tmp"):
        objects.create(f"2025-12-23/{name}", b"")
    assert objects.clear_debris("2025-12-23") == 0
    assert sorted(objects.names("2025-12-23")) == [".hidden", "a", "a.json.tmp", "tmp"]


CLIMBING = ["", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", "./a", "a/.", "a//b", "a/", "a\x00b", "../../x"]


@pytest.mark.parametrize("key", CLIMBING)
def test_trap_23_a_key_cannot_lead_out_of_the_store(objects: Objects, key: str) -> None:
    for ask in (objects.read, objects.digest, objects.has, objects.age_s, objects.quarantine):
        with pytest.raises(ObjectUnreadable):
            ask(key)
    with pytest.raises(ObjectUnreadable):
        objects.create(key, b"x")


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b.json", "\x00", "…", "..."]), max_size=5).map("/".join))
@settings(max_examples=tries(200))
def test_trap_23_only_keys_of_plain_names_pass(key: str) -> None:
    plain = all(part not in ("", ".", "..", "\x00") for part in key.split("/"))
    try:
        check_key(key)
    except ObjectUnreadable:
        assert not plain
    else:
        assert plain


def test_what_is_moved_aside_is_gone_from_its_place_and_kept_whole(objects: Objects) -> None:
    objects.create(KEY, b"damaged")
    assert objects.quarantine(KEY) == f"{QUARANTINE}/{KEY}"
    assert not objects.has(KEY)
    assert objects.read(f"{QUARANTINE}/{KEY}") == b"damaged"


def test_what_is_moved_aside_never_replaces_what_was_moved_before(objects: Objects) -> None:
    for data in (b"first", b"second", b"third"):
        objects.create(KEY, data)
        objects.quarantine(KEY)
    kept = {objects.read(f"{QUARANTINE}/2025-12-23/{name}") for name in objects.names(f"{QUARANTINE}/2025-12-23")}
    assert kept == {b"first", b"second", b"third"}


def test_blobs_are_objects_like_others(objects: Objects) -> None:
    key = f"{ATTACHMENTS}/ab/cd/abcd"
    assert objects.create(key, b"blob") is True
    assert objects.create(key, b"blob") is False
    assert objects.read(key) == b"blob"
    assert objects.names(f"{ATTACHMENTS}/ab/cd") == ["abcd"]
    assert objects.names(ATTACHMENTS) == ["ab"]
    moved = objects.quarantine(key)
    assert moved.startswith(QUARANTINE)
    assert objects.read(moved) == b"blob"
    assert not objects.has(key)


def test_moving_aside_what_is_not_there_is_said_so(objects: Objects) -> None:
    with pytest.raises(ObjectMissing):
        objects.quarantine(KEY)


names_that_fit_everywhere = st.text(
    st.characters(exclude_characters="/", exclude_categories=["C"]), min_size=1, max_size=20
).filter(lambda name: name not in (".", ".."))
"""Without control characters, which no bucket takes; see `test_local` for what a folder takes."""


@given(st.dictionaries(names_that_fit_everywhere, st.binary(max_size=200), max_size=5))
@settings(max_examples=tries(25))
def test_any_name_that_is_no_path_takes_any_bytes(objects: Objects, made: dict[str, bytes]) -> None:
    folder = f"2025-12-23/{uuid.uuid4()}"  # one of its own for each example, also when one is tried again
    for name, data in made.items():
        assert objects.create(f"{folder}/{name}", data)
    assert {name: objects.read(f"{folder}/{name}") for name in objects.names(folder)} == made


def test_preparing_again_changes_nothing(objects: Objects) -> None:
    objects.create(KEY, b"one")
    before = sorted(objects.names(""))
    objects.prepare()
    assert sorted(objects.names("")) == before
    assert objects.exists()
    assert objects.writable()
    assert objects.free_bytes() != 0


def test_an_error_says_nothing_about_the_place(objects: Objects) -> None:
    objects.create(KEY, b"one")
    asks: list[Callable[[], object]] = [
        lambda: objects.create(KEY, b"two"),
        lambda: objects.read("2025-12-23/absent"),
        lambda: objects.read("2025-12-23"),
        lambda: objects.read("../x"),
    ]
    for ask in asks:
        with pytest.raises((ObjectExists, ObjectMissing, ObjectUnreadable)) as caught:
            ask()
        assert objects.root not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_what_is_erased_is_gone_and_its_neighbours_stand(objects: Objects) -> None:
    objects.create(KEY, b"one")
    objects.create(f"{KEY}.other", b"two")
    assert objects.erase(KEY) is True
    assert not objects.has(KEY)
    assert objects.names("2025-12-23") == [f"{KEY}.other".rpartition("/")[2]]
    assert objects.erase(KEY) is False
    assert objects.erase("2025-12-24/never") is False


def test_erasing_takes_no_name_that_leads_out_of_the_store(objects: Objects) -> None:
    with pytest.raises(ObjectUnreadable):
        objects.erase("../x")
