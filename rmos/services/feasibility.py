"""Evaluate cuts without recording anything, for programs that ask while somebody turns a knob.

    results = evaluate_cuts(engines, DryRun(items=[{…}, {…}]), request_id="req_…", engine_timeout_ms=2000)
    results[0].decision.risk_level, results[0].found.assessments

The engine, the shop's tables and the decision are those of a recorded run. Nothing is hashed, because nothing is kept:
canonical bytes would cost as much as the evaluation.
"""

import time
from typing import Any, Final, Literal

import msgspec

from rmos.engines.base import EngineResult
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.models import RunDecision
from rmos.services.artifact import RunRequest
from rmos.services.deciding import complete_context, decide_cut, mind_new_mode
from rmos.store import Store

_MS: Final = 1000


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """Cuts to be evaluated, each as its members, by one engine."""

    items: list[dict[str, Any]]
    engine_id: str | None = None
    view: Literal["full", "brief"] = "full"
    """How the caller wants to be told."""


class DryRunResult(msgspec.Struct, frozen=True):
    """What the server would decide on a cut, and what the engine found."""

    decision: RunDecision
    found: EngineResult


def evaluate_cuts(
    engines: Registry, asked: DryRun, *, store: Store | None = None, request_id: str, engine_timeout_ms: float
) -> list[DryRunResult]:
    """Return a result for each cut, in their order.

    Args:
        store: where it would be recorded, to be told of modes that are new there.
        engine_timeout_ms: how long the engine may take for all of them; cuts that come after that are ERROR.

    Raises:
        EngineNotFound: there is no such engine.
    """
    engine = engines.get(asked.engine_id)
    ends = time.monotonic() + engine_timeout_ms / _MS
    results = []
    for item in asked.items:
        request = RunRequest(**item)
        context = complete_context(request, engines.shop)
        found = evaluate(
            engine,
            design=request.design,
            context=context,
            request_id=request_id,
            timeout_ms=max((ends - time.monotonic()) * _MS, 0.0),
        )
        decision = decide_cut(request, engine.info, engines.shop, context, found)
        results.append(DryRunResult(decision if store is None else mind_new_mode(decision, request.mode, store), found))
    return results
