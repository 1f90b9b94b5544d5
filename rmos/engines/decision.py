"""Turn an engine's result into the decision that is recorded: what blocks a cut, and what to mind.

decision = decide(result)
run_status(decision.risk_level)      # "OK", "BLOCKED" or "ERROR"
"""

from typing import Final, Literal

from rmos.engines.base import Assessment, EngineResult, Status, significant
from rmos.models import RunDecision

BLOCK_ORDER: Final = (
    "INVALID_INPUT",
    "OVERSPEED",
    "SPINDLE_RANGE",
    "MACHINE_FEED",
    "GEOMETRY",
    "HOLD_DOWN",
    "TOOL_BREAK",
    "FORCE",
    "POWER",
    "DEPTH_PASS",
    "PLUNGE",
    "CHIP_OVERLOAD",
    "SAW_BITE",
    "DEFLECTION",
    "HEAT",
    "CHIP_RUBBING",
    "RIM_SPEED",
)
"""Which RED check is named first: what hurts people, then the tool, then the work (RMOS policy)."""

_RANK: Final = {check: rank for rank, check in enumerate(BLOCK_ORDER)}


def decide(result: EngineResult) -> RunDecision:
    """Return the decision on a result: RED, UNKNOWN and ERROR always carry a `block_reason`, GREEN and YELLOW never."""
    blocker = _blocker(result.assessments) if result.status == "RED" else None
    warnings = [item for item in result.assessments if item.risk != "GREEN" and item is not blocker]
    return RunDecision(
        risk_level=result.status,
        score=None if result.overall_score is None else significant(result.overall_score),
        block_reason=_block_reason(result, blocker),
        warnings=[_line(item) for item in sorted(warnings, key=_by_id)],
        details={
            "engine_id": result.engine_id,
            "engine_version": result.engine_version,
            "checks": {item.id: item.risk for item in result.assessments},
            "missing_inputs": list(result.missing_inputs),
        },
    )


def run_status(risk_level: Status) -> Literal["OK", "BLOCKED", "ERROR"]:
    """Return the status of a run with this risk: GREEN and YELLOW may be cut, RED and UNKNOWN may not."""
    if risk_level in ("GREEN", "YELLOW"):
        return "OK"
    return "ERROR" if risk_level == "ERROR" else "BLOCKED"


def _blocker(assessments: list[Assessment]) -> Assessment | None:
    red = [item for item in assessments if item.risk == "RED"]
    # A plug-in's own checks come after ours, by their ids.
    return min(red, key=lambda item: (_RANK.get(item.id, len(_RANK)), item.id), default=None)


def _block_reason(result: EngineResult, blocker: Assessment | None) -> str | None:
    if result.status in ("GREEN", "YELLOW"):
        return None
    if blocker is not None:
        return _line(blocker)
    if result.status == "UNKNOWN" and result.missing_inputs:
        return f"This cut cannot be judged, it lacks {', '.join(result.missing_inputs)}."
    said = next((reason for reason in result.reasons if reason.strip()), None)
    return said or f"The engine {result.engine_id} answered {result.status} and gave no reason."


def _line(item: Assessment) -> str:
    return f"{item.id}: {item.message}"


def _by_id(item: Assessment) -> str:
    return item.id
