"""All files of a run as one zip, streamed: the same bytes for the same run, in constant memory.

    for piece in archive(store, view, max_bytes=limits.run_bytes): ...

An entry is `{kind}/{first 12 digits}_{file name}`, with names that are safe to unpack whatever the record says. The
last entry, `manifest.json`, tells each file's digest, and what had to be left out and why.
"""

import zipfile
from collections.abc import Iterator
from typing import Any, Final

from rmos import digest
from rmos.errors.files import AttachmentNotFound
from rmos.errors.store import RecordDamaged
from rmos.models import RunView
from rmos.services.files.filenames import safe_name
from rmos.services.programs.doors import is_gated, make_download_name
from rmos.services.zip_files import ZipPipe, make_entry
from rmos.store import Store
from rmos.store.blobs import OpenBlob
from rmos.store.naming import NamedBlob, list_named_blobs

MANIFEST: Final = "manifest.json"
_GATED: Final = "a program, which leaves at its own address"


def archive(store: Store, view: RunView, *, max_bytes: int) -> Iterator[bytes]:
    """Give the zip of all files that a run names, piece by piece.

    Args:
        max_bytes: what the files may have together; those above are left out.

    Raises:
        Damage: a file broke while it was read; what was given is no whole zip.
    """
    pipe, left = ZipPipe(), max_bytes
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
            with zipped.open(make_entry(name, blob.size), "w") as entry:
                for block in blob.blocks():
                    entry.write(block)
                    yield pipe.take()
        manifest = {"run_id": view.artifact.run_id, "files": entries, "left_out": left_out}
        zipped.writestr(make_entry(MANIFEST), digest.canonical(manifest) + b"\n")
        yield pipe.take()
    yield pipe.take()


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
