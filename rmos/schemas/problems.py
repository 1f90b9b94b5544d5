"""How an error looks to a client: the members that every problem (RFC 9457) has."""

from marshmallow import INCLUDE, Schema, fields


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
