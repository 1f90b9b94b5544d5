"""How the state of the service looks to a client."""

from marshmallow import Schema, fields, validate


class AliveSchema(Schema):
    """The process answers."""

    status = fields.String(required=True, validate=validate.OneOf(["ok"]))


class ReadySchema(Schema):
    """What each check found: `ok`, or what is wrong."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "degraded"]))
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
