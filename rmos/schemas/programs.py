"""How programs look to a client: what is said of one that is sent, and what came of it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

import msgspec
from marshmallow import Schema, ValidationError, fields, pre_load, validate

from rmos import digest, ids
from rmos.cam.dialects import Dialect
from rmos.cam.measure.setup import StockOrigin, Zero
from rmos.cam.motion import Units
from rmos.errors.request import PayloadTooLarge
from rmos.schemas.fields import (
    FALSE,
    NAME,
    TRUE,
    Choice,
    Flag,
    Number,
    QueryInteger,
    RequestSchema,
    check_printable,
    matches,
)
from rmos.services.files.attachments import MAX_FILENAME
from rmos.services.program_checks import ProgramCheck, ProgramChecked
from rmos.services.program_release import ProgramState
from rmos.services.programs.setup import ProgramOptions

UNITS: Final = get_args(Units)
ZEROS: Final = get_args(Zero)
ORIGINS: Final = get_args(StockOrigin)
MAX_TOOLS: Final = 100
"""Tools of one program."""
MAX_NOTES: Final = 10_000
_NUMBER: Final = re.compile(r"[0-9]{1,5}")
_LONGEST: Final = 200
_OBJECTS: Final = ("tools", "stock", "hold_down")
"""Parts of the form that hold a JSON object."""
_positive: Final = validate.Range(min=0, min_inclusive=False, max=1e6, error="Must be a number above 0.")


class ProgramToolsField(fields.Field[dict[int, str]]):
    """An object: number in a program, as its T word has it → id of a tool of the shop."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[int, str]:
        if not isinstance(value, Mapping) or len(value) > MAX_TOOLS:
            raise ValidationError(f'Must be an object of at most {MAX_TOOLS} tools, such as {{"1": "em-3175-2f"}}.')
        found = {}
        for number, tool_id in value.items():
            if not isinstance(number, str) or not _NUMBER.fullmatch(number):
                raise ValidationError("Each name must be the number of a tool, as its T word has it.")
            if not isinstance(tool_id, str) or not 0 < len(tool_id.strip()) <= _LONGEST:
                raise ValidationError(f"T{int(number)} must be the id of a tool.")
            found[int(number)] = tool_id
        return found


class ProgramStockSchema(RequestSchema):
    """What is cut: a plate, in mm."""

    thickness_mm = Number(required=True, validate=_positive)
    width_mm = Number(validate=_positive, metadata={"description": "Along X"})
    height_mm = Number(validate=_positive, metadata={"description": "Along Y"})
    origin = Choice(ORIGINS, load_default="stock_corner", metadata={"description": "Where X0 Y0 is"})


class ProgramHoldSchema(RequestSchema):
    """What holds the stock while it is cut through."""

    pressure_kpa = Number(validate=_positive)
    area_mm2 = Number(validate=_positive)
    friction = Number(validate=_positive)


class ProgramFieldsSchema(RequestSchema):
    """What is said of a program that is sent."""

    tools = ProgramToolsField(
        load_default=dict,
        metadata={
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Number in the program → id of a tool of the shop",
        },
    )
    stock = fields.Nested(ProgramStockSchema, required=True)
    hold_down = fields.Nested(ProgramHoldSchema)
    material_id = fields.String(validate=NAME)
    machine_id = fields.String(validate=NAME)
    coolant = Choice(("none", "air", "mist"))
    zero = Choice(ZEROS, load_default="stock_top")
    units = Choice(UNITS)
    dialect = fields.String(validate=NAME)
    engine_id = fields.String(validate=NAME)
    operation = fields.String(validate=NAME)
    workflow_session_id = fields.String(validate=matches(ids.SESSION_ID.pattern, "the id of a workflow session"))
    notes = fields.String(validate=validate.Length(max=MAX_NOTES))
    filename = fields.String(validate=[validate.Length(1, MAX_FILENAME), check_printable])


class ProgramRequestSchema(ProgramFieldsSchema):
    """A program as JSON: its text, and what is known of how it will be cut. Larger ones come as a form."""

    gcode_text = fields.String(required=True, metadata={"description": "The program as the CAM posted it"})
    dry_run = Flag(load_default=False, metadata={"description": "true records nothing"})


