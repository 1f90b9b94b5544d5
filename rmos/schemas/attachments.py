"""Attachments as clients see them: the requests to attach a file, and how files are shown."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, pre_load

from rmos import digest
from rmos.errors.request import BadBase64
from rmos.models import RunView
from rmos.schemas.fields import (
    KIND_PATTERN,
    SHA256_PATTERN,
    TYPE_PATTERN,
    RequestSchema,
    digest_field,
    filename_field,
    kind_field,
    limit_object,
    type_field,
)
from rmos.services.files.attachments import Attached, Declared, attachment_id
from rmos.store.blobs import Verified

MAX_METADATA_BYTES: Final = 16 * 1024
_metadata: Final = limit_object(size_bytes=MAX_METADATA_BYTES, remedy="attach it as a file of its own")


class AttachRequestSchema(RequestSchema):
    """The body of `POST /api/rmos/runs/{id}/attachments` as JSON; large files come as a form."""

    kind = kind_field(required=True)
    filename = filename_field(required=True)
    content_type = type_field(required=True)
    sha256 = digest_field(required=True)
    b64 = fields.String(required=True, metadata={"description": "The bytes, base64 with padding", "format": "byte"})
    metadata = fields.Dict(load_default=dict, validate=_metadata)


class AttachFormSchema(RequestSchema):
    """The text parts of the form; the file's own name and type are those of its part unless they are given here."""

    kind = kind_field(load_default="file")
    filename = filename_field()
    content_type = type_field()
    sha256 = digest_field()
    metadata = fields.Dict(load_default=dict, validate=_metadata, metadata={"description": "A JSON object, as text"})

    @pre_load
    def read_metadata(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Read the metadata, which comes as text."""
        text = data.get("metadata")
        if not isinstance(text, str):
            return dict(data)
        try:
            value = msgspec.json.decode(text)
            digest.canonical(value)
        except (msgspec.DecodeError, digest.NotCanonical, RecursionError):
            raise ValidationError({"metadata": ["Is not a JSON object that can be recorded."]}) from None
        return {**data, "metadata": value}


ATTACH_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "The file; its name and type are those given"},
        "kind": {"type": "string", "pattern": KIND_PATTERN, "description": "`file` when it is not given"},
        "sha256": {"type": "string", "pattern": SHA256_PATTERN, "description": "Compared with what came"},
        "filename": {"type": "string"},
        "content_type": {"type": "string", "pattern": TYPE_PATTERN},
        "metadata": {"type": "string", "description": "A JSON object"},
    },
}
"""What the document says of the form."""


class JsonUpload:
    """A file that came within a JSON body."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        members = dict(_attach_request.load(body))
        text: str = members.pop("b64")
        try:
            self._data = base64.b64decode(text.encode("ascii"), validate=True)
        except (ValueError, binascii.Error):
            raise BadBase64("`b64` is not base64 with padding (RFC 4648, section 4); nothing was stored.") from None
        self._declared = Declared(**members)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes."""
        yield self._data

    def declared(self) -> Declared:
        """Return what the body declares of them."""
        return self._declared


def load_form(parts: Mapping[str, str], filename: str | None, content_type: str | None) -> Declared:
    """Return what a form declares of its file.

    Raises:
        ValidationError: naming each part that cannot be taken.
    """
    members = {"filename": filename, "content_type": content_type, **parts}
    return Declared(**_attach_form.load({name: value for name, value in members.items() if value}))


class AttachedSchema(Schema):
    """A file that the run names now."""

    attachment_id = fields.String(required=True)
    sha256 = fields.String(required=True)
    kind = fields.String(required=True)
    size_bytes = fields.Integer(required=True)


class AttachmentSchema(Schema):
    """A run's reference to a file."""

    attachment_id = fields.String()
    sha256 = fields.String(required=True)
    kind = fields.String(allow_none=True)
    mime = fields.String(allow_none=True)
    filename = fields.String(allow_none=True)
    size_bytes = fields.Integer(allow_none=True)
    created_at_utc = fields.String(allow_none=True)
    metadata = fields.Dict()


class AttachmentsSchema(Schema):
    """The attachments of a run."""

    run_id = fields.String(required=True)
    count = fields.Integer(required=True)
    items = fields.List(fields.Nested(AttachmentSchema), required=True)


class VerifiedBlobSchema(Schema):
    """Whether a file is whole."""

    sha256 = fields.String(required=True)
    ok = fields.Boolean(required=True)
    error = fields.String(allow_none=True, metadata={"description": "missing, damaged or unreadable"})


class VerificationSchema(Schema):
    """Whether all files of a run are whole."""

    ok = fields.Boolean(required=True)
    count = fields.Integer(required=True)
    results = fields.List(fields.Nested(VerifiedBlobSchema), required=True)


class RunVerificationSchema(Schema):
    """The response to `GET …/attachments/verify`."""

    run_id = fields.String(required=True)
    verification = fields.Nested(VerificationSchema, required=True)


_attach_request = AttachRequestSchema()
_attach_form = AttachFormSchema()
_attached = AttachedSchema()
_encoder = msgspec.json.Encoder()


def dump_attached(attached: Attached) -> bytes:
    """Return the response to an upload."""
    return _encoder.encode(_attached.dump(attached))


def dump_attachments(view: RunView) -> bytes:
    """Return the list of a run's attachments."""
    items = [
        {"attachment_id": attachment_id(str(entry.get("sha256"))), **entry}
        for entry in view.attachments
        if re.fullmatch(SHA256_PATTERN, str(entry.get("sha256")))
    ]
    return _encoder.encode({"run_id": view.artifact.run_id, "count": len(items), "items": items})


def dump_verification(run_id: str, results: Sequence[Verified]) -> bytes:
    """Return which files of a run are whole."""
    verification = {"ok": all(result.ok for result in results), "count": len(results), "results": results}
    return _encoder.encode({"run_id": run_id, "verification": verification})
