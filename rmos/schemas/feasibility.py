"""How what would be decided on a cut looks to a client: whole, as a record has it, or in brief.

full_members(results[0])       # the decision and all that the engine found
brief_members(results[0])      # the colour, the score, the rule that decides and its number: for a knob or a map
"""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from rmos.engines.base import Assessment
from rmos.engines.baseline.wording import num
from rmos.services.feasibility import DryRunResult
from rmos.store.rules import find_rule

LONGEST_WHY: Final = 48
"""Characters of a reason in brief, RMOS policy: 500 of them make 60 kB with all that stands around them."""
_RISKS: Final = ("GREEN", "YELLOW", "RED", "UNKNOWN")
_STATUSES: Final = (*_RISKS, "ERROR")


class AssessmentSchema(Schema):
    """One check of a cut: its number against its limits.

    `better` and the limits after it are missing in records of `baseline_v1`, and where the colour does not follow
    from a number.
    """

    id = fields.String(required=True, metadata={"description": "The rule that was applied"})
    category = fields.String(required=True)
    risk = fields.String(required=True, validate=validate.OneOf(_RISKS))
    score = fields.Float(required=True, allow_none=True)
    message = fields.String(required=True)
    suggestion = fields.String(metadata={"description": "What makes it GREEN"})
    source = fields.String(required=True)
    inputs_used = fields.List(fields.String(), required=True)
    value = fields.Float(required=True, allow_none=True, metadata={"description": "null: it could not be evaluated"})
    unit = fields.String(required=True)
    better = fields.String(
        validate=validate.OneOf(("low", "high", "window")),
        metadata={"description": "Which values are better: low ones, high ones, or those within a window"},
    )
    limit = fields.Float(
        required=True, allow_none=True, metadata={"description": "Where GREEN ends, on the side that decided"}
    )
    margin = fields.Float(
        required=True, allow_none=True, metadata={"description": "How far the limit is; negative: it is exceeded"}
    )
    yellow_limit = fields.Float(
        allow_none=True, metadata={"description": "Where YELLOW ends on the same side; null: it has no end"}
    )
    other_limit = fields.Float(metadata={"description": "Of a window: where GREEN ends on its other side"})
    other_yellow_limit = fields.Float(
        allow_none=True, metadata={"description": "Of a window: where YELLOW ends on its other side; null: no end"}
    )


class FeasibilitySchema(Schema):
    """What an engine computed from design and context: the same for the same inputs, version and tables."""

    engine_id = fields.String(required=True)
    engine_version = fields.String(required=True)
    data_sha256 = fields.String(metadata={"description": "The digest of the tables that were read"})
    status = fields.String(required=True, validate=validate.OneOf(_STATUSES))
    overall_score = fields.Float(required=True, allow_none=True)
    reasons = fields.List(fields.String(), required=True)
    assessments = fields.List(fields.Nested(AssessmentSchema), required=True)
    missing_inputs = fields.List(fields.String(), required=True)
    assumptions = fields.List(fields.String(), required=True)


class BriefSchema(Schema):
    """What the server would decide on a cut, in brief."""

    risk_level = fields.String(required=True, validate=validate.OneOf(_STATUSES))
    score = fields.Float(required=True, allow_none=True)
    rule = fields.String(required=True, allow_none=True, metadata={"description": "The first that blocks or warns"})
    why = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "maxLength": LONGEST_WHY,
            "description": "Its value and where GREEN ends; without a number what it says, cut short; null: GREEN",
        },
    )


def full_members(result: DryRunResult) -> dict[str, Any]:
    """Return what a run of the same cut would carry."""
    decision = result.decision
    return {
        "risk_level": decision.risk_level,
        "score": decision.score,
        "block_reason": decision.block_reason,
        "warnings": decision.warnings,
        "feasibility": result.found.record(),
    }


def brief_members(result: DryRunResult) -> dict[str, Any]:
    """Return the colour, the score, the first rule against the cut and its number."""
    decision, rule = result.decision, find_rule(result.decision)
    item = next((item for item in result.found.assessments if item.id == rule), None)
    why = decision.block_reason if item is None else _describe_number(item) or item.message
    return {
        "risk_level": decision.risk_level,
        "score": decision.score,
        "rule": rule,
        "why": why if why is None or len(why) <= LONGEST_WHY else f"{why[: LONGEST_WHY - 1]}…",
    }


def _describe_number(item: Assessment) -> str:
    """Return the value of a check and where it is GREEN; nothing where the colour does not follow from the value."""
    if item.better is None or item.value is None or item.limit is None:
        return ""
    if item.better == "window" and item.other_limit is not None:
        low, high = sorted((item.limit, item.other_limit))
        green = f"{num(low)} to {num(high)}"
    else:
        green = f"{'to' if item.better == 'low' else 'from'} {num(item.limit)}"
    return f"{num(item.value)} {item.unit}; GREEN {green}"
