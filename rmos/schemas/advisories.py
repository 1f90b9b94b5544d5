"""Advisories as clients see them: the request to attach one, and how they and their files are shown."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from marshmallow import Schema, fields, validate

from rmos.models import RunView
from rmos.schemas.fields import Choice, RequestSchema, filename_field, line_field, matches
from rmos.services.files.attachments import Advisory, AdvisoryAttached
from rmos.services.files.previews import Preview
from rmos.store.naming import list_named_blobs

ADVISORY_KINDS: Final = ("explanation", "advisory", "note", "unknown")
_ADVISORY_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
_MEMBERS: Final = (
    *("advisory_id", "kind", "title", "mime", "filename", "size_bytes", "created_at_utc", "request_id"),
    *("engine_id", "engine_version"),
)


class AdvisoryRequestSchema(RequestSchema):
    """The body of `POST /api/rmos/runs/{id}/attach-advisory`."""

    advisory_id = fields.String(
        required=True,
        validate=matches(_ADVISORY_ID, "a SHA-256, or 1 to 128 letters, digits, dots, dashes or underscores"),
        metadata={
            "pattern": _ADVISORY_ID,
            "description": "The SHA-256 of a blob that is there, or a bare reference to something elsewhere",
        },
    )
    kind = Choice(ADVISORY_KINDS, load_default="unknown")
    title = line_field()
    filename = filename_field(allow_none=True, load_default=None)
    engine_id = line_field()
    engine_version = line_field()


class AdvisoryAttachedSchema(Schema):
    """An advisory that the run names now."""

    run_id = fields.String(required=True)
    advisory_id = fields.String(required=True)
    status = fields.Constant("attached", required=True, metadata={"type": "string", "enum": ["attached"]})


class AdvisorySchema(Schema):
    """Advice on a run."""

    advisory_id = fields.String(required=True)
    kind = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    mime = fields.String(allow_none=True)
    filename = fields.String(allow_none=True)
    size_bytes = fields.Integer(allow_none=True)
    created_at_utc = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    engine_id = fields.String(allow_none=True)
    engine_version = fields.String(allow_none=True)


class AdvisoriesSchema(Schema):
    """The advisories of a run."""

    run_id = fields.String(required=True)
    count = fields.Integer(required=True)
    advisories = fields.List(fields.Nested(AdvisorySchema), required=True)


class NamedBlobSchema(Schema):
    """A file that a run names, as an attachment or by an advisory."""

    sha256 = fields.String(required=True)
    advisory_id = fields.String(required=True, metadata={"description": "The same as sha256"})
    source = fields.String(required=True, validate=validate.OneOf(("attachment", "advisory")))
    kind = fields.String(required=True)
    mime = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    filename = fields.String(allow_none=True)
    size_bytes = fields.Integer(allow_none=True)
    created_at_utc = fields.String(allow_none=True)


class NamedBlobsSchema(Schema):
    """The files of a run."""

    run_id = fields.String(required=True)
    count = fields.Integer(required=True)
    items = fields.List(fields.Nested(NamedBlobSchema), required=True)


class PreviewStatusSchema(Schema):
    """Whether a file can be shown, else why not, and what its reader can do."""

    run_id = fields.String(required=True)
    advisory_id = fields.String(required=True)
    ok = fields.Boolean(required=True)
    mime = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    blocked_by = fields.String(required=True, allow_none=True)
    line = fields.Integer(allow_none=True)
    column = fields.Integer(allow_none=True)
    action = fields.String(required=True, validate=validate.OneOf(("preview", "download", "none")))


_advisory_request = AdvisoryRequestSchema()
_attached = AdvisoryAttachedSchema()
_encoder = msgspec.json.Encoder()


def load_advisory(body: Mapping[str, Any]) -> Advisory:
    """Return the advisory that a body names.

    Raises:
        ValidationError: naming each member that cannot be taken.
    """
    return Advisory(**_advisory_request.load(body))


def dump_advisory(attached: AdvisoryAttached) -> bytes:
    """Return the response to an attached advisory."""
    return _encoder.encode(_attached.dump(attached))


def dump_advisories(view: RunView) -> bytes:
    """Return the list of a run's advisories; those of legacy records lack some members."""
    found = [{name: advisory.get(name) for name in _MEMBERS} for advisory in view.advisories]
    return _encoder.encode({"run_id": view.artifact.run_id, "count": len(found), "advisories": found})


def dump_named_blobs(view: RunView) -> bytes:
    """Return the body that lists the files of a run."""
    items = [
        {"advisory_id": named.sha256, **msgspec.structs.asdict(named)} for named in list_named_blobs(view).values()
    ]
    return _encoder.encode({"run_id": view.artifact.run_id, "count": len(items), "items": items})


def dump_preview(run_id: str, sha256: str, preview: Preview) -> bytes:
    """Return the body that says whether a file can be shown."""
    return _encoder.encode({"run_id": run_id, "advisory_id": sha256, **msgspec.structs.asdict(preview)})
