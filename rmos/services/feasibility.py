"""Evaluate cuts without recording anything, for programs that ask while somebody turns a knob.

    results = evaluate_cuts(engines, DryRun(items=[{…}, {…}]), request_id="req_…", engine_timeout_ms=2000)
    results[0].risk_level, results[0].feasibility["assessments"]

The engine, the shop's tables and the decision are those of a recorded run. Nothing is hashed, because nothing is kept:
canonical bytes would cost as much as the evaluation.
"""

import time
from typing import Any, Final

import msgspec

from rmos.engines.decision import decide
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.models import RiskLevel
from rmos.services.artifact import RunRequest
from rmos.services.runs import complete_context

_MS: Final = 1000


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """Cuts to be evaluated, each as its members, by one engine."""

    items: list[dict[str, Any]]
    engine_id: str | None = None


class DryRunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the server would decide on a cut, and why."""

    risk_level: RiskLevel
    score: float | None
    block_reason: str | None
    warnings: list[str]
    feasibility: dict[str, Any]


def evaluate_cuts(engines: Registry, asked: DryRun, *, request_id: str, engine_timeout_ms: float) -> list[DryRunResult]:
    """Return a result for each cut, in their order.

    Args:
        engine_timeout_ms: how long the engine may take for all of them; cuts that come after that are ERROR.

    Raises:
        EngineNotFound: there is no such engine.
    """
    engine = engines.get(asked.engine_id)
    ends = time.monotonic() + engine_timeout_ms / _MS
    results = []
    for item in asked.items:
        request = RunRequest(**item)
        result = evaluate(
            engine,
            design=request.design,
            context=complete_context(request, engines.shop),
            request_id=request_id,
            timeout_ms=max((ends - time.monotonic()) * _MS, 0.0),
        )
        decision = decide(result)
        results.append(
            DryRunResult(
                risk_level=decision.risk_level,
                score=decision.score,
                block_reason=decision.block_reason,
                warnings=decision.warnings,
                feasibility=result.record(),
            )
        )
    return results
