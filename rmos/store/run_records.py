"""Reading one run, found by its id, with or without the index.

    records = RunRecords(objects, index, RunReader(objects))
    record = records.read(run_id)
    record.view(), record.etag

A run whose record is damaged is answered as damaged, one that was deleted as deleted; neither is ever "not found".
"""

from typing import Any

import msgspec

from rmos import digest, ids
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.store import ObjectUnreadable
from rmos.index.base import Index, KnownRun
from rmos.models import Deletion, Event, RunIdentity, RunView
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.artifacts import Artifact, decode_sealed
from rmos.store.complete import find_known
from rmos.store.folding import fold
from rmos.store.history import ReadObject, RunHistory, read_run
from rmos.store.layout import RunFiles
from rmos.store.reading import RunReader, find_erasure, is_altered
from rmos.store.records import Damage, describe_unreadable, raise_problem


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it was read: the artifact's exact bytes and its events, all verified."""

    run_id: str
    partition: str
    data: bytes
    sha256: str
    has_self_digest: bool
    events: list[Event]
    links: list[dict[str, Any]]
    tombstone: Deletion | None
    last_event_sha256: str
    """SHA-256 of the last event's file, empty when there is none."""
    identity: RunIdentity | None = None
    """What was read of one of ours."""
    artifact: Artifact | None = None
    """The artifact decoded; one of ours once somebody has asked for it."""

    @property
    def record_id(self) -> str:
        """What its files are named after."""
        return self.run_id

    @property
    def folder(self) -> str:
        """Where they stand."""
        return self.partition

    @property
    def version(self) -> int:
        """The number of the last event."""
        return len(self.events)

    @property
    def last_sha256(self) -> str:
        """SHA-256 of the file that the next event comes after."""
        return self.last_event_sha256 or digest.sha256_hex(self.data)

    def view(self) -> RunView:
        """Return the run with its events folded in.

        Raises:
            Damage: the artifact does not hold what it should.
        """
        return self.view_after()

    def view_after(self, *later: Event) -> RunView:
        """Return the run as it is after later events.

        Raises:
            Damage: the artifact does not hold what it should.
        """
        artifact = self.artifact
        if artifact is None:
            artifact = decode_sealed(self.data, self.run_id, self.partition)
            msgspec.structs.force_setattr(self, "artifact", artifact)
        events = [*self.events, *later]
        return fold(artifact, events, links=self.links, tombstone=self.tombstone, now_us=ids.now_us())

    @property
    def workflow_session_id(self) -> str | None:
        """The session that the run belongs to."""
        if self.identity is None:
            return self.view().artifact.workflow_session_id
        session_id = self.identity.workflow_session_id
        if session_id is None or isinstance(session_id, str):
            return session_id
        raise Damage("undecodable", "`workflow_session_id` is not a text")

    @property
    def etag(self) -> str:
        """The strong validator of the run as it stands: changes with every event."""
        return f"{self.sha256}.{self.version}"

    @property
    def deletion(self) -> Deletion | None:
        """Who deleted the run, when it is deleted."""
        for event in reversed(self.events):
            if event.kind in ("delete", "restore"):
                return self.view().deletion
        return self.tombstone


class RunRecords:
    """Reads the runs of one store by their ids."""

    def __init__(self, objects: Objects, index: Index, reader: RunReader) -> None:
        self._objects = objects
        self._index = index
        self._reader = reader

    def read(self, run_id: str, *, include_deleted: bool = False, fresh: bool = False) -> RunRecord:
        """Return a run as it stands.

        Args:
            fresh: list the partition instead of trusting the version in the index.

        Raises:
            RunNotFound: no run has this id.
            RunDeleted: it was deleted (unless `include_deleted`), or erased.
            Damage: its record cannot be trusted, or part of it is gone.
            StorageUnavailable: the storage did not give it.
        """
        if not ids.is_run_id(run_id):
            raise RunNotFound("There is no run with this id.", run_id=run_id)
        known, is_current = (None, False) if fresh else find_known(self._index.runs, run_id)
        partition = known.partition if known else self._reader.find_partition(run_id)
        if partition is None:
            raise self._absent(run_id)
        try:
            files, read = self._find_files(run_id, partition, known, is_current)
        except ObjectUnreadable as error:
            raise_problem(describe_unreadable(error))
        history = read_run(read, partition, files, strict=False)
        if history.is_gone:
            raise self._gone(run_id, partition, history, known)
        history.require_whole()
        record = self._record(run_id, partition, history, known)
        deletion = record.deletion
        if deletion is not None and (deletion.mode == "hard" or not include_deleted):
            raise _make_deleted_error(run_id, deletion)
        return record

    def _find_files(
        self, run_id: str, partition: str, known: KnownRun | None, is_current: bool
    ) -> tuple[RunFiles, ReadObject]:
        if known is not None and is_current and (found := self._reader.read_known(known, run_id)) is not None:
            return found
        return self._reader.files(run_id, partition, known, trusted=is_current), self._objects.read

    def place(self, run_id: str) -> str | None:
        """Return the partition of a run, or of what is left of it."""
        known, _ = find_known(self._index.runs, run_id)
        return known.partition if known else self._reader.find_partition(run_id)

    def _record(self, run_id: str, partition: str, history: RunHistory, known: KnownRun | None) -> RunRecord:
        data, found = history.data, history.examined
        assert data is not None  # a whole history has it
        if not found.has_self_digest and is_altered(found.sha256, known):
            raise Damage("altered", "The artifact is not the one that was first indexed; run `rmos verify`.")
        return RunRecord(
            run_id=run_id,
            partition=partition,
            data=data,
            sha256=found.sha256,
            has_self_digest=found.has_self_digest,
            events=history.events,
            links=history.advisories,
            tombstone=None if found.has_self_digest else self._reader.tombstone(run_id, known),
            last_event_sha256=history.last_event_sha256 or "",
            identity=found.identity,
            artifact=history.artifact,
        )

    def _gone(self, run_id: str, partition: str, history: RunHistory, known: KnownRun | None) -> Exception:
        """Return what it means that a run's artifact is not there."""
        if known is None and not history.events and not history.problems:
            return self._absent(run_id)
        if self._objects.has(f"{QUARANTINE}/{layout.artifact_key(partition, run_id)}"):
            return _make_quarantine_damage()
        history.require_whole()
        erasure = find_erasure(history.events)
        if erasure is not None:
            return _make_deleted_error(run_id, erasure.deletion)
        return Damage("missing", "The run's artifact is gone; run `rmos verify`.")

    def _absent(self, run_id: str) -> Exception:
        folders = self._reader.quarantined_partitions()
        if any(self._objects.has(f"{QUARANTINE}/{layout.artifact_key(folder, run_id)}") for folder in folders):
            return _make_quarantine_damage()
        return RunNotFound("There is no run with this id.", run_id=run_id)


def _make_quarantine_damage() -> Damage:
    return Damage("quarantined", "The record is in quarantine; restore it from a back-up, then run `rmos rebuild`.")


def _make_deleted_error(run_id: str, deletion: Deletion) -> RunDeleted:
    return RunDeleted(
        "The run was deleted.",
        run_id=run_id,
        deleted_at_utc=deletion.deleted_at_utc,
        deleted_by=deletion.deleted_by,
        reason=deletion.reason,
        mode=deletion.mode,
    )
