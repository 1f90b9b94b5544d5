"""Explanations as clients see them: the request for one, and the response."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from rmos import digest
from rmos.schemas.advisories import ADVISORY_KINDS
from rmos.schemas.fields import Choice, RequestSchema, line_field
from rmos.services.explanations.suggestions import Suggested, Suggestion

MAX_MARKDOWN: Final = 200_000
MAX_PROMPT: Final = 4000
_SOURCES: Final = ("advisory_markdown", "advisory_json", "generate_explanation")


def _require_recordable(value: Any) -> None:
    if not isinstance(value, (dict, list)):
        raise ValidationError("Must be a JSON object or array.")
    if len(digest.canonical(value)) > MAX_MARKDOWN:
        raise ValidationError(f"Is larger than {MAX_MARKDOWN} bytes; attach it as a file.")


class SuggestionSchema(RequestSchema):
    """The body of `POST /api/rmos/runs/{id}/suggest-and-attach`: one text, one JSON value, or that one be generated."""

    kind = Choice(ADVISORY_KINDS, load_default="explanation")
    advisory_markdown = fields.String(validate=validate.Length(1, MAX_MARKDOWN))
    advisory_json = fields.Raw(
        validate=_require_recordable, metadata={"description": "A JSON object or array", "type": ["object", "array"]}
    )
    generate_explanation = fields.Boolean(truthy={True}, falsy={False})
    prompt = fields.String(validate=validate.Length(1, MAX_PROMPT), metadata={"description": "The question"})
    engine_id = line_field()
    engine_version = line_field()

    @validates_schema
    def check_one_source(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a suggestion of nothing, and of two things at once."""
        given = [name for name in _SOURCES if data.get(name) not in (None, False)]
        if len(given) != 1:
            raise ValidationError(
                f"Give just one of {', '.join(_SOURCES)}.", field_name=given[-1] if given else _SOURCES[0]
            )
        if given == ["generate_explanation"] and data.get("kind") != "explanation":
            raise ValidationError("Only an explanation can be generated.", field_name="kind")


class SuggestedSchema(Schema):
    """How a run's explanation stands now."""

    run_id = fields.String(required=True)
    advisory_sha256 = fields.String(required=True, allow_none=True)
    explanation_status = fields.String(required=True, allow_none=True)
    explanation_summary = fields.String(required=True, allow_none=True)
    compute_ms = fields.Float(required=True)


_suggestion = SuggestionSchema()
_suggested = SuggestedSchema()
_encoder = msgspec.json.Encoder()


def load_suggestion(body: Mapping[str, Any]) -> Suggestion:
    """Return what a body suggests.

    Raises:
        ValidationError: naming each member that cannot be taken.
    """
    members = _suggestion.load(body)
    return Suggestion(
        kind=members["kind"],
        markdown=members.get("advisory_markdown"),
        json=members.get("advisory_json"),
        generate=members.get("generate_explanation", False),
        prompt=members.get("prompt"),
        engine_id=members["engine_id"],
        engine_version=members["engine_version"],
    )


def dump_suggested(suggested: Suggested) -> bytes:
    """Return the response to a suggestion."""
    return _encoder.encode(_suggested.dump(suggested))
