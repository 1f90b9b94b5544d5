"""The engine: read the cut, run the checks of its operation, add up.

It fails closed. What cannot be used makes the whole RED, what is missing makes it YELLOW at best, and with nothing to
judge by it is UNKNOWN: no input turns into GREEN by being absent or odd.
"""

from typing import Any, Final

from rmos.engines.base import Assessment, EngineInfo, EngineResult, Risk
from rmos.engines.baseline.assumed import assumptions
from rmos.engines.baseline.cut import Cut, open_cut
from rmos.engines.baseline.described import described_inputs
from rmos.engines.baseline.fields import OPERATION, UNITS
from rmos.engines.baseline.operations import CHECKS
from rmos.engines.baseline.scoring import GATE, overall_risk, overall_score

_PROBLEMS_SHOWN: Final = 8


class BaselineV1:
    """Judge chipload and speeds by published charts and RMOS policy. Stateless, bounded, never raises on JSON."""

    info: Final = EngineInfo(
        engine_id="baseline_v1",
        version="0.1.0",
        description="Chipload, spindle speed and rim speed by published charts, on RMOS policy limits; fails closed.",
        inputs=described_inputs(),
    )
    _name: Final = f"{info.engine_id} {info.version}"

    def compute(self, *, spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
        """Judge the design `spec` in its context `ctx`, either of which may hold anything; neither is changed."""
        cut = open_cut(spec, ctx)
        assessments = [check(cut) for check in CHECKS[cut.operation]] if cut.operation is not None else []
        if cut.inputs.problems:
            assessments.append(_invalid_input(cut))
        is_drawing = cut.operation == "drawing_only" and not assessments
        risk: Risk = "GREEN" if is_drawing else overall_risk(assessments)
        missing = _missing_inputs(cut, assessments)
        return EngineResult(
            engine_id=self.info.engine_id,
            engine_version=self.info.version,
            status=risk,
            request_id=request_id,
            reasons=["nothing is cut"] if is_drawing else _reasons(risk, assessments, missing),
            overall_score=None if is_drawing else overall_score(assessments, risk),
            assessments=sorted(assessments, key=_by_id),
            missing_inputs=missing,
            assumptions=assumptions(cut, self._name),
        )


def _invalid_input(cut: Cut) -> Assessment:
    """Return the RED assessment that names every input which cannot be used."""
    problems = cut.inputs.problems
    told = list(problems.values())
    more = f"; and {len(told) - _PROBLEMS_SHOWN} more" if len(told) > _PROBLEMS_SHOWN else ""
    return Assessment(
        id="INVALID_INPUT",
        category=GATE,
        risk="RED",
        message="; ".join(told[:_PROBLEMS_SHOWN]) + more,
        source="RMOS policy: a cut is never judged on an input that cannot be what was meant",
        score=0.0,
        inputs_used=sorted(problems),
        suggestion="correct these inputs and send the cut again",
    )


def _missing_inputs(cut: Cut, assessments: list[Assessment]) -> list[str]:
    """Return the inputs, as the caller calls them, that checks lack because they were not sent at all."""
    lacking = {path for item in assessments if item.risk == "UNKNOWN" for path in item.inputs_used}
    if cut.operation is None:
        lacking.add(OPERATION)
    refused = cut.inputs.problems.keys()
    if UNITS in refused:
        # Nothing else was read, so nothing can be said to be missing.
        return []
    return sorted(
        cut.inputs.shown(path)
        for path in lacking
        # An object that was refused as a whole covers its members.
        if not any(path == bad or path.startswith(f"{bad}.") for bad in refused)
    )


def _reasons(risk: Risk, assessments: list[Assessment], missing: list[str]) -> list[str]:
    if risk == "GREEN":
        return [f"all {len(assessments)} checks are within their limits"]
    reasons = [
        f"{item.id}: {item.message}"
        for worst in ("RED", "YELLOW", "UNKNOWN")
        for item in sorted(assessments, key=_by_id)
        if item.risk == worst
    ]
    if missing and risk == "UNKNOWN":
        reasons.insert(0, f"this cut cannot be judged without {', '.join(missing)}")
    return reasons


def _by_id(item: Assessment) -> str:
    return item.id
