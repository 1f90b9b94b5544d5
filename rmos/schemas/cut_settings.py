"""How a suggested setting looks to a client.

load_setting(body)               # a cut whose setting is asked for
dump_setting(suggestion)      # what to set, how far it may move, and the map
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from marshmallow import Schema, fields

from rmos.engines.decision import decide
from rmos.engines.suggest.best import SettingSuggestion
from rmos.schemas.fields import RequestSchema
from rmos.schemas.workflow import CutSchema, FoundSchema
from rmos.services.cut_settings import SettingRequest

_cut = CutSchema().fields
_encoder: Final = msgspec.json.Encoder()


class SettingRequestSchema(RequestSchema):
    """A cut whose setting is asked for: what `design` states of feed, speed and pass is fixed, the rest is free."""

    tool_id = fields.String(
        allow_none=True, validate=_cut["tool_id"].validators, metadata={"description": "A tool of the shop"}
    )
    design = fields.Dict(load_default=dict, metadata={"description": "What is to be cut; `operation` is needed"})
    context = fields.Dict(
        load_default=dict, metadata={"description": "Tool, material, machine and stock, where no id names them"}
    )
    material_id = fields.String(allow_none=True, validate=_cut["material_id"].validators)
    machine_id = fields.String(allow_none=True, validate=_cut["machine_id"].validators)


class SettingSchema(Schema):
    """What is dialled in, in millimetres whatever the units of the cut are."""

    feed_mm_min = fields.Float(metadata={"description": "Of a drill: down into the stock"})
    plunge_feed_mm_min = fields.Float(allow_none=True)
    spindle_rpm = fields.Float()
    axial_depth_mm = fields.Float(metadata={"description": "Of one pass"})
    radial_engagement_mm = fields.Float(allow_none=True)
    fixed = fields.List(fields.String(), metadata={"description": "Which of them the request fixed"})


class WindowSchema(Schema):
    """How far one setting may move, all others as they are, and which check ends it."""

    name = fields.String()
    unit = fields.String()
    value = fields.Float()
    low = fields.Float(allow_none=True, metadata={"description": "null, like `high`: it is not GREEN where it stands"})
    low_by = fields.String(metadata={"description": "The check below it; empty: none"})
    high = fields.Float(allow_none=True)
    high_by = fields.String(metadata={"description": "The check above it; empty: none"})


class FeedMapSchema(Schema):
    """Feed against speed, everything else as suggested; also as SVG (`Accept: image/svg+xml`)."""

    feeds_mm_min = fields.List(fields.Float(), metadata={"description": "From left to right"})
    speeds_rpm = fields.List(fields.Float(), metadata={"description": "From the slowest up"})
    rows = fields.List(fields.String(), metadata={"description": "For each speed a letter for each feed: G, Y or R"})
    feed_mm_min = fields.Float()
    spindle_rpm = fields.Float()


class SettingSuggestionSchema(FoundSchema):
    """What to set, what is decided on the cut with it, how far it may move, and the map."""

    settings = fields.Nested(SettingSchema)
    passes = fields.Integer(allow_none=True, metadata={"description": "null when `total_depth_mm` is not known"})
    windows = fields.List(fields.Nested(WindowSchema))
    why = fields.List(fields.String(), metadata={"description": "Why this setting, or what stands against any"})
    design = fields.Dict(metadata={"description": "The design with the suggested numbers in it, in its own units"})
    map = fields.Nested(FeedMapSchema)


_setting: Final = SettingRequestSchema()


def load_setting(body: Mapping[str, Any]) -> SettingRequest:
    """Return the cut whose setting is asked for.

    Raises:
        ValidationError: unknown or malformed fields, by name.
    """
    return SettingRequest(**_setting.load(body))


def setting_members(suggestion: SettingSuggestion) -> dict[str, Any]:
    """Return a suggestion as its members, with the decision on it."""
    decision = decide(suggestion.result)
    return {
        "settings": suggestion.settings,
        "passes": suggestion.passes,
        "windows": suggestion.windows,
        "why": suggestion.why,
        "risk_level": decision.risk_level,
        "score": decision.score,
        "block_reason": decision.block_reason,
        "warnings": decision.warnings,
        "design": suggestion.design,
        "feasibility": suggestion.result.record(),
        "map": suggestion.feed_map,
    }


def dump_setting(suggestion: SettingSuggestion) -> bytes:
    """Return the body of a suggestion."""
    return _encoder.encode(setting_members(suggestion))
