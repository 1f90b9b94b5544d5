"""Runs: written once, read with their events folded in, listed from the index.

The order of a write is: artifact, then the index row; or event, then the index row. The object is the commit; when only
the row fails, the run is there and reconcile brings the row.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from rmos import digest, ids
from rmos.errors.objects import ObjectExists, ObjectUnreadable
from rmos.errors.records import RunDeleted, RunExists, RunNotFound, VersionConflict
from rmos.index.base import Index, KnownRun
from rmos.models import Actor, Deletion, Event, Page, RunQuery, RunRow, RunView, Stored
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.complete import INDEX_ERRORS, CompleteAnswers, IndexGaps
from rmos.store.events import append_event, sealed
from rmos.store.folding import fold
from rmos.store.history import RunHistory, read_run
from rmos.store.reading import RunReader, altered, erasure_in
from rmos.store.records import Artifact, Damage, decode_sealed, judge_artifact
from rmos.store.rows import Summarise, row_of

log = logging.getLogger(__name__)

_NO_SESSION: Final = b',"workflow_session_id":null}\n'
"""How an artifact of ours ends whose run belongs to no session: members are sorted, and this one comes last."""

OnPut = Callable[[Stored, float], None]
"""Is told each run that became durable and the seconds it took."""


def _unobserved(stored: Stored, seconds: float) -> None:
    """No-op observer."""


class _Membership(msgspec.Struct, frozen=True):
    """The one member of an artifact that is read without the others."""

    workflow_session_id: str | None = None


_memberships: Final = msgspec.json.Decoder(_Membership)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it was read: the artifact's exact bytes and its events, all judged."""

    run_id: str
    partition: str
    data: bytes
    sha256: str
    vouched: bool
    events: list[Event]
    links: list[dict[str, Any]]
    tombstone: Deletion | None
    last_event_sha256: str
    """SHA-256 of the last event's file, empty when there is none."""
    judged: Artifact | None = None
    """The artifact, once somebody has asked for it."""

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
        artifact = self.judged
        if artifact is None:
            artifact = judge_artifact(self.data, self.run_id, self.partition)
            msgspec.structs.force_setattr(self, "judged", artifact)
        return fold(artifact, [*self.events, *later], links=self.links, tombstone=self.tombstone)

    @property
    def version(self) -> int:
        """The number of the last event."""
        return len(self.events)

    @property
    def workflow_session_id(self) -> str | None:
        """The session that the run belongs to."""
        if self.vouched and self.data.endswith(_NO_SESSION):
            return None
        try:
            return _memberships.decode(self.data).workflow_session_id
        except msgspec.ValidationError:
            raise Damage("undecodable", "`workflow_session_id` is not a text") from None

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


class Appended(NamedTuple):
    """An event that is durable and not indexed yet."""

    view: RunView
    data: bytes
    partition: str


