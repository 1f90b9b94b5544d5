"""Whether a file is a whole bundle: found out before a byte of it is believed.

    with open_bundle(file, size) as bundle:      # BundleRefused: it is no zip, too large, or has names that it must not
        check_members(bundle)                    # BundleRefused: a member is missing, in excess, or altered
        bundle.source                            # what the usual import reads

A zip that somebody unpacked and packed again, with its folder on top, with backslashes, or with what macOS and Windows
put beside everybody's files, is the same bundle (`transfer/sources.py` has the one rule for that).
"""

import contextlib
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import IO, Final, NamedTuple

from rmos import digest
from rmos.counts import count_of
from rmos.errors.bundles import BundleRefused
from rmos.errors.store import ObjectMissing, ObjectUnreadable, SourceUnreadable
from rmos.services.zip_files import SUMS
from rmos.store.blobs import BLOCK_BYTES
from rmos.transfer.bundles.manifest import (
    MANIFEST,
    MAX_BYTES,
    MAX_ENTRIES,
    MAX_RATIO,
    Manifest,
    has_right_counts,
    is_member,
    is_object_key,
    parse_manifest,
)
from rmos.transfer.sources import ImportSource, read_archive

_MAX_DIRECTORY: Final = 24 * 1024**2
"""Bytes of a zip's table of contents: 250 for each entry that a bundle may have, for all are read at once."""
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What every program packs with. What LZMA says of its dictionary is memory that is asked for at once, up to 4 GiB."""


class OpenBundle(NamedTuple):
    """A bundle that can be read: what it says of itself, its members, and of these what a store takes in."""

    manifest: Manifest
    members: ImportSource
    source: ImportSource


class _BoundedFile:
    """A file that is read in pieces: nobody has it read more at once than a table of contents may have."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, as many as were asked for, else all that are left."""
        if size > _MAX_DIRECTORY:
            raise zipfile.BadZipFile("its table of contents is too large")
        if size >= 0:
            return self._file.read(size)
        data = bytearray()
        while block := self._file.read(BLOCK_BYTES):
            data += block
            if len(data) > _MAX_DIRECTORY:
                raise zipfile.BadZipFile("it does not end where it says")
        return bytes(data)


@contextlib.contextmanager
def open_bundle(file: IO[bytes], size: int) -> Iterator[OpenBundle]:
    """Open a bundle.

    Args:
        size: of the file, in bytes.

    Raises:
        BundleRefused: it is no zip, holds more than a bundle may, or names that none has.
    """
    try:
        archive = zipfile.ZipFile(_BoundedFile(file))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, UnicodeDecodeError):
        raise BundleRefused("It is no zip, or one that broke off.") from None
    with archive:
        _check_entries(archive.infolist(), size)
        try:
            members = read_archive(archive)
        except SourceUnreadable as error:
            raise BundleRefused(error.detail) from None
        _check_names(members)
        manifest = parse_manifest(_read(members, MANIFEST))
        objects = ImportSource(
            {name for name in members.names if is_object_key(name)}, members.read, members.blocks, []
        )
        yield OpenBundle(manifest, members, objects)


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise BundleRefused(f"It has {len(entries)} entries; a bundle has at most {MAX_ENTRIES}.")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_BYTES:
        raise BundleRefused(f"It unpacks to {unpacked} bytes; a bundle has at most {MAX_BYTES}.")
    if unpacked > MAX_RATIO * size:
        raise BundleRefused(f"It unpacks to more than {MAX_RATIO} times its size.")
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise BundleRefused(f"{_show(entry.filename)} is encrypted.")
        if entry.compress_type not in _METHODS:
            raise BundleRefused(f"{_show(entry.filename)} is compressed in a way that bundles are not: take deflate.")
    folded = Counter(entry.filename.replace("\\", "/").casefold() for entry in entries)
    twice = next((name for name, count in folded.items() if count > 1), None)
    if twice is not None:
        raise BundleRefused(f"{_show(twice)} is there more than once, or in other letters: a disk may keep but one.")


def _check_names(members: ImportSource) -> None:
    if members.refused:
        name, detail = members.refused[0]
        raise BundleRefused(f"{_show(name)}: {detail}.")
    strange = sorted(name for name in members.names if not is_member(name))
    if strange:
        raise BundleRefused(f"{_show(strange[0])}: no member of a bundle has such a name.")


def check_members(bundle: OpenBundle) -> None:
    """Refuse a bundle that does not hold just what its manifest says, to the byte.

    Raises:
        BundleRefused: something is missing, in excess, or altered.
    """
    expected = {entry.key: entry for entry in bundle.manifest.objects}
    found = bundle.members.names - {MANIFEST, SUMS}
    if len(expected) < len(bundle.manifest.objects):
        raise BundleRefused(f"{MANIFEST} names something twice.")
    if not has_right_counts(bundle.manifest):
        raise BundleRefused(f"{MANIFEST} counts other than what it names.")
    if missing := sorted(expected.keys() - found):
        raise BundleRefused(f"{_show(missing[0])} is missing{_count_more(missing)}.")
    if extra := sorted(found - expected.keys()):
        raise BundleRefused(f"{_show(extra[0])} is in excess{_count_more(extra)}: the manifest does not name it.")
    if _read(bundle.members, SUMS) != bundle.manifest.make_sums():
        raise BundleRefused(f"{SUMS} does not say what the manifest says.")
    for name, entry in sorted(expected.items()):
        if _digest(bundle.members, name) != (entry.sha256, entry.size):
            raise BundleRefused(f"{_show(name)} does not have the bytes that the manifest says.")


def _count_more(names: list[str]) -> str:
    more = len(names) - 1
    return f", and {count_of(more, 'more')}" if more else ""


def _digest(members: ImportSource, name: str) -> tuple[str, int]:
    hasher, size = digest.Sha256(), 0
    try:
        for block in members.blocks(name):
            hasher.update(block)
            size += len(block)
    except (ObjectMissing, ObjectUnreadable):
        raise BundleRefused(f"{_show(name)} cannot be unpacked.") from None
    return hasher.hexdigest(), size


def _read(members: ImportSource, name: str) -> bytes:
    try:
        return members.read(name)
    except ObjectMissing:
        raise BundleRefused(f"{name} is missing.") from None
    except ObjectUnreadable:
        raise BundleRefused(f"{name} cannot be unpacked.") from None


def _show(name: str) -> str:
    """Return a name as a message can bear it."""
    text = ascii(name)[1:-1]
    return text if len(text) <= 120 else f"{text[:119]}…"
