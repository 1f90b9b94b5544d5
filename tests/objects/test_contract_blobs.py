"""What every object backend must do with bytes that are named after their SHA-256; see `conftest.py`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from rmos import digest
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectExists, ObjectMissing, ObjectUnreadable
from rmos.objects.base import ATTACHMENTS, NewBlob, Objects, key_of_digest

LIMIT = 10_000_000


def key_of(data: bytes) -> str:
    """Return where a blob with these bytes stands."""
    return key_of_digest(digest.sha256_hex(data))


def keys_below(objects: Objects, folder: str = "") -> list[str]:
    """Return the keys of all that stands below a folder, debris too."""
    found = []
    for name, kind in objects.entries(folder):
        key = f"{folder}/{name}" if folder else name
        found += keys_below(objects, key) if kind == "directory" else [key]
    return found + (keys_below(objects, ATTACHMENTS) if not folder and ATTACHMENTS not in objects.names("") else [])


@pytest.mark.parametrize("chunks", [[], [b""], [b"one"], [b"x" * 300_000, b"", b"y" * 700_001]])
def test_chunks_become_one_object_under_the_digest_of_all_bytes(objects: Objects, chunks: list[bytes]) -> None:
    data = b"".join(chunks)
    blob = objects.create_blob(chunks, max_bytes=LIMIT)
    assert blob == NewBlob(digest.sha256_hex(data), len(data), True)
    assert objects.read(key_of(data)) == data
    assert objects.create_blob(iter(chunks), max_bytes=LIMIT) == NewBlob(blob.sha256, len(data), False)


def test_what_is_no_blob_gets_the_name_that_it_is_given_and_stands_there_once(objects: Objects) -> None:
    def name(sha256: str) -> str:
        return f"_quarantine/_other/{sha256}.zip"

    kept = objects.create_blob([b"one", b"two"], max_bytes=LIMIT, name=name)
    assert keys_below(objects) == [name(kept.sha256)]
    assert objects.read(name(kept.sha256)) == b"onetwo"
    assert not objects.create_blob([b"onetwo"], max_bytes=LIMIT, name=name).created
    with pytest.raises(ObjectUnreadable):
        objects.create_blob([b"x"], max_bytes=LIMIT, name=lambda sha256: "../escape")
    assert keys_below(objects) == [name(kept.sha256)]


def test_more_bytes_than_allowed_are_refused_before_all_are_read_and_leave_nothing(objects: Objects) -> None:
    taken: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield b"z" * 1000

    with pytest.raises(PayloadTooLarge) as refusal:
        objects.create_blob(endless(), max_bytes=4500)
    assert refusal.value.members == {"limit_bytes": 4500}
    assert len(taken) == 5
    assert keys_below(objects) == []
    assert objects.create_blob([b"z" * 4500], max_bytes=4500).created


def test_what_the_giver_of_chunks_raises_is_passed_on_and_leaves_nothing(objects: Objects) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError("the client went away")

    with pytest.raises(ConnectionResetError):
        objects.create_blob(breaking(), max_bytes=LIMIT)
    assert keys_below(objects) == []


def test_of_many_that_bring_the_same_bytes_at_once_one_creates_and_all_succeed(objects: Objects) -> None:
    data = b"the same drawing" * 1000
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: objects.create_blob([data], max_bytes=LIMIT), range(24)))
    assert sum(blob.created for blob in made) == 1
    assert {blob.sha256 for blob in made} == {digest.sha256_hex(data)}


def test_a_damaged_object_under_the_digest_is_never_taken_for_the_bytes(objects: Objects) -> None:
    data = b"what was drawn"
    objects.create(key_of(data), b"something else")
    with pytest.raises(ObjectExists):
        objects.create_blob([data], max_bytes=LIMIT)
    assert objects.read(key_of(data)) == b"something else"


def test_an_open_object_is_read_from_anywhere_and_its_stamp_stays(objects: Objects) -> None:
    data, second = bytes(range(256)) * 40, bytes(range(255, -1, -1)) * 40
    for one in (data, second):
        objects.create_blob([one], max_bytes=LIMIT)
    key, other = key_of(data), key_of(second)
    opened = objects.open(key)
    stamp = opened.stamp()
    assert opened.size == len(data)
    assert opened.read_at(0, 5) == data[:5]
    assert opened.read_at(10_000, 10_000) == data[10_000:]
    assert opened.read_at(len(data), 1) == b""
    assert opened.stamp() == stamp == objects.open(key).stamp()
    assert stamp != objects.open(other).stamp()
    opened.close()
    opened.close()


def test_opening_what_is_not_there_or_no_object_is_refused(objects: Objects) -> None:
    objects.create("2025-12-23/x", b"1")
    with pytest.raises(ObjectMissing):
        objects.open("2025-12-23/y")
    with pytest.raises((ObjectMissing, ObjectUnreadable)):
        objects.open("2025-12-23")
    with pytest.raises(ObjectUnreadable):
        objects.open("../x")
