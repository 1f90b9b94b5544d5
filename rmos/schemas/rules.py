"""How the rules of engines look to a client."""

from marshmallow import Schema, fields


class RuleSchema(Schema):
    """One check of an engine: what it asks, how it reckons, where the colours change, where that comes from."""

    id = fields.String(required=True, metadata={"description": "What assessments carry."})
    engine_id = fields.String(required=True)
    category = fields.String(required=True, metadata={"description": "The group whose score it goes into, or `gate`."})
    weight = fields.Float(
        required=True, allow_none=True, metadata={"description": "The group's share of the score; null for a gate."}
    )
    question = fields.String(required=True)
    formula = fields.String(required=True)
    unit = fields.String(required=True)
    limits = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata={"description": "Colour → its range."}
    )
    source = fields.String(required=True)
    hint = fields.String(required=True)
    inputs = fields.List(fields.String(), required=True)
    operations = fields.List(fields.String(), required=True)


class RuleListSchema(Schema):
    """Every rule that an engine of this service can emit."""

    items = fields.List(fields.Nested(RuleSchema), required=True)
