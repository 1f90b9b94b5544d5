"""Bundles as clients ask for them, and what taking one in did."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from rmos import ids
from rmos.schemas.fields import MomentField, RequestSchema
from rmos.schemas.lists import require_single
from rmos.transfer.bundles.receiving import ImportedBundle
from rmos.transfer.bundles.scopes import Scope

MAX_RUN_IDS: Final = 100
_SCOPES: Final = ("workflow_session_id", "created_from", "run_ids")
_RUN_IDS: Final = {"description": f"Up to {MAX_RUN_IDS} ids of runs with commas between them"}


class BundleQuerySchema(RequestSchema):
    """The query of a bundle: one of its members."""

    workflow_session_id = fields.String(
        validate=validate.Length(1, 200), metadata={"description": "The session, with its runs"}
    )
    created_from = MomentField(attribute="since_us", metadata={"description": "All runs from this moment on"})
    run_ids = fields.String(validate=validate.Length(1, 40 * MAX_RUN_IDS), metadata=_RUN_IDS)

    @validates_schema(skip_on_field_errors=True)
    def check_scope(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a query that names no scope, or two."""
        if len(data) != 1:
            raise ValidationError(f"Give one of {', '.join(_SCOPES)}.", field_name="workflow_session_id")


BUNDLE_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary", "description": "The bundle as it was made"}},
}
"""What the document says of the form."""


class ImportedBundleSchema(Schema):
    """What taking a bundle in did."""

    sha256 = fields.String(required=True, metadata={"description": "Of the bundle"})
    imported = fields.Integer(required=True, metadata={"description": "Runs of which something is new here"})
    there = fields.Integer(required=True, metadata={"description": "Runs that were here already, to the byte"})
    sessions = fields.Integer(required=True, metadata={"description": "Sessions of which something is new here"})
    blobs = fields.Integer(required=True, metadata={"description": "Files that are new here"})


_query = BundleQuerySchema()


def load_scope(parameters: Mapping[str, Sequence[str]]) -> Scope:
    """Return the scope that query parameters ask for.

    Raises:
        ValidationError: unknown, repeated or malformed parameters, by name; none, or two.
    """
    members = _query.load(require_single(parameters))
    if "run_ids" in members:
        run_ids = members["run_ids"].split(",")
        wrong = next((run_id for run_id in run_ids if not ids.is_run_id(run_id)), None)
        if wrong is not None:
            raise ValidationError({"run_ids": [f"{wrong[:60]!a} is no id of a run."]})
        return Scope(run_ids=run_ids)
    return Scope(session_id=members.get("workflow_session_id"), since_us=members.get("since_us"))


def check_fields(names: Mapping[str, str]) -> None:
    """Refuse what a form holds beside the file.

    Raises:
        ValidationError: naming each.
    """
    if names:
        raise ValidationError({name: ["Unknown field."] for name in names})


def dump_imported(report: ImportedBundle) -> bytes:
    """Return the response to a bundle that was taken in."""
    names = ("sha256", "imported", "there", "sessions", "blobs")
    return msgspec.json.encode({name: getattr(report, name) for name in names})
