"""Engines without manners, for the contract kit: `tests.engines.manners:engines.trust`."""

import itertools
import json
import os
import time
from types import SimpleNamespace
from typing import Any

from rmos.engines.base import EngineResult
from tests.engines.plugins import FunctionEngine, answer, assessment

_counter = itertools.count()
_places: dict[str, int] = {}


def meddle(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    spec["seen"] = True
    return answer(request_id)


def trust(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    return answer(request_id, status="GREEN", reasons=[])


def stumble(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    spec["feed_mm_min"] * 2.0
    return answer(request_id)


def recurse(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    return recurse(spec, ctx, request_id)


def forget(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> None:
    return None


def overflow(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    return answer(request_id, assessments=[assessment(value=float("nan"))])


def count(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    return answer(request_id, reasons=[f"{next(_counter)}"])


def name_request(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    return answer(request_id, reasons=[request_id])


def name_process(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    return answer(request_id, reasons=[f"{os.getpid()}"])


def name_place(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    """Answer by how many other questions there were before this one."""
    return answer(request_id, reasons=[f"{_places.setdefault(json.dumps([spec, ctx]), len(_places))}"])


def tire(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    """Answer a question that was asked before in other words."""
    known = len(_places)
    _places.setdefault(json.dumps([spec, ctx]), known)
    return answer(request_id, reasons=["again" if known == len(_places) else "first"])


def say_nothing(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    return answer(request_id, reasons=[])


def emit(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    return answer(request_id, assessments=[assessment(id="SECRET", risk="RED")])


def hang(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> None:
    time.sleep(100_000)


def leave(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> None:
    os._exit(3)


engines = SimpleNamespace(
    **{
        act.__name__: FunctionEngine(act)
        for act in (
            *(meddle, trust, stumble, recurse, forget, overflow, count, name_request, name_process, name_place),
            tire,
            *(say_nothing, emit, hang, leave),
        )
    }
)
