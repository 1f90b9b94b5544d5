"""Rosettes as clients see them: the body and the responses of `POST /api/rmos/rosettes`."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from marshmallow import Schema, fields, validate

from rmos import ids
from rmos.rosette.presets import INSTRUMENTS
from rmos.rosette.prompt_words import MAX_PROMPT_BYTES
from rmos.rosette.seeded import MAX_SEED
from rmos.schemas.fields import NAME, Choice, Flag, RequestSchema, WholeNumber, matches
from rmos.services.rosettes.plans import MAX_VARIANTS, RosetteRequest
from rmos.services.rosettes.records import RosetteMade


class RosetteRequestSchema(RequestSchema):
    """The body of `POST /api/rmos/rosettes`: a prompt, a spec or an earlier run to begin with."""

    prompt = fields.String(
        allow_none=True,
        validate=validate.Length(max=MAX_PROMPT_BYTES),
        metadata={
            "format": "rmos-prompt",
            "description": "What the rosette is like; beside a spec or an earlier run, what is to change",
        },
    )
    spec = fields.Dict(allow_none=True, metadata={"description": "A rosette in mm, as a response shows it"})
    seed = WholeNumber(
        allow_none=True,
        validate=validate.Range(0, MAX_SEED),
        metadata={"description": "Which variant; without it the request has its own"},
    )
    instrument = Choice(list(INSTRUMENTS), allow_none=True)
    tool = fields.String(
        allow_none=True,
        validate=NAME,
        metadata={"description": "The cutter, by its id in the shop's tools; none is the nearest for each cut"},
    )
    machine = fields.String(
        allow_none=True, validate=NAME, metadata={"description": "The machine, by its id in the shop's machines"}
    )
    cut_soundhole = Flag(
        allow_none=True, metadata={"description": "true: the machine cuts the soundhole too, last of all; no is usual"}
    )
    count = WholeNumber(
        load_default=1,
        validate=validate.Range(1, MAX_VARIANTS),
        metadata={"description": "How many variants: those of the seeds seed, seed + 1, …"},
    )
    parent_run_id = fields.String(
        allow_none=True,
        validate=matches(ids.ANY_RUN_ID.pattern, "the id of a run"),
        metadata={"format": "rmos-rosette-run-id", "description": "The run of a rosette to begin with"},
    )
    workflow_session_id = fields.String(
        allow_none=True,
        validate=matches(ids.SESSION_ID.pattern, "the id of a workflow session: ws_ and 12 to 32 hex digits"),
        metadata={"pattern": f"^{ids.SESSION_ID.pattern}$"},
    )


class DrawingSchema(Schema):
    """The run's reference to its drawing."""

    sha256 = fields.String()
    kind = fields.String()
    mime = fields.String()
    filename = fields.String()
    size_bytes = fields.Integer()
    created_at_utc = fields.String()


class RosetteSchema(Schema):
    """One variant: a run, its drawing, what was understood, what it is made of and whether it can be cut."""

    run_id = fields.String(required=True)
    run_status = fields.String(metadata={"description": "OK, BLOCKED or ERROR"})
    risk_level = fields.String(metadata={"description": "Of the worst cut; RED also when it cannot be made at all"})
    score = fields.Float(allow_none=True)
    block_reason = fields.String(allow_none=True)
    warnings = fields.List(fields.String(), metadata={"description": "What to mind, of all cuts and of the trade"})
    operations = fields.List(
        fields.Dict(), metadata={"description": "Every cut, from the inside outwards, with its cutter and its decision"}
    )
    title = fields.String()
    svg = fields.String(metadata={"description": "The drawing, in mm"})
    variant_sha256 = fields.String(metadata={"description": "SHA-256 of the drawing"})
    variant_seed = fields.Integer()
    seed_source = fields.String(
        validate=validate.OneOf(("given", "derived", "parent")),
        metadata={"description": "Sent by the client, derived from the request, or that of the earlier run"},
    )
    attachment = fields.Nested(DrawingSchema)
    spec = fields.Dict(metadata={"description": "The rosette in mm; sent again it gives the same drawing"})
    assumptions = fields.List(
        fields.String(), metadata={"description": "What the request left open and how it was decided"}
    )
    unrecognized = fields.List(fields.String(), metadata={"description": "What of the prompt was not understood"})
    changed = fields.List(fields.String(), metadata={"description": "What differs from the rosette it began with"})
    bom = fields.List(fields.Dict(), metadata={"description": "The bill of materials, sizes in mm"})
    feasibility = fields.Dict(metadata={"description": "What the engine says of the worst cut, as it is recorded"})
    feasibility_sha256 = fields.String()
    indexed = fields.Boolean()


class RosettesSchema(Schema):
    """Several variants, a run each, in the order of their seeds."""

    variants = fields.List(fields.Nested(RosetteSchema), required=True)


_request = RosetteRequestSchema()
_encoder = msgspec.json.Encoder()


def load_rosette(body: Mapping[str, Any]) -> RosetteRequest:
    """Return the drawing that a body asks for.

    Raises:
        ValidationError: unknown or malformed fields, by name.
    """
    return RosetteRequest(**_request.load(body))


def dump_rosettes(made: Sequence[RosetteMade]) -> bytes:
    """Return the body that shows one variant, or several."""
    shown = [{name: getattr(one, name) for name in one.__struct_fields__ if name != "replayed"} for one in made]
    return _encoder.encode(shown[0] if len(shown) == 1 else {"variants": shown})