class Runs:
    """The runs of one store."""

    def __init__(
        self,
        objects: Objects,
        index: Index,
        reader: RunReader,
        summarise: Summarise | None,
        answers: CompleteAnswers,
        gaps: IndexGaps,
    ) -> None:
        self._objects = objects
        self._index = index
        self._reader = reader
        self._summarise = summarise
        self._answers = answers
        self._gaps = gaps
        self.on_put: OnPut = _unobserved

    # Writing

    def put(self, members: Mapping[str, Any]) -> Stored:
        """Make a run durable, then index it. The same bytes again are a success.

        Args:
            members: the artifact's members without `_sha256`; `run_id` and `created_at_utc` are one moment.

        Raises:
            RunExists: the id is taken by other bytes, by a hard-deleted run or by one in quarantine.
            NotCanonical: a member is no JSON value.
            Damage: the members are not a run artifact.
            PayloadTooLarge: it would be larger than what is read back.
            OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
        """
        started = time.perf_counter()
        run_id, partition = _place(members)
        data = sealed(members, run_id)
        artifact = decode_sealed(data, run_id, partition)
        key = layout.artifact_key(partition, run_id)
        self._refuse_taken(key, partition, run_id)
        try:
            created = self._objects.create(key, data)
        except ObjectExists:
            raise RunExists("Another run has this id; nothing was changed.", run_id=run_id) from None
        view = fold(artifact, [])
        if not created and self._objects.has(layout.event_key(partition, run_id, 1)):
            view = self.record(run_id, include_deleted=True).view()
        stored = Stored(view=view, data=data, created=created, indexed=self._index_view(view, partition))
        if created:
            self.on_put(stored, time.perf_counter() - started)
        return stored

    def _refuse_taken(self, key: str, partition: str, run_id: str) -> None:
        """Refuse an id whose artifact was moved to quarantine or erased: it stays taken."""
        elsewhere = None if layout.home_partition(run_id) else self._reader.find_partition(run_id)
        if elsewhere not in (None, partition):
            raise RunExists("A run of another day has this id; nothing was changed.", run_id=run_id)
        if self._objects.has(f"{QUARANTINE}/{key}") or (
            self._objects.has(layout.event_key(partition, run_id, 1)) and not self._objects.has(key)
        ):
            raise RunExists("A run had this id; ids are never used again.", run_id=run_id)

    def add_event(
        self, run_id: str, kind: str, data: Mapping[str, Any], *, actor: Actor, us: int, after: Record | None = None
    ) -> Stored:
        """Append an event to a run; its number is its place, taken by creating it.

        Args:
            us: the moment of the request; recorded, never used for the order.
            after: the run as the caller has seen it; nothing is appended to another state of it.

        Raises:
            RunNotFound, RunDeleted (for good), Damage, NotCanonical, PayloadTooLarge, VersionConflict, OutOfSpace,
            StoreReadOnly, StorageFailed.
        """
        view, sealed, partition = self.append_event(run_id, kind, data, actor=actor, us=us, after=after)
        return Stored(view=view, data=sealed, created=True, indexed=self._index_view(view, partition))

    def append_event(
        self, run_id: str, kind: str, data: Mapping[str, Any], *, actor: Actor, us: int, after: Record | None = None
    ) -> Appended:
        """Make an event durable as `add_event` does, and leave the index row to the caller."""
        record = after or self.record(run_id, include_deleted=True)

        def decide(record: Record) -> Mapping[str, Any]:
            if after is not None and record.version != after.version:
                raise VersionConflict(
                    "The run has changed since you read it; read it again.", run_id=run_id, version=record.version
                )
            return data

        event, written, record = append_event(
            self._objects,
            record.partition,
            record,
            kind,
            decide,
            record_id=run_id,
            actor=actor,
            us=us,
            again=lambda: self.record(run_id, include_deleted=True, fresh=True),
        )
        return Appended(record.view_after(event), written, record.partition)

    def _index_view(self, view: RunView, partition: str) -> bool:
        if self._summarise is None:
            return False
        return self.index_rows([row_of(view, partition, self._summarise)])

    def index_rows(self, rows: Sequence[RunRow]) -> bool:
        """Write rows; return False when the index did not take them: lists are refused until it has them."""
        return self._gaps.write(lambda: self._index.upsert(rows), record_id=rows[0].run_id)

    def settle(self, record: Record) -> None:
        """Make a run that was found durable before it is acknowledged: its maker may have died before that.

        Raises:
            OutOfSpace, StoreReadOnly, StorageFailed.
        """
        self._objects.settle(layout.artifact_key(record.partition, record.run_id))

    # Reading one

    def record(self, run_id: str, *, include_deleted: bool = False, fresh: bool = False) -> Record:
        """Return a run as it stands, found by its id, with or without the index.

        Args:
            fresh: list the partition instead of trusting the version in the index.

        Raises:
            RunNotFound: no run has this id.
            RunDeleted: it was deleted (unless `include_deleted`), or erased.
            Damage: its record does not vouch for itself, or part of it is gone.
        """
        if not ids.is_run_id(run_id):
            raise RunNotFound("There is no run with this id.", run_id=run_id)
        known, current = (None, False) if fresh else self._known(run_id)
        partition = known.partition if known else self._reader.find_partition(run_id)
        if partition is None:
            raise self._absent(run_id)
        try:
            files = self._reader.files(run_id, partition, known, trusted=current)
        except ObjectUnreadable as error:
            raise Damage("unreadable", error.detail) from None
        history = read_run(self._objects.read, partition, files, strict=False)
        if history.is_gone:
            raise self._gone(run_id, partition, history, known)
        history.require_whole()
        record = self._record(run_id, partition, history, known)
        deletion = record.deletion
        if deletion is not None and (deletion.mode == "hard" or not include_deleted):
            raise _deleted(run_id, deletion)
        return record

    def _gone(self, run_id: str, partition: str, history: RunHistory, known: KnownRun | None) -> Exception:
        """Return what it means that a run's artifact is not there."""
        if known is None and not history.events and not history.problems:
            return self._absent(run_id)
        if self._objects.has(f"{QUARANTINE}/{layout.artifact_key(partition, run_id)}"):
            return _quarantined()
        history.require_whole()
        erasure = erasure_in(history.events)
        if erasure is not None:
            return _deleted(run_id, erasure.deletion)
        return Damage("missing", "The run's artifact is gone; run `rmos verify`.")

    def _record(self, run_id: str, partition: str, history: RunHistory, known: KnownRun | None) -> Record:
        data, (_, sha256, vouched, _) = history.data, history.examined
        assert data is not None  # a whole history has it
        if not vouched and altered(sha256, known):
            raise Damage("altered", "The artifact is not the one that was first indexed; run `rmos verify`.")
        return Record(
            run_id=run_id,
            partition=partition,
            data=data,
            sha256=sha256,
            vouched=vouched,
            events=history.events,
            links=history.advisories,
            tombstone=None if vouched else self._reader.tombstone(run_id, known),
            last_event_sha256=history.last_event_sha256 or "",
        )

    def _known(self, run_id: str) -> tuple[KnownRun | None, bool]:
        """Return what the index knows of a run, and whether that is of its last event, as far as anybody was told."""
        try:
            generation = self._index.completed()
            known = self._index.find(run_id)
        except INDEX_ERRORS:
            return None, False
        return known, generation is not None and generation == self._index.answered_by()

    def _absent(self, run_id: str) -> Exception:
        folders = self._reader.quarantined_partitions()
        if any(self._objects.has(f"{QUARANTINE}/{layout.artifact_key(folder, run_id)}") for folder in folders):
            return _quarantined()
        return RunNotFound("There is no run with this id.", run_id=run_id)

    def place(self, run_id: str) -> str | None:
        """Return the partition of a run, or of what is left of it."""
        known, _ = self._known(run_id)
        return known.partition if known else self._reader.find_partition(run_id)

    # Reading many

    def page(
        self,
        query: RunQuery,
        *,
        limit: int,
        cursor: str | None = None,
        offset: int = 0,
        include_total: bool = False,
    ) -> Page:
        """Return one page of summaries, newest first, from the index alone.

        Raises:
            BadCursor: the cursor is not one of ours.
            IndexRebuilding: the index is not complete; no answer is ever silently short.
        """
        before = None if cursor is None else ids.read_cursor(cursor)
        listed, total = self._answers.of(
            lambda: (
                self._index.page(query, limit=limit, before=before, offset=offset),
                self._index.count(query) if include_total else None,
            )
        )
        return Page(
            text=listed.text,
            count=listed.size,
            next_cursor=ids.make_cursor(*listed.last) if listed.last else None,
            total=total,
        )

    def count(self, query: RunQuery) -> int:
        """Return how many runs a list with the same filters would show.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        return self._answers.of(lambda: self._index.count(query))


def _place(members: Mapping[str, Any]) -> tuple[str, str]:
    """Return the id and the partition of a new run; nothing but an id ever becomes a name."""
    run_id, created_at_utc = members.get("run_id"), members.get("created_at_utc")
    if not isinstance(run_id, str) or not ids.is_run_id(run_id):
        raise Damage("misnamed", "`run_id` is not an id")
    partition = layout.home_partition(run_id)
    if partition is None:
        try:
            partition = ids.partition_of(ids.parse_utc(str(created_at_utc)))
        except ValueError:
            raise Damage("undecodable", "`created_at_utc` is not a time") from None
    return run_id, partition


def _quarantined() -> Damage:
    return Damage("quarantined", "The record is in quarantine; restore it from a back-up, then run `rmos rebuild`.")


def _deleted(run_id: str, deletion: Deletion) -> RunDeleted:
    return RunDeleted(
        "The run was deleted.",
        run_id=run_id,
        deleted_at_utc=deletion.deleted_at_utc,
        deleted_by=deletion.deleted_by,
        reason=deletion.reason,
        mode=deletion.mode,
    )
