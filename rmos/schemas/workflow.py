"""How the workflow looks to a client: the actions of a session, overrides, and feasibilities that are not recorded.

load_action("approve", {"reason": "…"})      # the fields of an action
load_override(run_id, body, now_us=us)       # an override that somebody asks for
dump_session_acted(acted)                            # the session, and the run that the action made
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from rmos import ids
from rmos.schemas.feasibility import BriefSchema, FeasibilitySchema, brief_members, full_members
from rmos.schemas.fields import NAME, SHA256_PATTERN, Choice, Flag, RequestSchema, describe_unknown, matches
from rmos.schemas.programs import UNITS, ZEROS, ProgramToolsField
from rmos.schemas.requests import OutputsSchema, RunRequestSchema
from rmos.schemas.sessions import SessionSchema
from rmos.schemas.toolpaths import PathOptionsSchema, dump_made, make_request
from rmos.services.actions import ACTOR_ROLES, ActionDone
from rmos.services.design_cuts import MAX_CUTS
from rmos.services.feasibility import DryRun, DryRunResult
from rmos.services.overrides import Overridden, OverrideRequest
from rmos.workflow import ACTIONS, WorkflowAction

MAX_ITEMS: Final = 500
"""Cuts that one dry run evaluates."""
_NOT_BLANK: Final = validate.Regexp(r"[\s\S]*\S", error="Must not be blank.")
_REASON: Final = [validate.Length(2, 2000), _NOT_BLANK]
_USUAL: Final = frozenset({"mode", "tool_id", "design", "context"})
_request = RunRequestSchema().fields
_encoder: Final = msgspec.json.Encoder()


class ActionSchema(RequestSchema):
    """The body of an action: which of these fields are taken, and which are needed, depends on the action."""

    design = fields.Dict(metadata={"description": "set_design: what is to be cut"})
    from_run_id = fields.String(
        validate=matches(ids.ANY_RUN_ID.pattern, "the id of a run"),
        metadata={
            "pattern": f"^{ids.ANY_RUN_ID.pattern}$",
            "description": "set_design: the run of a rosette, which becomes the design with all of its cuts",
        },
    )
    context = fields.Dict(metadata={"description": "set_context: tool, material, machine, stock"})
    mode = fields.String(validate=_request["mode"].validators, metadata={"description": "request_feasibility"})
    tool_id = fields.String(
        validate=_request["tool_id"].validators,
        metadata={"description": "request_feasibility; the cuts of a rosette have tools of their own"},
    )
    engine_id = fields.String(
        allow_none=True,
        validate=_request["engine_id"].validators,
        metadata={"description": "request_feasibility: which engine evaluates; none is the default engine"},
    )
    reason = fields.String(
        allow_none=True, validate=_REASON, metadata={"description": "require_revision, reject, approve"}
    )
    actor_role = Choice(
        ACTOR_ROLES,
        allow_none=True,
        metadata={"description": "approve, reject: a lesser role to act in; `ai` for a model"},
    )
    outputs = fields.Nested(OutputsSchema, metadata={"description": "store_toolpaths"})
    attachment_sha256 = fields.String(
        validate=matches(SHA256_PATTERN, "64 lower-case hex digits"),
        metadata={
            "pattern": SHA256_PATTERN,
            "description": "store_toolpaths: a program that is a file already, instead of outputs.gcode_text",
        },
    )
    tools = ProgramToolsField(
        metadata={
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "store_toolpaths: number in the program → id of a tool; T1 is the tool of the cut",
        }
    )
    units = Choice(UNITS, allow_none=True, metadata={"description": "store_toolpaths: of a program that says none"})
    zero = Choice(ZEROS, allow_none=True, metadata={"description": "store_toolpaths: where Z0 is"})
    dialect = fields.String(
        allow_none=True, validate=NAME, metadata={"description": "store_toolpaths: of the controller that runs it"}
    )
    post_processor_id = fields.String(
        allow_none=True,
        validate=NAME,
        metadata={"description": "make_toolpaths: an id of GET /api/rmos/dialects; the machine's own by default"},
    )
    options = fields.Nested(PathOptionsSchema, metadata={"description": "make_toolpaths"})
    operations = fields.List(
        fields.String(validate=NAME),
        validate=validate.Length(1, MAX_CUTS),
        metadata={"description": "make_toolpaths: which cuts, such as channel or inlay_pocket:3; all by default"},
    )
    note = fields.String(allow_none=True, validate=_REASON, metadata={"description": "archive"})


TAKEN: Final[dict[WorkflowAction, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "set_design": ((), ("design", "from_run_id")),
    "set_context": (("context",), ()),
    "request_feasibility": (("mode",), ("tool_id", "engine_id")),
    "require_revision": (("reason",), ()),
    "approve": ((), ("reason", "actor_role")),
    "reject": (("reason",), ("actor_role",)),
    "request_toolpaths": ((), ()),
    "make_toolpaths": ((), ("post_processor_id", "options", "operations")),
    "store_toolpaths": ((), ("outputs", "attachment_sha256", "tools", "units", "zero", "dialect")),
    "archive": ((), ("note",)),
}
"""What each action needs, and what else it takes."""


class ActedProgramSchema(Schema):
    """A program that was made."""

    number = fields.Integer(required=True)
    name = fields.String(required=True)
    operation = fields.String(required=True)
    ring = fields.Integer(allow_none=True, required=True)
    tool_id = fields.String(required=True)
    sha256 = fields.String(required=True)
    estimate_s = fields.Dict(required=True)
    address = fields.String(required=True)


class SessionActedSchema(SessionSchema):
    """The session after an action; `run_id` names the run that the action made, if it made one."""

    run_id = fields.String()
    programs = fields.List(
        fields.Nested(ActedProgramSchema),
        metadata={"description": "Of make_toolpaths: in cutting order"},
    )


class OverrideRequestSchema(RequestSchema):
    """The body of an override."""

    scope = Choice(("YELLOW", "RED"), required=True)
    reason = fields.String(required=True, validate=[validate.Length(10, 2000), _NOT_BLANK])
    acknowledge_risk = Flag(load_default=False, metadata={"description": "true: the caller answers for the risk"})
    expires_at_utc = fields.String(
        allow_none=True,
        load_default=None,
        metadata={"format": "date-time", "description": "When it ends, RFC 3339; none is never"},
    )


class OverrideSchema(Schema):
    """An override as the run shows it; one that is not effective waits for a second person."""

    run_id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("in_force", "requested")))
    version = fields.Integer(required=True)
    override = fields.Dict(required=True)


class CutSchema(RequestSchema):
    """A cut to be evaluated without a record."""

    mode = fields.String(required=True, validate=_request["mode"].validators)
    tool_id = fields.String(required=True, validate=_request["tool_id"].validators)
    design = fields.Dict(load_default=dict)
    context = fields.Dict(load_default=dict)
    material_id = fields.String(allow_none=True, validate=_request["material_id"].validators)
    machine_id = fields.String(allow_none=True, validate=_request["machine_id"].validators)


class DryRunSchema(RequestSchema):
    """The body of a dry run."""

    items = fields.List(fields.Nested(CutSchema), required=True, validate=validate.Length(1, MAX_ITEMS))
    engine_id = fields.String(allow_none=True, validate=_request["engine_id"].validators)
    view = Choice(
        ("full", "brief"),
        load_default="full",
        metadata={"description": "`brief`: per cut colour, score, the first rule and its number, instead of all"},
    )


class FoundSchema(Schema):
    """What the server would decide on a cut, and why."""

    risk_level = fields.String(required=True)
    score = fields.Float(required=True, allow_none=True)
    block_reason = fields.String(required=True, allow_none=True)
    warnings = fields.List(fields.String(), required=True)
    feasibility = fields.Nested(
        FeasibilitySchema, required=True, metadata={"description": "What a run of the same cut would carry"}
    )


class DryRunResultsSchema(Schema):
    """The results of a dry run, in the order of its items."""

    results = fields.List(fields.Nested(FoundSchema), required=True)


class BriefResultsSchema(Schema):
    """The results of a dry run in brief, in the order of its items."""

    results = fields.List(fields.Nested(BriefSchema), required=True)


class ReplaySchema(Schema):
    """A recorded decision, computed again from the recorded inputs."""

    run_id = fields.String(required=True)
    reproduced = fields.Boolean(required=True)
    feasibility_sha256_recorded = fields.String(required=True)
    feasibility_sha256_now = fields.String(required=True, allow_none=True)
    changed_paths = fields.List(fields.String(), required=True)
    engine_id = fields.String(allow_none=True)
    engine_version_recorded = fields.String(allow_none=True)
    engine_version_now = fields.String(allow_none=True)
    note = fields.String(allow_none=True, metadata={"description": "Why it was not reproduced, where that is known"})


_action = ActionSchema()
_override = OverrideRequestSchema()
_dry_run = DryRunSchema()


def load_action(action: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an action.

    Raises:
        ValidationError: there is no such action, or fields are unknown, missing or malformed, by name.
    """
    if action not in ACTIONS:
        raise ValidationError({"action": [f"There is no such action. There are: {', '.join(ACTIONS)}."]})
    needed, optional = TAKEN[action]
    taken = (*needed, *optional)
    wrong = {name: [describe_unknown(name, taken)] for name in body if name not in taken}
    wrong |= {name: ["Missing data for required field."] for name in needed if body.get(name) is None}
    if wrong:
        raise ValidationError(wrong)
    loaded = dict(_action.load(body))
    if action == "store_toolpaths":
        _check_toolpaths(loaded)
    if action == "set_design" and ("design" in loaded) == ("from_run_id" in loaded):
        raise ValidationError({"design": ["Send either a design, or the run of a rosette as from_run_id."]})
    if action == "make_toolpaths":
        return {"toolpaths": make_request(loaded)}
    return loaded


