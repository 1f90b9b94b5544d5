"""Runs: written once, read with their events folded in, listed from the index.

    runs.put({"schema": "rmos.run/1", "run_id": "run_…", …})
    runs.put_many([NewRun({"schema": "rmos.run/1", …}), …])
    runs.append(run_id, "advisory", lambda run: {"advisory_id": "adv"}, actor=actor, us=us)
    runs.record(run_id).view()
    runs.page(RunQuery(risk_level="RED"), limit=50)

The order of a write is: artifact, then the index row; or event, then the index row. The object is the commit; when only
the row fails, the run is there and reconcile brings the row.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from rmos import ids
from rmos.digest import NotCanonical
from rmos.errors.base import RmosError
from rmos.errors.records import RunExists
from rmos.errors.store import ObjectExists
from rmos.index.base import LAST_ID, Index, TalliedRuns
from rmos.models import Actor, RunView, Stored
from rmos.objects.base import QUARANTINE, CreateResult, NewObject, Objects
from rmos.row_models import Page, RunQuery, RunRow
from rmos.store import layout
from rmos.store.append import append
from rmos.store.artifacts import Artifact, decode_sealed
from rmos.store.complete import CompleteAnswers, IndexGaps
from rmos.store.folding import fold
from rmos.store.reading import RunReader
from rmos.store.records import Damage, encode_record
from rmos.store.rows import Summarise, make_row
from rmos.store.run_records import RunRecord, RunRecords
from rmos.store.seen import RecordVersion

OnPut = Callable[[Stored, float], None]
"""Is told each run that became durable and the seconds it took."""
DecideEvent = Callable[[RunRecord], Mapping[str, Any] | None]
"""Returns an event's `data` from a run as it stands, None when it is so already; may refuse by raising."""


PutError = RmosError | NotCanonical
"""In which a put may end."""


class NewRun(NamedTuple):
    """A run to be put, as `put` takes it."""

    members: Mapping[str, Any]
    fresh: bool = False


class _Prepared(NamedTuple):
    """A run as it is to be written."""

    key: str
    version: RecordVersion
    artifact: Artifact


def _make_taken_error(run: _Prepared) -> RunExists:
    return RunExists("Another run has this id; nothing was changed.", run_id=run.version.record_id)


def _ignore_observation(stored: Stored, seconds: float) -> None:
    """No-op observer."""


