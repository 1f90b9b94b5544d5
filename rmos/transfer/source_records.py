"""The records of a store that is imported, each found whole before anything of it is taken in.

    records = SourceRecords(source)
    records.read_run("2025-12-23", files)            # artifact, events and links, blobs; Damage where one is not whole
    records.read_session("ws_…", (1, 2, 3))

What a legacy store had deleted becomes a delete event: the same bytes each time, with its own reason.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rmos import digest, ids
from rmos.errors.store import ObjectMissing, ObjectUnreadable, SourceUnreadable
from rmos.models import EVENT_SCHEMA, Deletion
from rmos.store import layout
from rmos.store.folding import fold
from rmos.store.history import read_chain, read_run
from rmos.store.layout import RunFiles
from rmos.store.legacy import Tombstones, parse_tombstones
from rmos.store.naming import list_made_blobs, list_named_blobs
from rmos.store.reading import find_erasure
from rmos.store.records import Damage
from rmos.store.session_records import decode_session
from rmos.transfer.source_blobs import SourceBlob, SourceBlobs
from rmos.transfer.sources import ImportSource


class SourceObject(NamedTuple):
    """An object that goes along: its key and its bytes."""

    key: str
    data: bytes


class SourceRun(NamedTuple):
    """A run of a source: its artifact (None of an erased one), its events and links, and its blobs, all found whole."""

    artifact: SourceObject | None
    parts: list[SourceObject]
    blobs: list[SourceBlob]


class SourceRecords:
    """The runs and sessions of one source."""

    def __init__(self, source: ImportSource) -> None:
        """Read what the legacy system had deleted.

        Raises:
            SourceUnreadable: that cannot be read.
        """
        self.blobs = SourceBlobs(source)
        self._source = source
        self._tombstones = self._read_tombstones()
        if not self._tombstones.readable:
            raise SourceUnreadable("The earlier store's _index.json cannot be read: what it had deleted is not known.")

    def has_tombstone(self, run_id: str) -> bool:
        """Tell whether the legacy system had deleted a run."""
        return run_id in self._tombstones.deletions

    def read_run(self, partition: str, files: RunFiles) -> SourceRun:
        """Return a run.

        Raises:
            Damage: something of it is not whole; then nothing of the run is taken in.
        """
        run_id = files.run_id
        found: dict[str, bytes] = {}

        def read(key: str) -> bytes:
            found[key] = self._read(key)
            return found[key]

        history = read_run(read, partition, files)
        history.require_whole()
        artifact, is_erased = history.artifact, find_erasure(history.events) is not None
        if artifact is None and not is_erased:
            raise Damage("missing", "the run's artifact is not there")
        keys = [layout.event_key(partition, run_id, event.number) for event in history.events]
        parts = [SourceObject(key, found[key]) for key in keys]
        if artifact is None or is_erased:
            return SourceRun(None, parts, [])  # where its hard delete was cut off there, it is not brought back here
        if any(link.advisory is None for link in history.links):
            raise Damage("link_unreadable", "an advisory link of the run cannot be read")
        tombstone = self._tombstones.deletions.get(run_id)
        if tombstone is not None and not parts:
            event = _make_delete_event(run_id, tombstone, digest.sha256_hex(artifact.data), artifact.run.created_at_utc)
            parts.append(SourceObject(layout.event_key(partition, run_id, 1), event))
        parts += [SourceObject(link.key, found[link.key]) for link in history.links]
        named = list_named_blobs(fold(artifact, history.events, links=history.advisories))
        blobs = list(self.blobs.named([*named, *list_made_blobs(history.events)]))
        return SourceRun(SourceObject(layout.artifact_key(partition, run_id), artifact.data), parts, blobs)

    def read_session(self, session_id: str, numbers: Sequence[int]) -> list[SourceObject]:
        """Return the events of a session.

        Raises:
            Damage: one of them is not whole; then nothing of the session is taken in.
        """
        found: list[SourceObject] = []

        def read(key: str) -> bytes:
            found.append(SourceObject(key, self._read(key)))
            return found[-1].data

        chain = read_chain(read, layout.session_folder(session_id) or "", session_id, numbers, of="session")
        chain.require_whole()
        for event in chain.events:
            decode_session(event)
        return found

    def _read(self, key: str) -> bytes:
        try:
            return self._source.read(key)
        except ObjectUnreadable as error:
            raise ObjectUnreadable(f"{key.rpartition('/')[2]}: {error.detail}") from None

    def _read_tombstones(self) -> Tombstones:
        try:
            return parse_tombstones(self._source.read(layout.LEGACY_INDEX_KEY))
        except ObjectMissing:
            return parse_tombstones(b"{}")
        except ObjectUnreadable:
            return parse_tombstones(b"")


def _make_delete_event(run_id: str, deletion: Deletion, previous_sha256: str, created_at_utc: str) -> bytes:
    """Return the event that a soft delete of a legacy store becomes."""
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
