"""Engines for the tests that keep the contract, and some that cannot be registered.

FunctionEngine(lambda spec, ctx, request_id: answer(request_id))     # called in this process
Registry([("good", "tests.engines.plugins:Good")])                   # a plug-in, by its reference
"""

import sys
from collections.abc import Callable
from typing import Any

from rmos.engines.base import Assessment, EngineInfo, EngineResult
from rmos.engines.rules import Rule

Compute = Callable[..., Any]


class FunctionEngine:
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


def rule(**members: Any) -> Rule:
    """Return a rule, but for the members given."""
    sound = {"id": "CHECK", "category": "gate", "question": "?", "formula": "f", "unit": "", "limits": {}}
    return Rule(**(sound | {"source": "a test", "hint": "none"} | members))


def refuse(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Answer RED to everything."""
    return answer(request_id)


class Good(FunctionEngine):
    """A plug-in as an entry point names it: a class that takes no arguments."""

    def __init__(self) -> None:
        super().__init__(refuse)


class Ruled(Good):
    """A plug-in that explains its rules, in no order."""

    rules = (rule(id="B"), rule(id="A"))


class Strict(FunctionEngine):
    """A plug-in that refuses every cut."""

    def __init__(self) -> None:
        super().__init__(self._refuse, engine_id="strict", version="3.1.0")

    def _refuse(self, spec: Any, ctx: Any, request_id: str) -> EngineResult:
        return answer(request_id, engine_id="strict", engine_version="3.1.0", reasons=["Too risky."])


class Impostor(FunctionEngine):
    """A plug-in that claims the built-in engine's name."""

    def __init__(self) -> None:
        super().__init__(refuse, engine_id="baseline_v1")


GOOD = Good()
NOT_AN_ENGINE = 7
ODD_ID = FunctionEngine(refuse, engine_id="acme-1")
ODD_VERSION = FunctionEngine(refuse, version="one")
ODD_RULES = Good()
ODD_RULES.rules = ["HEAT"]  # type: ignore[attr-defined]
ODD_HINT = Good()
ODD_HINT.rules = (rule(hint=7),)  # type: ignore[attr-defined]


def make_good() -> FunctionEngine:
    """Make an engine, as a factory does."""
    return Good()


def make_raising() -> FunctionEngine:
    """Fail to make an engine."""
    raise RuntimeError("no licence")


def make_leaving() -> FunctionEngine:
    """End the program instead of making an engine."""
    sys.exit("no licence")
