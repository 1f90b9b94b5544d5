"""Deleting runs so that a trace stays: soft (an event, undone by a restore) and hard (the artifact is erased).

    store.deletes.soft(run_id, "a trial cut", actor=actor, us=us)
    store.deletes.restore(run_id, None, actor=actor, us=us)
    store.deletes.hard(run_id, "holds a customer's name", actor=actor, us=us)

The order of a hard delete is: delete event with the artifact's digest → unlink → fsync of the folder → index row. A
crash before the event leaves the run as it was; after it the run is gone for everybody, and whoever comes next (the
same delete again, or repair) erases what still stands there. Doing the same again reads first and answers with what
is there.
"""

import logging
from collections.abc import Callable
from typing import Final, NamedTuple

from rmos import digest
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.models import Actor, Deletion, Event
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.reading import RunReader
from rmos.store.rows import Summarise, row_of_erased
from rmos.store.runs import Record, Runs

log = logging.getLogger(__name__)

_ATTEMPTS: Final = 100
"""How often a delete is decided again; each time another writer has changed the run meanwhile."""


class Outcome(NamedTuple):
    """How a run stands after a delete or a restore, and whether this call made it so."""

    deletion: Deletion | None
    changed: bool


class Deletes:
    """The deletes of one store's runs."""

    def __init__(self, objects: Objects, reader: RunReader, runs: Runs, summarise: Summarise | None) -> None:
        self._objects = objects
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
            erasure = self._reader.erasure(run_id, *self._files(run_id))
            return erasure.deletion if erasure else None

    def soft(self, run_id: str, reason: str, *, actor: Actor, us: int) -> Outcome:
        """Take a run out of lists, counts and summaries; a run that is deleted already stays as it is.

        Raises:
            RunNotFound, RunDeleted (it was erased), Damage, OutOfSpace, StoreReadOnly, StorageFailed.
        """

        def step(record: Record) -> Outcome:
            if record.deletion is not None:
                return self._settled(record)
            data = {"mode": "soft", "reason": reason}
            stored = self._runs.add_event(run_id, "delete", data, actor=actor, us=us, after=record)
            return Outcome(stored.view.deletion, True)

        return self._decide(run_id, step)

    def restore(self, run_id: str, reason: str | None, *, actor: Actor, us: int) -> Outcome:
        """Undo a soft delete; a run that stands stays as it is.

        Raises:
            RunNotFound, RunDeleted (it was erased), Damage, OutOfSpace, StoreReadOnly, StorageFailed.
        """

        def step(record: Record) -> Outcome:
            if record.deletion is None:
                return self._settled(record)
            data = {} if reason is None else {"reason": reason}
            stored = self._runs.add_event(run_id, "restore", data, actor=actor, us=us, after=record)
            return Outcome(stored.view.deletion, True)

        return self._decide(run_id, step)

    def hard(self, run_id: str, reason: str, *, actor: Actor, us: int) -> Outcome:
        """Erase a run's artifact once the event that says so is durable; of a run erased before, what is left to do.

        Raises:
            RunNotFound, Damage, OutOfSpace, StoreReadOnly, StorageFailed: after the event the run is deleted all the
            same, and doing it again, or repair, erases what still stands.
        """

        def step(record: Record) -> Outcome:
            data = {"mode": "hard", "reason": reason, "artifact_sha256": digest.sha256_hex(record.data)}
            event = self._runs.append_event(run_id, "delete", data, actor=actor, us=us, after=record)
            self.finish(run_id)
            return Outcome(event.view.deletion, True)

        try:
            return self._decide(run_id, step)
        except RunDeleted:
            deletion = self.find(run_id)
            self.finish(run_id)
            return Outcome(deletion, False)

    def finish(self, run_id: str) -> bool:
        """Do what is left of a hard delete whose event is durable, and tell whether the index knows it.

        Raises:
            RunNotFound: no such event stands there; nothing was touched.
            Damage, OutOfSpace, StoreReadOnly, StorageFailed.
        """
        partition, numbers = self._files(run_id)
        erasure = self._reader.erasure(run_id, partition, numbers)
        if erasure is None:
            raise RunNotFound("The run was not deleted for good.", run_id=run_id)
        self._objects.settle(layout.event_key(partition, run_id, erasure.version))
        if self._objects.erase(layout.artifact_key(partition, run_id)):
            log.info("run_erased run_id=%s", run_id)
        if self._summarise is None:
            return False
        return self._runs.index_rows([row_of_erased(run_id, partition, erasure.version, self._summarise)])

    def _decide(self, run_id: str, step: Callable[[Record], Outcome]) -> Outcome:
        """Take a step on the run as it stands; when another writer was faster, look again."""
        record = self._runs.record(run_id, include_deleted=True)
        for _ in range(_ATTEMPTS):
            try:
                return step(record)
            except VersionConflict:
                record = self._runs.record(run_id, include_deleted=True, fresh=True)
        raise VersionConflict("Too many others are writing to this run; try again.", run_id=run_id)

    def _settled(self, record: Record) -> Outcome:
        """Return how the run stands once what says so is durable: its maker may have died before that."""
        self._runs.settle(record)
        return Outcome(record.deletion, False)

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
