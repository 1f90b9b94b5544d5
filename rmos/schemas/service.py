"""The service itself as clients see it: its health, its engines with their rules, and the form of its errors."""

import msgspec
from marshmallow import INCLUDE, Schema, fields, validate

from rmos.engines.registry import Registry


class AliveSchema(Schema):
    """The process is alive."""

    status = fields.String(required=True, validate=validate.OneOf(["ok"]))


class IndexReachSchema(Schema):
    """Whether lists are answered and, while the index is being filled, how far it is."""

    lists = fields.Boolean(required=True)
    folders_done = fields.Integer(metadata={"description": "Folders that are in the index already"})
    folders = fields.Integer(metadata={"description": "Folders of the record, one a day"})
    runs = fields.Integer(metadata={"description": "Runs that this process has brought in so far"})


class ReadySchema(Schema):
    """What each check found: `ok`, or what is wrong."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "degraded"]))
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    index = fields.Nested(IndexReachSchema, required=True)


class ProblemSchema(Schema):
    """What went wrong, where, and under which request id the log tells more; further members are ids concerned."""

    class Meta:
        """More members than these may come."""

        unknown = INCLUDE

    type = fields.String(required=True, metadata={"description": "The page that explains the code"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What was wrong, for people"})
    error = fields.String(required=True, metadata={"description": "The code, for programs"})
    request_id = fields.String(required=True)
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "What was wrong with each field or parameter, by its name"},
    )


class EngineInputSchema(Schema):
    """One member of design or context that an engine reads."""

    path = fields.String(metadata={"description": "Such as `design.feed_mm_min`"})
    kind = fields.String(
        metadata={"description": "number, count (a whole number), choice, flag, or a plug-in's own word"}
    )
    inch_path = fields.String(metadata={"description": 'Its path with `units: "inch"`, when that is another one'})
    allowed = fields.List(fields.String(), metadata={"description": "What may be sent, where there is a choice"})


class EngineSchema(Schema):
    """Who an engine is, and what it reads."""

    engine_id = fields.String()
    version = fields.String(metadata={"description": "A semantic version; it is recorded with each decision"})
    description = fields.String()
    inputs = fields.List(fields.Nested(EngineInputSchema))


class EnginesSchema(Schema):
    """The engines of this service, the built-in one first."""

    default_engine_id = fields.String(metadata={"description": "Which one evaluates when a request names none"})
    count = fields.Integer()
    items = fields.List(fields.Nested(EngineSchema))


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


def dump_engines(engines: Registry) -> bytes:
    """Return all engines."""
    infos = engines.infos()
    return msgspec.json.encode({"default_engine_id": engines.default_engine_id, "count": len(infos), "items": infos})


def dump_rules(engines: Registry) -> bytes:
    """Return the rules of all engines."""
    return msgspec.json.encode({"items": [rule.members(engine_id) for engine_id, rule in engines.rules()]})