_NO_PROGRAM: Final = (
    "Holds no program, so nobody can tell what would be cut: send gcode_text, or attachment_sha256; a plan "
    "(opplan_json) may come beside it."
)


def _check_toolpaths(loaded: Mapping[str, Any]) -> None:
    outputs, sha256 = loaded.get("outputs") or {}, loaded.get("attachment_sha256")
    if sha256 is None and outputs.get("gcode_text") is None:
        raise ValidationError({"outputs": [_NO_PROGRAM]})
    if sha256 is not None and outputs.get("gcode_text") is not None:
        raise ValidationError({"attachment_sha256": ["Comes instead of outputs.gcode_text, not beside it."]})


def load_override(run_id: str, body: Mapping[str, Any], *, now_us: int) -> OverrideRequest:
    """Return the override that a body asks for.

    Raises:
        ValidationError: unknown or malformed fields, by name, or an end that is past.
    """
    members = dict(_override.load(body))
    expires = members["expires_at_utc"]
    if expires is not None:
        try:
            expires_us = ids.parse_utc(expires)
        except (ValueError, OverflowError):
            raise ValidationError({"expires_at_utc": ["Is no time: send RFC 3339, as 2026-01-31T18:00:00Z."]}) from None
        if expires_us <= now_us:
            raise ValidationError({"expires_at_utc": ["Is past."]})
        members["expires_at_utc"] = ids.utc_text(expires_us)
    return OverrideRequest(run_id=run_id, **members)


