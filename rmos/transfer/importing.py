"""Bring runs of another store in: their bytes unchanged, their events, links and blobs along, nothing overwritten.

    report = import_runs(store, Path("/backup/runs"), actor=actor, us=now_us())

For each run: blobs → events → links → artifact → index row. The artifact is the commit: a run whose import was cut
off is not there yet, and doing the import again completes it. In this order a delete event can never be the part that
is lacking. What is damaged, foreign, a link or twice is not taken in and leaves one audit record each; what collides
with another run is reported, and both stay as they are.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from rmos import digest, ids
from rmos.errors.records import RunExists
from rmos.errors.store import ImportRefused, ObjectExists, ObjectMissing, ObjectUnreadable, SourceUnreadable
from rmos.models import EVENT_SCHEMA, Actor, Deletion
from rmos.objects.base import QUARANTINE
from rmos.store import Store, layout
from rmos.store.audit import Attempt
from rmos.store.folding import fold
from rmos.store.history import read_run
from rmos.store.layout import RunFiles
from rmos.store.legacy import Tombstones, parse_tombstones
from rmos.store.naming import list_made_blobs, list_named_blobs
from rmos.store.reading import find_erasure
from rmos.store.records import Damage
from rmos.store.store import FORMAT
from rmos.transfer.source_blobs import NO_OBJECT, SourceBlob, SourceBlobs
from rmos.transfer.sources import ImportSource, open_source

Progress = Callable[[int], None]

_BATCH: Final = 500
"""Runs whose rows are computed at a time."""
_BLOBS: Final = (layout.BLOB.folder, layout.LEGACY_ATTACHMENTS)
_PASSED_OVER: Final = {QUARANTINE, layout.EVIDENCE} | {kind.folder for kind in layout.KINDS if not kind.is_imported}
"""Folders of what does not come with runs; it is counted and stays where it is."""


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is here already as another one, or whose history went on otherwise here."""

    run_id: str
    detail: str


class Imported(msgspec.Struct, kw_only=True):
    """What an import did."""

    imported: int = 0
    there: int = 0
    blobs: int = 0
    deleted: int = 0
    """Soft deletes of a legacy store, which are delete events here."""
    passed_over: int = 0
    conflicts: list[Conflict] = []
    refused: list[str] = []

    @property
    def ok(self) -> bool:
        """Tell whether all was taken in."""
        return not (self.conflicts or self.refused)


class _Part(NamedTuple):
    """An object that goes along: its key and its bytes."""

    key: str
    data: bytes


def import_runs(store: Store, path: Path, *, actor: Actor, us: int, progress: Progress | None = None) -> Imported:
    """Bring in all runs of the store in a folder, or in a zip of one.

    Raises:
        SourceUnreadable: there is none, or it is of a newer release.
        OutOfSpace, StoreReadOnly, StorageFailed, StoreLocked: what was brought in stays; do it again to go on.
    """
    with open_source(path) as source:
        _check_format(source)
        return _Import(store, source, actor, us).run(progress)


def count_source_runs(path: Path) -> int:
    """Return how many artifacts a store's folder, or a zip of one, says that it has.

    Raises:
        SourceUnreadable: there is none.
    """
    with open_source(path) as source:
        return sum(layout.ARTIFACT.pattern.fullmatch(name.rpartition("/")[2]) is not None for name in source.names)


def _check_format(source: ImportSource) -> None:
    if layout.FORMAT_KEY not in source.names:
        return
    try:
        found = msgspec.json.decode(source.read(layout.FORMAT_KEY), type=dict[str, int]).get("format")
    except (ObjectUnreadable, ObjectMissing, msgspec.MsgspecError):
        found = None
    if found != FORMAT:
        raise SourceUnreadable(f"The store to import has the format {found}; this release reads format {FORMAT}.")


