"""The cuts of a rosette, evaluated: each operation by the default engine with the chosen cutter, and the worst of them.

    cutting = Cutting(engines, tool_id="em-1588-2f", machine_id=None, request_id="req_…", timeout_ms=5000)
    evaluated = cutting.evaluate_rosette(spec)
    evaluated.worst.result.status      # the rosette is as feasible as its worst cut
    evaluated.decision                 # what is recorded: with the reasons of the others as warnings

A drawing says what is cut, not with which machine; what nobody said is evaluated as missing. Without a named cutter the
largest of the shop's that the operation has room for is taken, and that is said. What the trade calls impossible (lines
thinner than a strip can be, a channel through the top) blocks the rosette whatever its cuts are.
"""

from typing import Any, Final

import msgspec

from rmos import digest
from rmos.engines.base import EngineResult
from rmos.engines.decision import decide, mind_unknown_names
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.engines.shop import Shop
from rmos.engines.shop.unknown import UnknownName
from rmos.models import RunDecision
from rmos.rosette.machining import Operation
from rmos.rosette.manufacture import ManufactureWarning, manufacture
from rmos.rosette.spec import Constraints, RosetteSpec
from rmos.services.artifact import RunRequest
from rmos.services.deciding import find_unknown_names

MODE: Final = "art_studio"
NO_TOOL: Final = "none"
"""The `tool_id` of a rosette of which nothing is cut, or for which the shop has no cutter."""
_WORSE: Final = ("GREEN", "YELLOW", "UNKNOWN", "RED", "ERROR")
_RED_AT_MOST: Final = 39.0
"""The score of a RED cut, at most (as the engine's)."""
_ROUNDING_MM: Final = 0.001


class EvaluatedCut(msgspec.Struct, frozen=True, kw_only=True):
    """One operation as it was evaluated: with which cutter, on which inputs, with what result."""

    operation: str
    ring: int | None
    tool_id: str
    design: dict[str, Any]
    context: dict[str, Any]
    result: EngineResult
    unknown: tuple[UnknownName, ...] = ()
    """What was named and is in no table."""

    @property
    def name(self) -> str:
        """What it is called, for people."""
        called = self.operation.replace("_", " ")
        return called if self.ring is None else f"{called} of ring {self.ring}"

    def decide(self) -> RunDecision:
        """Return the decision on this cut alone."""
        return mind_unknown_names(decide(self.result), self.unknown)

    def describe(self) -> dict[str, Any]:
        """Return what records and clients are told of it."""
        decision = self.decide()
        return {
            "operation": self.operation,
            "ring": self.ring,
            "tool_id": self.tool_id,
            "design": self.design,
            "risk_level": decision.risk_level,
            "score": decision.score,
            "reason": decision.block_reason or next(iter(decision.warnings), None),
        }


class EvaluatedRosette(msgspec.Struct, frozen=True, kw_only=True):
    """All operations of a rosette, from the inside outwards, the worst of them, and the decision on the whole."""

    cuts: tuple[EvaluatedCut, ...]
    worst: EvaluatedCut
    decision: RunDecision
    assumptions: tuple[str, ...]


class CutEvaluator:
    """Judges rosettes with one cutter and machine; of equal cuts the engine is asked once."""

    def __init__(
        self, engines: Registry, *, tool_id: str | None, machine_id: str | None, request_id: str, timeout_ms: float
    ) -> None:
        self._engine = engines.get(None)
        self._shop = engines.shop
        self._tool_id = tool_id
        self._machine_id = machine_id
        self._request_id = request_id
        self._timeout_ms = timeout_ms
        self._known: dict[bytes, EngineResult] = {}

    def evaluate_rosette(self, spec: RosetteSpec) -> EvaluatedRosette:
        """Judge every operation of a rosette.

        Raises:
            ValidationFailed: when the spec cannot be drawn.
        """
        made = manufacture(with_cutter(spec, self._shop, self._tool_id))
        cuts = tuple(self._cut(operation) for operation in made.operations) or (self._evaluate_nothing(),)
        worst = max(cuts, key=_rank)
        return EvaluatedRosette(
            cuts=cuts,
            worst=worst,
            decision=_decide_whole(cuts, worst, made.warnings),
            assumptions=self._list_assumptions(cuts),
        )

    def _cut(self, operation: Operation) -> EvaluatedCut:
        tool_id = self._tool_id or nearest_cutter(self._shop, operation.tool_diameter_mm)
        context = self._shop.complete(operation.context, tool_id=tool_id, machine_id=self._machine_id)
        design = _as_slot(operation.design, context)
        return self._evaluate_cut(operation.name, operation.ring, tool_id, design, context)

    def _evaluate_nothing(self) -> EvaluatedCut:
        return self._evaluate_cut("drawing_only", None, self._tool_id or NO_TOOL, {"operation": "drawing_only"}, {})

    def _evaluate_cut(
        self, name: str, ring: int | None, tool_id: str, design: dict[str, Any], context: dict[str, Any]
    ) -> EvaluatedCut:
        key = digest.canonical([design, context])
        result = self._known.get(key)
        if result is None:
            result = self._known[key] = self.evaluate(design, context)
        unknown = find_unknown_names(self._request(tool_id, design), self._engine.info, self._shop, context)
        return EvaluatedCut(
            operation=name,
            ring=ring,
            tool_id=tool_id,
            design=design,
            context=context,
            result=result,
            unknown=unknown,
        )

    def _request(self, tool_id: str, design: dict[str, Any]) -> RunRequest:
        return RunRequest(mode=MODE, tool_id=tool_id, machine_id=self._machine_id, design=design)

    def evaluate(self, design: dict[str, Any], context: dict[str, Any]) -> EngineResult:
        """Return what the engine says of one cut."""
        return evaluate(
            self._engine, design=design, context=context, request_id=self._request_id, timeout_ms=self._timeout_ms
        )

    def _list_assumptions(self, cuts: tuple[EvaluatedCut, ...]) -> tuple[str, ...]:
        if self._tool_id is not None:
            return ()
        names: dict[str, list[str]] = {}
        for cut in cuts:
            if cut.tool_id != NO_TOOL and cut.name not in (those := names.setdefault(cut.tool_id, [])):
                those.append(cut.name)
        return tuple(
            f"cutter {tool_id} for the {', '.join(those)} (none was named)" for tool_id, those in names.items()
        )


