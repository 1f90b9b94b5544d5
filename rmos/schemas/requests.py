"""What a client may send to have a cut judged: the body of `POST /api/rmos/runs`."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from rmos import digest, ids
from rmos.models import WORKFLOW_EVENT_TYPES

MAX_META_KEYS: Final = 50
MAX_META_BYTES: Final = 64 * 1024
"""What a client may put into `meta`, as canonical JSON: every list shows it."""
MAX_NOTES: Final = 10_000

Check = Callable[[Any], Any]


def matches(pattern: re.Pattern[str], wanted: str) -> Check:
    """Return a check that a text is just what the pattern says."""

    def check(text: str) -> None:
        if not pattern.fullmatch(text):
            raise ValidationError(f"Must be {wanted}.")

    return check


def _callers_own_word(event_type: str) -> None:
    if event_type.strip().lower() in WORKFLOW_EVENT_TYPES:
        raise ValidationError("Only the workflow makes runs of this type.")


def _bounded_meta(meta: Mapping[str, Any]) -> None:
    if len(meta) > MAX_META_KEYS:
        raise ValidationError(f"Has {len(meta)} keys; at most {MAX_META_KEYS} are taken.")
    if len(digest.canonical(meta)) > MAX_META_BYTES:
        raise ValidationError(f"Is larger than {MAX_META_BYTES} bytes; attach large data instead.")


NAME: Final[list[Check]] = [
    validate.Length(1, 200),
    validate.Regexp(r"[\s\S]*[^\s\x1c-\x1f\x85\ufeff]", error="Must not be blank."),
]


class OutputsSchema(Schema):
    """What a CAM system made for the cut; large G-code goes into an attachment."""

    gcode_text = fields.String(allow_none=True)
    opplan_json = fields.Raw(allow_none=True)


class RunRequestSchema(Schema):
    """The body of `POST /api/rmos/runs`; `design` and `context` are open objects that the engine judges."""

    mode = fields.String(required=True, validate=NAME)
    tool_id = fields.String(required=True, validate=NAME)
    event_type = fields.String(
        load_default="feasibility_check",
        validate=[*NAME, _callers_own_word],
        metadata={"description": f"Any word but those of the workflow: {', '.join(sorted(WORKFLOW_EVENT_TYPES))}"},
    )
    workflow_session_id = fields.String(
        allow_none=True,
        validate=matches(ids.SESSION_ID, "the id of a workflow session: ws_ and 12 to 32 hex digits"),
        metadata={"pattern": f"^{ids.SESSION_ID.pattern}$"},
    )
    engine_id = fields.String(
        allow_none=True, validate=NAME, metadata={"description": "Who judges; none is the default engine"}
    )
    design = fields.Dict(load_default=dict, metadata={"description": "What is to be cut, as the engine reads it"})
    context = fields.Dict(load_default=dict, metadata={"description": "Tool, material, machine and stock"})
    outputs = fields.Nested(OutputsSchema, load_default=dict)
    material_id = fields.String(allow_none=True, validate=NAME)
    machine_id = fields.String(allow_none=True, validate=NAME)
    parent_run_id = fields.String(
        allow_none=True,
        validate=matches(ids.ANY_RUN_ID, "the id of a run"),
        metadata={"format": "rmos-run-id", "description": "A run that is there, of which this one is a new attempt"},
    )
    notes = fields.String(allow_none=True, validate=validate.Length(max=MAX_NOTES))
    meta = fields.Dict(
        load_default=dict,
        validate=_bounded_meta,
        metadata={
            "maxProperties": MAX_META_KEYS,
            "description": f"The caller's own words, at most {MAX_META_BYTES} bytes; `batch_label` and `session_id` "
            "can be asked for in lists",
        },
    )
