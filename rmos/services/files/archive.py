"""All files of a run as one zip, streamed: the same bytes for the same run, in constant memory.

    for piece in archive(store, view, max_bytes=limits.run_bytes): ...

An entry is `{kind}/{first 12 digits}_{file name}`, with names that are safe to unpack whatever the record says. The
last entry, `manifest.json`, tells each file's digest, and what had to be left out and why. Files are stored, not
compressed: what a library compresses changes with its version, and drawings and photos gain little.
"""

import zipfile
from collections.abc import Iterator
from io import RawIOBase
from typing import Any, Final

from rmos import digest
from rmos.errors.files import AttachmentNotFound
from rmos.errors.store import RecordDamaged
from rmos.models import RunView
from rmos.services.files.filenames import safe_name
from rmos.services.programs.doors import is_gated, make_download_name
from rmos.store import Store
from rmos.store.blobs import OpenBlob
from rmos.store.naming import NamedBlob, list_named_blobs

MANIFEST: Final = "manifest.json"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip knows; when a file was attached is in the record."""
_GATED: Final = "a program, which leaves at its own address"
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16


class _Pipe(RawIOBase):
    """Takes what the zip library writes, until it is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        """Tell that it can be written; it cannot be sought in."""
        return True

    def write(self, data: Any) -> int:
        """Keep what is written."""
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since it was last asked."""
        data = bytes(self._written)
        self._written.clear()
        return data


def archive(store: Store, view: RunView, *, max_bytes: int) -> Iterator[bytes]:
    """Give the zip of all files that a run names, piece by piece.

    Args:
        max_bytes: what the files may have together; those above are left out.

    Raises:
        Damage: a file broke while it was read; what was given is no whole zip.
    """
    pipe, left = _Pipe(), max_bytes
    entries: list[dict[str, Any]] = []
    left_out = _references(view)
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as zipped:
        for name, named in _names(list_named_blobs(view)):
            blob = _GATED if is_gated(store, view, named) else _open_blob(store, named, left)
            if isinstance(blob, str):
                left_out.append({"sha256": named.sha256, "kind": named.kind, "name": name, "reason": blob})
                continue
            left -= blob.size
            entries.append({"name": name, "sha256": named.sha256, "kind": named.kind, "size_bytes": blob.size})
            with zipped.open(_info(name, blob.size), "w") as entry:
                for block in blob.blocks():
                    entry.write(block)
                    yield pipe.taken()
        manifest = {"run_id": view.artifact.run_id, "files": entries, "left_out": left_out}
        zipped.writestr(_info(MANIFEST), digest.canonical(manifest) + b"\n")
        yield pipe.taken()
    yield pipe.taken()


def _open_blob(store: Store, named: NamedBlob, left: int) -> OpenBlob | str:
    """Return a blob that was found whole, or why it is left out."""
    try:
        blob = store.blobs.open(named.sha256)
    except AttachmentNotFound:
        return "missing"
    except RecordDamaged:
        return "damaged"
    if blob.size <= left:
        return blob
    blob.close()
    return "above the limit of an archive"


def _info(name: str, size: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system, info.external_attr, info.file_size = _UNIX, _MODE, size
    return info


def _names(blobs: dict[str, NamedBlob]) -> list[tuple[str, NamedBlob]]:
    """Return the entries in order; the digits tell files of one name apart, and a number those of one beginning."""
    found: dict[str, tuple[str, NamedBlob]] = {}
    for named in sorted(blobs.values(), key=lambda named: named.sha256):
        folder = safe_name(named.kind, "unknown")
        plain = f"{folder}/{named.sha256[:12]}_{safe_name(make_download_name(named), 'file')}"
        name, number = plain, 1
        while name.lower() in found:
            number += 1
            name = f"{folder}/{number}_{plain.partition('/')[2]}"
        found[name.lower()] = (name, named)
    return sorted(found.values(), key=lambda entry: entry[0])


def _references(view: RunView) -> list[dict[str, Any]]:
    """Return the advisories that name something elsewhere: there is no file of theirs to give."""
    named = list_named_blobs(view)
    found = [str(entry.get("advisory_id")) for entry in view.advisories if entry.get("advisory_id") not in named]
    return [{"advisory_id": advisory_id, "reason": "a reference without a file"} for advisory_id in found]
