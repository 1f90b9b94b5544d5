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
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.engines.shop import Shop
from rmos.models import RunDecision
from rmos.rosette.machining import Operation
from rmos.rosette.manufacture import manufacture
from rmos.rosette.spec import RosetteSpec
from rmos.services.artifact import RunRequest
from rmos.services.deciding import find_unknown_names
from rmos.services.evaluated_cuts import EvaluatedCut, decide_whole, find_worst_cut, with_cutter

MODE: Final = "art_studio"
NO_TOOL: Final = "none"
"""The `tool_id` of a rosette of which nothing is cut, or for which the shop has no cutter."""
NOTHING_CUT: Final = "drawing_only"
"""The operation of a rosette of which nothing is cut."""
_ROUNDING_MM: Final = 0.001


class EvaluatedRosette(msgspec.Struct, frozen=True, kw_only=True):
    """All operations of a rosette, from the inside outwards, the worst of them, and the decision on the whole."""

    cuts: tuple[EvaluatedCut, ...]
    worst: EvaluatedCut
    decision: RunDecision
    assumptions: tuple[str, ...]


class CutEvaluator:
    """Evaluates rosettes with one cutter and machine; of equal cuts the engine is asked once."""

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

    def evaluate_rosette(self, spec: RosetteSpec, *, cut_soundhole: bool = False) -> EvaluatedRosette:
        """Evaluate every operation of a rosette.

        Args:
            cut_soundhole: whether the machine cuts the hole too.

        Raises:
            ValidationFailed: when the spec cannot be drawn.
        """
        made = manufacture(with_cutter(spec, self._shop, self._tool_id), cut_soundhole=cut_soundhole)
        cuts = tuple(self._cut(operation) for operation in made.operations) or (self._evaluate_nothing(),)
        worst = find_worst_cut(cuts)
        return EvaluatedRosette(
            cuts=cuts,
            worst=worst,
            decision=decide_whole(cuts, worst, made.warnings),
            assumptions=self._list_assumptions(cuts),
        )

    def _cut(self, operation: Operation) -> EvaluatedCut:
        tool_id = self._tool_id or nearest_cutter(self._shop, operation.tool_diameter_mm)
        context = self._shop.complete(operation.context, tool_id=tool_id, machine_id=self._machine_id)
        design = _as_slot(operation.design, context)
        evaluated = self._evaluate_cut(operation.name, operation.ring, tool_id, design, context)
        return msgspec.structs.replace(evaluated, given=operation.context)

    def _evaluate_nothing(self) -> EvaluatedCut:
        return self._evaluate_cut(NOTHING_CUT, None, self._tool_id or NO_TOOL, {"operation": NOTHING_CUT}, {})

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
