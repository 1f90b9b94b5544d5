"""How a record as it stands now and its events look to a client; services write what they hold.

A legacy record lacks some members, and members that this release does not know are shown as they are.
"""

from marshmallow import INCLUDE, Schema, fields, validate

from rmos.models import RISK_LEVELS, RUN_STATUSES

_DIGEST = {"description": "SHA-256, 64 hex digits"}


class DecisionSchema(Schema):
    """What the server decided on a cut."""

    risk_level = fields.String(required=True, validate=validate.OneOf(RISK_LEVELS))
    score = fields.Float(allow_none=True, validate=validate.Range(0, 100))
    block_reason = fields.String(allow_none=True)
    warnings = fields.List(fields.String())
    details = fields.Dict()


class HashesSchema(Schema):
    """The digests that a run binds together."""

    feasibility_sha256 = fields.String(required=True, metadata=_DIGEST)
    design_sha256 = fields.String(allow_none=True, metadata=_DIGEST)
    context_sha256 = fields.String(allow_none=True, metadata=_DIGEST)
    toolpaths_sha256 = fields.String(allow_none=True, metadata=_DIGEST)
    gcode_sha256 = fields.String(allow_none=True, metadata=_DIGEST)
    opplan_sha256 = fields.String(allow_none=True, metadata=_DIGEST)


class CreatorSchema(Schema):
    """Who made a run: as the service knew them, whatever the request said."""

    name = fields.String(required=True, metadata={"description": "Of the token; `local`, or `cli:` and the user"})
    role = fields.String(required=True, metadata={"description": "The role in which the run was made"})


class ArtifactSchema(Schema):
    """A run as it was written, once: the inputs, what the engine found, what the server decided."""

    class Meta:
        """Records of other releases have other members too."""

        unknown = INCLUDE

    run_id = fields.String(required=True)
    created_at_utc = fields.String(required=True, metadata={"description": "RFC 3339, UTC"})
    status = fields.String(required=True, validate=validate.OneOf(RUN_STATUSES))
    mode = fields.String(required=True)
    tool_id = fields.String(required=True)
    decision = fields.Nested(DecisionSchema, required=True)
    hashes = fields.Nested(HashesSchema, required=True)
    feasibility = fields.Dict(
        required=True,
        metadata={
            "description": "What the engine computed from the inputs, as `Feasibility` has it; legacy runs differ"
        },
    )
    _sha256 = fields.String(metadata={"description": "SHA-256 of the record with these 64 digits written as 0"})
    schema = fields.String(metadata={"description": "rmos.run/1; legacy records have none"})
    event_type = fields.String(allow_none=True)
    workflow_session_id = fields.String(allow_none=True)
    parent_run_id = fields.String(allow_none=True)
    created_by = fields.Nested(CreatorSchema, allow_none=True)
    request_id = fields.String(allow_none=True)
    inputs = fields.Dict(metadata={"description": "design and context, complete, as evaluated"})
    request_summary = fields.Dict(metadata={"description": "What lists and people read of the request"})
    outputs = fields.Dict(metadata={"description": "gcode_text, opplan_json"})
    material_id = fields.String(allow_none=True)
    machine_id = fields.String(allow_none=True)
    notes = fields.String(allow_none=True)
    errors = fields.List(fields.Raw(), allow_none=True)
    meta = fields.Dict(allow_none=True)


class RunSchema(ArtifactSchema):
    """A run as it stands now: the artifact with its events folded in."""

    advisory_inputs = fields.List(fields.Dict(), required=True)
    attachments = fields.List(fields.Dict(), required=True)
    explanation_status = fields.String(required=True, allow_none=True)
    explanation_summary = fields.String(required=True, allow_none=True)
    overrides = fields.List(fields.Dict(), required=True)
    outcomes = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "What became of the cut, as it was reported; `corrected_by` names what replaced one"},
    )
    session_deleted = fields.Boolean(
        allow_none=True,
        metadata={"description": "Whether its session was deleted with its runs; null: the session is damaged"},
    )
    deleted = fields.Boolean(required=True)
    version = fields.Integer(required=True, metadata={"description": "The number of the last event"})


class EventSchema(Schema):
    """Something that happened to a record after it was made."""

    schema = fields.String(required=True)
    event_id = fields.String(required=True)
    number = fields.Integer(required=True, validate=validate.Range(min=1))
    kind = fields.String(required=True)
    record_id = fields.String(required=True)
    previous_sha256 = fields.String(required=True, allow_none=True, metadata=_DIGEST)
    created_at_utc = fields.String(required=True)
    actor = fields.String(required=True)
    role = fields.String(required=True)
    request_id = fields.String(allow_none=True)
    data = fields.Dict()


class EventsSchema(Schema):
    """The events of a run, in the order of their numbers."""

    run_id = fields.String(required=True)
    count = fields.Integer(required=True)
    events = fields.List(fields.Nested(EventSchema), required=True)
