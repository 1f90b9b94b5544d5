"""The log as clients see it: its state, and the query of a proof."""

import base64

import msgspec
from marshmallow import Schema, fields, validate

from rmos.schemas.fields import QueryInteger, RequestSchema
from rmos.tlog.note import Checkpoint, VerifierKey


class EvidenceSchema(Schema):
    """The log at its last checkpoint."""

    origin = fields.String(required=True, metadata={"description": "The log's name for ever"})
    verifier_key = fields.String(
        required=True, metadata={"description": "The key that signs now (C2SP signed-note): keep it elsewhere"}
    )
    size = fields.Integer(required=True, metadata={"description": "How many entries the log has"})
    root = fields.String(required=True, metadata={"description": "Base64 of the root of the tree (RFC 6962)"})
    appended_at_utc = fields.String(required=True, metadata={"description": "When the last batch was begun"})
    checkpoint = fields.String(required=True, metadata={"description": "The signed note (C2SP tlog-checkpoint)"})


class ProofQuerySchema(RequestSchema):
    """The query of a proof."""

    size = QueryInteger(
        validate=validate.Range(1, 2**53),
        metadata={"description": "Prove under the checkpoint of this size, one that was kept, instead of the last"},
    )


def dump_evidence(key: VerifierKey, checkpoint: Checkpoint, appended_at_utc: str, note: bytes) -> bytes:
    """Return the state of a log."""
    return msgspec.json.encode(
        {
            "origin": checkpoint.origin,
            "verifier_key": key.text(),
            "size": checkpoint.size,
            "root": base64.b64encode(checkpoint.root).decode(),
            "appended_at_utc": appended_at_utc,
            "checkpoint": note.decode(),
        }
    )
