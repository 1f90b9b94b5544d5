"""Plug-in engines for the tests: a good one, and one for each way to be bad."""

import time
from collections.abc import Callable
from typing import Any

from rmos.engines.base import Assessment, EngineInfo, EngineResult

Compute = Callable[..., Any]


class Plugin:
    """An engine that answers by the function it is given."""

    def __init__(self, answer: Compute, engine_id: str = "plugin", version: str = "1.2.3") -> None:
        self.info = EngineInfo(engine_id=engine_id, version=version, description="An engine of the tests.")
        self._answer = answer

    def compute(self, *, spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> Any:
        return self._answer(spec, ctx, request_id)


def answer(request_id: str, **members: Any) -> EngineResult:
    """Return a result of the plug-in that keeps the contract, but for the members given."""
    sound: dict[str, Any] = {
        "engine_id": "plugin",
        "engine_version": "1.2.3",
        "status": "RED",
        "request_id": request_id,
        "reasons": ["it refuses everything"],
    }
    return EngineResult(**(sound | members))


def assessment(**members: Any) -> Assessment:
    """Return an assessment that keeps the contract, but for the members given."""
    sound: dict[str, Any] = {"id": "CHECK", "category": "gate", "risk": "GREEN", "message": "fine", "source": "a test"}
    return Assessment(**(sound | members))


def refuse(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Answer RED to everything."""
    return answer(request_id)


class Good(Plugin):
    """A plug-in as an entry point names it: a class that takes no arguments."""

    def __init__(self) -> None:
        super().__init__(refuse)


def make_raising() -> Plugin:
    """Fail to make an engine."""
    raise RuntimeError("no licence")


class Impostor(Good):
    """A plug-in that claims the built-in engine's name."""

    def __init__(self) -> None:
        Plugin.__init__(self, refuse, engine_id="baseline_v1")


GOOD = Good()
NOT_AN_ENGINE = 7


def spin(*_: Any) -> EngineResult:
    """Never come back, in Python code."""
    while True:
        pass


def spin_stubbornly(*_: Any) -> EngineResult:
    """Never come back, and catch every ordinary error on the way."""
    while True:
        try:
            sum(range(100))
        except Exception:  # noqa: BLE001 - that is the point
            continue


def sleep(*_: Any) -> EngineResult:
    """Come back after the deadline, waiting in C until then."""
    time.sleep(1)
    raise AssertionError("asleep too long")


def recurse(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Run out of stack. (Called with other arguments than it names, CPython 3.13.0 would never find out.)"""
    return recurse(spec, ctx, request_id)


def raise_error(*_: Any) -> EngineResult:
    """Raise, with words that belong into no record."""
    raise ValueError("/etc/secret")
