"""What came of the same done with many, as clients see it."""

from marshmallow import Schema, fields


class BulkCountsSchema(Schema):
    """How many were done, failed, or are not allowed by the rules."""

    total = fields.Integer(required=True)
    succeeded = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    blocked = fields.Integer(required=True)