class ProgramFormSchema(ProgramFieldsSchema):
    """The text parts of the form that brings a program."""

    dry_run = fields.Boolean(truthy=TRUE, falsy=FALSE, load_default=False)

    @pre_load
    def read_objects(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Read the parts that are JSON objects as text."""
        read = dict(data)
        wrong: dict[str, list[str]] = {}
        for name in _OBJECTS:
            if name not in read:
                continue
            try:
                read[name] = msgspec.json.decode(read[name])
                digest.canonical(read[name])
            except (msgspec.DecodeError, digest.NotCanonical, RecursionError):
                wrong[name] = ["Is not a JSON object."]
        if wrong:
            raise ValidationError(wrong)
        return read


PROGRAM_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file", "stock"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "The program as the CAM posted it"},
        "tools": {"type": "string", "description": 'JSON object, T number to tool: {"1": "em-3175-2f"}'},
        "stock": {
            "type": "string",
            "description": 'JSON object: {"thickness_mm": 3}; also width_mm, height_mm and origin, the place of X0 Y0',
        },
        "material_id": {"type": "string"},
        "machine_id": {"type": "string"},
        "hold_down": {"type": "string", "description": "JSON object: pressure_kpa, area_mm2, friction"},
        "coolant": {"type": "string", "enum": ["none", "air", "mist"]},
        "zero": {"type": "string", "enum": list(ZEROS), "description": "Where Z0 is"},
        "units": {"type": "string", "enum": list(UNITS), "description": "Of a program that says none"},
        "dialect": {"type": "string", "description": "An id of GET /api/rmos/dialects; the machine's own by default"},
        "engine_id": {"type": "string"},
        "operation": {"type": "string", "description": "What you call it; recorded as a label"},
        "workflow_session_id": {"type": "string"},
        "notes": {"type": "string"},
        "filename": {"type": "string"},
        "dry_run": {"type": "string", "enum": ["true", "false"], "description": "true records nothing"},
    },
}
"""What the document says of the form."""


class ProgramCheckedSchema(Schema):
    """What came of a program."""

    run_id = fields.String(allow_none=True, required=True, metadata={"description": "null of a dry run"})
    run_status = fields.String(allow_none=True, required=True)
    risk_level = fields.String(required=True)
    score = fields.Float(allow_none=True, required=True)
    block_reason = fields.String(allow_none=True, required=True)
    sha256 = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    lines = fields.Integer()
    moves = fields.Integer()
    units = fields.String(allow_none=True)
    dialect = fields.String(allow_none=True)
    findings = fields.List(fields.Dict(), required=True)
    tools = fields.List(fields.Dict())
    box_mm = fields.Dict()
    removed_mm3 = fields.String(allow_none=True)
    estimate_s = fields.Dict()
    worst = fields.Dict(metadata={"description": "The cut that decides: its line, colour and the rule that it breaks"})
    assumptions = fields.List(fields.String())
    indexed = fields.Boolean()


class ProgramStateSchema(Schema):
    """A program of a run, and whether it leaves."""

    number = fields.Integer(required=True)
    name = fields.String(allow_none=True)
    sha256 = fields.String(required=True)
    size_bytes = fields.Integer(allow_none=True)
    kind = fields.String(required=True)
    released = fields.Boolean(required=True)
    error = fields.String(allow_none=True)
    detail = fields.String(allow_none=True)
    changed = fields.List(fields.String())


class ProgramsSchema(Schema):
    """The programs of a run."""

    run_id = fields.String(required=True)
    count = fields.Integer(required=True)
    items = fields.List(fields.Nested(ProgramStateSchema), required=True)


class ProgramPictureSchema(RequestSchema):
    """The query of a picture."""

    number = QueryInteger(
        load_default=1,
        validate=validate.Range(1, 9999),
        metadata={"description": "Which program of the run, as its list counts them"},
    )


class DialectsSchema(Schema):
    """The controllers that programs are held against."""

    count = fields.Integer(required=True)
    items = fields.List(fields.Dict(), required=True)


_form: Final = ProgramFormSchema()
_request: Final = ProgramRequestSchema()
_SHOWN: Final = frozenset(ProgramCheckedSchema().fields) - {"risk_level"}
_encoder: Final = msgspec.json.Encoder()


def load_program_form(parts: Mapping[str, str], data: bytes, filename: str | None) -> ProgramCheck:
    """Return the program that a form brings.

    Raises:
        ValidationError: naming each part that cannot be taken.
    """
    members = dict(_form.load({name: value for name, value in parts.items() if value}))
    return _make_check(members, data, (filename or "")[:MAX_FILENAME])


def load_program(body: Mapping[str, Any], *, limit_bytes: int) -> ProgramCheck:
    """Return the program that a JSON body brings.

    Raises:
        ValidationError: naming each member that cannot be taken.
        PayloadTooLarge: it is larger than a program may be.
    """
    members = dict(_request.load(body))
    data = members.pop("gcode_text").encode()
    if len(data) > limit_bytes:
        raise PayloadTooLarge(f"A program may have {limit_bytes} bytes.", limit_bytes=limit_bytes)
    return _make_check(members, data, "")


def _make_check(members: dict[str, Any], data: bytes, filename: str) -> ProgramCheck:
    stock = dict(members.pop("stock"))
    options = ProgramOptions(
        tools=members.pop("tools"),
        units=members.pop("units", None),
        zero=members.pop("zero"),
        dialect=members.pop("dialect", None),
        origin=stock.pop("origin"),
    )
    name = members.pop("filename", None) or filename or "program.nc"
    return ProgramCheck(data=data, name=name, stock=stock, options=options, **members)


def dump_program_checked(done: ProgramChecked) -> bytes:
    """Return the response to a program."""
    measured = done.checked.measured
    recorded = done.recorded
    members: dict[str, Any] = {
        "run_id": None if recorded is None else recorded.run_id,
        "run_status": None if recorded is None else recorded.run_status,
        "risk_level": done.risk_level,
        "score": done.score,
        "block_reason": done.block_reason,
        **{name: value for name, value in done.described.items() if name in _SHOWN},
        "assumptions": [] if measured is None else list(measured.assumptions),
    }
    if recorded is not None:
        members["indexed"] = recorded.indexed
    return _encoder.encode(members)


def dump_programs(run_id: str, programs: Sequence[ProgramState]) -> bytes:
    """Return the programs of a run."""
    return _encoder.encode({"run_id": run_id, "count": len(programs), "items": programs})


def dump_dialects(dialects: Mapping[str, Dialect]) -> bytes:
    """Return the controllers, with the words that each takes."""
    items = [{**msgspec.to_builtins(dialect), "words": sorted(dialect.words)} for dialect in dialects.values()]
    return _encoder.encode({"count": len(items), "items": items})
