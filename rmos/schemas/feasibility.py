"""How what an engine found looks to a client; `EngineResult.record` writes it."""

from marshmallow import Schema, fields, validate

_RISKS = ("GREEN", "YELLOW", "RED", "UNKNOWN")


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
    status = fields.String(required=True, validate=validate.OneOf((*_RISKS, "ERROR")))
    overall_score = fields.Float(required=True, allow_none=True)
    reasons = fields.List(fields.String(), required=True)
    assessments = fields.List(fields.Nested(AssessmentSchema), required=True)
    missing_inputs = fields.List(fields.String(), required=True)
    assumptions = fields.List(fields.String(), required=True)
