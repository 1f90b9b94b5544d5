"""Evaluate recorded cuts by another engine, or by other tables, and list the decisions that would flip. Writes nothing.

    report = backtest(store, engines.get("gentle"), timeout_ms=2000, workers=2)
    report.judged, report.flips[0].risk_recorded, report.flips[0].risk_now

A decision flips when its risk level would be another one. The inputs are evaluated as they were recorded, with the tool
and the machine that were in them; of tables only the materials can say something else.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from rmos.decisions.replay import read_inputs
from rmos.decisions.slices import RunSlice, list_slices
from rmos.engines.decision import decide, mind_unknown_names
from rmos.engines.plugin import Engine
from rmos.engines.runner import evaluate
from rmos.engines.shop.unknown import UnknownName
from rmos.errors.store import ObjectMissing, ObjectUnavailable, ObjectUnreadable
from rmos.models import RISK_LEVELS, WORKFLOW_EVENT_TYPES, RunArtifact, RunDecision
from rmos.objects.base import Objects
from rmos.services.programs.evaluating import severity_of
from rmos.store import Store, layout
from rmos.store.artifacts import verify_artifact
from rmos.store.records import Damage
from rmos.store.workers import ordered_pool

Progress = Callable[[int], None]
_SLICE: Final = 500
"""Runs that a process is given at once."""
_REQUEST_ID: Final = "backtest"


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded decision and what it would be."""

    run_id: str
    created_at_utc: str
    mode: str
    tool_id: str
    material_id: str | None
    risk_recorded: str
    risk_now: str
    score_recorded: float | None
    score_now: float | None
    why: str
    """Why it would be blocked, what to mind, or nothing."""


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a backtest: flips in the order of the runs, and what could not be evaluated."""

    engine_id: str
    engine_version: str
    since: str | None
    judged: int
    flipped: dict[str, int]
    """By `RED to GREEN` and the like, how many."""
    without_inputs: int
    """Runs that do not hold what they were evaluated by, such as those of the legacy system."""
    repeated: int
    """Approvals, rejections and toolpaths: they are evaluated by the inputs of another run."""
    damaged: list[str]
    """Ids of runs whose record has no valid self-digest; they are not evaluated."""
    unreadable: list[str]
    """Ids of runs that the storage did not give; they are not evaluated."""
    flips: list[Flip]


class _Evaluated(NamedTuple):
    counts: Counter[str]
    damaged: list[str]
    unreadable: list[str]
    flips: list[Flip]


def backtest(
    store: Store,
    engine: Engine,
    *,
    timeout_ms: float,
    since: str | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Backtest:
    """Return which recorded decisions the engine would make otherwise; deleted runs are evaluated as well.

    Args:
        timeout_ms: how long the engine may take for one cut before it is an ERROR.
        since: only partitions from this date (YYYY-MM-DD) on.
        workers: processes to use; more than one forks, which only commands should do.
    """
    counts: Counter[str] = Counter()
    damaged: list[str] = []
    unreadable: list[str] = []
    flips: list[Flip] = []
    evaluate_runs = _Evaluator(store.objects, engine, timeout_ms)
    with ordered_pool(evaluate_runs.evaluate_runs, workers, store.objects.works_with) as evaluate_slices:
        for evaluated in evaluate_slices(list_slices(store, since=since, size=_SLICE)):
            counts.update(evaluated.counts)
            damaged += evaluated.damaged
            unreadable += evaluated.unreadable
            flips += evaluated.flips
            if progress:
                progress(sum(evaluated.counts.values()) + len(evaluated.damaged) + len(evaluated.unreadable))
    return Backtest(
        engine_id=engine.info.engine_id,
        engine_version=engine.info.version,
        since=since,
        judged=counts["judged"],
        flipped=dict(sorted(Counter(f"{flip.risk_recorded} to {flip.risk_now}" for flip in flips).items())),
        without_inputs=counts["without_inputs"],
        repeated=counts["repeated"],
        damaged=damaged,
        unreadable=unreadable,
        flips=flips,
    )


class _Evaluator:
    """Evaluates slices; reaches the processes by the fork."""

    def __init__(self, objects: Objects, engine: Engine, timeout_ms: float) -> None:
        self._objects = objects
        self._engine = engine
        self._timeout_ms = timeout_ms

    def evaluate_runs(self, part: RunSlice) -> _Evaluated:
        """Return what came of the runs of a slice."""
        evaluated = _Evaluated(Counter(), [], [], [])
        for run_id in (files.run_id for files in part.runs):
            try:
                data = self._objects.read(layout.artifact_key(part.partition, run_id))
                self._evaluate_run(verify_artifact(data, run_id, part.partition).run, evaluated)
            except ObjectMissing:
                continue  # erased since it was listed
            except ObjectUnavailable:
                evaluated.unreadable.append(run_id)
            except (Damage, ObjectUnreadable):
                evaluated.damaged.append(run_id)
        return evaluated

    def _evaluate_run(self, run: RunArtifact, evaluated: _Evaluated) -> None:
        if run.event_type in WORKFLOW_EVENT_TYPES:
            evaluated.counts["repeated"] += 1
            return
        inputs = read_inputs(run)
        if inputs is None:
            evaluated.counts["without_inputs"] += 1
            return
        evaluated.counts["judged"] += 1
        now = evaluate_again(self._engine, run, inputs, timeout_ms=self._timeout_ms)
        if now.risk_level == run.decision.risk_level:
            return
        evaluated.flips.append(
            Flip(
                run_id=run.run_id,
                created_at_utc=run.created_at_utc,
                mode=run.mode,
                tool_id=run.tool_id,
                material_id=run.material_id,
                risk_recorded=run.decision.risk_level,
                risk_now=now.risk_level,
                score_recorded=run.decision.score,
                score_now=now.score,
                why=_first(now.block_reason, now.warnings),
            )
        )


def evaluate_again(
    engine: Engine, run: RunArtifact, inputs: tuple[dict[str, Any], dict[str, Any]], *, timeout_ms: float
) -> RunDecision:
    """Return what would be decided on a recorded run, with all that no engine can say otherwise.

    Args:
        inputs: its design and its context.
        timeout_ms: how long the engine may take before it is an ERROR.
    """
    design, context = inputs
    result = evaluate(engine, design=design, context=context, request_id=_REQUEST_ID, timeout_ms=timeout_ms)
    now = mind_unknown_names(decide(result), _read_unknown_names(run))
    blocked = _find_impossible(run)
    if blocked is not None and now.risk_level in ("GREEN", "YELLOW", "UNKNOWN"):
        now = msgspec.structs.replace(now, risk_level="RED", score=run.decision.score, block_reason=blocked)
    return _mind_program(now, run)


def _read_unknown_names(run: RunArtifact) -> list[UnknownName]:
    """Return what the request named that nobody knew: no engine knows it either."""
    try:
        return msgspec.convert(run.decision.details.get("unknown_names", []), list[UnknownName])
    except msgspec.ValidationError:
        return []


def _find_impossible(run: RunArtifact) -> str | None:
    """Return what the trade calls impossible of a recorded rosette: it blocks it whatever an engine says."""
    minded = run.decision.details.get("manufacture")
    for item in minded if isinstance(minded, list) else ():
        if isinstance(item, dict) and item.get("severity") == "impossible":
            return f"{item.get('code')}: {item.get('message')}"
    return None


def _mind_program(now: RunDecision, run: RunArtifact) -> RunDecision:
    """Return the decision no better than what a recorded program allows, whatever an engine says of the design."""
    program = run.decision.details.get("program")
    least = program.get("least_risk") if isinstance(program, dict) else None
    if least not in RISK_LEVELS or severity_of(now.risk_level) >= severity_of(least):
        return now
    return msgspec.structs.replace(
        now, risk_level=least, score=run.decision.score, block_reason=run.decision.block_reason
    )


def _first(block_reason: str | None, warnings: Sequence[str]) -> str:
    return block_reason or next(iter(warnings), "")
