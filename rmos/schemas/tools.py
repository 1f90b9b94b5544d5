"""The lives of tools as clients see them: what happened to one, and how much of its life it has behind it.

load_reset("em-3175-2f", {"action": "sharpened", "serial": "B"})      # a `ToolReset`
dump_life(report)
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from marshmallow import Schema, fields, validate

from rmos.schemas.fields import NAME, Choice, RequestSchema, check_printable
from rmos.services.tool_life import ToolLifeReport
from rmos.store.tool_records import TOOL_ACTIONS, RecordedReset, ToolReset

MAX_NOTE: Final = 500


class ToolResetRequestSchema(RequestSchema):
    """The body of a reset: what happened to a tool."""

    action = Choice(
        TOOL_ACTIONS, required=True, metadata={"description": "From each of them on its minutes begin again"}
    )
    serial = fields.String(
        allow_none=True,
        validate=[*NAME, check_printable],
        metadata={"description": "Which of several with this id; without it the one that has no mark"},
    )
    note = fields.String(allow_none=True, validate=validate.Length(1, MAX_NOTE))


class ToolResetSchema(Schema):
    """A reset that is recorded."""

    tool_id = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "Of its event"})
    action = fields.String(required=True, validate=validate.OneOf(TOOL_ACTIONS))
    serial = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    at_utc = fields.String(required=True)
    by = fields.String(required=True)


class ToolMinutesSchema(Schema):
    """One tool since its last reset; what nobody knows is null."""

    serial = fields.String(required=True, allow_none=True, metadata={"description": "null: the one without a mark"})
    minutes = fields.Float(
        required=True, allow_none=True, metadata={"description": "In the cut, of the jobs of which they are known"}
    )
    share = fields.Float(
        required=True, allow_none=True, metadata={"description": "Of `life_minutes`; 1.0 is all of it"}
    )
    jobs = fields.Integer(required=True)
    timed_jobs = fields.Integer(required=True, metadata={"description": "Of which the minutes are known"})
    metres = fields.Float(required=True, allow_none=True)
    measured_jobs = fields.Integer(required=True)
    breaks = fields.Integer(required=True)
    since_utc = fields.String(required=True, allow_none=True, metadata={"description": "null: it was never reset"})
    last_action = fields.String(required=True, allow_none=True, validate=validate.OneOf(TOOL_ACTIONS))


class PastResetSchema(ToolResetSchema):
    """A reset, and what the tool had cut until then since the one before."""

    class Meta:
        """All but the id of the tool, which is said once."""

        exclude = ("tool_id",)

    minutes = fields.Float(required=True, allow_none=True)
    jobs = fields.Integer(required=True)
    timed_jobs = fields.Integer(required=True)
    breaks = fields.Integer(required=True)


class ToolLifeSchema(Schema):
    """The tools of one id, each by its serial, and all their resets, oldest first."""

    tool_id = fields.String(required=True)
    life_minutes = fields.Float(
        required=True, allow_none=True, metadata={"description": "As the table of tools has it; null: it says nothing"}
    )
    tools = fields.List(fields.Nested(ToolMinutesSchema), required=True)
    history = fields.List(fields.Nested(PastResetSchema), required=True)


_request: Final = ToolResetRequestSchema()
_encoder: Final = msgspec.json.Encoder()


def load_reset(tool_id: str, body: Mapping[str, Any]) -> ToolReset:
    """Return what a body says has happened to a tool.

    Raises:
        ValidationError: unknown, missing or malformed members, by name.
    """
    return ToolReset(tool_id=tool_id, **_request.load(body))


def dump_reset(tool_id: str, reset: RecordedReset) -> bytes:
    """Return the response to a reset."""
    return _encoder.encode({"tool_id": tool_id, **msgspec.structs.asdict(reset)})


def show_life(report: ToolLifeReport) -> dict[str, Any]:
    """Return the life of a tool as JSON values; `damage` is there only where its record cannot be read."""
    members: dict[str, Any] = msgspec.to_builtins(report)
    if report.damage is None:
        del members["damage"]
    return members


def dump_life(report: ToolLifeReport) -> bytes:
    """Return the body of the life of a tool."""
    return _encoder.encode(show_life(report))