def load_dry_run(body: Mapping[str, Any]) -> DryRun:
    """Return the cuts to be evaluated without a record.

    Raises:
        ValidationError: unknown, missing or malformed fields, by name and place.
    """
    items = body.get("items")
    if not isinstance(items, list) or not 0 < len(items) <= MAX_ITEMS or not all(map(_is_usual, items)):
        return DryRun(**_dry_run.load(body))
    # While a knob is turned, hundreds of cuts of one kind come; the schema takes a tenth of the time (ADR 15).
    members = _dry_run.load({**body, "items": items[:1]})
    return DryRun(**{**members, "items": items})


def _is_usual(cut: object) -> bool:
    """Tell whether a cut has just the four usual members and the schema would take it as it is."""
    return (
        type(cut) is dict
        and cut.keys() == _USUAL
        and type(cut["design"]) is dict
        and type(cut["context"]) is dict
        and _is_name(cut["mode"])
        and _is_name(cut["tool_id"])
    )


def _is_name(value: object) -> bool:
    return type(value) is str and _is_name_text(value)


@functools.lru_cache(maxsize=512)
def _is_name_text(text: str) -> bool:
    return not CutSchema(only=("mode", "tool_id")).validate({"mode": text, "tool_id": text})


def dump_session_acted(acted: ActionDone) -> bytes:
    """Return the response to an action."""
    session = {name: getattr(acted.stored.session, name) for name in acted.stored.session.__struct_fields__}
    made: dict[str, Any] = {} if acted.run is None else {"run_id": acted.run.run_id}
    if acted.run is not None and any(program.cut for program in acted.run.programs):
        made["programs"] = dump_made(acted.run.run_id, acted.run.programs)
    return _encoder.encode({**session, **made})


def dump_override(overridden: Overridden) -> bytes:
    """Return the response to an override."""
    return _encoder.encode(
        {
            "run_id": overridden.run_id,
            "status": "in_force" if overridden.entry["effective"] else "requested",
            "version": overridden.version,
            "override": overridden.entry,
        }
    )


def dump_dry_run(results: Sequence[DryRunResult], *, brief: bool) -> bytes:
    """Return the results of a dry run."""
    dump = brief_members if brief else full_members
    return _encoder.encode({"results": [dump(result) for result in results]})
