"""Many runs recorded by one request: each by itself, as if it had been sent alone after the one before it.

    record_runs(store, engines, [BulkRun(request=RunRequest(…)), …], actor=actor, us=now_us(), engine_timeout_ms=5000)

The claims of all keys are made together, then all cuts are evaluated, then all artifacts are made durable together,
then their rows come in one transaction. A run waits for another turn of this where what is before it in the request
decides on it: where both have one Idempotency-Key, or one mode that is new in the store.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from rmos import ids
from rmos.digest import NotCanonical
from rmos.engines.registry import Registry
from rmos.errors.base import RmosError
from rmos.errors.records import RunExists
from rmos.models import Actor, Stored
from rmos.names import fold_name
from rmos.services.artifact import Idempotency, RunRequest
from rmos.services.deciding import is_new_mode
from rmos.services.runs import (
    MadeRun,
    Recorded,
    describe_stored,
    find_replayed,
    make_run,
    refuse_large_gcode,
)
from rmos.store import Store
from rmos.store.claims import WantedRun
from rmos.store.runs import NewRun, PutError

log = logging.getLogger(__name__)

MAX_RUNS: Final = 500
"""Runs of one request, RMOS policy: as many as a page of the list shows, and as a dry run evaluates."""

RunResult = Recorded | RmosError
"""What came of one of many: the run, or why there is none."""


class BulkRun(msgspec.Struct, frozen=True, kw_only=True):
    """One of many cuts to be recorded."""

    request: RunRequest
    idempotency: Idempotency | None = None


class _TakenRun(NamedTuple):
    """The id under which a run is to be made, and whether this request made the id."""

    run_id: str
    is_fresh: bool


def record_runs(
    store: Store,
    engines: Registry,
    items: Sequence[BulkRun | RmosError],
    *,
    actor: Actor,
    us: int,
    engine_timeout_ms: float,
) -> list[RunResult]:
    """Evaluate cuts and make their runs durable; return in their order what `record_run` would return or raise.

    Args:
        items: an error stands for one that was refused before; it is its result.
        us: the moment of the request; each run is made one microsecond after the one before it.
    """
    recording = _Recording(store, engines, actor, us, engine_timeout_ms)
    results: dict[int, RunResult] = {place: item for place, item in enumerate(items) if isinstance(item, RmosError)}
    left = {place: item for place, item in enumerate(items) if isinstance(item, BulkRun)}
    while left:
        turn = _choose_independent(store, left)
        results |= recording.record(turn)
        left = {place: item for place, item in left.items() if place not in turn}
    return [results[place] for place in range(len(items))]


def _choose_independent(store: Store, left: Mapping[int, BulkRun]) -> dict[int, BulkRun]:
    """Return those on which nothing decides that is before them: the first of each key, and of each new mode."""
    chosen: dict[int, BulkRun] = {}
    before: set[tuple[str, str]] = set()
    is_new: dict[str, bool] = {}
    for place, item in left.items():
        mode = fold_name(item.request.mode)
        if mode not in is_new:
            is_new[mode] = is_new_mode(item.request.mode, store)
        bound = {("mode", mode)} if is_new[mode] else set()
        if item.idempotency is not None:
            bound.add(("key", item.idempotency.key))
        if not bound & before:
            chosen[place] = item
        before |= bound
    return chosen


class _Recording:
    """The recording of the runs of one request."""

    def __init__(self, store: Store, engines: Registry, actor: Actor, us: int, engine_timeout_ms: float) -> None:
        self._store = store
        self._engines = engines
        self._actor = actor
        self._us = us
        self._engine_timeout_ms = engine_timeout_ms

    def record(self, turn: Mapping[int, BulkRun]) -> dict[int, RunResult]:
        """Record runs none of which depends on another; return by their places what came of them."""
        results: dict[int, RunResult] = {}
        new: dict[int, NewRun] = {}
        made: dict[int, MadeRun] = {}
        for place, taken in self._take_ids(turn).items():
            try:
                found = taken if isinstance(taken, RmosError) else self._make(place, turn[place], taken)
            except RmosError as error:
                found = error
            except Exception as error:  # noqa: BLE001 - a fault of ours in one is no reason to lose the others
                found = self._describe_fault(error)
            if isinstance(found, MadeRun) and isinstance(taken, _TakenRun):
                made[place], new[place] = found, NewRun(found.members, taken.is_fresh)
            elif not isinstance(found, MadeRun):
                results[place] = found
        for (place, of_run), stored in zip(made.items(), self._store.runs.put_many(list(new.values())), strict=True):
            results[place] = self._describe(turn[place], of_run, stored)
        return results

    def _take_ids(self, turn: Mapping[int, BulkRun]) -> dict[int, _TakenRun | RmosError]:
        """Return by their places under which ids runs are to be made; keys are claimed before anything else is done."""
        taken: dict[int, _TakenRun | RmosError] = {}
        wanted: dict[int, WantedRun] = {}
        for place, item in turn.items():
            try:
                refuse_large_gcode(item.request.outputs)
                self._store.heartbeat.require_clock()
            except RmosError as error:
                taken[place] = error
                continue
            minted = ids.new_run_id(self._us + place)
            taken[place] = _TakenRun(minted, True)
            if item.idempotency is not None:
                key, request_sha256 = item.idempotency.key, item.idempotency.request_sha256
                wanted[place] = WantedRun(key, request_sha256, self._us + place, minted)
        claimed = self._store.claims.take_run_ids(self._actor.name, list(wanted.values()))
        for (place, one), found in zip(wanted.items(), claimed, strict=True):
            taken[place] = found if isinstance(found, RmosError) else _TakenRun(found, found == one.run_id)
        return taken

    def _make(self, place: int, item: BulkRun, taken: _TakenRun) -> MadeRun | Recorded:
        """Return a run that is to be recorded, or the one that an earlier request with its key has recorded."""
        if not taken.is_fresh and (replayed := find_replayed(self._store, taken.run_id)):
            return replayed
        return make_run(
            self._store,
            self._engines,
            item.request,
            taken.run_id,
            actor=self._actor,
            us=self._us + place,
            engine_timeout_ms=self._engine_timeout_ms,
            idempotency=item.idempotency,
        )

    def _describe(self, item: BulkRun, made: MadeRun, stored: Stored | PutError) -> RunResult:
        """Return what the caller is told of a run that was put; a twin of the request may have been faster."""
        try:
            if isinstance(stored, Stored):
                return msgspec.structs.replace(describe_stored(stored), programs=made.programs)
            if isinstance(stored, RunExists) and item.idempotency is not None:
                return find_replayed(self._store, made.members["run_id"]) or stored
        except RmosError as error:
            return error
        return self._describe_fault(stored) if isinstance(stored, NotCanonical) else stored

    def _describe_fault(self, error: Exception) -> RmosError:
        log.error("unexpected error in one of many runs", exc_info=error)
        return RmosError(f"Unexpected error; quote request id {self._actor.request_id or '-'} to an operator.")
