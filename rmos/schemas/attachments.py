"""What a client may send to attach a file, and how attachments look to it."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, pre_load, validate

from rmos import digest
from rmos.errors.request import BadBase64
from rmos.models import RunView
from rmos.schemas.requests import Check
from rmos.services.files.attachments import MAX_FILENAME, Attached, Declared, attachment_id
from rmos.store.blobs import Verified

MAX_METADATA_BYTES: Final = 16 * 1024
_KIND: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_SHA256: Final = r"^[0-9a-f]{64}$"
_TYPE: Final = r"^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}( *;[ -~]{0,100})?$"


def matches(pattern: str, wanted: str) -> Check:
    """Return a check of a whole text against a pattern that the document shows as well."""
    compiled = re.compile(pattern.removesuffix("$") + r"\Z")

    def check(text: str) -> None:
        if not compiled.match(text):
            raise ValidationError(f"Must be {wanted}.")

    return check


class WholeNumber(fields.Integer):
    """A whole number as JSON has it: 4 and 4.0, but no text and no flag."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, (bool, str)) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


def kind_field(**options: Any) -> fields.String:
    """Return a field for what a file is to its run, in one word."""
    wanted = "1 to 64 letters, digits, dots, dashes or underscores, the first a letter or digit"
    return fields.String(validate=matches(_KIND, wanted), metadata={"pattern": _KIND}, **options)


def digest_field(**options: Any) -> fields.String:
    """Return a field for a SHA-256."""
    return fields.String(
        validate=matches(_SHA256, "64 lower-case hex digits"), metadata={"pattern": _SHA256}, **options
    )


def type_field(**options: Any) -> fields.String:
    """Return a field for a media type."""
    return fields.String(
        validate=matches(_TYPE, "a media type such as image/png"), metadata={"pattern": _TYPE}, **options
    )


def printable(text: str) -> None:
    """Refuse control characters."""
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in text):
        raise ValidationError("Must have no control characters.")


def filename_field(**options: Any) -> fields.String:
    """Return a field for what a file is called; the store never uses it for a name of its own."""
    return fields.String(
        validate=[validate.Length(1, MAX_FILENAME), printable],
        metadata={"pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"},
        **options,
    )


def _bounded(metadata: Mapping[str, Any]) -> None:
    if len(digest.canonical(metadata)) > MAX_METADATA_BYTES:
        raise ValidationError(f"Is larger than {MAX_METADATA_BYTES} bytes; attach it as a file of its own.")


class AttachRequestSchema(Schema):
    """The body of `POST /api/rmos/runs/{id}/attachments` as JSON; large files come as a form."""

    kind = kind_field(required=True)
    filename = filename_field(required=True)
    content_type = type_field(required=True)
    sha256 = digest_field(required=True)
    b64 = fields.String(required=True, metadata={"description": "The bytes, base64 with padding", "format": "byte"})
    metadata = fields.Dict(load_default=dict, validate=_bounded)


class AttachFormSchema(Schema):
    """The text parts of the form; the file's own name and type are those of its part unless they are given here."""

    kind = kind_field(load_default="file")
    filename = filename_field()
    content_type = type_field()
    sha256 = digest_field()
    metadata = fields.Dict(load_default=dict, validate=_bounded, metadata={"description": "A JSON object, as text"})

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
        "kind": {"type": "string", "pattern": _KIND, "description": "`file` when it is not given"},
        "sha256": {"type": "string", "pattern": _SHA256, "description": "Compared with what came"},
        "filename": {"type": "string"},
        "content_type": {"type": "string", "pattern": _TYPE},
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
        """Give the bytes."""
        yield self._data

    def declared(self) -> Declared:
        """Return what was said of them."""
        return self._declared


def load_form(parts: Mapping[str, str], filename: str | None, content_type: str | None) -> Declared:
    """Return what a form says of its file.

    Raises:
        ValidationError: naming each part that cannot be taken.
    """
    said = {"filename": filename, "content_type": content_type, **parts}
    return Declared(**_attach_form.load({name: value for name, value in said.items() if value}))


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
    """The answer to `GET …/attachments/verify`."""

    run_id = fields.String(required=True)
    verification = fields.Nested(VerificationSchema, required=True)


_attach_request = AttachRequestSchema()
_attach_form = AttachFormSchema()
_attached = AttachedSchema()
_encoder = msgspec.json.Encoder()


def dump_attached(attached: Attached) -> bytes:
    """Return the body that answers an upload."""
    return _encoder.encode(_attached.dump(attached))


def dump_attachments(view: RunView) -> bytes:
    """Return the body that lists a run's attachments."""
    items = [
        {"attachment_id": attachment_id(str(entry.get("sha256"))), **entry}
        for entry in view.attachments
        if re.fullmatch(_SHA256, str(entry.get("sha256")))
    ]
    return _encoder.encode({"run_id": view.artifact.run_id, "count": len(items), "items": items})


def dump_verification(run_id: str, results: Sequence[Verified]) -> bytes:
    """Return the body that says which files of a run are whole."""
    verification = {"ok": all(result.ok for result in results), "count": len(results), "results": results}
    return _encoder.encode({"run_id": run_id, "verification": verification})
