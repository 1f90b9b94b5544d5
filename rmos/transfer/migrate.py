"""Moving in from the single-file store: back-up first, then run by run, so that it can be cut off and done again.

    source = read_source(Path("runs.json"))
    plan_migration(store, source)            # what it would do; nothing is written
    report = migrate(store, source)          # again: the same, and nothing is written
    verify_migration(store, source)          # every mapped field and all counts, compared
    rollback(store, source, actor=actor, us=us)     # takes back just what the migration wrote

The source is never changed. What a migration wrote is known by its bytes (`old_runs`), so no journal is needed, and a
rollback cannot touch a run that is newer, that somebody changed, or that something has happened to since.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from rmos import digest
from rmos.counts import count_of
from rmos.errors.records import RunExists
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import CannotMove, ObjectMissing, ObjectUnreadable
from rmos.models import Actor
from rmos.store import Store, layout
from rmos.store.artifacts import decode_sealed
from rmos.store.evidence.set_aside import note_set_aside
from rmos.store.records import Damage, encode_record
from rmos.transfer.old_runs import SAME_TEXTS, SAME_VALUES, Mapped, map_run
from rmos.transfer.single_file import SingleFileStore

Progress = Callable[[int], None]


class FailedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A run and what is the matter with it."""

    run_id: str
    error: str


