"""The files of a host on their way to a bucket and back: only whole bytes, bounded, nothing that may not be lost."""

import contextlib
import errno
import os
import shutil
import threading
from pathlib import Path

import pytest

from rmos import digest
from rmos.errors.store import OutOfSpace, StorageFailed
from rmos.objects import spool as module
from rmos.objects.spool import Spool

MEBIBYTE = 1024 * 1024


@pytest.fixture(params=[True, False], ids=["nameless", "named"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the spool, on a filesystem with nameless files and on one without."""
    if not request.param:
        monkeypatch.setattr(module, "_NAMELESS", 0)
    return tmp_path / "spool"


def keep(spool: Spool, data: bytes) -> str:
    """Bring bytes into the spool as a download does, and return their digest."""
    sha256 = digest.sha256_hex(data)
    with spool.new_file() as file:
        file.write(data)
        spool.keep(file, sha256).close()
    return sha256


def read(spool: Spool, sha256: str) -> bytes | None:
    """Return the bytes of a blob that is in the spool."""
    opened = spool.find(sha256)
    return None if opened is None else opened.read_at(0, opened.size)


def list_files(folder: Path) -> list[str]:
    """Return the names of all files below a folder, but for the times of use."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.parent.name != "used")


def test_a_file_is_gone_with_its_end_unless_it_was_kept(folder: Path) -> None:
    spool = Spool(folder, max_bytes=MEBIBYTE)
    with spool.new_file() as file:
        file.write(b"on its ")
        file.write(b"way")
        assert bytes(file.map()) == b"on its way"
    with contextlib.suppress(KeyError), spool.new_file() as file:
        file.write(b"broken off")
        raise KeyError
    assert list_files(folder) == []
    with spool.new_file() as file:
        assert bytes(file.map()) == b""


def test_what_was_kept_is_the_same_file_for_every_process_of_the_host(folder: Path) -> None:
    spool = Spool(folder, max_bytes=MEBIBYTE)
    sha256 = digest.sha256_hex(b"a drawing")
    with spool.new_file() as file:
        file.write(b"a drawing")
        kept = spool.keep(file, sha256)
    assert list_files(folder) == [sha256]
    for process in (spool, Spool(folder, max_bytes=MEBIBYTE)):
        found = process.find(sha256)
        assert found is not None
        assert found.stamp() == kept.stamp()
        assert found.read_at(2, 4) == b"draw"


def test_a_mapping_is_read_to_its_end_by_who_was_given_up(folder: Path) -> None:
    with Spool(folder).new_file() as file:
        file.write(b"x" * MEBIBYTE)
        mapped = file.map()
    assert bytes(mapped) == b"x" * MEBIBYTE


@pytest.mark.parametrize("spoiled", [b"a drawinG", b"", b"a drawing, and more"])
def test_a_spoiled_file_is_dropped_and_never_opened_and_its_place_is_taken(folder: Path, spoiled: bytes) -> None:
    sha256 = keep(Spool(folder), b"a drawing")
    path = folder / "blobs" / sha256
    path.chmod(0o600)
    path.write_bytes(spoiled)
    spool = Spool(folder)
    assert spool.find(sha256) is None
    assert list_files(folder) == []
    path.write_bytes(spoiled)
    assert keep(spool, b"a drawing") == sha256
    assert read(spool, sha256) == b"a drawing"


def test_a_file_that_is_spoiled_while_it_is_here_is_hashed_again_and_dropped(folder: Path) -> None:
    spool = Spool(folder)
    sha256 = keep(spool, b"a drawing")
    path = folder / "blobs" / sha256
    path.chmod(0o600)
    path.write_bytes(b"a drawinG")
    assert spool.find(sha256) is None


@pytest.mark.parametrize("stranger", ["link", "folder"])
def test_what_is_no_file_is_not_followed(folder: Path, tmp_path: Path, stranger: str) -> None:
    sha256 = digest.sha256_hex(b"a drawing")
    (folder / "blobs").mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(b"a drawing")
    if stranger == "link":
        (folder / "blobs" / sha256).symlink_to(tmp_path / "elsewhere")
    else:
        (folder / "blobs" / sha256).mkdir()
    assert Spool(folder).find(sha256) is None
    assert (tmp_path / "elsewhere").read_bytes() == b"a drawing"


def test_the_least_recently_used_go_when_there_are_more_bytes_than_the_bound(folder: Path) -> None:
    spool = Spool(folder, max_bytes=1000)
    old, used, third = (keep(spool, bytes([number]) * 300) for number in range(3))
    for number, sha256 in enumerate((used, old, third)):  # long ago, in another order than they came
        os.utime(folder / "used" / sha256, (number, number))
    opened = spool.find(old)
    assert read(spool, used) == b"\x01" * 300
    os.utime(folder / "used" / old, (0, 0))
    newest = keep(spool, b"n" * 300)
    assert list_files(folder) == sorted([used, newest])
    assert opened is not None
    assert opened.read_at(0, 300) == b"\x00" * 300
    assert spool.used_bytes() == 600


def test_a_blob_above_the_bound_is_open_and_not_kept(folder: Path) -> None:
    spool = Spool(folder, max_bytes=1000)
    small = keep(spool, b"small")
    with spool.new_file() as file:
        file.write(b"x" * 2000)
        opened = spool.keep(file, digest.sha256_hex(b"x" * 2000))
    assert opened.read_at(0, 3000) == b"x" * 2000
    assert list_files(folder) == []
    assert keep(spool, b"small") == small
    assert list_files(folder) == [small]


def test_a_full_disk_is_out_of_space_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(folder)
    genuine = os.write

    def full(fd: int, data: bytes) -> int:
        if len(data) > 3:
            return genuine(fd, data[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OutOfSpace) as refusal, spool.new_file() as file:
        file.write(b"a drawing")
    assert str(folder) not in refusal.value.detail
    assert list_files(folder) == []
    monkeypatch.undo()
    assert keep(spool, b"a drawing")


def test_blobs_make_room_when_the_disk_is_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(folder, max_bytes=4000)
    old, recent = keep(spool, b"o" * 1000), keep(spool, b"r" * 1000)
    os.utime(folder / "used" / old, (0, 0))
    genuine = os.write

    def full_once(fd: int, data: bytes) -> int:
        if old in list_files(folder):
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        return genuine(fd, data)

    monkeypatch.setattr(os, "write", full_once)
    new = keep(spool, b"n" * 100)
    assert list_files(folder) == sorted([recent, new])


def test_a_spool_that_is_lost_is_made_anew(folder: Path) -> None:
    spool = Spool(folder)
    sha256 = keep(spool, b"a drawing")
    opened = spool.find(sha256)
    shutil.rmtree(folder)
    assert spool.find(sha256) is None
    assert spool.used_bytes() == 0
    with spool.fetching(sha256, wait_s=0):
        assert keep(spool, b"a drawing") == sha256
    assert opened is not None
    assert opened.read_at(0, 9) == b"a drawing"


def test_a_spool_that_cannot_be_made_is_a_failure_that_names_no_path(folder: Path) -> None:
    folder.parent.joinpath("file").write_bytes(b"")
    spool = Spool(folder.parent / "file" / "spool")
    for attempt in (spool.prepare, lambda: keep(spool, b"x")):
        with pytest.raises(StorageFailed) as refusal:
            attempt()
        assert str(folder.parent) not in refusal.value.detail


def test_of_two_that_fetch_the_same_blob_one_waits_and_finds_it_but_not_for_ever(folder: Path) -> None:
    spool, found = Spool(folder), []
    sha256 = digest.sha256_hex(b"a drawing")

    def second() -> None:
        with Spool(folder).fetching(sha256, wait_s=120):
            found.append(read(spool, sha256))

    with spool.fetching(sha256, wait_s=0):
        waiting = threading.Thread(target=second)
        waiting.start()
        with Spool(folder).fetching(sha256, wait_s=0):
            assert found == []
        keep(spool, b"a drawing")
    waiting.join()
    assert found == [b"a drawing"]


def test_what_a_dead_process_left_is_removed_and_what_others_write_is_not(folder: Path) -> None:
    spool = Spool(folder)
    spool.prepare()
    (folder / ".tmp-dead").write_bytes(b"half")
    os.utime(folder / ".tmp-dead", (0, 0))
    (folder / "used" / "0").touch()
    with spool.new_file() as file:
        file.write(b"a drawing")
        Spool(folder).prepare()
        assert not (folder / ".tmp-dead").exists()
        assert os.listdir(folder / "used") == []
        spool.keep(file, digest.sha256_hex(b"a drawing"))
    assert list_files(folder) == [digest.sha256_hex(b"a drawing")]
