"""Several cuts, evaluated, and the decision on the whole: it is as good as the worst of them.

    cuts = evaluate_design(request, context, engine.info, shop, evaluate=…)       # () of a design that is one cut
    decide_whole(cuts, find_worst_cut(cuts), warnings)

What the trade calls impossible (lines thinner than a strip can be, a channel through the top) blocks a rosette whatever
its cuts are.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from rmos import digest
from rmos.engines.base import EngineInfo, EngineResult
from rmos.engines.decision import decide, mind_unknown_names
from rmos.engines.shop import Shop
from rmos.engines.shop.unknown import UnknownName
from rmos.errors.request import ValidationFailed
from rmos.models import RunArtifact, RunDecision
from rmos.rosette.manufacture import ManufactureWarning, manufacture
from rmos.rosette.spec import Constraints, RosetteSpec, decode_spec
from rmos.services.artifact import RunRequest
from rmos.services.deciding import find_unknown_names
from rmos.services.design_cuts import read_cut_contexts, read_design_cuts

CUTS_SHA256: Final = "cuts_sha256"
"""Member of a decision's details: the digest of what an engine says of all cuts."""
_WORSE: Final = ("GREEN", "YELLOW", "UNKNOWN", "RED", "ERROR")
_RED_AT_MOST: Final = 39.0
"""The score of a RED cut, at most (as the engine's)."""


class EvaluatedCut(msgspec.Struct, frozen=True, kw_only=True):
    """One operation as it was evaluated: with which cutter, on which inputs, with what result."""

    operation: str
    ring: int | None
    tool_id: str
    design: dict[str, Any]
    context: dict[str, Any]
    """The completed one."""
    given: dict[str, Any] = {}
    """The context before it was completed: material and stock."""
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


def evaluate_design(
    request: RunRequest,
    context: dict[str, Any],
    info: EngineInfo,
    shop: Shop,
    *,
    evaluate: Callable[[dict[str, Any], dict[str, Any]], EngineResult],
) -> tuple[EvaluatedCut, ...]:
    """Return what an engine says of each cut of a design, in their order; nothing of a design that is one cut.

    Args:
        context: the completed one.
    """
    found = read_design_cuts(request.design)
    if found is None:
        return ()
    evaluated = []
    for cut, of_cut in zip(found.cuts, read_cut_contexts(context), strict=True):
        asked = msgspec.structs.replace(request, design=cut.design, tool_id=cut.tool_id)
        evaluated.append(
            EvaluatedCut(
                operation=cut.operation,
                ring=cut.ring,
                tool_id=cut.tool_id,
                design=cut.design,
                context=of_cut,
                result=evaluate(cut.design, of_cut),
                unknown=find_unknown_names(asked, info, shop, of_cut),
            )
        )
    return tuple(evaluated)


def decide_design(request: RunRequest, cuts: Sequence[EvaluatedCut], shop: Shop) -> RunDecision:
    """Return the decision on a design with several cuts, with the digest of what was found of all of them."""
    decision = decide_whole(cuts, find_worst_cut(cuts), _list_impossible(request.design, shop))
    details = {**decision.details, CUTS_SHA256: digest_results(cut.result for cut in cuts)}
    return msgspec.structs.replace(decision, details=details)


def digest_results(results: Iterable[EngineResult]) -> str:
    """Return the digest of what an engine says of several cuts."""
    return digest.canonical_sha256([digest.canonical_sha256(result.record()) for result in results])


def digest_finding(feasibility_sha256: str, cuts_sha256: str | None) -> str:
    """Return the digest of all that was found of a design: of its feasibility, and of its cuts where it has several."""
    return feasibility_sha256 if cuts_sha256 is None else digest.canonical_sha256([feasibility_sha256, cuts_sha256])


def read_finding_sha256(run: RunArtifact) -> str:
    """Return the digest of all that a run says of its design, of its cuts too."""
    cuts_sha256 = run.decision.details.get(CUTS_SHA256)
    return digest_finding(run.hashes.feasibility_sha256, cuts_sha256 if isinstance(cuts_sha256, str) else None)


def _list_impossible(design: dict[str, Any], shop: Shop) -> tuple[ManufactureWarning, ...]:
    """Return what the trade says of the rosette that a design is."""
    rosette = design.get("rosette")
    spec, asked = (rosette.get(name) for name in ("spec", "request")) if isinstance(rosette, dict) else (None, None)
    if not isinstance(spec, dict):
        return ()
    tool_id = asked.get("tool") if isinstance(asked, dict) else None
    try:
        return manufacture(with_cutter(decode_spec(spec), shop, tool_id if isinstance(tool_id, str) else None)).warnings
    except ValidationFailed:  # a note that is called so, and no rosette
        return ()


def find_worst_cut(cuts: Sequence[EvaluatedCut]) -> EvaluatedCut:
    """Return the cut that decides: the worst colour, then the lowest score, then the first."""
    return max(cuts, key=_rank)


def _rank(cut: EvaluatedCut) -> tuple[int, float]:
    score = cut.result.overall_score
    return _WORSE.index(cut.result.status), -100.0 if score is None else -score


def decide_whole(
    cuts: Sequence[EvaluatedCut], worst: EvaluatedCut, minded: Sequence[ManufactureWarning]
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