class Unmapped(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of a run that have no home in an artifact; they are kept in its `meta.migrated_from`."""

    run_id: str
    fields: list[str]


class Migration(msgspec.Struct, kw_only=True):
    """How the runs of the old store stand in the new one."""

    source: str
    total: int
    backup: str | None = None
    written: int = 0
    there: int = 0
    deleted: int = 0
    """Migrated before and hard-deleted since."""
    waiting: int = 0
    kept_aside: list[FailedRecord] = []
    aside_file: str | None = None
    conflicts: list[FailedRecord] = []
    unmapped: list[Unmapped] = []
    removed: int = 0
    kept: list[FailedRecord] = []
    """What a rollback left: changed, or something has happened to it since."""

    @property
    def ok(self) -> bool:
        """Tell whether nothing needs a person."""
        return not (self.kept_aside or self.conflicts or self.kept)


def migration_status(store: Store, source: SingleFileStore) -> Migration:
    """Return how far the migration is; writes nothing."""
    report = _look(store, source)
    report.backup = source.backup_name if source.has_backup() else None
    return report


def plan_migration(store: Store | None, source: SingleFileStore) -> Migration:
    """Return what a migration would do: what waits is written, under these names of files; writes nothing.

    Args:
        store: None where there is none yet.
    """
    report = _look(store, source)
    report.backup = source.backup_name
    if report.kept_aside:
        report.aside_file = source.aside_name([problem.run_id for problem in report.kept_aside])
    return report


def _look(store: Store | None, source: SingleFileStore) -> Migration:
    report = _begin(source)
    for mapped in _map_all(source, report):
        _count(report, mapped, "absent" if store is None else _state(store, mapped))
    return report


def migrate(store: Store, source: SingleFileStore, *, progress: Progress | None = None) -> Migration:
    """Bring the runs of the old store in; those that are there already are a success.

    Raises:
        OutOfSpace, StoreReadOnly, StorageFailed: what was brought in stays, and doing it again goes on from there.
    """
    report = _begin(source)
    source.back_up()  # durable before the first run is written
    report.backup = source.backup_name
    for mapped in _map_all(source, report):
        state = _state(store, mapped)
        if state != "absent":
            _count(report, mapped, state)
        else:
            _put(store, mapped, report)
        if progress:
            progress(1)
    if report.kept_aside:
        report.aside_file = source.set_aside([problem.run_id for problem in report.kept_aside])
    return report


def _begin(source: SingleFileStore) -> Migration:
    return Migration(source=source.path.name, total=len(source.records))


def _map_all(source: SingleFileStore, report: Migration) -> Iterator[Mapped]:
    for run_id, record in source.records.items():
        try:
            mapped = map_run(run_id, record)
            decode_sealed(encode_record(mapped.members, run_id), mapped.members["run_id"], _partition(mapped))
        except (CannotMove, Damage, PayloadTooLarge) as error:
            report.kept_aside.append(FailedRecord(run_id=run_id, error=error.detail))
        except digest.NotCanonical as error:
            report.kept_aside.append(FailedRecord(run_id=run_id, error=f"the record cannot be written: {error}"))
        else:
            if mapped.unmapped:
                report.unmapped.append(Unmapped(run_id=run_id, fields=mapped.unmapped))
            yield mapped


def _put(store: Store, mapped: Mapped, report: Migration) -> None:
    run_id = mapped.members["run_id"]
    try:
        store.runs.put(mapped.members)
    except RunExists as error:
        report.conflicts.append(FailedRecord(run_id=run_id, error=error.detail))
    else:
        report.written += 1


def _state(store: Store, mapped: Mapped) -> str:
    """Return how a run stands: absent, there (these very bytes), deleted (for good, since) or other."""
    run_id, key = mapped.members["run_id"], _key(mapped)
    try:
        found = store.objects.read(key)
    except ObjectMissing:
        files = store.reader.files(run_id, key.partition("/")[0], None, trusted=False)
        try:
            erased = store.reader.read_erasure(run_id, key.partition("/")[0], files.events)
        except Damage:
            return "other"
        return "deleted" if erased else "other" if files.events else "absent"
    except ObjectUnreadable:
        return "other"
    return "there" if found == digest.encode_record(mapped.members) else "other"


def _partition(mapped: Mapped) -> str:
    return str(mapped.members["created_at_utc"][:10])


def _key(mapped: Mapped) -> str:
    return layout.artifact_key(_partition(mapped), mapped.members["run_id"])


def _count(report: Migration, mapped: Mapped, state: str) -> None:
    if state == "there":
        report.there += 1
    elif state == "deleted":
        report.deleted += 1
    elif state == "absent":
        report.waiting += 1
    else:
        detail = "another run has this id here, or the migrated one was altered; nothing was changed"
        report.conflicts.append(FailedRecord(run_id=mapped.members["run_id"], error=detail))


def verify_migration(store: Store, source: SingleFileStore) -> Migration:
    """Compare every run of the old store with what is recorded: the whole artifact, each mapped field, the counts."""
    report = migration_status(store, source)
    for run_id, record in source.records.items():
        try:
            mapped = map_run(run_id, record)
            stored = json.loads(store.objects.read(_key(mapped)))
        except (CannotMove, ObjectMissing, ObjectUnreadable, ValueError):
            continue  # counted already: kept aside, waiting, deleted or in conflict
        wrong = [name for name in (*SAME_TEXTS, *SAME_VALUES) if _differs(name, record, stored, mapped.unmapped)]
        if wrong:
            report.conflicts.append(FailedRecord(run_id=run_id, error=f"recorded otherwise: {', '.join(wrong)}"))
    if report.waiting:
        report.conflicts.append(
            FailedRecord(run_id="", error=f"{count_of(report.waiting, 'run was', 'runs were')} not brought in yet")
        )
    return report


def _differs(name: str, record: dict[str, Any], stored: dict[str, Any], unmapped: list[str]) -> bool:
    old = record.get(name)
    return old not in (None, "") and name not in unmapped and stored.get(name) != old


def rollback(
    store: Store, source: SingleFileStore, *, actor: Actor, us: int, progress: Progress | None = None
) -> Migration:
    """Take back what a migration of these bytes wrote, and nothing else; done again it goes on where it was cut off.

    Raises:
        SourceUnreadable: there is no back-up, so nothing was migrated from here.
        OutOfSpace, StoreReadOnly, StorageFailed, StoreLocked.
    """
    report = _begin(source)
    gone: list[str] = []
    taken: list[str] = []
    for mapped in _map_all(source, report):
        run_id, key = mapped.members["run_id"], _key(mapped)
        state = _state(store, mapped)
        files = store.reader.files(run_id, key.partition("/")[0], None, trusted=False)
        if state == "there" and not files.events:
            taken.append(key)
            gone.append(run_id)
        elif state == "absent":
            gone.append(run_id)  # its row may stand yet, when the process before died behind the erasing
        elif state != "deleted":
            detail = "something has happened to it since" if files.events else "it is not what the migration wrote"
            report.kept.append(FailedRecord(run_id=run_id, error=f"kept: {detail}"))
        if progress:
            progress(1)
    note_set_aside(store.objects, store.audit, taken, actor=actor, us=us)
    for key in taken:
        store.objects.erase(key)
        report.removed += 1
    report.kept_aside = []
    store.refold([], forget=gone)
    return report
