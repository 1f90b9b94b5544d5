"""Deleting runs so that a trace stays: soft (an event, undone by a restore) and hard (the artifact is erased).

    store.deletes.soft(run_id, "a trial cut", actor=actor, us=us)
    store.deletes.restore(run_id, None, actor=actor, us=us)
    store.deletes.hard(run_id, "holds a customer's name", actor=actor, us=us)

The order of a hard delete is: delete event with the artifact's digest → unlink → fsync of the folder → index row. A
crash before the event leaves the run as it was; after it the run is gone for everybody, and whoever comes next (the
same delete again, the upkeep of the next start, or repair) erases what still stands there. Doing the same again reads
first and answers with what is there.
"""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from rmos import digest
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.models import Actor, Deletion, Event
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.append import append
from rmos.store.reading import RunReader
from rmos.store.rows import Summarise, make_erased_row
from rmos.store.run_records import RunRecord
from rmos.store.runs import Changed, Runs
from rmos.store.seen import Announce

log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """How a run stands after a delete or a restore, and whether this call made it so."""

    deletion: Deletion | None
    changed: bool


class Deletes:
    """The deletes of one store's runs."""

    def __init__(
        self, objects: Objects, reader: RunReader, runs: Runs, summarise: Summarise | None, announce: Announce
    ) -> None:
        self._objects = objects
        self._announce = announce
        self._reader = reader
        self._runs = runs
        self._summarise = summarise

    def find(self, run_id: str) -> Deletion | None:
        """Return who deleted a run, softly or for good, or None when it stands.

        Raises:
            RunNotFound, Damage.
        """
        try:
            return self._runs.record(run_id, include_deleted=True).deletion
        except RunDeleted:
            erasure = self._reader.read_erasure(run_id, *self._files(run_id))
            return erasure.deletion if erasure else None

    def soft(self, run_id: str, reason: str, *, actor: Actor, us: int) -> Outcome:
        """Take a run out of lists, counts and summaries; a run that is deleted already stays as it is.

        Raises:
            RunNotFound, RunDeleted (it was erased), Damage, OutOfSpace, StoreReadOnly, StorageFailed.
        """

        def decide(record: RunRecord) -> Mapping[str, Any] | None:
            return None if record.deletion is not None else {"mode": "soft", "reason": reason}

        return _outcome(self._runs.append(run_id, "delete", decide, actor=actor, us=us, include_deleted=True))

    def restore(self, run_id: str, reason: str | None, *, actor: Actor, us: int) -> Outcome:
        """Undo a soft delete; a run that stands stays as it is.

        Raises:
            RunNotFound, RunDeleted (it was erased), Damage, OutOfSpace, StoreReadOnly, StorageFailed.
        """

        def decide(record: RunRecord) -> Mapping[str, Any] | None:
            if record.deletion is None:
                return None
            return {} if reason is None else {"reason": reason}

        return _outcome(self._runs.append(run_id, "restore", decide, actor=actor, us=us, include_deleted=True))

    def hard(self, run_id: str, reason: str, *, actor: Actor, us: int) -> Outcome:
        """Erase a run's artifact once the event that says so is durable; of a run erased before, what is left to do.

        Raises:
            RunNotFound, Damage, OutOfSpace, StoreReadOnly, StorageFailed: after the event the run is deleted all the
            same, and doing it again, or repair, erases what still stands.
        """

        def decide(record: RunRecord) -> Mapping[str, Any]:
            return {"mode": "hard", "reason": reason, "artifact_sha256": digest.sha256_hex(record.data)}

        try:
            before, event, _ = append(
                self._objects,
                "delete",
                decide,
                read=lambda fresh: self._runs.record(run_id, include_deleted=True, fresh=fresh),
                actor=actor,
                us=us,
                announce=self._announce,
            )
        except RunDeleted:
            deletion, changed = self.find(run_id), False
        else:
            assert event is not None  # it is always decided for
            deletion, changed = before.view_after(event).deletion, True
        self.finish(run_id)
        return Outcome(deletion, changed)

    def finish(self, run_id: str) -> None:
        """Do what is left of a hard delete whose event is durable.

        Raises:
            RunNotFound: no such event stands there; nothing was touched.
            Damage, OutOfSpace, StoreReadOnly, StorageFailed.
        """
        partition, numbers = self._files(run_id)
        erasure = self._reader.read_erasure(run_id, partition, numbers)
        if erasure is None:
            raise RunNotFound("The run was not deleted for good.", run_id=run_id)
        # Whoever wrote the event may have died before it was durable: without it the artifact could not be missed.
        self._objects.ensure_durable(layout.event_key(partition, run_id, erasure.version))
        if self._objects.erase(layout.artifact_key(partition, run_id)):
            log.info("run_erased run_id=%s", run_id)
        if self._summarise is not None:
            self._runs.index_row(make_erased_row(run_id, partition, erasure.version, self._summarise))

    def events(self, run_id: str) -> list[Event]:
        """Return the events of a run, also of one that is erased.

        Raises:
            RunNotFound, Damage.
        """
        try:
            return self._runs.record(run_id, include_deleted=True).events
        except RunDeleted:
            partition, numbers = self._files(run_id)
            return self._reader.events(run_id, partition, numbers)

    def _files(self, run_id: str) -> tuple[str, tuple[int, ...]]:
        partition = self._runs.place(run_id) or ""
        return partition, self._reader.files(run_id, partition, None, trusted=False).events


def _outcome(changed: Changed) -> Outcome:
    return Outcome(changed.view.deletion, changed.made)
