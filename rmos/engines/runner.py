"""Evaluate a cut so that nothing an engine does reaches the caller: every outcome is a result, the worst an `ERROR`.

An engine of our own is bounded arithmetic and runs in the calling thread. A plug-in runs in a process of its own with a
time limit (`plugin`). The reasons of an ERROR name what happened, never a path, a message of foreign code or a
traceback: they are recorded and shown. The traceback is logged.
"""

import logging
import time
from typing import Any

import msgspec

from rmos.engines.base import EngineInfo, EngineResult, FeasibilityEngine
from rmos.engines.contract import MAX_TEXT, ContractBroken, check_result, plain_name, type_name
from rmos.engines.plugin import Engine, Plugin
from rmos.engines.process import NotAnswered
from rmos.engines.wire import Broken, Raised, Reply

_log = logging.getLogger(__name__)


def evaluate(
    engine: Engine,
    *,
    design: dict[str, Any],
    context: dict[str, Any],
    request_id: str,
    timeout_ms: float,
) -> EngineResult:
    """Return what the engine says of this cut; never raise.

    `compute_ms` is wall-clock time, measured here: until the answer, without the start of a plug-in's process.

    Args:
        timeout_ms: how long a plug-in may take; our own engines know no loop that could take long.
    """
    if isinstance(engine, Plugin):
        result, seconds = _ask(engine, design, context, request_id, timeout_ms)
    else:
        started = time.perf_counter()
        result = _compute(engine, design, context, request_id)
        seconds = time.perf_counter() - started
    return msgspec.structs.replace(result, compute_ms=round(seconds * 1000, 3))


def _compute(
    engine: FeasibilityEngine, design: dict[str, Any], context: dict[str, Any], request_id: str
) -> EngineResult:
    try:
        return engine.compute(spec=design, ctx=context, request_id=request_id)
    except Exception as error:  # noqa: BLE001 - an engine never raises into the caller
        _log.exception("engine %s failed", engine.info.engine_id)
        return _make_error(engine.info, request_id, f"raised {type_name(type(error))}")


def _ask(
    plugin: Plugin, design: dict[str, Any], context: dict[str, Any], request_id: str, timeout_ms: float
) -> tuple[EngineResult, float]:
    try:
        reply, seconds = plugin.ask(design, context, request_id, timeout_ms=timeout_ms)
    except NotAnswered as failure:
        return _make_error(plugin.info, request_id, failure.what), failure.seconds
    return _read_reply(reply, plugin.info, request_id), seconds


def _read_reply(reply: Reply, info: EngineInfo, request_id: str) -> EngineResult:
    if isinstance(reply, Raised):
        kind = plain_name(reply.kind)
        _log.error("engine %s raised %s in its process:\n%s", info.engine_id, kind, reply.traceback)
        return _make_error(info, request_id, f"raised {kind}")
    if isinstance(reply, Broken):
        how = "".join(letter if letter.isprintable() else "?" for letter in reply.how[:MAX_TEXT])
        return _make_error(info, request_id, f"broke the contract: {how}")
    try:
        return check_result(reply.result, info=info, request_id=request_id)
    except ContractBroken as broken:
        return _make_error(info, request_id, f"broke the contract: {broken}")


def _make_error(info: EngineInfo, request_id: str, what: str) -> EngineResult:
    _log.error("engine %s %s", info.engine_id, what)
    return EngineResult(
        engine_id=info.engine_id,
        engine_version=info.version,
        status="ERROR",
        request_id=request_id,
        reasons=[f"The engine {info.engine_id} {what}."],
    )