class _Import:
    """One import under way."""

    def __init__(self, store: Store, source: ImportSource, actor: Actor, us: int) -> None:
        self._store = store
        self._source = source
        self._actor = actor
        self._us = us
        self._report = Imported()
        self._blobs = SourceBlobs(source)
        self._tombstones = self._read_tombstones()

    def run(self, progress: Progress | None) -> Imported:
        """Take in run by run, in the order of their dates."""
        for name, detail in self._source.refused:
            self._refuse(name, detail)
        partitions = self._sorted_names()
        done: list[tuple[str, str]] = []
        for partition in sorted(partitions):
            for files in layout.sort_out(partitions[partition]).runs.values():
                if self._take(partition, files):
                    done.append((partition, files.run_id))
                if len(done) >= _BATCH:
                    self._store.refold(done)
                    done = []
                if progress:
                    progress(1)
        if done:
            self._store.refold(done)
        return self._report

    def _refuse(self, name: str, detail: str) -> None:
        """Write down what was not taken in."""
        refusal = ImportRefused(detail)
        self._store.audit.note(Attempt("import", name), refusal, actor=self._actor, us=self._us)
        self._report.refused.append(f"{name}: {detail}")

    def _read_tombstones(self) -> Tombstones:
        try:
            return parse_tombstones(self._source.read(layout.LEGACY_INDEX_KEY))
        except ObjectMissing:
            return parse_tombstones(b"{}")
        except ObjectUnreadable:
            return parse_tombstones(b"")

    def _sorted_names(self) -> dict[str, list[str]]:
        """Return the names of each partition, after noting the blobs and refusing what is no part of a store."""
        if not self._tombstones.readable:
            raise SourceUnreadable("The earlier store's _index.json cannot be read: what it had deleted is not known.")
        partitions: dict[str, list[str]] = {}
        for key in sorted(self._source.names):
            top, _, rest = key.partition("/")
            if ids.is_partition(top) and layout.is_of_run(rest):
                partitions.setdefault(top, []).append(rest)
            elif layout.is_debris(key.rpartition("/")[2]) or layout.is_index_file(key) or key in layout.OWN_FILES:
                continue
            elif top in _BLOBS:
                if (refusal := self._blobs.note(key, rest)) is not None:
                    self._refuse(key, refusal)
            elif top in _PASSED_OVER:
                self._report.passed_over += 1
            else:
                self._refuse(key, NO_OBJECT)
        return partitions

    def _take(self, partition: str, files: RunFiles) -> bool:
        """Take one run in and tell whether its row is to be computed."""
        run_id, key = files.run_id, layout.artifact_key(partition, files.run_id)
        try:
            artifact, parts, blobs = self._read(partition, files)
        except Damage as damage:
            self._refuse(key, damage.detail)
            return False
        try:
            self._require_free(run_id, partition, artifact)
            new = not self._store.objects.has(artifact.key if artifact else parts[0].key)
            for blob in blobs:
                self._report.blobs += self._blobs.put(self._store, blob)
            for part in [*parts, *([artifact] if artifact else [])]:
                new = self._store.objects.create(part.key, part.data) or new
        except (ObjectExists, RunExists):
            detail = "another run, or another history of it, is here under this id; nothing was overwritten"
            self._report.conflicts.append(Conflict(run_id=run_id, detail=detail))
            return False
        except Damage as damage:
            self._refuse(key, damage.detail)
            return False
        self._report.imported += new
        self._report.deleted += new and run_id in self._tombstones.deletions
        self._report.there += not new
        return True

    def _read(self, partition: str, files: RunFiles) -> tuple[_Part | None, list[_Part], list[SourceBlob]]:
        """Return a run's artifact (None of an erased one), its events and links, and its blobs, all found whole.

        Raises:
            Damage: any of them is not; then nothing of the run is taken in.
        """
        run_id = files.run_id
        found: dict[str, bytes] = {}

        def read(key: str) -> bytes:
            try:
                found[key] = self._source.read(key)
            except ObjectUnreadable as error:
                raise ObjectUnreadable(f"{key.rpartition('/')[2]}: {error.detail}") from None
            return found[key]

        history = read_run(read, partition, files)
        history.require_whole()
        artifact, is_erased = history.artifact, find_erasure(history.events) is not None
        if artifact is None and not is_erased:
            raise Damage("missing", "the run's artifact is not there")
        keys = [layout.event_key(partition, run_id, event.number) for event in history.events]
        parts = [_Part(key, found[key]) for key in keys]
        if artifact is None or is_erased:
            return None, parts, []  # where its hard delete was cut off there, it is not brought back to life here
        if any(link.advisory is None for link in history.links):
            raise Damage("link_unreadable", "an advisory link of the run cannot be read")
        tombstone = self._tombstones.deletions.get(run_id)
        if tombstone is not None and not parts:
            event = _delete_event(run_id, tombstone, digest.sha256_hex(artifact.data), artifact.run.created_at_utc)
            parts.append(_Part(layout.event_key(partition, run_id, 1), event))
        parts += [_Part(link.key, found[link.key]) for link in history.links]
        named = list_named_blobs(fold(artifact, history.events, links=history.advisories))
        blobs = list(self._blobs.named([*named, *list_made_blobs(history.events)]))
        return _Part(layout.artifact_key(partition, run_id), artifact.data), parts, blobs

    def _require_free(self, run_id: str, partition: str, artifact: _Part | None) -> None:
        """Refuse an id that is taken here: on another date, in quarantine, by an erased run, by other bytes.

        Raises:
            RunExists.
        """
        objects, reader = self._store.objects, self._store.reader
        key = layout.artifact_key(partition, run_id)
        elsewhere = reader.find_partition(run_id)
        if elsewhere not in (None, partition) or objects.has(f"{QUARANTINE}/{key}"):
            raise RunExists("The id is taken.", run_id=run_id)
        if artifact is None:
            if objects.has(key):
                raise RunExists("The run stands here and was erased there.", run_id=run_id)
            return
        if objects.has(key):
            if objects.read(key) != artifact.data:
                raise RunExists("Other bytes have the id.", run_id=run_id)
            return
        files = reader.files(run_id, partition, None, trusted=False)
        if files.events and reader.read_erasure(run_id, partition, files.events) is not None:
            raise RunExists("The run was erased here.", run_id=run_id)


def _delete_event(run_id: str, deletion: Deletion, previous_sha256: str, created_at_utc: str) -> bytes:
    """Return the event that a soft delete of a legacy store becomes: the same bytes each time, with its own reason."""
    try:
        us = ids.parse_utc(deletion.deleted_at_utc or "")
    except (ValueError, OverflowError):
        us = ids.parse_utc(created_at_utc)
    return digest.encode_record(
        {
            "schema": EVENT_SCHEMA,
            "event_id": ids.new_event_id(us, bytes.fromhex(previous_sha256[:16])),
            "number": 1,
            "kind": "delete",
            "record_id": run_id,
            "previous_sha256": previous_sha256,
            "created_at_utc": ids.utc_text(us),
            "actor": deletion.deleted_by or "unknown",
            "role": "unknown",
            "request_id": None,
            "data": {"mode": "soft", "reason": deletion.reason, "imported": True},
        }
    )
