"""The service itself as clients see it: its health, and the form of its errors."""

from marshmallow import INCLUDE, Schema, fields, validate


class AliveSchema(Schema):
    """The process is alive."""

    status = fields.String(required=True, validate=validate.OneOf(["ok"]))


class ReadySchema(Schema):
    """What each check found: `ok`, or what is wrong."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "degraded"]))
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


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