class Changed(NamedTuple):
    """The run as it stands after an append, and whether this call made it so."""

    view: RunView
    made: bool


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
        self._records = RunRecords(objects, index, reader)
        self._summarise = summarise
        self._answers = answers
        self._gaps = gaps
        self.on_put: OnPut = _ignore_observation

    # Writing

    def put(self, members: Mapping[str, Any], *, fresh: bool = False) -> Stored:
        """Make a run durable, then index it. The same bytes again are a success.

        Args:
            members: the artifact's members without `_sha256`; `run_id` and `created_at_utc` are one moment.
            fresh: the id was made by this very request. Its 62 random bits were no other run's, so what became of
                such a run is not asked: three look-ups, each a request over object storage.

        Raises:
            RunExists: the id is taken by other bytes, by a hard-deleted run or by one in quarantine.
            NotCanonical: a member is no JSON value.
            Damage: the members are not a run artifact.
            PayloadTooLarge: it would be larger than what is read back.
            OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
        """
        started = time.perf_counter()
        run = self._prepare(members, fresh)
        self._gaps.announcer.announce(*run.version)
        try:
            # A crash before this line leaves nothing; behind it the run is recorded, and reconcile brings its row.
            created = self._objects.create(run.key, run.artifact.data)
        except ObjectExists:
            raise _make_taken_error(run) from None
        view = self._fold_new(run, created)
        indexed = self._index_view(view, run.version.folder)
        return self._note_stored(run, view, created, indexed, started)

    def put_many(self, new: Sequence[NewRun]) -> list[Stored | PutError]:
        """Do as `put` with each of many runs, no two of one id: one announcement, files together, rows together.

        Returns:
            In their order what `put` would return or raise. One that is refused keeps no other from being recorded.
        """
        started = time.perf_counter()
        results: dict[int, Stored | PutError] = {}
        runs: dict[int, _Prepared] = {}
        for place, one in enumerate(new):
            try:
                runs[place] = self._prepare(one.members, one.fresh)
            except (RmosError, NotCanonical) as error:
                results[place] = error
        made = self._create_announced(list(runs.values()))
        views: dict[int, RunView] = {}
        for (place, run), result in zip(runs.items(), made, strict=True):
            try:
                if isinstance(result, RmosError):
                    raise result
                views[place] = self._fold_new(run, result)
            except ObjectExists:
                results[place] = _make_taken_error(run)
            except RmosError as error:
                results[place] = error
        indexed = self._index_views([(view, runs[place].version.folder) for place, view in views.items()])
        created = dict(zip(runs, made, strict=True))
        for place, view in views.items():
            results[place] = self._note_stored(runs[place], view, created[place] is True, indexed, started)
        return [results[place] for place in range(len(new))]

    def _create_announced(self, runs: Sequence[_Prepared]) -> Sequence[CreateResult]:
        """Return what became of the artifacts of runs; where they cannot be announced, none is made."""
        try:
            self._gaps.announcer.announce_many([run.version for run in runs])
        except RmosError as error:
            return [error] * len(runs)
        # A crash in this call leaves some of them: recorded, not acknowledged, each whole.
        return self._objects.create_many([NewObject(run.key, run.artifact.data) for run in runs])

    def _prepare(self, members: Mapping[str, Any], fresh: bool) -> _Prepared:
        """Return a run as it is to be written, after a look at whether its id may be."""
        run_id, partition = _place(members)
        artifact = decode_sealed(encode_record(members, run_id), run_id, partition)
        key = layout.artifact_key(partition, run_id)
        if not fresh:
            self._refuse_taken(key, partition, run_id)
        return _Prepared(key, RecordVersion(partition, run_id, 0), artifact)

    def _fold_new(self, run: _Prepared, created: bool) -> RunView:
        """Return the view of a run that was just put; one that was there already may have events."""
        partition, run_id, _ = run.version
        if not created and self._objects.has(layout.event_key(partition, run_id, 1)):
            return self.record(run_id, include_deleted=True).view()
        return fold(run.artifact, [])

    def _note_stored(self, run: _Prepared, view: RunView, created: bool, indexed: bool, started: float) -> Stored:
        stored = Stored(view=view, data=run.artifact.data, created=created, indexed=indexed)
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

    def append(
        self,
        run_id: str,
        kind: str,
        decide: DecideEvent,
        *,
        actor: Actor,
        us: int,
        seen: RunRecord | None = None,
        include_deleted: bool = False,
    ) -> Changed:
        """Append an event to a run, then index it; who loses the race for a number reads and decides again.

        Args:
            us: the moment of the request; recorded, never used for the order.
            seen: the run as the caller has read it, so that it is not read again unless it has changed.
            include_deleted: also to a run that was deleted softly.

        Raises:
            RunNotFound, RunDeleted, Damage, VersionConflict, NotCanonical, PayloadTooLarge, OutOfSpace, StoreReadOnly,
            StorageFailed, and what `decide` raises: nothing was acknowledged.
        """
        before, event, _ = append(
            self._objects,
            kind,
            decide,
            read=lambda fresh: self.record(run_id, include_deleted=include_deleted, fresh=fresh),
            actor=actor,
            us=us,
            seen=seen,
            announce=self._gaps.announcer.announce,
        )
        if event is None:
            return Changed(before.view(), False)
        view = before.view_after(event)
        self._index_view(view, before.partition)
        return Changed(view, True)

    def ensure_durable(self, record: RunRecord) -> None:
        """Make a run that was found durable before it is acknowledged: its maker may have died before that.

        Raises:
            OutOfSpace, StoreReadOnly, StorageFailed.
        """
        self._objects.ensure_durable(layout.artifact_key(record.partition, record.run_id))

    def _index_view(self, view: RunView, partition: str) -> bool:
        return self._index_views([(view, partition)])

    def _index_views(self, views: Sequence[tuple[RunView, str]]) -> bool:
        """Write the rows of views, each with its partition, in one transaction."""
        if self._summarise is None or not views:
            return False
        return self._write_rows([make_row(view, partition, self._summarise) for view, partition in views])

    def index_row(self, row: RunRow) -> bool:
        """Write a row; return False when the index did not take it: whoever keeps the index true is called."""
        return self._write_rows([row])

    def _write_rows(self, rows: Sequence[RunRow]) -> bool:
        versions = [RecordVersion(row.partition, row.run_id, row.version) for row in rows]
        return self._gaps.write(lambda: self._index.runs.upsert(rows), versions)

    # Reading

    def record(self, run_id: str, *, include_deleted: bool = False, fresh: bool = False) -> RunRecord:
        """Return a run as it stands, found by its id, with or without the index (`RunRecords.read`).

        Raises:
            RunNotFound, RunDeleted, Damage.
        """
        return self._records.read(run_id, include_deleted=include_deleted, fresh=fresh)

    def place(self, run_id: str) -> str | None:
        """Return the partition of a run, or of what is left of it."""
        return self._records.place(run_id)

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
        return self._answers.read_page(
            self._index.runs, _at_now(query), before=before, limit=limit, offset=offset, include_total=include_total
        )

    def count(self, query: RunQuery) -> int:
        """Return how many runs a list with the same filters would show.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        now_query = _at_now(query)
        return self._answers.ask(lambda: self._index.runs.count(now_query))

    def count_up_to(self, query: RunQuery, limit: int) -> int:
        """Return how many runs a list with the same filters would show, counting no further than `limit`.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        now_query = _at_now(query)
        return self._answers.ask(lambda: self._index.runs.count_up_to(now_query, limit))

    def tally(self, name: str, first: str = "", last: str = LAST_ID) -> list[TalliedRuns]:
        """Return how many listed runs of each day have each value of a column, of the days from `first` to `last`.

        Args:
            name: `risk_level` or `rule`.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        return self._answers.ask(lambda: self._index.runs.tally(name, first, last))

    def total(self, name: str, value: str | None = None) -> int:
        """Return how many listed runs have a value in a column, as the tally knows it; None is any value.

        Args:
            name: `risk_level` or `rule`.
            value: folded, as queries have it.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        return self._answers.ask(lambda: self._index.runs.total(name, value))

    def values(self, name: str, *, limit: int) -> list[str]:
        """Return the values that runs have in a column, in order, the first so many.

        Raises:
            IndexRebuilding: the index is not complete.
        """
        return self._answers.ask(lambda: self._index.runs.values(name, limit=limit))


def _at_now(query: RunQuery) -> RunQuery:
    """Return a query with the moment at which an override is over or not, where that matters and nobody said it."""
    if query.override is None or query.now_utc is not None:
        return query
    return msgspec.structs.replace(query, now_utc=ids.utc_text(ids.now_us()))


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
