"""Turn an engine's result into the decision that is recorded: what blocks a cut, and what to mind.

decision = decide(result)
run_status(decision.risk_level)      # "OK", "BLOCKED" or "ERROR"
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from rmos.engines.base import Assessment, EngineResult, Status, significant
from rmos.engines.shop.unknown import UNKNOWN_NAME, UnknownName
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


def mind_unknown_names(decision: RunDecision, unknown: Sequence[UnknownName]) -> RunDecision:
    """Return the decision on a cut that names what nobody knows: UNKNOWN at best, and the names come first.

    RED stays RED. What the engine lacked because of the names is no finding of its own.
    """
    if not unknown or decision.risk_level == "ERROR":
        return decision
    messages = [f"{UNKNOWN_NAME}: {item.message}" for item in unknown]
    sections = tuple(f"{item.section}." for item in unknown)
    lacking = [path for path in decision.details["missing_inputs"] if not path.startswith(sections)]
    found = [line for line in decision.warnings if not _is_not_evaluated(line, decision)]
    found += [f"The cut also lacks {', '.join(lacking)}."] if lacking else []
    is_red = decision.risk_level == "RED"
    return RunDecision(
        risk_level="RED" if is_red else "UNKNOWN",
        score=decision.score if is_red else None,
        block_reason=decision.block_reason if is_red else messages[0],
        warnings=[*(messages if is_red else messages[1:]), *found],
        details={**decision.details, "missing_inputs": lacking, "unknown_names": msgspec.to_builtins(unknown)},
    )


def _is_not_evaluated(line: str, decision: RunDecision) -> bool:
    """Tell whether a warning says no more than that a check could not be evaluated."""
    return bool(decision.details["checks"].get(line.partition(": ")[0]) == "UNKNOWN")


def run_status(risk_level: Status) -> Literal["OK", "BLOCKED", "ERROR"]:
    """Return the status of a run with this risk: GREEN and YELLOW may be cut, RED and UNKNOWN may not."""
    if risk_level in ("GREEN", "YELLOW"):
        return "OK"
    return "ERROR" if risk_level == "ERROR" else "BLOCKED"


def _blocker(assessments: list[Assessment]) -> Assessment | None:
    red = [item for item in assessments if item.risk == "RED"]
    return min(red, key=lambda item: rank_blocker(item.id), default=None)


def rank_blocker(check_id: str) -> tuple[int, str]:
    """Return what the RED check that is named first has least of; a plug-in's own come after ours, by their ids."""
    return _RANK.get(check_id, len(_RANK)), check_id


def _block_reason(result: EngineResult, blocker: Assessment | None) -> str | None:
    if result.status in ("GREEN", "YELLOW"):
        return None
    if blocker is not None:
        return _line(blocker)
    if result.status == "UNKNOWN" and result.missing_inputs:
        return f"This cut cannot be judged, it lacks {', '.join(result.missing_inputs)}."
    reason = next((reason for reason in result.reasons if reason.strip()), None)
    return reason or f"The engine {result.engine_id} answered {result.status} and gave no reason."


def _line(item: Assessment) -> str:
    return f"{item.id}: {item.message}"


def _by_id(item: Assessment) -> str:
    return item.id
