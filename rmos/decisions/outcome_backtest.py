"""What an engine would have blocked of what was scrapped, and of what was good. Writes nothing.

    report = backtest_outcomes(store, engines.get("gentle"), timeout_ms=2000, workers=2)
    report.scrap.blocked, report.good.blocked      # an engine worth having blocks much of one and little of the other

Read from the files: the jobs that count, so those that were corrected and those of deleted runs are left out.
What was scrapped because somebody took the wrong thing stands apart, since no engine can know it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec

from rmos.decisions.backtest import Progress, evaluate_again
from rmos.decisions.proportions import Proportion, make_proportion
from rmos.decisions.reasons import classify_reason
from rmos.decisions.replay import read_inputs
from rmos.decisions.slices import RunSlice, list_slices
from rmos.engines.plugin import Engine
from rmos.errors.store import RecordUnavailable
from rmos.models import RunArtifact, RunView
from rmos.outcomes import CutOutcome
from rmos.store import Store
from rmos.store.folding import fold
from rmos.store.history import read_run
from rmos.store.layout import RunFiles
from rmos.store.outcomes import list_counting
from rmos.store.reading import RunReader
from rmos.store.records import Damage
from rmos.store.workers import ordered_pool

_SLICE: Final = 100
"""Runs that a process is given at once."""

JobKind = Literal["scrap", "scrap_human", "rework", "good", "unjudged"]
JOB_KINDS: Final = get_args(JobKind)


class BlockedJobs(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs of a kind: how many the engine would have blocked, and how many the recorded decisions do."""

    jobs: int
    blocked: Proportion
    """Of those that could be evaluated, with the 95 % interval."""
    blocked_recorded: Proportion
    not_evaluated: int
    """Their runs do not hold what they were evaluated by."""


class OutcomeBacktest(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a backtest by outcomes."""

    engine_id: str
    engine_version: str
    since: str | None
    jobs: int
    scrap: BlockedJobs
    """For any reason but those of `scrap_human`."""
    scrap_human: BlockedJobs
    rework: BlockedJobs
    good: BlockedJobs
    unjudged: BlockedJobs
    damaged: list[str]
    """Ids of runs whose record is damaged; what was reported of them is not known."""
    unreadable: list[str]
    """Ids of runs that the storage did not give."""


class _FoundJobs(NamedTuple):
    counts: Counter[tuple[JobKind, str]]
    damaged: list[str]
    unreadable: list[str]


def backtest_outcomes(
    store: Store,
    engine: Engine,
    *,
    timeout_ms: float,
    since: str | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> OutcomeBacktest:
    """Return what the engine would have blocked of the jobs that were reported, by what came of them.

    Args:
        timeout_ms: how long the engine may take for one cut before it is an ERROR, which blocks.
        since: only runs of partitions from this date (YYYY-MM-DD) on.
        workers: processes to use; more than one forks, which only commands should do.
    """
    counts: Counter[tuple[JobKind, str]] = Counter()
    damaged: list[str] = []
    unreadable: list[str] = []
    evaluate_runs = _JobEvaluator(store, engine, timeout_ms).evaluate_runs
    with ordered_pool(evaluate_runs, workers, store.objects.works_with) as evaluate_slices:
        for number, found in evaluate_slices(_list_slices(store, since)):
            counts.update(found.counts)
            damaged += found.damaged
            unreadable += found.unreadable
            if progress:
                progress(number)
    return OutcomeBacktest(
        engine_id=engine.info.engine_id,
        engine_version=engine.info.version,
        since=since,
        jobs=sum(counts[kind, "jobs"] for kind in JOB_KINDS),
        **{kind: _sum_up(counts, kind) for kind in JOB_KINDS},
        damaged=damaged,
        unreadable=unreadable,
    )


def _sum_up(counts: Counter[tuple[JobKind, str]], kind: JobKind) -> BlockedJobs:
    jobs, lacking = counts[kind, "jobs"], counts[kind, "lacking"]
    return BlockedJobs(
        jobs=jobs,
        blocked=make_proportion(counts[kind, "blocked"], jobs - lacking),
        blocked_recorded=make_proportion(counts[kind, "recorded"], jobs),
        not_evaluated=lacking,
    )


def count_runs_with_events(store: Store, since: str | None = None) -> int:
    """Return of how many runs something was ever said, from names alone: as many are read."""
    return sum(len(part.runs) for part in _list_slices(store, since))


def _list_slices(store: Store, since: str | None) -> Iterator[RunSlice]:
    """Yield the runs of which something was ever said."""
    return list_slices(store, since=since, size=_SLICE, wanted=lambda run: run.events)


class _JobEvaluator:
    """Evaluates slices; reaches the processes by the fork."""

    def __init__(self, store: Store, engine: Engine, timeout_ms: float) -> None:
        self._objects = store.objects
        self._reader = RunReader(store.objects)
        self._engine = engine
        self._timeout_ms = timeout_ms

    def evaluate_runs(self, part: RunSlice) -> tuple[int, _FoundJobs]:
        """Return how many runs a slice has, and what came of the jobs of each."""
        found = _FoundJobs(Counter(), [], [])
        for files in part.runs:
            try:
                view = self._read_view(part.partition, files)
                if view is not None and view.deletion is None:
                    self._count_jobs(view, found.counts)
            except RecordUnavailable:
                found.unreadable.append(files.run_id)
            except Damage:
                found.damaged.append(files.run_id)
        return len(part.runs), found

    def _read_view(self, partition: str, files: RunFiles) -> RunView | None:
        """Return a run with its events, None of one that was erased since it was listed.

        Raises:
            Damage, StorageUnavailable.
        """
        history = read_run(self._objects.read, partition, files)
        history.require_whole()
        artifact = history.artifact
        if artifact is None:
            return None
        tombstone = None if artifact.has_self_digest else self._reader.tombstone(files.run_id, None)
        return fold(artifact, history.events, links=history.advisories, tombstone=tombstone)

    def _count_jobs(self, view: RunView, counts: Counter[tuple[JobKind, str]]) -> None:
        jobs = list_counting(view.outcomes)
        if not jobs:
            return
        inputs = read_inputs(view.artifact)
        is_blocked = None if inputs is None else self._blocks(view.artifact, inputs)
        for job in jobs:
            kind = _classify_job(job.outcome)
            counts[kind, "jobs"] += 1
            counts[kind, "lacking"] += is_blocked is None
            counts[kind, "blocked"] += is_blocked is True
            counts[kind, "recorded"] += view.artifact.status != "OK"

    def _blocks(self, run: RunArtifact, inputs: tuple[dict[str, Any], dict[str, Any]]) -> bool:
        risk = evaluate_again(self._engine, run, inputs, timeout_ms=self._timeout_ms).risk_level
        return risk not in ("GREEN", "YELLOW")


def _classify_job(outcome: CutOutcome) -> JobKind:
    if outcome.part == "scrap" and classify_reason(outcome.reason_code) == "human":
        return "scrap_human"
    return outcome.part
