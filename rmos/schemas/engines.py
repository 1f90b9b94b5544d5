"""How the engines look to a client."""

import msgspec
from marshmallow import Schema, fields

from rmos.engines.registry import DEFAULT_ENGINE_ID, Registry


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

    default_engine_id = fields.String(metadata={"description": "Which one judges when a request names none"})
    count = fields.Integer()
    items = fields.List(fields.Nested(EngineSchema))


def dump_engines(engines: Registry) -> bytes:
    """Return the body of `GET /api/rmos/engines`."""
    infos = engines.infos()
    return msgspec.json.encode({"default_engine_id": DEFAULT_ENGINE_ID, "count": len(infos), "items": infos})
