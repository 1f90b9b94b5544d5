"""Run an engine so that nothing it does reaches the caller: every outcome is a result, the worst of them `ERROR`.

The built-in engine is bounded arithmetic and runs in the calling thread. A plug-in gets copies of the inputs and runs
under `guard`. The reasons of an ERROR name what happened, never a path, a message of foreign code or a traceback: they
are recorded and shown. The traceback is logged.
"""

import copy
import logging
import time
from typing import Any

import msgspec

from rmos.engines.base import EngineInfo, EngineResult, FeasibilityEngine
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.contract import ContractBroken, check_engine_shape, checked, type_name
from rmos.engines.guard import TimedOut, TooManyStuck, WorkRaised, call_guarded

_log = logging.getLogger(__name__)

_NAMELESS = EngineInfo(engine_id="unknown", version="0.0.0", description="An engine that cannot say who it is.")


def evaluate(
    engine: FeasibilityEngine,
    *,
    design: dict[str, Any],
    context: dict[str, Any],
    request_id: str,
    timeout_ms: float,
) -> EngineResult:
    """Return what the engine says of this cut; never raise. `compute_ms` is wall-clock time, measured here."""

    def work() -> EngineResult:
        return engine.compute(spec=copy.deepcopy(design), ctx=copy.deepcopy(context), request_id=request_id)

    started = time.perf_counter()
    info = _NAMELESS
    try:
        if type(engine) is BaselineV1:
            info = engine.info
            result = engine.compute(spec=design, ctx=context, request_id=request_id)
        else:
            info = check_engine_shape(engine)
            answer = call_guarded(work, name=f"engine-{info.engine_id}", timeout_ms=timeout_ms)
            result = checked(answer, info=info, request_id=request_id)
    except TimedOut:
        result = _failed(info, request_id, f"did not answer within {timeout_ms:g} ms")
    except TooManyStuck:
        result = _failed(info, request_id, "was not asked: earlier evaluations never came back")
    except ContractBroken as broken:
        result = _failed(info, request_id, f"broke the contract: {broken}")
    except WorkRaised as raised:
        _log.error("engine %s failed", info.engine_id, exc_info=raised.error)
        result = _failed(info, request_id, f"raised {type_name(type(raised.error))}")
    except Exception as error:  # noqa: BLE001 - an engine never raises into the caller
        _log.exception("engine %s failed", info.engine_id)
        result = _failed(info, request_id, f"raised {type_name(type(error))}")
    return msgspec.structs.replace(result, compute_ms=round((time.perf_counter() - started) * 1000, 3))


def _failed(info: EngineInfo, request_id: str, what: str) -> EngineResult:
    _log.error("engine %s %s", info.engine_id, what)
    return EngineResult(
        engine_id=info.engine_id,
        engine_version=info.version,
        status="ERROR",
        request_id=request_id,
        reasons=[f"The engine {info.engine_id} {what}."],
    )