def _as_slot(design: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Return the design of a cut; a pocket for an inlay is hardly wider than its cutter, which cuts it as a slot."""
    tool = context.get("tool")
    if design["operation"] != "inlay_pocket" or not isinstance(tool, dict) or "diameter_mm" not in tool:
        return design
    return {**design, "radial_engagement_mm": tool["diameter_mm"]}


def with_cutter(spec: RosetteSpec, shop: Shop, tool_id: str | None) -> RosetteSpec:
    """Return the spec as it is evaluated with a named cutter: feeds and slots are reckoned for that one.

    The drawing does not change with the cutter, so it is made from the spec as it was.
    """
    diameter = shop.tools.get(tool_id or "", {}).get("diameter_mm")
    if (
        spec.constraints.tool_diameter is not None
        or not isinstance(diameter, int | float)
        or not 0.05 <= diameter <= 100
    ):
        return spec
    constraints = Constraints(tool_diameter=round(diameter * 1000), min_strip=spec.constraints.min_strip)
    return msgspec.structs.replace(spec, constraints=constraints)


def nearest_cutter(shop: Shop, diameter_mm: float) -> str:
    """Return the shop's end mill for a slot that has room for this diameter: the largest that fits, else the smallest.

    Of equal ones the one with two flutes, for which the feeds are reckoned, then the first by its name.
    """
    mills = [
        (float(tool["diameter_mm"]), tool.get("flutes") == 2, tool_id)
        for tool_id, tool in sorted(shop.tools.items())
        if tool.get("kind") == "end_mill" and "diameter_mm" in tool
    ]
    fitting = [mill for mill in mills if mill[0] <= diameter_mm + _ROUNDING_MM]
    if fitting:
        return max(fitting, key=lambda mill: mill[:2])[2]
    return min(mills, key=lambda mill: mill[0])[2] if mills else NO_TOOL


def _rank(cut: EvaluatedCut) -> tuple[int, float]:
    score = cut.result.overall_score
    return _WORSE.index(cut.result.status), -100.0 if score is None else -score


def _decide_whole(
    cuts: tuple[EvaluatedCut, ...], worst: EvaluatedCut, minded: tuple[ManufactureWarning, ...]
) -> RunDecision:
    """Return the decision on the worst cut, with what the others and the trade have against the rosette."""
    decision = worst.decide()
    impossible = [_line(item) for item in minded if item.severity == "impossible"]
    blocks = decision.risk_level in ("GREEN", "YELLOW", "UNKNOWN") and bool(impossible)
    warnings = list(decision.warnings)
    if blocks:
        warnings = [decision.block_reason, *warnings] if decision.block_reason else warnings
    warnings += impossible[1:] if blocks else impossible
    warnings += [_line(item) for item in minded if item.severity == "warning"]
    for cut in cuts:
        if cut is not worst and cut.result.status != "GREEN":
            described = cut.describe()
            if described["reason"] != decision.block_reason:  # what nobody knows is said once
                warnings.append(f"{cut.name}: {described['risk_level']}, {described['reason']}")
    return RunDecision(
        risk_level="RED" if blocks else decision.risk_level,
        score=_cap_score(decision.score) if blocks else decision.score,
        block_reason=impossible[0] if blocks else decision.block_reason,
        warnings=list(dict.fromkeys(warnings)),
        details={
            **decision.details,
            "judged": worst.name,
            "operations": [cut.describe() for cut in cuts],
            "manufacture": [msgspec.to_builtins(item) for item in minded],
        },
    )


def _cap_score(score: float | None) -> float | None:
    return None if score is None else min(score, _RED_AT_MOST)


def _line(item: ManufactureWarning) -> str:
    return f"{item.code}: {item.message}" if item.ring is None else f"{item.code}: ring {item.ring}, {item.message}"
