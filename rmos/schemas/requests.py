"""What a client may send to have a cut evaluated: the body of `POST /api/rmos/runs`."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from rmos import ids
from rmos.cam.gcode.embedded import find_embedded
from rmos.models import WORKFLOW_EVENT_TYPES
from rmos.schemas.fields import NAME, RequestSchema, limit_object, matches
from rmos.services.artifact import RunRequest

MAX_META_KEYS: Final = 50
MAX_META_BYTES: Final = 64 * 1024
"""What a client may put into `meta`, as canonical JSON: every list shows it."""
MAX_NOTES: Final = 10_000
_SHOWN: Final = 100
"""Characters of a place in a plan that an error names."""


def _refuse_workflow_types(event_type: str) -> None:
    if event_type.strip().lower() in WORKFLOW_EVENT_TYPES:
        raise ValidationError("Only the workflow makes runs of this type.")


def _refuse_program(plan: object) -> None:
    """Refuse a plan with a program in it: it would stand in the record, where nobody measures it."""
    path = find_embedded(plan)
    if path is not None:
        shown = f" at {path[:_SHOWN]}" if path else ""
        raise ValidationError(f"Holds G-code{shown}: send the program as gcode_text, so that it is measured.")


_meta: Final = limit_object(keys=MAX_META_KEYS, size_bytes=MAX_META_BYTES, remedy="attach large data instead")


class OutputsSchema(RequestSchema):
    """What a CAM system made for the cut; large G-code goes into an attachment."""

    gcode_text = fields.String(allow_none=True)
    opplan_json = fields.Raw(
        allow_none=True,
        validate=_refuse_program,
        metadata={"description": "A plan of the cut, any JSON; a program in it is refused"},
    )


class RunRequestSchema(RequestSchema):
    """The body of `POST /api/rmos/runs`; `design` and `context` are open objects that the engine evaluates."""

    mode = fields.String(required=True, validate=NAME)
    tool_id = fields.String(
        required=True,
        validate=NAME,
        metadata={"description": "A tool of the shop, or any name of one that `context.tool` describes"},
    )
    event_type = fields.String(
        load_default="feasibility_check",
        validate=[*NAME, _refuse_workflow_types],
        metadata={"description": f"Any word but those of the workflow: {', '.join(sorted(WORKFLOW_EVENT_TYPES))}"},
    )
    workflow_session_id = fields.String(
        allow_none=True,
        validate=matches(ids.SESSION_ID.pattern, "the id of a workflow session: ws_ and 12 to 32 hex digits"),
        metadata={"pattern": f"^{ids.SESSION_ID.pattern}$"},
    )
    engine_id = fields.String(
        allow_none=True, validate=NAME, metadata={"description": "Which engine evaluates; none is the default engine"}
    )
    design = fields.Dict(load_default=dict, metadata={"description": "What is to be cut, as the engine reads it"})
    context = fields.Dict(load_default=dict, metadata={"description": "Tool, material, machine and stock"})
    outputs = fields.Nested(OutputsSchema, load_default=dict)
    material_id = fields.String(
        allow_none=True, validate=NAME, metadata={"description": "A material of the shop, where the context has none"}
    )
    machine_id = fields.String(
        allow_none=True, validate=NAME, metadata={"description": "A machine of the shop, where the context has none"}
    )
    parent_run_id = fields.String(
        allow_none=True,
        validate=matches(ids.ANY_RUN_ID.pattern, "the id of a run"),
        metadata={"format": "rmos-run-id", "description": "A run that is there, of which this one is a new attempt"},
    )
    notes = fields.String(allow_none=True, validate=validate.Length(max=MAX_NOTES))
    meta = fields.Dict(
        load_default=dict,
        validate=_meta,
        metadata={
            "maxProperties": MAX_META_KEYS,
            "description": f"The caller's own words, at most {MAX_META_BYTES} bytes; `batch_label` and `session_id` "
            "are filters of lists",
        },
    )


_CLIENTS_DECISION: Final = ("feasibility", "decision", "hashes", "status")
"""What clients of the legacy system sent and were believed; dropped, and the run says so."""
_run_request: Final = RunRequestSchema()


def load_run_request(body: Mapping[str, Any]) -> RunRequest:
    """Return the cut that a client asks to have recorded, without the decision that it may have made itself.

    Raises:
        ValidationError: naming each member that cannot be taken.
    """
    return RunRequest(**load_run_members(_run_request, body))


def load_run_members(schema: RunRequestSchema, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a `RunRequest`, and what else a schema has, without the decision of the client."""
    kept = {name: value for name, value in body.items() if name not in _CLIENTS_DECISION}
    return {**schema.load(kept), "stripped": len(kept) < len(body)}
