"""What a feasibility engine is: its name, what it is asked, what it answers.

    class Gentle:
        info = EngineInfo(engine_id="gentle", version="1.0.0", description="Refuses every cut.")

        def compute(self, *, spec, ctx, request_id):
            return EngineResult(engine_id="gentle", engine_version="1.0.0", status="RED", request_id=request_id,
                                reasons=["Leave the wood alone."])

An engine is offered through the entry-point group `rmos.engines` and can be tried with `rmos.engines.testing`. It then
runs in a process of its own (`rmos.engines.plugin`).
"""

import functools
from typing import Any, Final, Literal, Protocol

import msgspec

Risk = Literal["GREEN", "YELLOW", "RED", "UNKNOWN"]
Better = Literal["low", "high", "window"]
Status = Literal["GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR"]

SIGNIFICANT_DIGITS: Final = 6
"""Digits that are recorded: far more than any cutting model is good for, far fewer than platforms disagree on."""


def significant(value: float) -> float:
    """Round to the recorded number of significant digits; -0.0 becomes 0.0. Doing it twice changes nothing."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") + 0.0


repeated: Final = functools.lru_cache(maxsize=4096)(significant)
"""`significant` for limits and scores, which are few numbers again and again: formatting is most of its cost."""


class EngineInput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One member that an engine reads: `design.feed_mm_min`, a number; what may be sent where there is a choice."""

    path: str
    kind: str
    inch_path: str | None = None
    """The path under which it is sent with `units: "inch"`, when that is another one."""
    allowed: list[str] = []


class EngineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who an engine is: `engine_id` matches `[A-Za-z0-9_]+`, `version` is a semantic version.

    `inputs` says what it reads, for people and programs that fill in a cut; it may be left empty.
    """

    engine_id: str
    version: str
    description: str
    inputs: list[EngineInput] = []


class Assessment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One check of one cut: `value` against `limit`, both in `unit`, and what follows from it.

    `limit` is where GREEN ends and `margin` the distance to it (negative beyond it). `score` runs from 0 to 100 and is
    None when the check could not be evaluated.

    `better` says which values are better: low ones, high ones, or those within a window. With it `yellow_limit` is
    where YELLOW ends on the side of `limit`, None where it has no end, and a window has the same two numbers of its
    other side, the one that did not decide. Without `better` the colour does not follow from the value.
    """

    id: str
    category: str
    risk: Risk
    message: str
    source: str
    value: float | None = None
    unit: str = ""
    limit: float | None = None
    margin: float | None = None
    score: float | None = None
    inputs_used: list[str] = []
    suggestion: str | None = None
    better: Better | None = None
    yellow_limit: float | None = None
    other_limit: float | None = None
    other_yellow_limit: float | None = None

    def record(self) -> dict[str, Any]:
        """Return the assessment as plain JSON with rounded numbers."""
        members: dict[str, Any] = {
            "id": self.id,
            "category": self.category,
            "value": None if self.value is None else significant(self.value),
            "unit": self.unit,
            "limit": None if self.limit is None else repeated(self.limit),
            "margin": None if self.margin is None else significant(self.margin),
            "score": None if self.score is None else repeated(self.score),
            "risk": self.risk,
            "message": self.message,
            "source": self.source,
            "inputs_used": list(self.inputs_used),
        }
        if self.suggestion is not None:
            members["suggestion"] = self.suggestion
        if self.better is not None:
            members["better"] = self.better
            members["yellow_limit"] = None if self.yellow_limit is None else repeated(self.yellow_limit)
        if self.better == "window":
            members["other_limit"] = None if self.other_limit is None else repeated(self.other_limit)
            members["other_yellow_limit"] = (
                None if self.other_yellow_limit is None else repeated(self.other_yellow_limit)
            )
        return members


class EngineResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine answers; `compute_ms` is measured and set by the runner, not by the engine.

    `data_sha256` is the digest of the tables that the engine read besides the inputs, empty when there are none: with
    the engine's version it says by what a cut was evaluated.
    """

    engine_id: str
    engine_version: str
    status: Status
    request_id: str
    reasons: list[str] = []
    overall_score: float | None = None
    assessments: list[Assessment] = []
    missing_inputs: list[str] = []
    assumptions: list[str] = []
    data_sha256: str = ""
    compute_ms: float = 0.0

    def record(self) -> dict[str, Any]:
        """Return what is recorded as the run's `feasibility`: the same for the same inputs and engine version.

        The time it took and the request's id are no part of it, so that a replay gives the same digest.
        """
        read = {"data_sha256": self.data_sha256} if self.data_sha256 else {}
        return {
            "engine_id": self.engine_id,
            "engine_version": self.engine_version,
            **read,
            "status": self.status,
            "reasons": list(self.reasons),
            "overall_score": None if self.overall_score is None else significant(self.overall_score),
            "assessments": [assessment.record() for assessment in self.assessments],
            "missing_inputs": list(self.missing_inputs),
            "assumptions": list(self.assumptions),
        }


class FeasibilityEngine(Protocol):
    """A pure judge of cuts: the same `spec` and `ctx` always give the same result, and neither is changed."""

    @property
    def info(self) -> EngineInfo:
        """Say who the engine is."""

    def compute(self, *, spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
        """Evaluate the design `spec` in its context `ctx`; both are open JSON objects that may hold anything."""
