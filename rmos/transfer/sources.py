"""Where an import reads from: a store's folder, or a zip of one. Nothing in it is trusted, not even its names.

    with open_source(Path("/backup/runs")) as source:
        for name in source.names: source.read(name)

Names that climb, that are absolute, that are there twice or that are links are refused and never read.
"""

import contextlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

from rmos import ids
from rmos.errors.objects import ObjectMissing, ObjectUnreadable
from rmos.errors.store import SourceUnreadable
from rmos.objects import open_objects
from rmos.objects.base import MAX_OBJECT_BYTES, check_key
from rmos.store import layout
from rmos.store.blobs import BLOCK_BYTES

MAX_NAMES: Final = 20_000_000
"""Entries of an archive; RMOS policy against archives that only look like one."""


class Refused(NamedTuple):
    """A name that is not taken in, and why."""

    name: str
    detail: str


class Source(NamedTuple):
    """A store's files by their keys, how one is read, whole or block by block, and what was refused by its name."""

    names: set[str]
    read: Callable[[str], bytes]
    blocks: Callable[[str], Iterator[bytes]]
    refused: list[Refused]


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a folder or a zip to import from.

    Raises:
        SourceUnreadable: neither is there.
    """
    if path.is_dir():
        yield _folder(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield _archive(archive)
    except (OSError, zipfile.BadZipFile):
        raise SourceUnreadable("There is no store's folder and no zip of one in this place.") from None


def _folder(path: Path) -> Source:
    objects = open_objects(path, attachments=_attachments(path))

    def blocks(key: str) -> Iterator[bytes]:
        with contextlib.closing(objects.open(key)) as opened:
            offset = 0
            while block := opened.read_at(offset, BLOCK_BYTES):
                yield block
                offset += len(block)

    source = Source(set(), objects.read, blocks, [])
    pending = [""]
    while pending:
        folder = pending.pop()
        for name, kind in objects.entries(folder):
            key = f"{folder}/{name}" if folder else name
            if kind == "directory":
                pending.append(key)
            elif kind == "file":
                source.names.add(key)
            else:
                source.refused.append(Refused(key, f"a {kind} is not taken in"))
    if not any(name.startswith(f"{layout.BLOB.folder}/") for name in source.names):
        source.names.update(_under(objects.entries, layout.BLOB.folder))
    return source


def _under(entries: Callable[[str], Iterator[tuple[str, str]]], folder: str) -> Iterator[str]:
    """Give the files of a tree that may stand elsewhere; links in it are passed over and so never found."""
    for name, kind in entries(folder):
        if kind == "directory":
            yield from _under(entries, f"{folder}/{name}")
        elif kind == "file":
            yield f"{folder}/{name}"


def _attachments(path: Path) -> Path | None:
    """Return where the legacy system kept the blobs of a store, when they are not under `_attachments`."""
    places = (path / layout.LEGACY_ATTACHMENTS, path.parent / layout.LEGACY_ATTACHMENTS)
    if (path / layout.BLOB.folder).is_dir() or not any(ids.is_partition(name) for name in os.listdir(path)):
        return None
    return next((place for place in places if place.is_dir()), None)


def _archive(archive: zipfile.ZipFile) -> Source:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MAX_NAMES:
        raise SourceUnreadable("The zip has more entries than a store has files.")
    found: dict[str, zipfile.ZipInfo] = {}
    refused: list[Refused] = []
    twice: set[str] = set()
    for info in infos:
        name, detail = info.filename, _refusal(info)
        if detail is None and name in found:
            twice.add(name)
        elif detail is None:
            found[name] = info
        else:
            refused.append(Refused(name, detail))
    for name in sorted(twice):
        del found[name]
        refused.append(Refused(name, "the archive has this name more than once"))

    def blocks(key: str) -> Iterator[bytes]:
        if key not in found:
            raise ObjectMissing("There is no such object.")
        with _unpacking():
            file = archive.open(found[key])
        with file:
            while block := _unpacked(file):
                yield block

    def read(key: str) -> bytes:
        data = bytearray()
        for block in blocks(key):
            data += block
            if len(data) > MAX_OBJECT_BYTES:
                raise ObjectUnreadable("The file is too large to be a record.")
        return bytes(data)

    return Source(set(found), read, blocks, refused)


@contextlib.contextmanager
def _unpacking() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, zlib.error):
        raise ObjectUnreadable("It cannot be read from the archive.") from None


def _unpacked(file: IO[bytes]) -> bytes:
    with _unpacking():
        return file.read(BLOCK_BYTES)


def _refusal(info: zipfile.ZipInfo) -> str | None:
    """Return why an entry of an archive is not even looked at, or None."""
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is a link or no file"
    if "\\" in info.orig_filename or "\x00" in info.orig_filename:
        return "its name is not the name of an object"
    try:
        check_key(info.filename)
    except ObjectUnreadable:
        return "its name leads out of the store"
    return None
