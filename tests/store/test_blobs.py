"""Blobs: never given out damaged, those of the earlier system included."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos import digest
from rmos.errors.files import AttachmentNotFound
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import StorageUnavailable
from rmos.objects.base import OpenObject
from rmos.objects.opened import OpenFile
from rmos.store import Store, blobs
from rmos.store.blobs import BLOCK_BYTES
from rmos.store.records import Damage
from tests.makers import write_raw
from tests.trying import tries


def path_of(root: Path, sha256: str, extension: str = "") -> Path:
    return root / "_attachments" / sha256[:2] / sha256[2:4] / f"{sha256}{extension}"


def test_what_was_put_is_read_whole_and_in_parts(store: Store) -> None:
    data = bytes(range(256)) * (BLOCK_BYTES // 256) + b"and the rest"
    blob = store.blobs.put([data[:7], data[7:]], max_bytes=len(data))
    assert store.blobs.read(blob.sha256) == data
    with store.blobs.open(blob.sha256) as found:
        assert (found.size, found.read_at(3, 4)) == (len(data), data[3:7])
    assert b"".join(store.blobs.open(blob.sha256).blocks(5, BLOCK_BYTES + 5)) == data[5 : BLOCK_BYTES + 5]


def test_above_the_limit_nothing_is_stored(store: Store) -> None:
    with pytest.raises(PayloadTooLarge):
        store.blobs.put([b"1234"], max_bytes=3)
    with pytest.raises(AttachmentNotFound):
        store.blobs.open(digest.sha256_hex(b"1234"))


@pytest.mark.parametrize("name", ["", "..", "../" * 30, "A" * 64, "0" * 63, "0" * 64, "0" * 64 + "\n", "_index.sqlite"])
def test_trap_23_only_a_digest_is_ever_looked_for(store: Store, name: str) -> None:
    with pytest.raises(AttachmentNotFound):
        store.blobs.open(name)


def damage_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [damage_byte, cut_end, empty])
@pytest.mark.parametrize("read_before", [True, False])
def test_a_damaged_blob_is_never_given_out_also_when_it_was_whole_before(
    store: Store, root: Path, damage: Callable[[Path], None], read_before: bool
) -> None:
    sha256 = store.blobs.put_bytes(b"a drawing" * 100).sha256
    if read_before:
        store.blobs.read(sha256)
    path = path_of(root, sha256)
    path.chmod(0o644)
    damage(path)
    with pytest.raises(Damage) as found:
        store.blobs.open(sha256)
    assert found.value.kind == "blob_corrupt"
    with pytest.raises(Damage):  # nor is it hidden by bringing the bytes again
        store.blobs.put_bytes(b"a drawing" * 100)


class Restamped:
    """An open object that somebody writes to between one look at its stamp and the next; its bytes are whole."""

    def __init__(self, opened: OpenObject, stamps: Iterator[int]) -> None:
        self._opened = opened
        self._stamps = stamps
        self.size = opened.size
        self.read_at = opened.read_at
        self.close = opened.close

    def stamp(self) -> int:
        return next(self._stamps)


def test_a_blob_that_changes_while_it_is_hashed_is_not_taken_for_whole_then_nor_afterwards(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = store.blobs.put_bytes(b"a drawing").sha256
    open_object = store.objects.open
    stamps = itertools.chain(range(6), itertools.repeat(0))
    monkeypatch.setattr(store.objects, "open", lambda key: Restamped(open_object(key), stamps))
    with pytest.raises(StorageUnavailable):  # its bytes hold, but those that are read next may be others
        store.blobs.open(sha256)
    hashed = []
    monkeypatch.setattr(blobs, "_sha256", lambda opened: hashed.append(opened) or ("0" * 64, 9))
    with pytest.raises(Damage):
        store.blobs.open(sha256)
    assert len(hashed) == 1  # under the stamp that it had first it is hashed again


def test_trap_49_a_file_system_that_learns_of_a_file_by_reading_it_makes_no_blob_damaged(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"an explanation" * 99
    sha256 = store.blobs.put_bytes(data).sha256
    genuine_stamp, genuine_read = OpenFile.stamp, OpenFile.read_at
    read: list[OpenFile] = []

    def read_at(self: OpenFile, offset: int, length: int) -> bytes:
        read.append(self)
        return genuine_read(self, offset, length)

    def stamp(self: OpenFile) -> tuple[int, ...]:
        if self not in read:
            self.size = 0
            return (*genuine_stamp(self)[:2], 0, 0, 0)
        return genuine_stamp(self)

    monkeypatch.setattr(OpenFile, "read_at", read_at)
    monkeypatch.setattr(OpenFile, "stamp", stamp)
    for _ in range(2):
        with store.blobs.open(sha256) as found:
            assert (found.size, b"".join(found.blocks())) == (len(data), data)


def test_a_link_where_a_blob_should_be_is_not_followed(store: Store, root: Path, tmp_path: Path) -> None:
    secret = write_raw(tmp_path / "secret", b"not ours")
    path = path_of(root, digest.sha256_hex(b"not ours"))
    path.parent.mkdir(parents=True)
    path.symlink_to(secret)
    with pytest.raises(Damage):
        store.blobs.open(path.name)


@pytest.mark.parametrize("extension", ["", ".svg", ".gcode"])
def test_blobs_of_the_earlier_system_are_found_with_and_without_extension(
    store: Store, root: Path, extension: str
) -> None:
    sha256 = digest.sha256_hex(b"<svg/>")
    write_raw(path_of(root, sha256, extension), b"<svg/>")
    assert store.blobs.read(sha256) == b"<svg/>"


def test_trap_20_a_json_blob_that_was_named_after_another_form_of_itself_is_given_out_as_it_stands(
    store: Store, root: Path
) -> None:
    value = {"b": [1.5, "ü"], "a": None}
    compact = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    sha256 = digest.sha256_hex(compact.encode())
    stored = json.dumps(value, indent=2).encode()
    path = write_raw(path_of(root, sha256, ".json"), stored)
    assert store.blobs.read(sha256) == stored
    path.write_bytes(stored.replace(b"1.5", b"1.6"))
    with pytest.raises(Damage):
        store.blobs.read(sha256)


@given(st.lists(st.binary(max_size=2000), max_size=6))
@settings(max_examples=tries(40))
def test_any_bytes_in_any_pieces_come_back_under_their_digest(store: Store, chunks: list[bytes]) -> None:
    data = b"".join(chunks)
    blob = store.blobs.put(chunks, max_bytes=len(data))
    assert (blob.sha256, blob.size) == (digest.sha256_hex(data), len(data))
    assert store.blobs.read(blob.sha256) == data
