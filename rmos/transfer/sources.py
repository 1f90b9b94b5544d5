"""Where an import reads from: a store's folder or bucket, or a zip of one. Nothing in it is trusted, not even names.

    with open_source(Path("/backup/runs")) as source:
        for name in source.names: source.read(name)

Names that climb, that are absolute, that are there twice or that are links are refused and never read. People zip a
folder by its own name, Windows once wrote names with backslashes, and macOS puts files of its own beside each: the
store is found all the same.
"""

import contextlib
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

from rmos import ids
from rmos.errors.store import ObjectMissing, ObjectUnreadable, SourceUnreadable
from rmos.objects import open_objects
from rmos.objects.base import MAX_OBJECT_BYTES, Objects, check_key
from rmos.place import Bucket, Place, S3Options
from rmos.store import layout
from rmos.store.blobs import BLOCK_BYTES

MAX_NAMES: Final = 20_000_000
"""Entries of an archive; RMOS policy against archives that only look like one."""
_MAX_WITHIN: Final = 8
"""Folders within one another in which a store is looked for."""
_LITTER: Final = re.compile(r"(?:.*/)?(?:__MACOSX/.*|__MACOSX|\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)", re.DOTALL)
"""What macOS and Windows put beside the files of everybody."""


class Refused(NamedTuple):
    """A name that is not taken in, and why."""

    name: str
    detail: str


class ImportSource(NamedTuple):
    """A store's files by their keys, how one is read, whole or block by block, and what was refused by its name."""

    names: set[str]
    read: Callable[[str], bytes]
    blocks: Callable[[str], Iterator[bytes]]
    refused: list[Refused]


@contextlib.contextmanager
def open_source(path: Place, s3: S3Options | None = None) -> Iterator[ImportSource]:
    """Open a folder, a zip or a bucket to import from.

    Raises:
        SourceUnreadable: there is none.
    """
    if isinstance(path, Bucket):
        yield _read_objects(open_objects(path, s3=s3))
        return
    if path.is_dir():
        found = find_store_folder(path)
        yield _read_objects(open_objects(found, attachments=_attachments(found)))
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield read_archive(archive)
    except (OSError, zipfile.BadZipFile):
        raise SourceUnreadable("There is no store's folder and no zip of one in this place.") from None


def find_store_folder(path: Path) -> Path:
    """Return the folder of a store: this one, or the one that it holds and nothing else, as an unpacked zip does."""
    for _ in range(_MAX_WITHIN):
        names = [name for name in os.listdir(path) if not _LITTER.fullmatch(name)]
        if len(names) != 1 or _is_of_store(names):
            break
        within = path / names[0]
        if within.is_symlink() or not within.is_dir():
            break
        path = within
    return path


def _is_of_store(parts: Collection[str]) -> bool:
    """Tell whether one of these names stands in the root of a store."""
    return any(part in layout.OWN_NAMES or ids.is_partition(part) for part in parts)


def _read_objects(objects: Objects) -> ImportSource:
    def blocks(key: str) -> Iterator[bytes]:
        with contextlib.closing(objects.open(key)) as opened:
            offset = 0
            while block := opened.read_at(offset, BLOCK_BYTES):
                yield block
                offset += len(block)

    source = ImportSource(set(), objects.read, blocks, [])
    pending = [""]
    while pending:
        folder = pending.pop()
        for name, kind in objects.entries(folder):
            key = f"{folder}/{name}" if folder else name
            if _LITTER.fullmatch(key):
                continue
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


def read_archive(archive: zipfile.ZipFile) -> ImportSource:
    """Return what the zip of a store holds, also with its folder on top and with backslashes in its names.

    Raises:
        SourceUnreadable: it has too many entries, or holds several stores.
    """
    infos = archive.infolist()
    if len(infos) > MAX_NAMES:
        raise SourceUnreadable("The zip has more entries than a store has files.")
    named = [(info.filename.replace("\\", "/"), info) for info in infos]
    named = [(name, info) for name, info in named if not name.endswith("/") and not _LITTER.fullmatch(name)]
    refusals = [_refusal(name, info) for name, info in named]
    root = _root_of(name for (name, _), detail in zip(named, refusals, strict=True) if detail is None)
    found: dict[str, zipfile.ZipInfo] = {}
    refused: list[Refused] = []
    twice: set[str] = set()
    for (full, info), detail in zip(named, refusals, strict=True):
        name = _name_within(full, root)
        if detail is not None:
            refused.append(Refused(full, detail))
        elif name in found:
            twice.add(name)
        else:
            found[name] = info
    for name in sorted(twice):
        del found[name]
        refused.append(Refused(name, "the archive has this name more than once"))

    def blocks(key: str) -> Iterator[bytes]:
        if key not in found:
            raise ObjectMissing("There is no such object.")
        with _translate_errors():
            file = archive.open(found[key])
        with file:
            while block := _unpack_file(file):
                yield block

    def read(key: str) -> bytes:
        data = bytearray()
        for block in blocks(key):
            data += block
            if len(data) > MAX_OBJECT_BYTES:
                raise ObjectUnreadable("The file is too large to be a record.")
        return bytes(data)

    return ImportSource(set(found), read, blocks, refused)


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError, struct.error, zlib.error, lzma.LZMAError):
        raise ObjectUnreadable("It cannot be read from the archive.") from None


def _unpack_file(file: IO[bytes]) -> bytes:
    with _translate_errors():
        return file.read(BLOCK_BYTES)


def _root_of(names: Iterator[str]) -> str:
    """Return the folder of an archive in which the store stands, with its slash; "" when that is the archive itself.

    Raises:
        SourceUnreadable: there are several.
    """
    roots: set[str] = set()
    for name in names:
        parts = name.split("/")[: _MAX_WITHIN + 1]
        depth = next((depth for depth in range(len(parts)) if _is_of_store(parts[depth : depth + 1])), None)
        if depth is not None:
            roots.add("".join(f"{part}/" for part in parts[:depth]))
    if "" in roots or not roots:
        return ""
    if len(roots) > 1:
        raise SourceUnreadable(f"The zip holds several stores ({', '.join(sorted(roots)[:3])}); zip each by itself.")
    return roots.pop()


def _name_within(name: str, root: str) -> str:
    """Return the key of an entry in the store that stands in a folder of the archive; blobs may stand beside that."""
    if root and name.startswith(root):
        return name[len(root) :]
    beside = root[: root.rstrip("/").rfind("/") + 1]
    return name[len(beside) :] if root and name.startswith(f"{beside}{layout.LEGACY_ATTACHMENTS}/") else name


def _refusal(name: str, info: zipfile.ZipInfo) -> str | None:
    """Return why an entry of an archive is not even looked at, or None."""
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is a link or no file"
    if "\x00" in info.orig_filename:
        return "its name is not the name of an object"
    try:
        check_key(name)
    except ObjectUnreadable:
        return "its name leads out of the store"
    return None
