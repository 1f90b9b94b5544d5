"""Take a bundle in: all of it is here, and found whole, before the first object of it is made.

    report = import_bundle(store, chunks, folder=working_folder(settings), max_bytes=…, actor=actor, us=us)
    report.imported, report.there, report.sha256

The file comes first into one without a name, which nobody else can open and which is gone with the process. What is no
whole bundle is refused as a whole: its bytes go to quarantine, and one audit record says why. What is whole and does
not collide goes the way of every import (`transfer/importing.py`); cut off there, it is finished by doing it again.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from rmos import digest
from rmos.config import Settings
from rmos.errors.bundles import BundleConflict, BundleRefused
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import SourceUnreadable
from rmos.models import Actor
from rmos.objects.system_errors import translate_errors
from rmos.store import Store, layout
from rmos.store.audit import Attempt
from rmos.store.blobs import BLOCK_BYTES
from rmos.transfer.bundles.checking import check_members, open_bundle
from rmos.transfer.bundles.manifest import MAX_BYTES
from rmos.transfer.importing import Import, Imported, Progress

LARGEST_FILE: Final = MAX_BYTES + 64 * 1024**2
"""Bytes of a bundle's file: its members, and what a zip says of each."""
_NAMED: Final = 20
"""Ids that a conflict names."""


class ImportedBundle(Imported, kw_only=True):
    """What taking a bundle in did."""

    sha256: str
    """Of the file."""


class _ReceivedFile:
    """A bundle's file, whole, with its digest and size."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.size = 0
        self._hasher = digest.Sha256()

    @property
    def sha256(self) -> str:
        """Return the digest of what came so far."""
        return self._hasher.hexdigest()

    def receive(self, chunks: Iterable[bytes], max_bytes: int) -> None:
        for chunk in chunks:
            self.size += len(chunk)
            if self.size > max_bytes:
                raise PayloadTooLarge(f"A bundle may have {max_bytes} bytes here.", limit_bytes=max_bytes)
            self._hasher.update(chunk)
            with translate_errors():
                self.file.write(chunk)

    def blocks(self) -> Iterator[bytes]:
        self.file.seek(0)
        while block := self.file.read(BLOCK_BYTES):
            yield block


def working_folder(settings: Settings) -> Path:
    """Return where a file may lie without a name while it is looked at: on the record's disk, else in the spool.

    Raises:
        OutOfSpace, StoreReadOnly, StorageFailed: the spool cannot be made.
    """
    if isinstance(settings.runs_dir, Path):
        return settings.runs_dir
    folder = settings.s3_options.spool_dir
    with translate_errors():
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def accept_anything() -> None:
    """Accept whatever came."""


def import_bundle(
    store: Store,
    chunks: Iterable[bytes],
    *,
    folder: Path,
    actor: Actor,
    us: int,
    max_bytes: int = LARGEST_FILE,
    accept: Callable[[], None] = accept_anything,
    progress: Progress | None = None,
) -> ImportedBundle:
    """Take a bundle in, as a whole or not at all; done again it changes nothing.

    Args:
        chunks: the bytes of the file; what they raise is passed on.
        accept: called when all chunks have come; what it raises is passed on, and nothing is kept.
        folder: where the file may lie meanwhile, without a name.
        progress: called with each run that was looked at, and again with each that was taken in.

    Raises:
        PayloadTooLarge: the file is above `max_bytes`; nothing of it is kept.
        BundleRefused: it is no whole bundle.
        BundleConflict: something is here already under its id with other bytes.
        OutOfSpace, StoreReadOnly, StorageFailed, StoreLocked: what was brought in stays; do it again to go on.
    """
    with translate_errors(), tempfile.TemporaryFile(prefix=".tmp-bundle-", dir=folder) as file:
        received = _ReceivedFile(file)
        received.receive(chunks, max_bytes)
        accept()
        try:
            return _take_in(store, received, actor, us, progress)
        except BundleRefused as refusal:
            _set_aside(store, received, refusal, actor, us)
            raise
        except BundleConflict as conflict:
            store.audit.note(Attempt("import", f"bundle {received.sha256}"), conflict, actor=actor, us=us)
            raise


def name_refused(sha256: str) -> str:
    """Return the key under which the bytes of a bundle are kept that was refused."""
    return f"{layout.REFUSED_BUNDLES}/{sha256}.zip"


def _take_in(store: Store, received: _ReceivedFile, actor: Actor, us: int, progress: Progress | None) -> ImportedBundle:
    with open_bundle(received.file, received.size) as bundle:
        check_members(bundle)
        try:
            under_way = Import(store, bundle.source, actor=actor, us=us)
        except SourceUnreadable as error:
            raise BundleRefused(error.detail) from None
        found = under_way.check(progress)
        if found.refused:
            raise BundleRefused(f"{found.refused[0]}.")
        _refuse_conflicts(found)
        report = under_way.run(progress)
        _refuse_conflicts(report)  # of what came in beside us
    members = {name: getattr(report, name) for name in Imported.__struct_fields__}
    return ImportedBundle(**members, sha256=received.sha256)


def _refuse_conflicts(report: Imported) -> None:
    if report.conflicts:
        first = report.conflicts[0]
        record_ids = [conflict.record_id for conflict in report.conflicts[:_NAMED]]
        raise BundleConflict(f"{first.record_id}: {first.detail}.", ids=record_ids)


def _set_aside(store: Store, received: _ReceivedFile, refusal: BundleRefused, actor: Actor, us: int) -> None:
    """Keep the bytes of what was refused, then write down why; cut off in between, the next try writes it down."""
    kept = store.objects.create_blob(received.blocks(), max_bytes=received.size, name=name_refused)
    data = {"sha256": kept.sha256, "size_bytes": kept.size, "kept_as": name_refused(kept.sha256)}
    store.audit.note(Attempt("import", f"bundle {received.sha256}", data), refusal, actor=actor, us=us)
